from collections import Counter

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playlist_archive.documents.fold import fold, fold_all
from playlist_archive.documents.keys import parse_snapshot_key, snapshot_key
from playlist_archive.documents.ledger import Ledger, decode_ledger, encode_ledger
from playlist_archive.documents.playlist import Row
from playlist_archive.documents.snapshot import Snapshot, decode_snapshot, encode_snapshot
from playlist_archive.views import render_pages
from tests.support.strategies import (
    PLAYLIST_ID,
    any_snapshots,
    playlist_histories,
    snapshot_of,
    song,
)

pytestmark = pytest.mark.unit


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
        for index, occurrence in enumerate(ledger.occurrences)
        if occurrence.intervals[-1].first_missing is None
    ]
    assert sorted(there) == staying


@given(playlist_histories())
def test_stays_follow_one_another(history: list[Snapshot]) -> None:
    for occurrence in fold_all(history).occurrences:
        moments = [
            moment
            for stay in occurrence.intervals
            for moment in (stay.seen, stay.last_seen, stay.first_missing)
            if moment
        ]

        assert moments == sorted(moments)
        assert all(stay.first_missing for stay in occurrence.intervals[:-1])


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
