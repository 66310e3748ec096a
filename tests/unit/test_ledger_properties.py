from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.errors import OutOfOrderError
from playlist_archive.ledger import Ledger, decode_ledger, encode_ledger, fold, fold_all
from playlist_archive.snapshot import Snapshot
from playlist_archive.views import render_pages
from tests.strategies import playlist_histories

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
def test_any_order_and_repetition_of_deliveries_ends_in_the_same_pages(
    history: list[Snapshot], data: st.DataObject
) -> None:
    again = data.draw(st.lists(st.sampled_from(history)))
    deliveries = data.draw(st.permutations([*history, *again]))

    ledger: Ledger | None = None
    arrived: list[Snapshot] = []
    for snapshot in deliveries:
        arrived.append(snapshot)
        try:
            ledger = fold(ledger, snapshot)
        except OutOfOrderError:
            ledger = fold_all(arrived)

    assert ledger is not None
    assert encode_ledger(ledger) == encode_ledger(fold_all(history))
    assert render_pages(ledger) == render_pages(fold_all(history))


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
def test_what_is_there_now_is_what_has_an_open_stay(history: list[Snapshot]) -> None:
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
