"""The days of the sample library end today, and show what a real library has."""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.local.sample import DAYS_OF_A_RUN, REGISTRATIONS, TROUBLES, last_run, plan_days
from tools.stand_in.sample import JETTY, LAST_DAY, OWNER, SampleLibrary

if TYPE_CHECKING:
    from tools.local.stack import Stack

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 30, 12, 31, 27, tzinfo=UTC)
DAY = timedelta(days=1)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(now=moments, since_last=st.none() | st.timedeltas(timedelta(seconds=1), timedelta(days=90)))
def test_no_run_is_ahead_of_the_clock_and_each_is_later_than_the_last(
    now: datetime, since_last: timedelta | None
) -> None:
    last = now - since_last if since_last else None

    days = plan_days(now, last)

    assert 1 <= len(days) <= DAYS_OF_A_RUN
    assert days[-1] <= now
    assert days == sorted(set(days))
    assert last is None or days[0] > last


def test_four_commands_archive_four_weeks_that_end_today() -> None:
    last, days = None, []
    for _ in range(4):
        days += plan_days(NOW, last)
        last = days[-1]

    assert days == [NOW - number * DAY for number in reversed(range(LAST_DAY + 1))]


def test_when_the_days_have_caught_up_the_present_is_archived() -> None:
    later = NOW + timedelta(hours=2)

    assert plan_days(later, NOW) == [later]


class StateOnly:
    """A stack of which only the state of Spotify is read."""

    def __init__(self, **state: str) -> None:
        self.state = state

    def read_json(self, key: str) -> dict[str, str]:
        assert key == "state/spotify.json"
        return self.state


@pytest.mark.parametrize(
    ("state", "remembered", "newest"),
    [
        ({}, None, None),
        ({}, NOW - DAY, NOW - DAY),
        ({"latest_run": "2026-11-30T12:31:27Z"}, NOW - 20 * DAY, NOW),
        ({"latest_run": "2026-11-09T12:31:27Z"}, NOW - 20 * DAY, NOW - 20 * DAY),
    ],
)
def test_a_run_that_the_owner_started_since_counts_as_the_last(
    state: dict[str, str], remembered: datetime | None, newest: datetime | None
) -> None:
    assert last_run(cast("Stack", StateOnly(**state)), remembered) == newest


def test_a_trouble_begins_when_its_playlist_changes() -> None:
    since = date(2026, 10, 1)
    library = SampleLibrary(since)
    for trouble in TROUBLES:
        before, then = (
            library.find(trouble.playlist_id, since + number * DAY)
            for number in (trouble.days.start - 1, trouble.days.start)
        )
        assert before
        assert then
        assert before.snapshot_id != then.snapshot_id


def test_the_first_command_shows_every_kind_of_trouble() -> None:
    week = DAYS_OF_A_RUN
    since = date(2026, 10, 1)
    library = SampleLibrary(since)
    names = {
        playlist_id: {
            playlist.name
            for number in range(week)
            if (playlist := library.find(playlist_id, since + number * DAY))
        }
        for playlist_id in library.list_ids(since)
    }

    assert any(trouble.days.stop < week for trouble in TROUBLES), "a gap"
    assert any(week - 1 in trouble.days for trouble in TROUBLES), "one that fails"
    assert any(days.stop < week for days in REGISTRATIONS.values()), "a retired one"
    assert any(len(of_one) > 1 for of_one in names.values()), "a new name"
    registered = [library.find(it, since) for it, days in REGISTRATIONS.items() if week in days]
    assert any(it and not it.is_readable_by(OWNER) for it in registered), "a forbidden one"


def test_a_playlist_is_there_to_be_registered() -> None:
    since = date(2026, 10, 1)
    library = SampleLibrary(since)
    for number in range(LAST_DAY + 1):
        jetty = library.find(JETTY, since + number * DAY)

        assert jetty
        assert jetty.is_readable_by(OWNER)
        assert JETTY not in library.list_ids(since + number * DAY)
    assert JETTY not in REGISTRATIONS
