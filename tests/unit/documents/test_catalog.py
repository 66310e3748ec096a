from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby, permutations
from random import Random
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.catalog import Catalog, Entry, decode_catalog, encode_catalog
from playlist_archive.documents.merge import merge, unique_names, with_all_sent
from playlist_archive.documents.messages import Latest, Outcome, RunReport
from playlist_archive.documents.status import NEWEST_GAPS, RECENT, Status, StatusPeriod
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header

pytestmark = pytest.mark.unit


def an_outcome(
    day: int, status: Status = "ok", playlist_id: str = PLAYLIST, *, name: str = "Harbour mix"
) -> Outcome:
    run = RUN + day * DAY
    return Outcome(
        playlist_id=playlist_id,
        run=run,
        at=run + timedelta(minutes=1),
        status=status,
        reason="" if status == "ok" else "why",
        source="registry",
        header=a_header(name=name) if status == "ok" else None,
        read=status == "ok",
        latest=Latest(run, f"digest {day}", 3) if status == "ok" else None,
        written=status == "ok",
        first=status == "ok",
    )


def an_entry(day: int, name: str) -> Entry:
    run = RUN + day * DAY
    return Entry(
        first_seen=run, run=run, at=run, status="ok", since=run, header=a_header(name=name)
    )


def test_a_status_is_dated_by_the_first_run_that_found_it() -> None:
    catalog = merge(Catalog(), [an_outcome(0), an_outcome(1, "not_found")])
    catalog = merge(catalog, [an_outcome(2, "not_found")])

    assert catalog.entries[PLAYLIST].since == RUN + DAY
    assert catalog.entries[PLAYLIST].checked == RUN


def test_a_late_outcome_changes_no_newer_status() -> None:
    catalog = merge(Catalog(), [an_outcome(2, "not_found")])
    late = merge(catalog, [an_outcome(1)])

    entry = late.entries[PLAYLIST]
    assert (entry.status, entry.since, entry.checked) == ("not_found", RUN + 2 * DAY, RUN + DAY)
    assert entry.latest == Latest(RUN + DAY, "digest 1", 3)


@given(
    st.lists(st.sampled_from(get_args(Status)), min_size=1, max_size=6),
    st.data(),
)
def test_repetitions_and_order_within_a_batch_do_not_matter(
    statuses: list[Status], data: st.DataObject
) -> None:
    outcomes = [an_outcome(day, status) for day, status in enumerate(statuses)]
    shuffled = data.draw(st.permutations(outcomes + outcomes[:2]))

    assert merge(Catalog(), shuffled).entries == merge(Catalog(), outcomes).entries


@given(st.permutations(range(5)), st.sampled_from(get_args(Status)))
def test_one_failing_streak_is_dated_the_same_however_its_outcomes_come(
    order: list[int], status: Status
) -> None:
    catalog = Catalog()
    for day in order:
        catalog = merge(catalog, [an_outcome(day, "ok" if day == 0 else status)])

    entry = catalog.entries[PLAYLIST]
    assert entry.status == status
    assert entry.since == (RUN if status == "ok" else RUN + DAY)


@given(st.data(), st.lists(st.sampled_from(["ok", "unstable", "deferred"]), max_size=RECENT))
def test_outcomes_in_any_batches_end_as_in_order(
    data: st.DataObject, statuses: list[Status]
) -> None:
    """Some runs send two outcomes of a playlist: that it waits, and the result of its read."""
    outcomes = [
        msgspec.structs.replace(an_outcome(number // 2, status), at=RUN + number * DAY / 2)
        for number, status in enumerate(statuses, start=1)
    ]
    known = merge(Catalog(), [an_outcome(0)])
    in_order, shuffled = known, known
    for outcome in outcomes:
        in_order = merge(in_order, [outcome])
    waiting = data.draw(st.permutations(outcomes + outcomes[:3]))
    while waiting:
        size = data.draw(st.integers(1, len(waiting)))
        shuffled = merge(shuffled, waiting[:size])
        waiting = waiting[size:]

    assert without_announced(shuffled.entries[PLAYLIST]) == without_announced(
        in_order.entries[PLAYLIST]
    )


@given(
    st.lists(st.sampled_from(["ok", "unstable"]), min_size=1, max_size=40),
    st.randoms(use_true_random=False),
)
def test_a_late_outcome_is_dated_right_as_long_as_a_queue_can_keep_it(
    statuses: list[Status], chance: Random
) -> None:
    """Every outcome arrives at most `RECENT` runs late."""
    outcomes = [an_outcome(day, status) for day, status in enumerate(statuses)]
    arrivals = sorted(
        range(len(outcomes)), key=lambda number: number + chance.randint(0, RECENT - 1)
    )
    catalog = Catalog()
    for number in arrivals:
        catalog = merge(catalog, [outcomes[number]])

    entry = catalog.entries[PLAYLIST]
    before = [day for day, status in enumerate(statuses) if status != statuses[-1]]
    assert entry.status == statuses[-1]
    assert entry.since == RUN + (before[-1] + 1 if before else 0) * DAY
    assert len(entry.history.recent) <= RECENT


@given(
    st.lists(st.sampled_from(["ok", "ok", "unstable", "deferred", "retired"]), max_size=50),
    st.randoms(use_true_random=False),
)
def test_every_gap_that_a_good_check_ended_is_known_however_its_outcomes_come(
    statuses: list[Status], chance: Random
) -> None:
    outcomes = [an_outcome(day, status) for day, status in enumerate(statuses)]
    late = sorted(range(len(outcomes)), key=lambda number: number + chance.randint(0, RECENT - 1))
    catalog = merge(Catalog(), [an_outcome(-1)])
    for number in late:
        catalog = merge(catalog, [outcomes[number], outcomes[late[0]]])

    periods = [
        (status, [day for day, _ in days])
        for status, days in groupby(enumerate(statuses), key=lambda pair: pair[1])
    ]
    last_good = max((day for day, status in enumerate(statuses) if status == "ok"), default=-1)
    assert catalog.entries[PLAYLIST].history.gaps() == tuple(
        StatusPeriod(
            RUN + days[0] * DAY,
            status,
            "why",
            until=RUN + (days[-1] + 1) * DAY,
            last=RUN + days[-1] * DAY if len(days) > 1 else None,
        )
        for status, days in periods
        if status != "ok" and days[-1] < last_good
    )


def test_a_run_that_read_a_playlist_in_the_end_leaves_no_gap() -> None:
    waited = msgspec.structs.replace(an_outcome(1, "deferred"), at=RUN + DAY)
    late_word = msgspec.structs.replace(an_outcome(1, "unstable"), at=RUN + 1.5 * DAY)
    outcomes = [an_outcome(0), waited, an_outcome(1), late_word, an_outcome(2)]

    assert merge(Catalog(), outcomes).entries[PLAYLIST].history.gaps() == ()


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_run_that_read_a_playlist_and_left_it_out_when_it_was_started_again_is_no_gap(
    order: Sequence[int],
) -> None:
    late = msgspec.structs.replace(an_outcome(1, "retired"), at=RUN + 2.5 * DAY)
    outcomes = [an_outcome(0), an_outcome(1), late, an_outcome(2)]
    catalog = Catalog()
    for number in order:
        catalog = merge(catalog, [outcomes[number]])

    entry = catalog.entries[PLAYLIST]
    assert (entry.status, entry.since, entry.history.gaps()) == ("ok", RUN, ())


def test_a_newest_run_that_read_a_playlist_and_then_left_it_out_has_retired_it() -> None:
    evening = msgspec.structs.replace(an_outcome(1, "retired"), at=RUN + 1.9 * DAY)

    entry = merge(Catalog(), [an_outcome(0), an_outcome(1), evening]).entries[PLAYLIST]

    assert (entry.status, entry.since, entry.checked) == ("retired", RUN + DAY, RUN + DAY)
    assert entry.history.gaps() == ()


def test_only_so_many_runs_are_remembered_one_by_one() -> None:
    good: list[Status] = ["ok"] * (RECENT + 2)
    statuses: list[Status] = ["ok", "unstable", "unstable", *good]
    catalog = Catalog()
    for day, status in enumerate(statuses):
        catalog = merge(catalog, [an_outcome(day, status)])

    entry = catalog.entries[PLAYLIST]
    gap = StatusPeriod(RUN + DAY, "unstable", "why", until=RUN + 3 * DAY, last=RUN + 2 * DAY)
    assert len(entry.history.recent) == RECENT
    assert entry.history.past == (gap, StatusPeriod(RUN + 3 * DAY, "ok"))
    assert (entry.since, entry.history.gaps()) == (RUN + 3 * DAY, (gap,))


def test_an_outcome_of_a_run_before_those_remembered_changes_neither_past_nor_gaps() -> None:
    catalog = Catalog()
    for day in range(RECENT + 5):
        catalog = merge(catalog, [an_outcome(day)])
    late = merge(catalog, [an_outcome(2, "unstable")]).entries[PLAYLIST]

    known = catalog.entries[PLAYLIST]
    assert (late.history.recent, late.history.past, late.history.gaps()) == (
        known.history.recent,
        known.history.past,
        (),
    )


def test_only_the_newest_gaps_are_kept() -> None:
    statuses: list[Status] = ["ok", "unstable"] * (NEWEST_GAPS + 30)
    catalog = Catalog()
    for day, status in enumerate([*statuses, "ok"]):
        catalog = merge(catalog, [an_outcome(day, status)])

    gaps = catalog.entries[PLAYLIST].history.gaps()
    assert len(gaps) == NEWEST_GAPS
    assert gaps[-1].until == RUN + len(statuses) * DAY


def test_a_gap_is_announced_once_it_has_ended() -> None:
    catalog = merge(Catalog(), [an_outcome(0)])
    catalog = with_all_sent(merge(catalog, [an_outcome(1, "unstable")]))
    ((_, page_status),) = merge(catalog, [an_outcome(2)]).unsent()

    assert page_status.gaps == (StatusPeriod(RUN + DAY, "unstable", "why", until=RUN + 2 * DAY),)


def without_announced(entry: Entry) -> Entry:
    """Return the entry without `announced`, which depends on the number of writes."""
    return msgspec.structs.replace(entry, announced=None)


def test_merging_what_is_known_changes_nothing() -> None:
    catalog = merge(Catalog(), [an_outcome(0)])

    assert merge(catalog, [an_outcome(0)]) is catalog


def test_the_newest_report_is_kept() -> None:
    new = RunReport(run=RUN + DAY, at=RUN + DAY, planned=2, unchanged=0)
    old = RunReport(run=RUN, at=RUN, planned=1, unchanged=0)

    assert merge(merge(Catalog(), [new]), [old]).report == new


def test_equal_names_are_numbered_by_who_was_there_first() -> None:
    names = unique_names(
        {
            "c": an_entry(2, "mix"),
            "a": an_entry(1, "mix"),
            "b": an_entry(0, "mix (2)"),
            "d": an_entry(3, "mix"),
        }
    )

    assert names == {"a": "mix", "b": "mix (2)", "c": "mix (3)", "d": "mix (4)"}


@given(st.lists(st.sampled_from(["mix", "mix (2)", "mix (2) (2)", ""]), max_size=8))
def test_a_later_arrival_renames_nobody(names: list[str]) -> None:
    entries = {f"{day:022}": an_entry(day, name) for day, name in enumerate(names)}
    before = unique_names(dict(list(entries.items())[:-1]))
    after = unique_names(entries)

    assert before.items() <= after.items()
    assert len(set(after.values())) == len(entries)


def test_a_good_playlist_under_its_own_name_needs_no_announcement() -> None:
    assert not list(merge(Catalog(), [an_outcome(0)]).unsent())


def test_a_playlist_that_was_never_read_needs_no_announcement_before_it_is() -> None:
    waiting = merge(Catalog(), [an_outcome(0, "deferred")])
    read = merge(waiting, [an_outcome(0)])

    assert not list(waiting.unsent())
    assert not list(read.unsent())


def test_a_changed_status_stays_unsent_until_it_is_marked_as_sent() -> None:
    catalog = merge(merge(Catalog(), [an_outcome(0)]), [an_outcome(1, "unstable")])
    ((playlist_id, page_status),) = catalog.unsent()

    assert (playlist_id, page_status.status, page_status.since) == (PLAYLIST, "unstable", RUN + DAY)
    assert not list(with_all_sent(catalog).unsent())


def test_a_name_that_is_taken_is_announced_with_its_number() -> None:
    catalog = merge(Catalog(), [an_outcome(0), an_outcome(1, playlist_id=OTHER)])
    ((playlist_id, page_status),) = catalog.unsent()

    assert (playlist_id, page_status.unique_name) == (OTHER, "Harbour mix (2)")


def test_the_document_reads_back_as_it_was() -> None:
    catalog = merge(Catalog(), [an_outcome(0), an_outcome(1, "held", OTHER)])

    assert decode_catalog(encode_catalog(catalog)) == catalog
    assert decode_catalog(None) == Catalog()
