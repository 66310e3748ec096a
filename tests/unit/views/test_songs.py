import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.keys import song_ids_key, songs_key
from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.playlist import Artist, Item, Row
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.songs import encode_lines
from playlist_archive.views import render_lines
from tests.support.builders import PLAYLIST
from tests.support.documented import documented
from tests.support.strategies import (
    PLAYLIST_ID,
    any_snapshots,
    playlist_histories,
    snapshot_of,
    song,
)

pytestmark = pytest.mark.unit


def songs_of(ledger: Ledger) -> list[list[str]]:
    return msgspec.json.decode(render_lines(ledger)[songs_key(PLAYLIST_ID)], type=list[list[str]])


def ids_of(ledger: Ledger) -> list[list[str]]:
    return msgspec.json.decode(
        render_lines(ledger)[song_ids_key(PLAYLIST_ID)], type=list[list[str]]
    )


def test_a_song_is_its_title_and_its_artists() -> None:
    duet = replace(song("a"), artists=(Artist("Ana"), Artist("Ben")))
    nobody = replace(song("b"), artists=())

    ledger = fold_all([snapshot_of([Row(item=duet), Row(item=nobody)])])

    assert songs_of(ledger) == [["Song a", "Ana", "Ben"], ["Song b"]]


def test_the_documented_lines_are_those_of_such_songs() -> None:
    ebb = Item(
        type="track",
        uri="spotify:track:6tRaCkTeStOnE000000001",
        name="Ebb / Flow",
        duration_ms=1,
        artists=(Artist("The Harbour Lamps"),),
        isrc="GBAYE0601498",
    )
    tide = replace(
        ebb,
        uri="spotify:track:6tRaCkTeStOnE000000002",
        name="Tide",
        artists=(Artist("Kite"), Artist("The Harbour Lamps")),
        isrc="",
    )
    snapshot = replace(snapshot_of([Row(item=ebb), Row(item=tide)]), playlist_id=PLAYLIST)

    lines = render_lines(fold_all([snapshot]))

    examples = documented("The songs of all playlists")
    assert [encode_lines({PLAYLIST: line}) for line in lines.values()] == examples


def test_songs_that_went_are_there_too_and_each_song_only_once() -> None:
    ledger = fold_all([snapshot_of("aab"), snapshot_of("cb", "2024-03-02")])

    assert [title for title, _ in songs_of(ledger)] == ["Song a", "Song b", "Song c"]


def test_rows_that_spotify_does_not_name_are_no_songs() -> None:
    ledger = fold_all([snapshot_of("?a?")])

    assert songs_of(ledger) == [["Song a", "Ensemble"]]
    assert ids_of(ledger) == [["a" * 22]]


def test_a_playlist_without_songs_has_an_empty_line() -> None:
    assert render_lines(fold_all([snapshot_of("")])) == {
        songs_key(PLAYLIST_ID): b"[]",
        song_ids_key(PLAYLIST_ID): b"[]",
    }


def test_ids_are_those_of_tracks_or_whole_uris_and_isrcs_where_known() -> None:
    known = replace(song("a"), isrc="GBAYE0601498")
    local = replace(song("b"), uri="spotify:local:Kite:Tide:Ebb:187", url="", local=True)
    episode = replace(song("c"), type="episode", uri="spotify:episode:cc")

    ledger = fold_all([snapshot_of([Row(item=item) for item in (known, local, episode)])])

    assert ids_of(ledger) == [
        ["a" * 22, "GBAYE0601498"],
        ["spotify:local:Kite:Tide:Ebb:187"],
        ["spotify:episode:cc"],
    ]


@given(
    playlist_histories()
    | playlist_histories(max_size=12, most_days=200)
    | st.lists(any_snapshots(), min_size=1, max_size=1)
)
def test_the_lines_tell_every_song_that_ever_was_there_once_and_in_the_same_order(
    history: list[Snapshot],
) -> None:
    ledger = fold_all(history)
    lines = {key: msgspec.json.decode(line) for key, line in render_lines(ledger).items()}
    assert lines.keys() >= {songs_key(PLAYLIST_ID), song_ids_key(PLAYLIST_ID)}
    songs = [one for key, line in lines.items() if ".ids." not in key for one in line]
    ids = [one for key, line in lines.items() if ".ids." in key for one in line]

    ever = {row.item.uri for snapshot in history for row in snapshot.rows if row.item}
    assert len(songs) == len(ids) == len(ever)
    assert {id_ for id_, *_ in ids} == {uri.removeprefix("spotify:track:") for uri in ever}
    newest = {item.uri.removeprefix("spotify:track:"): item for item in ledger.items.values()}
    for (title, *artists), (id_, *_) in zip(songs, ids, strict=True):
        assert title == newest[id_].name
        assert artists == [artist.name for artist in newest[id_].artists]


def test_songs_that_went_long_ago_have_lines_of_their_own() -> None:
    days = {"2021-05-01": "abc", "2021-06-01": "c", "2023-07-01": "ac"}
    lines = render_lines(fold_all(snapshot_of(rows, day) for day, rows in days.items()))

    assert {key: msgspec.json.decode(line) for key, line in lines.items()} == {
        songs_key(PLAYLIST_ID): [["Song a", "Ensemble"], ["Song c", "Ensemble"]],
        song_ids_key(PLAYLIST_ID): [["a" * 22], ["c" * 22]],
        songs_key(PLAYLIST_ID, gone=True): [["Song b", "Ensemble"]],
        song_ids_key(PLAYLIST_ID, gone=True): [["b" * 22]],
    }


def test_a_playlist_that_was_read_long_ago_has_a_line_though_nothing_went() -> None:
    days = {"2021-05-01": "a", "2023-07-01": "ab"}
    lines = render_lines(fold_all(snapshot_of(rows, day) for day, rows in days.items()))

    assert lines[songs_key(PLAYLIST_ID, gone=True)] == b"[]"
    assert lines[song_ids_key(PLAYLIST_ID, gone=True)] == b"[]"


@given(any_snapshots())
def test_a_line_is_one_line(snapshot: Snapshot) -> None:
    for line in render_lines(fold_all([snapshot])).values():
        assert len(line.split(b"\n")) == 1
