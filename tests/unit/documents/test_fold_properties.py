import os
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.fold import fold, fold_all
from playlist_archive.documents.keys import parse_snapshot_key, snapshot_key
from playlist_archive.documents.ledger import Ledger, decode_ledger, encode_ledger
from playlist_archive.documents.playlist import Row
from playlist_archive.documents.snapshot import Snapshot, decode_snapshot, encode_snapshot
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.views import render_pages
from tests.support.rows import apply_change
from tests.support.strategies import (
    PLAYLIST_ID,
    any_snapshots,
    imported,
    playlist_histories,
    snapshot_of,
    song,
)
from tools.measure.render import read_versions

pytestmark = pytest.mark.unit

BESIDE = Path(__file__).parents[4] / "shared/data"
HISTORY = Path(os.environ.get("PLAYLIST_ARCHIVE_DATA") or BESIDE) / "playlist-history.jsonl.xz"


@given(playlist_histories())
def test_folding_one_by_one_over_stored_ledgers_equals_folding_all(
    history: list[Snapshot],
) -> None:
    ledger: Ledger | None = None
    for number, snapshot in enumerate(history, start=1):
        ledger = decode_ledger(encode_ledger(fold(ledger, snapshot)))

        assert ledger == fold_all(history[:number])


@given(playlist_histories(), st.data())
def test_any_order_and_repetition_ends_in_the_same_pages(
    history: list[Snapshot], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(history)))
    ledger = fold_all(data.draw(st.permutations([*history, *again])))

    assert encode_ledger(ledger) == encode_ledger(fold_all(history))
    assert render_pages(ledger) == render_pages(fold_all(history))


@settings(max_examples=200)
@given(st.lists(any_snapshots(), min_size=1, max_size=4, unique_by=lambda one: one.time))
@example([snapshot_of("a", description=f"&#{'9' * 5000};")])
@example([snapshot_of([Row(item=song("a", duration_ms=10**4299))] * 12, followers=-(10**4298))])
def test_whatever_snapshots_hold_they_fold_and_have_pages(snapshots: list[Snapshot]) -> None:
    ledger: Ledger | None = None
    for snapshot in sorted(snapshots, key=lambda one: one.time):
        stored = decode_ledger(encode_ledger(ledger)) if ledger else None
        ledger = fold(stored, decode_snapshot(encode_snapshot(snapshot)))

        assert render_pages(ledger)
        assert parse_snapshot_key(snapshot_key(PLAYLIST_ID, ledger.last))


@given(playlist_histories())
@example([snapshot_of("b", "2024-03-01"), snapshot_of("aa???", "2024-03-02")])
def test_the_same_rows_once_more_are_no_change(history: list[Snapshot]) -> None:
    again = replace(history[-1], time=history[-1].time + timedelta(hours=1))

    assert fold_all([*history, again]).changes == fold_all(history).changes


@given(playlist_histories())
def test_the_current_rows_are_those_of_the_newest_snapshot(history: list[Snapshot]) -> None:
    ledger = fold_all(history)

    shown = [
        None
        if row.occurrence is None or row.hidden
        else ledger.items[ledger.occurrences[row.occurrence].item].uri
        for row in ledger.rows
    ]
    assert shown == [row.item and row.item.uri for row in history[-1].rows]


@given(playlist_histories())
def test_exactly_the_present_songs_have_an_open_stay(history: list[Snapshot]) -> None:
    ledger = fold_all(history)

    there = [row.occurrence for row in ledger.rows if row.occurrence is not None]
    staying = [
        index
        for index, occurrence in ledger.occurrences.items()
        if occurrence.intervals[-1].first_missing is None
    ]
    assert sorted(there) == staying


@given(playlist_histories())
def test_stays_follow_one_another(history: list[Snapshot]) -> None:
    for occurrence in fold_all(history).occurrences.values():
        moments = [
            moment
            for stay in occurrence.intervals
            for moment in (stay.seen, stay.last_seen, stay.first_missing)
            if moment
        ]

        assert moments == sorted(moments)
        assert all(stay.first_missing for stay in occurrence.intervals[:-1])


@st.composite
def partly_imported(draw: st.DrawFn) -> tuple[list[Snapshot], list[Snapshot]]:
    """Draw a history, and the same with some snapshots from sources that lack fields."""
    history = draw(playlist_histories())
    return history, [
        draw(imported(snapshot)) if draw(st.booleans()) else snapshot for snapshot in history
    ]


def reports(ledger: Ledger) -> Counter[str]:
    """Return how often something was told of each text, each song's playability and the owner."""
    told: Counter[str] = Counter()
    for change in ledger.changes:
        told.update({"name"} if change.name is not None else set())
        told.update({"description"} if change.description is not None else set())
        told.update({"owner"} if change.owner is not None else set())
        told.update(f"text of {ledger.items[index].uri}" for index, _ in change.renamed)
        told.update(
            f"playability of {ledger.items[index].uri}"
            for index in (*change.unavailable, *change.available)
        )
    return told


@given(partly_imported())
def test_what_a_source_does_not_tell_is_no_change(
    histories: tuple[list[Snapshot], list[Snapshot]],
) -> None:
    whole, partial = map(fold_all, histories)

    assert reports(partial) <= reports(whole)


@given(partly_imported())
def test_what_a_source_does_not_tell_loses_no_song_and_no_stay(
    histories: tuple[list[Snapshot], list[Snapshot]],
) -> None:
    whole, partial = map(fold_all, histories)

    assert [item.uri for item in partial.items.values()] == [
        item.uri for item in whole.items.values()
    ]
    assert [row.occurrence for row in partial.rows] == [row.occurrence for row in whole.rows]
    dates = {
        to_timestamp(row.added_at)
        for snapshot in histories[0]
        for row in snapshot.rows
        if row.added_at
    }
    for one, other in zip(partial.occurrences.values(), whole.occurrences.values(), strict=True):
        assert (one.item, one.nth) == (other.item, other.nth)
        for stay, whole_stay in zip(one.intervals, other.intervals, strict=True):
            # A check confirms what its own source showed last.
            seen = whole_stay.last_seen if stay.last_seen else None
            assert replace(stay, added_at=whole_stay.added_at, last_seen=seen) == whole_stay
            assert (stay.last_seen or "") <= (whole_stay.last_seen or "")
            assert stay.added_at is None or stay.added_at in dates


@given(partly_imported())
def test_imports_too_fold_one_by_one_as_all_at_once(
    histories: tuple[list[Snapshot], list[Snapshot]],
) -> None:
    ledger: Ledger | None = None
    for number, snapshot in enumerate(histories[1], start=1):
        ledger = decode_ledger(encode_ledger(fold(ledger, snapshot)))

        assert ledger == fold_all(histories[1][:number])


@given(partly_imported())
def test_sources_that_tell_days_only_fold_one_by_one_as_all_at_once(
    histories: tuple[list[Snapshot], list[Snapshot]],
) -> None:
    by_day = [to_the_day(snapshot) if snapshot.source else snapshot for snapshot in histories[1]]
    ledger: Ledger | None = None
    for number, snapshot in enumerate(by_day, start=1):
        ledger = decode_ledger(encode_ledger(fold(ledger, snapshot)))

        assert ledger == fold_all(by_day[:number])


def to_the_day(snapshot: Snapshot) -> Snapshot:
    rows = (
        replace(row, added_at=row.added_at and row.added_at.replace(hour=0, minute=0, second=0))
        for row in snapshot.rows
    )
    return replace(snapshot, rows=tuple(rows))


def rows_of(ledger: Ledger) -> list[int | None]:
    return [row.occurrence for row in ledger.rows]


def assert_changes_explain_every_row(history: Sequence[Snapshot]) -> None:
    ledger = fold(None, history[0])
    for snapshot in history[1:]:
        before, ledger = ledger, fold(ledger, snapshot)
        changes = [change for change in ledger.changes if change.time > before.last]
        rows = rows_of(before)
        for change in changes:
            rows = apply_change(rows, change)
        assert rows == rows_of(ledger)


_states = st.text("aabbcdef??", max_size=12)


@settings(max_examples=300)
@given(st.lists(_states, min_size=2, max_size=5))
def test_what_went_moved_and_came_makes_the_rows_of_a_day_those_of_the_next(
    states: list[str],
) -> None:
    assert_changes_explain_every_row(
        [snapshot_of(rows, f"2024-03-{number:02}") for number, rows in enumerate(states, start=1)]
    )


@pytest.mark.skipif(not HISTORY.is_file(), reason=f"there is no {HISTORY}")
def test_changes_explain_every_row_of_real_playlists() -> None:
    done = 0
    for history in read_versions(HISTORY):
        assert_changes_explain_every_row(history[:100])
        done += len(history[:100])

    assert done > 2_000


@given(playlist_histories(min_size=2, max_size=2))
def test_unknown_rows_are_never_counted_as_removals(history: list[Snapshot]) -> None:
    old, new = (Counter(row.item.uri for row in one.rows if row.item) for one in history)
    unknown = len(history[1].rows) - new.total()

    removed = [removal for change in fold_all(history).changes for removal in change.removed]

    assert len(removed) <= (old - new).total()
    unknown_before = len(history[0].rows) - old.total()
    assert len(removed) >= (old - new).total() - unknown
    if unknown_before == 0:
        assert len(removed) == max((old - new).total() - unknown, 0)
