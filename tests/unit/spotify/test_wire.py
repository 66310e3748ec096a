"""Every kind of row that Spotify is known to send, in the old and the new shape."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from playlist_archive.documents.playlist import Album, Artist, Item, Owner, Row
from playlist_archive.spotify.wire import (
    LONGEST_DURATION_MS,
    WirePlaylist,
    WireRow,
    WireToken,
    next_refresh_token,
    parse_header,
    parse_row,
    token_seconds,
)

pytestmark = pytest.mark.unit

ADDED = datetime(2024, 5, 16, 20, 46, 24, tzinfo=UTC)
OPEN = "https://open.spotify.com"

TRACK: dict[str, Any] = {
    "album": {
        "album_type": "album",
        "artists": [{"name": "Ferry Lights"}],
        "external_urls": {"spotify": f"{OPEN}/album/5aLbUm"},
        "images": [],
        "name": "Night Crossing",
        "release_date": "2019-03",
        "release_date_precision": "month",
    },
    "artists": [
        {
            "external_urls": {"spotify": f"{OPEN}/artist/4hArTt"},
            "id": "4hArTt",
            "name": "Ferry Lights",
            "type": "artist",
        },
        None,
    ],
    "duration_ms": 214360,
    "episode": False,
    "explicit": True,
    "external_ids": {"isrc": "GBXXX1900123"},
    "external_urls": {"spotify": f"{OPEN}/track/6tRaCk"},
    "id": "6tRaCk",
    "is_local": False,
    "name": "Gangway",
    "track": True,
    "type": "track",
    "uri": "spotify:track:6tRaCk",
}
GANGWAY = Item(
    type="track",
    uri="spotify:track:6tRaCk",
    name="Gangway",
    duration_ms=214360,
    artists=(Artist("Ferry Lights", f"{OPEN}/artist/4hArTt"),),
    album=Album("Night Crossing", f"{OPEN}/album/5aLbUm", "2019-03"),
    url=f"{OPEN}/track/6tRaCk",
    explicit=True,
    isrc="GBXXX1900123",
)
EPISODE: dict[str, Any] = {
    "duration_ms": 2071013,
    "episode": True,
    "explicit": False,
    "external_urls": {"spotify": f"{OPEN}/episode/3ePiSoDe"},
    "id": "3ePiSoDe",
    "name": "Neap tides",
    "release_date": "2024-11-27",
    "show": {
        "external_urls": {"spotify": f"{OPEN}/show/7sHoW"},
        "name": "Tide Table",
        "publisher": "Example Audio",
    },
    "track": False,
    "type": "episode",
    "uri": "spotify:episode:3ePiSoDe",
}


def a_row(thing: object, *, key: str = "item", **fields: Any) -> Row:
    row = {
        "added_at": "2024-05-16T20:46:24Z",
        "added_by": {"id": "lena.example", "type": "user"},
        "is_local": False,
        "primary_color": None,
        "video_thumbnail": {"url": None},
        key: thing,
        **fields,
    }
    return parse_row(msgspec.json.decode(msgspec.json.encode(row), type=WireRow))


def an_item(thing: object, **fields: Any) -> Item:
    item = a_row(thing, **fields).item
    assert item is not None
    return item


@pytest.mark.parametrize("key", ["item", "track"])
def test_a_track_is_kept_with_all_that_is_sent_of_it(key: str) -> None:
    assert a_row(TRACK, key=key) == Row(added_at=ADDED, added_by="lena.example", item=GANGWAY)


def test_the_newer_generation_of_a_row_is_preferred() -> None:
    assert a_row(TRACK, track={**TRACK, "name": "Older"}).item == GANGWAY
    assert a_row(None, track=TRACK).item == GANGWAY


@pytest.mark.parametrize("key", ["item", "track"])
def test_a_null_item_keeps_its_place_and_its_date(key: str) -> None:
    row = a_row(None, key=key, added_by={"id": "", "type": "user"})
    assert row == Row(added_at=ADDED, added_by="", item=None)


def test_a_null_row_and_an_object_without_identity_keep_their_places() -> None:
    assert parse_row(None) == Row()
    assert a_row({}).item is None
    assert a_row({"id": None, "uri": None, "name": "", "type": "track"}).item is None


def test_a_local_file_is_known_by_its_uri_alone() -> None:
    local = {
        "album": {"external_urls": {}, "id": None, "name": "Demo Tape", "release_date": None},
        "artists": [{"external_urls": {}, "id": None, "name": "Fog & Bell", "type": "artist"}],
        "duration_ms": 273000,
        "external_ids": {},
        "external_urls": {},
        "id": None,
        "is_local": True,
        "name": "No Wind",
        "type": "track",
        "uri": "spotify:local:Fog+%26+Bell:Demo+Tape:No+Wind:273",
    }
    expected = Item(
        type="track",
        uri="spotify:local:Fog+%26+Bell:Demo+Tape:No+Wind:273",
        name="No Wind",
        duration_ms=273000,
        artists=(Artist("Fog & Bell", ""),),
        album=Album("Demo Tape", ""),
        local=True,
    )
    assert a_row(local).item == expected
    assert a_row({**local, "is_local": False}, is_local=True).item == expected
    assert not an_item(TRACK).local


def test_an_episode_has_its_show_as_artist_and_album() -> None:
    assert a_row(EPISODE).item == Item(
        type="episode",
        uri="spotify:episode:3ePiSoDe",
        name="Neap tides",
        duration_ms=2071013,
        artists=(Artist("Tide Table", f"{OPEN}/show/7sHoW"),),
        album=Album("Tide Table", f"{OPEN}/show/7sHoW", "2024-11-27"),
        url=f"{OPEN}/episode/3ePiSoDe",
    )


def test_an_episode_dressed_as_a_track_stays_an_episode() -> None:
    disguised = {
        **EPISODE,
        "show": None,
        "album": {"album_type": "compilation", "name": "Tide Table"},
        "artists": [
            {"name": None, "type": "show", "external_urls": {"spotify": f"{OPEN}/show/7sHoW"}}
        ],
    }
    item = an_item(disguised)
    assert (item.type, item.album.name) == ("episode", "Tide Table")
    assert item.artists == (Artist("show", f"{OPEN}/show/7sHoW"),)


def test_artists_of_their_own_outweigh_the_show() -> None:
    item = an_item({**EPISODE, "artists": TRACK["artists"], "album": TRACK["album"]})
    assert (item.artists, item.album) == (GANGWAY.artists, GANGWAY.album)


def test_a_type_that_nobody_knows_yet_is_kept() -> None:
    chapter = {"type": "chapter", "id": "8cHaPtEr", "name": "One"}
    assert a_row(chapter).item == Item(
        type="chapter", uri="spotify:chapter:8cHaPtEr", name="One", duration_ms=0
    )
    nameless = {"name": "Only a name", "external_urls": {"spotify": f"{OPEN}/track/x"}}
    assert (an_item(nameless).type, an_item(nameless).uri) == ("track", f"{OPEN}/track/x")
    assert an_item({"name": "Only a name"}).uri == "spotify:track:Only a name"


@pytest.mark.parametrize(
    ("fields", "playable"),
    [
        ({}, True),
        ({"is_playable": True}, True),
        ({"is_playable": None, "restrictions": {}}, True),
        ({"is_playable": False}, False),
        ({"restrictions": {"reason": "market"}}, False),
    ],
)
def test_an_unplayable_song_is_marked(fields: dict[str, object], playable: bool) -> None:
    assert an_item({**TRACK, **fields}).playable is playable


def test_a_track_that_was_taken_down_keeps_its_empty_names() -> None:
    taken_down = {
        **TRACK,
        "album": {**TRACK["album"], "name": "", "release_date": "0000"},
        "artists": [{**TRACK["artists"][0], "name": ""}],
        "duration_ms": 0,
        "external_ids": {},
        "name": "",
    }
    item = an_item(taken_down)
    assert (item.uri, item.name, item.duration_ms) == ("spotify:track:6tRaCk", "", 0)
    assert (item.artists[0].name, item.album.name, item.isrc) == ("", "", "")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (None, 0),
        (214360.7, 214360),
        (-1, 0),
        (1e17, 0),
        (2**63, 0),
        (LONGEST_DURATION_MS, LONGEST_DURATION_MS),
        (LONGEST_DURATION_MS + 1, 0),
    ],
)
def test_a_length_that_cannot_be_is_unknown(sent: float | None, kept: int) -> None:
    assert an_item({**TRACK, "duration_ms": sent}).duration_ms == kept


@pytest.mark.parametrize("field", sorted(set(TRACK) - {"uri"}))
def test_no_field_of_a_track_is_missed(field: str) -> None:
    absent = {key: value for key, value in TRACK.items() if key != field}
    assert an_item(absent).uri == an_item({**TRACK, field: None}).uri == "spotify:track:6tRaCk"


@pytest.mark.parametrize(
    "added_at",
    [
        None,
        "",
        "1970-01-01T00:00:00Z",
        "0000-00-00T00:00:00Z",
        "soon",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
    ],
)
def test_an_empty_date_is_unknown(added_at: str | None) -> None:
    row = a_row(TRACK, added_at=added_at, added_by=None)
    assert (row.added_at, row.added_by) == (None, "")


@pytest.mark.parametrize(
    "added_at",
    ["2024-05-16T20:46:24Z", "2024-05-16T20:46:24", "2024-05-16T22:46:24+02:00"],
)
def test_dates_are_in_utc(added_at: str) -> None:
    assert a_row(TRACK, added_at=added_at).added_at == ADDED


PLAYLIST: dict[str, Any] = {
    "collaborative": False,
    "description": "Rock &amp; roll",
    "external_urls": {"spotify": f"{OPEN}/playlist/1ArChIvE"},
    "followers": {"href": None, "total": 12},
    "id": "1ArChIvE",
    "images": [],
    "name": "Harbour mix",
    "owner": {
        "display_name": "Lena",
        "external_urls": {"spotify": f"{OPEN}/user/lena.example"},
        "id": "lena.example",
    },
    "snapshot_id": "AAAAAqEc",
}


def test_a_header_is_kept_as_it_was_sent() -> None:
    header = parse_header("1ArChIvE", msgspec.convert(PLAYLIST, WirePlaylist))
    assert (header.name, header.description) == ("Harbour mix", "Rock &amp; roll")
    assert header.owner == Owner("lena.example", "Lena", f"{OPEN}/user/lena.example")
    assert (header.url, header.snapshot_id) == (f"{OPEN}/playlist/1ArChIvE", "AAAAAqEc")
    assert header.followers == 12


@pytest.mark.parametrize(("sent", "kept"), [(0, 0), (-1, None), (10**11, None), (10**40, None)])
def test_a_number_of_followers_that_cannot_be_is_unknown(sent: int, kept: int | None) -> None:
    body = msgspec.json.encode(PLAYLIST).replace(b'"total":12', b'"total":%d' % sent)
    wire = msgspec.json.decode(body, type=WirePlaylist)
    assert parse_header("1ArChIvE", wire).followers == kept


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (3600, 3600),
        (120, 120),
        (86_400, 86_400),
        (None, 3600),
        (0, 3600),
        (-5, 3600),
        (60, 3600),
        (1e12, 3600),
    ],
)
def test_an_implausible_token_lifetime_counts_as_one_hour(
    expires_in: float | None, seconds: float
) -> None:
    assert token_seconds(WireToken("BQ_example", expires_in)) == seconds


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "ä", "A" * 8193, None, 7])
def test_an_access_token_that_does_not_fit_into_a_header_is_refused(token: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"access_token": token, "expires_in": 3600}, WireToken)


@pytest.mark.parametrize(
    ("sent", "kept"), [("AQ_example", "AQ_example"), (None, ""), ("", ""), ("a\nb", "")]
)
def test_an_invalid_refresh_token_replaces_none(sent: str | None, kept: str) -> None:
    assert next_refresh_token(WireToken("BQ_example", 3600, sent)) == kept


@pytest.mark.parametrize("absent", [True, False])
def test_no_field_of_a_playlist_is_missed(absent: bool) -> None:
    nothing = {} if absent else dict.fromkeys(PLAYLIST)
    header = parse_header("1ArChIvE", msgspec.convert(nothing, WirePlaylist))
    assert (header.name, header.description, header.followers) == ("", "", None)
    assert header.owner == Owner("", "", "")
    assert header.url == f"{OPEN}/playlist/1ArChIvE"


def test_an_owner_without_a_name_is_called_by_the_id() -> None:
    wire = {**PLAYLIST, "owner": {"id": "lena.example", "display_name": None}, "followers": {}}
    header = parse_header("1ArChIvE", msgspec.convert(wire, WirePlaylist))
    assert header.owner == Owner("lena.example", "lena.example", "")
    assert header.followers is None
