"""Outcomes merge to the same catalog in any order, in any batches and with any repetition."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_archive.documents.catalog import Catalog, Entry
from playlist_archive.documents.keys import followers_key
from playlist_archive.documents.merge import merge
from playlist_archive.documents.messages import Held, Latest, Outcome, RunReport
from playlist_archive.documents.status import Status
from playlist_archive.indexer.service import Indexer
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header
from tests.support.fakes import FakeBucket, FakeClock, FakeQueue
from tools.chaos.one_at_a_time import OneAtATime

pytestmark = pytest.mark.unit

AHEAD = datetime(2036, 10, 2, 4, tzinfo=UTC)

type Message = Outcome | RunReport


def an_outcome(
    run: datetime, status: Status = "ok", *, later: timedelta = DAY / 24, **fields: object
) -> Outcome:
    """Return an outcome of a run, by default from an hour after the run's time."""
    defaults: dict[str, object] = {
        "playlist_id": PLAYLIST,
        "run": run,
        "at": run + later,
        "status": status,
        "source": "registry",
        "header": a_header() if status == "ok" else None,
        "reason": "" if status == "ok" else "why",
    }
    return Outcome(**(defaults | fields))  # type: ignore[arg-type]


# Outcomes up to 20 runs late, of equal runs, sent at once or days later, some ahead of the clock.
_runs = st.integers(0, 20).map(lambda day: RUN + day * DAY / 2) | st.sampled_from(
    [AHEAD, AHEAD + DAY]
)
_moments = st.integers(0, 40).map(lambda hours: RUN + 11 * DAY + hours * DAY / 24) | st.none()
_headers = st.none() | st.builds(
    a_header,
    st.sampled_from(["v1", "v2", "v3"]),
    name=st.sampled_from(["Mix", "Mix ", "M\N{ZERO WIDTH SPACE}ix", "Blend"]),
    followers=st.none() | st.integers(1, 9),
)
_latest = st.none() | st.builds(
    Latest, _runs, content=st.sampled_from("abc"), rows=st.integers(0, 3)
)


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    run = draw(_runs)
    status = draw(st.sampled_from(get_args(Status)))
    return Outcome(
        playlist_id=draw(st.sampled_from([PLAYLIST, OTHER])),
        run=run,
        at=draw(_moments)
        or min(run, RUN + 11 * DAY) + draw(st.sampled_from([timedelta(0), DAY / 24])),
        status=status,
        reason=draw(st.sampled_from(["", "why", "so"])),
        source=draw(st.sampled_from([None, "registry", "library"])),
        alias=draw(st.sampled_from(["", "Ours", "Ours\N{LEFT-TO-RIGHT MARK}", "Theirs"])),
        in_library=draw(st.booleans()),
        header=draw(_headers),
        read=draw(st.booleans()),
        latest=draw(_latest),
        written=draw(st.booleans()),
        held=draw(st.none() | st.builds(Held, _runs, st.integers(0, 3)))
        if status == "held"
        else None,
        oversized=draw(st.booleans()),
        first=draw(st.booleans()),
    )


_reports = st.builds(
    RunReport,
    run=_runs,
    at=_moments.map(lambda at: at or RUN),
    planned=st.integers(0, 2),
    unchanged=st.integers(0, 2),
)
_messages = st.lists(outcomes() | outcomes() | outcomes() | _reports, max_size=14)


def known(catalog: Catalog) -> Catalog:
    """Return the catalog without its revision and without `announced`."""
    entries = {
        playlist_id: msgspec.structs.replace(entry, announced=None)
        for playlist_id, entry in catalog.entries.items()
    }
    return msgspec.structs.replace(catalog, revision=0, entries=entries)


def batches(draw: st.DataObject, messages: Sequence[Message]) -> list[list[Message]]:
    """Return the messages shuffled, some of them repeated, in batches of any size."""
    repeated = [message for message in messages if draw.draw(st.integers(0, 3)) == 0]
    waiting = draw.draw(st.permutations([*messages, *repeated]))
    found = []
    while waiting:
        size = draw.draw(st.integers(1, len(waiting)))
        found.append(waiting[:size])
        waiting = waiting[size:]
    return found


@settings(max_examples=300)
@given(_messages, st.data())
def test_any_outcomes_in_any_order_and_batches_end_in_one_catalog(
    messages: list[Message], data: st.DataObject
) -> None:
    in_order, shuffled = Catalog(), Catalog()
    for message in messages:
        in_order = merge(in_order, [message])
    for batch in batches(data, messages):
        shuffled = merge(shuffled, batch)

    assert known(shuffled) == known(in_order)
    for playlist_id, entry in in_order.entries.items():
        assert shuffled.entries[playlist_id].page_status(playlist_id, 0) == entry.page_status(
            playlist_id, 0
        )


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 1, 0)])
def test_the_newest_snapshot_is_the_one_that_was_seen_last_whatever_run_looked(
    order: Sequence[int],
) -> None:
    """A forced run looked after the next real run began, but before that run read the playlist."""
    first, cut = Latest(RUN, "whole", 60), Latest(RUN + DAY, "cut", 24)
    soon = RUN + DAY + timedelta(seconds=18)
    found = [
        an_outcome(RUN, latest=first),
        an_outcome(AHEAD, "held", at=soon, held=Held(AHEAD, 24), latest=first),
        an_outcome(RUN + DAY, later=timedelta(seconds=44), latest=cut),
    ]

    catalog = merge(Catalog(), [found[number] for number in order])

    assert catalog.entries[PLAYLIST].latest == cut


def test_a_snapshot_that_a_wrong_clock_saw_gives_way_once_the_clock_is_right() -> None:
    first, second = Latest(RUN, "a", 1), Latest(RUN + DAY, "b", 2)
    catalog = merge(
        Catalog(),
        [an_outcome(RUN, at=AHEAD, latest=first), an_outcome(RUN + DAY, "unstable")],
    )

    healed = catalog.without_later(RUN + 2 * DAY)

    late = merge(healed, [an_outcome(RUN + 2 * DAY, latest=second)])
    assert late.entries[PLAYLIST].latest == second


@settings(max_examples=100)
@given(_messages, st.data())
def test_any_outcomes_in_any_order_end_in_one_series_of_followers(
    messages: list[Message], data: st.DataObject
) -> None:
    series = []
    for arranged in ([[message] for message in messages], batches(data, messages)):
        bucket = FakeBucket()
        clock = FakeClock(RUN + 20 * DAY)
        for batch in arranged:
            Indexer(bucket=bucket, render_queue=FakeQueue(), clock=clock, pool=OneAtATime()).index(
                batch
            )
        series.append([bucket.objects.get(followers_key(id_)) for id_ in (PLAYLIST, OTHER)])

    assert series[0] == series[1]


def merged(*messages: Message) -> Entry:
    return merge(Catalog(), messages).entries[PLAYLIST]


def both_ways(*messages: Message) -> Entry:
    """Return the entry that the messages lead to, after checking both orders."""
    entries = []
    for arranged in (messages, messages[::-1]):
        catalog = Catalog()
        for message in arranged:
            catalog = merge(catalog, [message])
        entries.append(known(catalog).entries[PLAYLIST])
    assert entries[0] == entries[1]
    return entries[0]


def test_a_held_loss_is_kept_while_the_playlist_is_deferred() -> None:
    held = Held(RUN, 3)
    entry = both_ways(an_outcome(RUN, "held", held=held), an_outcome(RUN + DAY, "deferred"))

    assert (entry.status, entry.held) == ("deferred", held)


def test_a_good_check_ends_a_held_loss_whichever_comes_first() -> None:
    assert both_ways(an_outcome(RUN, "held", held=Held(RUN, 3)), an_outcome(RUN + DAY)).held is None


def test_a_good_check_counts_though_the_playlist_is_retired_in_the_same_run() -> None:
    entry = both_ways(an_outcome(RUN), an_outcome(RUN, "retired", source=None, later=DAY / 12))

    assert (entry.status, entry.checked) == ("retired", RUN)


def test_an_alias_that_changed_before_a_retirement_is_kept() -> None:
    entry = both_ways(an_outcome(RUN, alias="Ours"), an_outcome(RUN + DAY, "retired", source=None))

    assert (entry.status, entry.alias) == ("retired", "Ours")


def test_of_two_reads_of_one_run_the_later_one_is_kept() -> None:
    entry = both_ways(
        an_outcome(RUN, header=a_header("v1", name="Old")),
        an_outcome(RUN, header=a_header("v2", name="New"), later=DAY / 12),
    )

    assert entry.header == a_header("v2", name="New")


def test_of_two_runs_of_a_day_the_later_one_gives_the_number_of_followers() -> None:
    early = an_outcome(RUN, header=a_header(followers=10))
    late = an_outcome(RUN + DAY / 2, header=a_header(followers=12))
    for arranged in ((early, late), (late, early)):
        bucket = FakeBucket()
        for outcome in arranged:
            indexer = Indexer(
                bucket=bucket,
                render_queue=FakeQueue(),
                clock=FakeClock(RUN + DAY),
                pool=OneAtATime(),
            )
            indexer.index([outcome])

        series = msgspec.json.decode(bucket.objects[followers_key(PLAYLIST)])
        assert series == {"2026-10-01": 12}


def test_a_later_check_without_a_follower_number_removes_no_number() -> None:
    early = an_outcome(RUN, header=a_header(followers=10))
    late = an_outcome(RUN + DAY / 2, header=a_header(followers=12))
    again = an_outcome(RUN + DAY / 2, later=DAY / 12, header=None)
    for arranged in permutations((early, late, again)):
        bucket = FakeBucket()
        for outcome in arranged:
            indexer = Indexer(
                bucket=bucket,
                render_queue=FakeQueue(),
                clock=FakeClock(RUN + DAY),
                pool=OneAtATime(),
            )
            indexer.index([outcome])

        series = msgspec.json.decode(bucket.objects[followers_key(PLAYLIST)])
        assert series == {"2026-10-01": 12}


def a_simulated(day: int, status: Status = "ok", **fields: object) -> Outcome:
    """Return an outcome of a run that was ten years ahead of its clock."""
    run = AHEAD + day * DAY
    moment = RUN + DAY / 4 + day * timedelta(minutes=1)
    return an_outcome(run, status, later=moment - run, **fields)


def test_results_from_ahead_of_the_clock_are_replaced_by_the_next_run() -> None:
    entry = both_ways(
        a_simulated(0, alias="Simulated"), an_outcome(RUN + DAY, "unstable", alias="Ours")
    )

    assert (entry.run, entry.status, entry.since) == (RUN + DAY, "unstable", RUN + DAY)
    assert (entry.checked, entry.alias) == (None, "Ours")


def test_runs_ahead_of_the_clock_follow_one_another_as_any_runs_do() -> None:
    entry = both_ways(a_simulated(0, status="unstable"), a_simulated(1))

    assert (entry.run, entry.status) == (AHEAD + DAY, "ok")


def test_an_earlier_run_that_is_found_out_late_does_not_refute_a_later_one() -> None:
    entry = both_ways(an_outcome(RUN, later=3 * DAY), an_outcome(RUN + DAY, "unstable"))

    assert (entry.status, entry.since, entry.checked) == ("unstable", RUN + DAY, RUN)


def a_report(run: datetime, at: datetime | None = None) -> RunReport:
    return RunReport(run=run, at=at or run, planned=1, unchanged=0)


def test_a_playlist_that_a_run_found_out_nothing_about_is_overdue_since_that_run() -> None:
    reports = [a_report(RUN + day * DAY) for day in range(4)]
    catalog = merge(Catalog(), [an_outcome(RUN), *reports])

    assert catalog.overdue() == {PLAYLIST: RUN + DAY}
    assert catalog.up_to_date() == 0
    assert merge(catalog, [an_outcome(RUN + 3 * DAY)]).overdue() == {}


def test_a_registration_after_the_last_run_makes_up_for_it() -> None:
    catalog = merge(Catalog(), [a_report(RUN), an_outcome(RUN + DAY / 4)])

    assert (catalog.overdue(), catalog.up_to_date()) == ({}, 1)


@pytest.mark.parametrize("status", ["not_found", "forbidden", "retired"])
def test_a_playlist_that_is_not_requested_in_every_run_is_not_overdue(status: Status) -> None:
    catalog = merge(Catalog(), [an_outcome(RUN, status), a_report(RUN), a_report(RUN + DAY)])

    assert catalog.overdue() == {}


def test_a_run_ahead_of_the_clock_is_forgotten_with_the_next_one() -> None:
    catalog = merge(Catalog(), [a_report(AHEAD, RUN + DAY / 4), an_outcome(RUN)])
    assert catalog.overdue() == {PLAYLIST: RUN + DAY / 4}

    catalog = merge(catalog, [a_report(RUN + DAY), an_outcome(RUN + DAY)])
    assert (catalog.overdue(), catalog.report) == ({}, a_report(RUN + DAY))


def test_a_revision_never_falls_when_the_catalog_is_lost() -> None:
    before = merge(Catalog(), [an_outcome(RUN)], revision=1_000)
    again = merge(before, [an_outcome(RUN + DAY)], revision=7)
    lost = merge(Catalog(), [an_outcome(RUN + DAY)], revision=2_000)

    assert (before.revision, again.revision, lost.revision) == (1_000, 1_001, 2_000)


def test_pages_from_before_the_catalog_are_asked_to_show_the_status() -> None:
    latest = Latest(RUN, "digest", 3)
    new = merge(Catalog(), [an_outcome(RUN, latest=latest, first=True, written=True, read=True)])
    lost = merge(Catalog(), [an_outcome(RUN + DAY, latest=latest)])

    assert list(new.unsent()) == []
    ((_, page_status),) = lost.unsent()
    assert page_status.status == "ok"


@pytest.mark.parametrize("status", ["deferred", "retired"])
def test_pages_of_what_a_catalog_lost_are_asked_to_show_the_status_in_any_order(
    status: Status,
) -> None:
    """The first read comes again, as a dead letter does, before or after what the lister found."""
    latest = Latest(RUN, "digest", 3)
    first = an_outcome(RUN, latest=latest, first=True, written=True, read=True)
    found = an_outcome(RUN, status, later=DAY / 2, latest=latest, header=a_header())
    read = an_outcome(RUN + DAY, latest=latest, read=True)

    for messages in ((first, found, read), (found, first, read), (first, read, found)):
        ((_, page_status),) = merge(Catalog(), messages).unsent()
        assert page_status.status == "ok"
