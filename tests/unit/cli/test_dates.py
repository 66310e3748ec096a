"""Dates on the command line."""

from datetime import UTC, date, datetime

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive_cli.dates import parse_date, spell_between

pytestmark = pytest.mark.unit

moments = st.datetimes(timezones=st.just(UTC))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-13-01",
        "2026-02-30",
        "2026-1-1",
        "0000-01-01",
        "20261004T250000Z",
        "20261004T040000",
        "2026-10-04T04:00:00+02:00",
        "\N{FULLWIDTH DIGIT TWO}026-10-04",
    ],
)
def test_what_is_no_date_says_how_to_write_one(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="write 2026-10-04"):
        parse_date(text)


@given(st.dates())
def test_a_day_has_all_of_its_seconds(day: date) -> None:
    parsed = parse_date(day.isoformat())

    assert (parsed.first, parsed.last) == (f"{day}T00:00:00Z", f"{day}T23:59:59Z")
    assert parsed.is_day


@given(moments)
def test_a_moment_is_written_as_in_a_snapshot_s_key_or_as_in_a_document(moment: datetime) -> None:
    timestamp = to_timestamp(moment)

    for text in (timestamp, timestamp.replace("-", "").replace(":", "")):
        parsed = parse_date(text)
        assert (parsed.first, parsed.last) == (timestamp, timestamp)
        assert not parsed.is_day


def test_a_change_after_missed_days_lies_between_two_days() -> None:
    assert spell_between("2026-10-03T04:00:00Z", "2026-10-04T04:00:00Z") == "2026-10-04"
    assert (
        spell_between("2026-10-02T04:00:00Z", "2026-10-04T04:00:00Z")
        == "between 2026-10-02 and 2026-10-04"
    )
