"""Spotify's own export gives its playlists row by row, or says what it cannot read."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.playlist import Album, Artist, Row
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.imports.found import FoundPlaylist
from playlist_archive_cli.imports.spotify_export import (
    NO_PLAYLIST,
    NO_ROW,
    NO_URI,
    OLD_EXPORT,
    read_spotify_export,
    spell_exactly,
)
from playlist_archive_cli.imports.versions import LeftOuts

pytestmark = pytest.mark.unit

DAY = datetime(2021, 3, 4, tzinfo=UTC)
TRACK = {
    "trackName": "Ebb / Flow",
    "artistName": "The Harbour Lamps",
    "albumName": "Slack Water",
    "trackUri": "spotify:track:6tRaCkTeStOnE000000001",
}
EPISODE = {
    "episodeName": "Low tide",
    "showName": "Talk & tide",
    "episodeUri": "spotify:episode:7ePiSoDeStOnE000000001",
}
LOCAL = {"uri": "spotify:local:Fog+%26+Bell:Demo+Tape:No+Wind%2C+No+Sail:273"}


def an_item(kind: str = "", titles: object = None, day: str | None = "2021-03-04") -> Any:
    kinds = {"track": None, "episode": None, "localTrack": None}
    return {**kinds, **({kind: titles} if kind else {}), "addedDate": day}


def a_playlist(*items: Any, name: Any = "Harbour mix", **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "lastModifiedDate": "2021-03-05",
        "items": items,
        "description": None,
        "numberOfFollowers": 2,
        **fields,
    }


def write(file: Path, *playlists: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"playlists": playlists}), encoding="utf-8")
    return file


def read(path: Path) -> tuple[list[FoundPlaylist], dict[str, str]]:
    left_out = LeftOuts()
    found = list(read_spotify_export(path, left_out))
    return found, {where: one.reason for one in left_out.all() for where in one.samples}


def read_rows(tmp_path: Path, *items: Any) -> tuple[tuple[Row, ...], dict[str, str]]:
    [found], left_out = read(write(tmp_path / "Playlist1.json", a_playlist(*items)))
    return found.rows, left_out


# What is wrong with an export


def test_an_export_without_playlists_says_which_one_has_them(tmp_path: Path) -> None:
    write(tmp_path / "PlaylistInABottle.json", a_playlist(an_item("track", TRACK)))
    write(tmp_path / "Playlist1.json.json", a_playlist(an_item("track", TRACK)))

    with pytest.raises(CommandError, match=r"has no Playlist1\.json: .*Account data"):
        read(tmp_path)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"playlists": 7}', b'{"playlists": [{"name": "x"', b"\xff\xfe{"]
)
def test_a_file_that_is_not_whole_does_not_hide_the_others(tmp_path: Path, body: bytes) -> None:
    write(tmp_path / "Playlist2.json", a_playlist(an_item("track", TRACK)))
    (tmp_path / "Playlist1.json").write_bytes(body)

    found, left_out = read(tmp_path)
    assert [one.name for one in found] == ["Harbour mix"]
    assert left_out == {"Playlist1.json": "it is not a whole document of playlists"}


@pytest.mark.parametrize("broken", [None, 7, [], {}, {"name": "x"}, {"items": []}])
def test_a_playlist_that_is_none_does_not_hide_the_others(tmp_path: Path, broken: Any) -> None:
    file = write(tmp_path / "Playlist1.json", broken, a_playlist(an_item("track", TRACK)))

    found, left_out = read(file)
    assert [one.reference for one in found] == ["Playlist1.json, playlist 2"]
    assert left_out == {"Playlist1.json, playlist 1": NO_PLAYLIST}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (None, NO_ROW),
        ("track", NO_ROW),
        (an_item("track", [TRACK]), NO_ROW),
        (an_item("track", {**TRACK, "trackUri": 7}), NO_ROW),
        (an_item("track", {**TRACK, "trackUri": None}), NO_URI),
        (an_item("track", {**TRACK, "trackUri": "spotify:album:1"}), NO_URI),
        (an_item("track", {"trackName": "Old", "artistName": "Ann", "albumName": "x"}), NO_URI),
        (an_item("localTrack", {"uri": ""}), NO_URI),
    ],
)
def test_a_row_that_cannot_be_read_is_counted_and_keeps_its_place(
    tmp_path: Path, broken: Any, reason: str
) -> None:
    rows, left_out = read_rows(tmp_path, broken, an_item("track", TRACK))

    assert [bool(row.item) for row in rows] == [False, True]
    assert left_out == {"Playlist1.json, playlist 1, row 1": reason}


def test_an_export_from_before_there_were_uris_is_left_out(tmp_path: Path) -> None:
    old = {"trackName": "Old", "artistName": "Ann", "albumName": "x"}

    found, left_out = read(write(tmp_path / "Playlist1.json", a_playlist(an_item("track", old))))
    assert found == []
    assert left_out == {"Playlist1.json, playlist 1": OLD_EXPORT}


@given(st.recursive(st.none() | st.integers() | st.text(max_size=3), st.lists, max_leaves=5))
def test_whatever_stands_in_a_row_it_keeps_its_place(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    rows, _ = read_rows(
        tmp_path_factory.mktemp("export"),
        an_item("track", TRACK),
        value,
        {"track": value},
        {"track": {"trackUri": value}, "addedDate": value},
    )

    assert len(rows) == 4


# What it tells


def test_a_track_has_its_link_and_names_and_nothing_else_is_known(tmp_path: Path) -> None:
    [row], left_out = read_rows(tmp_path, an_item("track", TRACK))

    item = row.item
    assert item
    assert (row.added_at, row.added_by, left_out) == (DAY, "", {})
    assert (item.type, item.name) == ("track", "Ebb / Flow")
    assert item.url == "https://open.spotify.com/track/6tRaCkTeStOnE000000001"
    assert (item.artists, item.album) == ((Artist("The Harbour Lamps"),), Album("Slack Water"))
    assert item.unknown == (
        "duration_ms",
        "artists",
        "album",
        "playable",
        "explicit",
        "isrc",
    )


def test_an_episode_has_its_show_as_artist_and_album(tmp_path: Path) -> None:
    [row], _ = read_rows(tmp_path, an_item("episode", EPISODE))

    assert row.item
    assert (row.item.type, row.item.name) == ("episode", "Low tide")
    assert (row.item.artists, row.item.album) == ((Artist("Talk & tide"),), Album("Talk & tide"))


@pytest.mark.parametrize("kind", ["track", "localTrack"])
def test_a_local_file_is_one_wherever_it_stands(tmp_path: Path, kind: str) -> None:
    titles = LOCAL if kind == "localTrack" else {"trackName": None, "trackUri": LOCAL["uri"]}

    [row], left_out = read_rows(tmp_path, an_item(kind, titles))
    assert row.item
    assert (row.item.local, row.item.name, left_out) == (True, "No Wind, No Sail", {})


def test_a_track_without_anything_hides_no_local_file(tmp_path: Path) -> None:
    nothing = {"trackName": None, "artistName": None, "albumName": None, "trackUri": None}

    [row], left_out = read_rows(tmp_path, {**an_item("localTrack", LOCAL), "track": nothing})

    assert row.item
    assert (row.item.uri, left_out) == (LOCAL["uri"], {})


def test_an_audiobook_is_a_row_like_another(tmp_path: Path) -> None:
    titles = {"audiobookName": "Tides", "authorName": "Ann", "audiobookUri": "spotify:show:7"}

    [row], _ = read_rows(tmp_path, an_item("audiobook", titles))
    assert row.item
    assert (row.item.type, row.item.name, row.item.album) == ("show", "Tides", Album("Tides"))


@pytest.mark.parametrize(
    "empty", [an_item(), an_item("track", {"trackName": None, "trackUri": None}), {}]
)
def test_a_row_without_anything_is_what_spotify_no_longer_names(tmp_path: Path, empty: Any) -> None:
    rows, left_out = read_rows(tmp_path, empty, an_item("track", TRACK))

    assert rows[0].item is None
    assert left_out == {}


def test_the_order_and_songs_that_are_there_twice_are_kept(tmp_path: Path) -> None:
    items = [an_item("track", TRACK), an_item("episode", EPISODE), an_item("track", TRACK)]

    rows, _ = read_rows(tmp_path, *items)
    assert [row.item and row.item.type for row in rows] == ["track", "episode", "track"]


@pytest.mark.parametrize("day", [None, "", "4 March 2021", "0000-00-00", "1970-01-01"])
def test_a_day_that_is_none_is_unknown(tmp_path: Path, day: str | None) -> None:
    [row], left_out = read_rows(tmp_path, an_item("track", TRACK, day))

    assert (row.added_at, left_out) == (None, {})


def test_a_playlist_has_its_name_and_what_else_is_told(tmp_path: Path) -> None:
    [found], _ = read(
        write(
            tmp_path / "Playlist1.json",
            a_playlist(
                an_item("track", TRACK), name=" Über ", description="Calm", collaborators=[]
            ),
        )
    )

    assert (found.name, found.called) == (" Über ", frozenset({spell_exactly("über")}))
    assert (found.description, found.followers, found.unknown) == ("Calm", 2, ("owner",))
    assert found.not_before() == datetime(2021, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize("description", ["Rock & roll", "Rock &amp; roll", "<a>", "it's"])
def test_a_description_that_may_be_spelled_otherwise_by_spotify_is_unknown(
    tmp_path: Path, description: str
) -> None:
    playlist = a_playlist(an_item("track", TRACK), description=description)

    [found], _ = read(write(tmp_path / "Playlist1.json", playlist))
    assert (found.description, found.unknown) == (description, ("description", "owner"))


def test_an_empty_playlist_is_one(tmp_path: Path) -> None:
    [found], left_out = read(
        write(tmp_path / "Playlist1.json", a_playlist(lastModifiedDate=None, numberOfFollowers=-1))
    )

    assert (found.rows, found.not_before(), found.followers, left_out) == ((), None, None, {})


def test_a_zip_gives_all_its_files_in_order(tmp_path: Path) -> None:
    path = tmp_path / "my_spotify_data.zip"
    with zipfile.ZipFile(path, "w") as writing:
        for number in (10, 2, 1):
            playlist = a_playlist(an_item("track", TRACK), name=f"Mix {number}")
            body = json.dumps({"playlists": [playlist]})
            writing.writestr(f"Spotify Account Data/Playlist{number}.json", body)
        writing.writestr("Spotify Account Data/Userdata.json", "{}")

    found, _ = read(path)
    assert [one.name for one in found] == ["Mix 1", "Mix 2", "Mix 10"]
    assert found[0].reference == (
        "my_spotify_data.zip: Spotify Account Data/Playlist1.json, playlist 1"
    )
