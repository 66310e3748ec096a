"""When a digest is due: once a day or a week, without a gap, and nothing twice."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.digests import Period, Span, changes_within, span_due
from playlist_archive.documents.history import Counts
from playlist_archive.documents.merge import merge
from playlist_archive.documents.recent_changes import RecentChange, RecentChanges
from playlist_archive.documents.timestamps import to_timestamp
from tests.support.builders import DAY, RUN
from tests.unit.documents.test_alerts import outcome, report

pytestmark = pytest.mark.unit

HOUR = timedelta(hours=1)


def complete(day: int, catalog: Catalog | None = None) -> Catalog:
    return merge(catalog or Catalog(), (report(day), outcome(day, "ok")))


def test_the_first_digest_begins_with_the_run_of_the_moment() -> None:
    assert span_due(complete(9), "weekly", RUN + 9 * DAY) == Span(None, RUN + 9 * DAY)
    assert span_due(Catalog(), "weekly", RUN) is None


def test_a_digest_waits_for_the_answers_and_pages_of_its_run() -> None:
    waiting = merge(replace(complete(0), digested=RUN), [report(1)])
    now = RUN + DAY

    assert span_due(waiting, "daily", now) is None
    assert span_due(complete(1, waiting), "daily", now, pages_follow=True) is None
    assert span_due(complete(1, waiting), "daily", now) == Span(RUN, now)


def test_a_run_that_is_six_hours_old_is_not_waited_for() -> None:
    waiting = merge(replace(complete(0), digested=RUN), [report(1)])
    due = Span(RUN, RUN + DAY)

    assert span_due(waiting, "daily", RUN + DAY + 6 * HOUR - HOUR) is None
    assert span_due(waiting, "daily", RUN + DAY + 6 * HOUR) == due
    next_began = merge(waiting, [report(2)])
    assert span_due(next_began, "daily", RUN + 2 * DAY) == due


@pytest.mark.parametrize(("every", "due"), [("weekly", [7, 14]), ("daily", [*range(1, 16)])])
def test_digests_come_as_often_as_asked(every: Period, due: list[int]) -> None:
    catalog, sent = Catalog(), []
    for day in range(16):
        catalog = complete(day, catalog)
        if span := span_due(catalog, every, RUN + day * DAY):
            catalog = replace(catalog, digested=span.until)
            sent += [day] if span.after else []

    assert sent == due


def test_after_a_wrong_clock_digests_begin_anew() -> None:
    catalog = replace(complete(0), digested=RUN + 900 * DAY)

    assert span_due(catalog, "weekly", RUN) == Span(None, RUN)


@given(
    st.lists(st.integers(min_value=1, max_value=72), min_size=1, max_size=40),
    st.sampled_from(["weekly", "daily"]),
)
def test_spans_follow_one_another_without_a_gap_and_never_too_soon(
    hours: list[int], every: Period
) -> None:
    catalog, run, spans = Catalog(), RUN, list[Span]()
    for passed in hours:
        run += passed * HOUR
        messages = (report(0, run=run, at=run), outcome(0, "ok", run=run, at=run))
        for message in messages:
            catalog = merge(catalog, [message])
            # Twice, as after a redelivery.
            for _ in range(2):
                if span := span_due(catalog, every, run):
                    spans.append(span)
                    catalog = replace(catalog, digested=span.until)

    assert [later.after for later in spans[1:]] == [earlier.until for earlier in spans[:-1]]
    assert [span.after for span in spans].count(None) <= 1
    shortest = timedelta(hours=20) if every == "daily" else timedelta(days=6, hours=20)
    assert all(span.until - span.after >= shortest for span in spans if span.after)


def test_a_change_belongs_to_exactly_one_of_two_spans_that_follow_one_another() -> None:
    times = [to_timestamp(RUN + number * DAY) for number in range(5)]
    changes = tuple(
        RecentChange(playlist="p", time=time, after=time, until=time, counts=Counts(1, 0, 0, 0))
        for time in reversed(times)
    )
    document = RecentChanges(since=None, until=times[-1], playlists=(), changes=changes)
    spans = [Span(RUN, RUN + 2 * DAY), Span(RUN + 2 * DAY, RUN + 4 * DAY)]

    told = [[one.time for one in changes_within(span, document)] for span in spans]
    assert told == [[times[2], times[1]], [times[4], times[3]]]
    assert changes_within(Span(None, RUN + 4 * DAY), document) == []
