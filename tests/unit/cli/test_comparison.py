"""The difference between two snapshots."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from playlist_archive.documents.history import PublishedChange
from playlist_archive.documents.playlist import Owner, Row
from playlist_archive_cli.changes_in_words import change_lines, spell_counts
from playlist_archive_cli.comparison import compare_snapshots
from tests.support.strategies import snapshot_of, song

pytestmark = pytest.mark.unit

letters = st.text("abcdef", max_size=10)


def compare(before: str, after: str) -> PublishedChange | None:
    return compare_snapshots(snapshot_of(before, "2024-03-01"), snapshot_of(after, "2024-03-02"))


def apply_change(rows: list[str], change: PublishedChange) -> list[str]:
    """Return the rows after a change, by the rule in docs/documents.md."""
    gone = {one.row for one in change.removed} | {one.before for one in change.moved}
    after = [uri for row, uri in enumerate(rows, start=1) if row not in gone]
    coming = [(one.row, one.uri) for one in (*change.added, *change.readded)]
    coming += [(one.after, one.uri) for one in change.moved]
    for row, uri in sorted(coming):
        assert uri is not UNSET
        after.insert(row - 1, uri)
    return after


@given(letters, letters)
def test_the_difference_makes_the_later_rows_of_the_earlier(before: str, after: str) -> None:
    change = compare(before, after)
    uris = [f"spotify:track:{letter * 22}" for letter in after]

    if change is None:
        assert before == after
    else:
        assert before != after
        rows = [f"spotify:track:{letter * 22}" for letter in before]
        assert apply_change(rows, change) == uris


@given(letters, letters)
def test_what_counts_is_how_often_each_song_is_there(before: str, after: str) -> None:
    change = compare(before, after)
    if change is None:
        return

    more = sum(max(after.count(one) - before.count(one), 0) for one in set(after))
    less = sum(max(before.count(one) - after.count(one), 0) for one in set(before))
    assert (change.counts.added, change.counts.readded, change.counts.removed) == (more, 0, less)


def test_one_song_that_moves_far_is_one_move() -> None:
    change = compare("abcdef", "fabcde")

    assert change
    assert list(change_lines(change)) == ["Moved: Song f by Ensemble, from row 6 to row 1"]


def test_names_texts_and_rows_without_a_name_are_told() -> None:
    before = snapshot_of("ab", name="Old\x1b name", description="x")
    after = replace(
        snapshot_of("?b?", name="New"), time=before.time + timedelta(days=1), followers=99
    )

    change = compare_snapshots(before, after)
    assert change
    assert list(change_lines(change)) == [
        "Renamed from “Old\x1b name” to “New”",
        "Description: “x” became “”",
        "Added: a song that Spotify does not name, row 3",
        "No longer available on Spotify: Song a by Ensemble",
    ]
    assert spell_counts(change.counts) == "1 added"


def test_an_owner_a_label_and_what_can_be_played_again_are_told() -> None:
    before = snapshot_of([Row(item=song("a", playable=False)), Row(item=song("b"))])
    after = snapshot_of(
        [Row(item=song("a")), Row(item=song("b", name="Other title"))],
        "2024-03-02",
        owner=Owner("jonas", ""),
    )

    change = compare_snapshots(before, after)
    assert change
    assert list(change_lines(change)) == [
        "Owner: Marta became jonas",
        "Available again: Song a by Ensemble",
        "Spotify changed “Song b -- Ensemble -- Collected”: Other title by Ensemble",
    ]
    assert spell_counts(change.counts) == ""
