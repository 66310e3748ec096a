"""All songs that ever were in a playlist, and those that were removed."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from playlist_archive.documents.playlist import Album, Artist, Row
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive_cli.dates import parse_date
from playlist_archive_cli.exports.ever import removed_songs, rows_of
from playlist_archive_cli.published import Ever, EverSong, Stay
from tests.support.strategies import rows_of as rows_in
from tests.support.strategies import snapshot_of

pytestmark = pytest.mark.unit

OCTOBER = [f"2026-10-{day:02}T04:00:00Z" for day in range(10)]


def stay(seen: int, missing: int | None = None) -> Stay:
    return Stay(
        "2026-09-30T12:00:00Z",
        OCTOBER[missing] if missing else None,
        OCTOBER[seen],
        OCTOBER[missing - 1] if missing else None,
    )


def a_song(letter: str, *stays: Stay) -> EverSong:
    gone = [one.first_missing for one in stays]
    return EverSong(
        uri=f"spotify:track:{letter * 22}",
        name=f"Song {letter}",
        type="track",
        artists=(Artist("Ensemble"),),
        album=Album("Collected"),
        duration_ms=180_000,
        isrc="GBXXX1900123",
        url="",
        date_added="2026-09-30",
        date_removed=max(one[:10] for one in gone if one) if all(gone) else None,
        intervals=stays,
    )


def removed(*songs: EverSong, since: str | None = None) -> list[str]:
    ever = Ever("", "", "", songs)
    date = parse_date(since) if since else None
    return [song.name for song in removed_songs(ever, date)]


def test_a_song_that_came_back_was_not_removed() -> None:
    assert removed(a_song("a", stay(1, 3), stay(5)), a_song("b", stay(1, 3))) == ["Song b"]


def test_what_counts_is_when_a_song_went_for_the_last_time() -> None:
    songs = [a_song("a", stay(1, 3), stay(5, 7)), a_song("b", stay(1, 3))]

    assert removed(*songs, since="2026-10-07") == ["Song a"]
    assert removed(*songs, since="20261007T040001Z") == []


def test_a_row_is_that_of_the_first_snapshot_of_the_last_stay() -> None:
    read: list[str] = []
    added = datetime(2026, 10, 4, tzinfo=UTC)
    row = replace(rows_in("a", added)[0], added_by="marta")

    def read_snapshots(times: Iterable[str]) -> list[Snapshot]:
        read.extend(times)
        return [snapshot_of([Row(), row, replace(row, added_by="late")]) for _ in read]

    rows = rows_of([a_song("a", stay(1, 3), stay(5, 7))], read_snapshots)

    assert read == [OCTOBER[5]]
    assert rows == [row]


def test_a_snapshot_is_read_once_however_many_songs_came_with_it() -> None:
    read: list[str] = []

    def read_snapshots(times: Iterable[str]) -> list[Snapshot]:
        read.extend(times)
        return [snapshot_of("ab") for _ in read]

    rows = rows_of([a_song("b", stay(1)), a_song("a", stay(1))], read_snapshots)

    assert read == [OCTOBER[1]]
    assert [row.item.name for row in rows if row.item] == ["Song b", "Song a"]


def test_a_row_that_spotify_did_not_name_then_has_what_the_document_tells() -> None:
    [row] = rows_of([a_song("a", stay(1))], lambda times: [snapshot_of("?") for _ in times])

    assert row.item
    assert (row.item.name, row.item.isrc) == ("Song a", "GBXXX1900123")
    assert row.added_at == datetime(2026, 9, 30, 12, tzinfo=UTC)
