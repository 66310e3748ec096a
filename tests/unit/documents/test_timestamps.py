from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.timestamps import in_utc, to_timestamp

pytestmark = pytest.mark.unit

EAST, WEST = timezone(timedelta(hours=14)), timezone(-timedelta(hours=12))


@pytest.mark.parametrize(
    ("time", "moment"),
    [
        (datetime(2026, 10, 1, 4, tzinfo=UTC), "2026-10-01T04:00:00Z"),
        (datetime(2026, 10, 1, 4, tzinfo=EAST), "2026-09-30T14:00:00Z"),
        (datetime(2026, 10, 1, 4, 0, 0, 999_999, tzinfo=UTC), "2026-10-01T04:00:00Z"),
        (datetime(2026, 10, 1, 4), "2026-10-01T04:00:00Z"),  # noqa: DTZ001
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00Z"),
        (datetime(1, 1, 1, tzinfo=EAST), "0001-01-01T00:00:00Z"),
        (datetime(9999, 12, 31, 23, tzinfo=WEST), "9999-12-31T23:59:59Z"),
    ],
)
def test_a_timestamp_is_in_utc_and_in_whole_seconds(time: datetime, moment: str) -> None:
    assert to_timestamp(time) == moment


@given(st.datetimes(), st.integers(-1439, 1439))
def test_every_time_has_a_moment(time: datetime, minutes: int) -> None:
    there = time.replace(tzinfo=timezone(timedelta(minutes=minutes)))

    assert in_utc(there).tzinfo is UTC
    assert abs(in_utc(there).replace(tzinfo=None) - time) <= timedelta(days=1)
    assert to_timestamp(there)
