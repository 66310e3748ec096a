"""The table of stays: what each line tells, and in which file it stands."""

import gzip
import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from playlist_archive.documents.fold import fold, fold_all
from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.playlist import Item, Row
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.views.table import table_files
from tests.support.strategies import (
    PLAYLIST_ID,
    day,
    nasty_texts,
    playlist_histories,
    rows_of,
    snapshot_of,
    song,
)

pytestmark = pytest.mark.unit

type Lines = list[dict[str, Any]]


def lines_by_year(ledger: Ledger) -> dict[str, Lines]:
    return {
        str(year): [json.loads(line) for line in gzip.decompress(file).split(b"\n") if line]
        for year, file in table_files(ledger).items()
    }


def lines(*snapshots: Snapshot) -> Lines:
    return [line for told in lines_by_year(fold_all(snapshots)).values() for line in told]


def rows_by(who: str, letters: str) -> tuple[Row, ...]:
    return tuple(Row(added_by=who, item=song(letter)) for letter in letters)


def test_a_playlist_without_songs_has_a_file_without_lines() -> None:
    assert lines_by_year(fold_all([snapshot_of("")])) == {"2024": []}


def test_a_row_that_spotify_does_not_name_is_no_stay_but_counts_as_a_row() -> None:
    told = lines(snapshot_of("?a"))

    assert [(line["name"], line["row"]) for line in told] == [("Song a", 2)]


def test_a_song_that_spotify_stops_naming_stays_at_its_row() -> None:
    told = lines(snapshot_of("ab"), snapshot_of("a?", "2024-03-02"))

    assert [(line["name"], line["row"]) for line in told] == [("Song a", 1), ("Song b", 2)]
    assert "first_missing" not in told[1]


def test_a_line_tells_the_song_the_row_and_who_added_it_and_when() -> None:
    item = replace(song("a"), isrc="GBAYE0601498")
    row = Row(added_at=datetime.fromisoformat("2023-05-06T07:08:09Z"), added_by="ilse", item=item)

    assert lines(snapshot_of([*rows_of("b"), row]))[1] == {
        "playlist_id": PLAYLIST_ID,
        "uri": f"spotify:track:{'a' * 22}",
        "name": "Song a",
        "artists": ["Ensemble"],
        "isrc": "GBAYE0601498",
        "row": 2,
        "added_at": "2023-05-06T07:08:09Z",
        "added_by": "ilse",
        "first_seen": "2024-03-01T04:00:00Z",
    }


def test_what_is_not_known_is_left_out() -> None:
    item = Item(type="track", uri="spotify:local:x", name="", duration_ms=0)

    assert lines(snapshot_of([Row(item=item)])) == [
        {
            "playlist_id": PLAYLIST_ID,
            "uri": "spotify:local:x",
            "name": "",
            "row": 1,
            "first_seen": "2024-03-01T04:00:00Z",
        }
    ]


def test_a_song_that_went_has_no_row_but_the_range_in_which_it_went_and_who_had_added_it() -> None:
    [told] = lines(
        snapshot_of(rows_by("ilse", "a")),
        snapshot_of("", "2024-03-09", previous_check=day("2024-03-05")),
    )

    assert "row" not in told
    assert told["added_by"] == "ilse"
    assert told["last_seen"] == "2024-03-05T04:00:00Z"
    assert told["first_missing"] == "2024-03-09T04:00:00Z"


def test_a_song_that_came_back_has_a_line_for_each_stay_and_each_has_who_added_it() -> None:
    told = lines(
        snapshot_of(rows_by("ilse", "a")),
        snapshot_of("", "2024-03-02"),
        snapshot_of(rows_by("bo", "ba"), "2024-03-03"),
    )

    stays = [
        (one["name"], one["added_by"], one.get("row"), one["first_seen"][8:10]) for one in told
    ]
    assert stays == [
        ("Song a", "ilse", None, "01"),
        ("Song a", "bo", 2, "03"),
        ("Song b", "bo", 1, "03"),
    ]


def test_who_added_a_song_is_what_was_said_last_before_it_went() -> None:
    [told] = lines(
        snapshot_of(rows_by("ilse", "a")),
        snapshot_of(rows_by("bo", "a"), "2024-03-02"),
        snapshot_of("", "2024-03-03"),
    )

    assert told["added_by"] == "bo"


def test_a_song_that_is_there_twice_has_two_lines() -> None:
    assert [line["row"] for line in lines(snapshot_of("aba"))] == [1, 2, 3]


def test_a_stay_stands_in_the_year_in_which_it_was_first_seen() -> None:
    ledger = fold_all(
        [
            snapshot_of("ab", "2023-12-31"),
            snapshot_of("abc", "2024-01-01"),
            snapshot_of("c", "2025-01-01"),
        ]
    )

    years = lines_by_year(ledger)
    assert {year: [line["name"] for line in told] for year, told in years.items()} == {
        "2023": ["Song a", "Song b"],
        "2024": ["Song c"],
        "2025": [],
    }


def test_a_year_keeps_no_stay_that_an_older_snapshot_moved_out_of_it() -> None:
    late, early = snapshot_of("a", "2024-03-01"), snapshot_of("a", "2022-03-01")

    assert [line["name"] for line in lines_by_year(fold_all([late]))["2024"]] == ["Song a"]
    assert lines_by_year(fold_all([late, early]))["2024"] == []


def test_the_files_of_years_in_which_nothing_changed_are_the_same_bytes() -> None:
    before = fold_all([snapshot_of("ab", "2023-03-01"), snapshot_of("abc", "2024-03-01")])
    after = fold(before, snapshot_of("abd", "2024-03-02"))

    was, is_now = table_files(before), table_files(after)
    assert was[2023] == is_now[2023]
    assert was[2024] != is_now[2024]


def test_a_file_tells_neither_its_time_nor_its_name() -> None:
    [file] = table_files(fold_all([snapshot_of("a")])).values()

    flags, time = file[3], file[4:8]
    assert (flags, time) == (0, b"\0\0\0\0")


@given(nasty_texts, nasty_texts)
def test_a_line_stays_a_line_whatever_a_song_is_called(name: str, artist: str) -> None:
    item = replace(song("a"), name=name)
    item = replace(item, artists=(replace(item.artists[0], name=artist),))

    [file] = table_files(fold_all([snapshot_of([Row(item=item)])])).values()
    [line] = gzip.decompress(file).splitlines()
    assert (json.loads(line)["name"], json.loads(line)["artists"]) == (name, [artist])


@given(playlist_histories())
def test_the_lines_are_the_ledgers_stays_and_those_that_last_are_the_named_rows(
    history: list[Snapshot],
) -> None:
    ledger = fold_all(history)
    told = [line for year in lines_by_year(ledger).values() for line in year]

    assert len(told) == sum(len(one.intervals) for one in ledger.occurrences.values())
    named = [number for number, row in enumerate(ledger.rows, 1) if row.occurrence is not None]
    assert sorted(line["row"] for line in told if "row" in line) == named
    assert all(("row" in line) != ("first_missing" in line) for line in told)
