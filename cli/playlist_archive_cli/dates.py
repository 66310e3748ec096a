"""Parses dates on the command line, and formats dates in the output."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import typer

from playlist_archive.documents.timestamps import Timestamp, to_timestamp

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})T(\d{2}):?(\d{2}):?(\d{2})Z", re.ASCII)
_A_DAY = timedelta(days=1)


class Date(NamedTuple):
    """A day or a moment: its first and last second in UTC, and its original text."""

    first: Timestamp
    last: Timestamp
    text: str

    @property
    def is_day(self) -> bool:
        return self.first != self.last


def parse_date(text: str) -> Date:
    """Parse a day such as `2026-10-04`, or a moment such as `20261004T040000Z`.

    Raises:
        typer.BadParameter: it is neither.
    """
    try:
        if _DAY.fullmatch(text):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
            return Date(to_timestamp(day), f"{text}T23:59:59Z", text)
        if found := _MOMENT.fullmatch(text):
            moment = to_timestamp(datetime(*map(int, found.groups()), tzinfo=UTC))  # type: ignore[arg-type,misc]
            return Date(moment, moment, text)
    except ValueError:
        pass
    raise typer.BadParameter(
        f"“{text}” is not a date: write 2026-10-04 for a day, or 20261004T040000Z for a moment"
    )


def spell_day(moment: Timestamp) -> str:
    return moment[:10]


def spell_moment(moment: Timestamp) -> str:
    return f"{moment[:10]} {moment[11:16]} UTC"


def spell_exactly(moment: Timestamp) -> str:
    """Say a moment to the minute, or to the second where it is not a minute's first."""
    return spell_moment(moment) if moment[17:19] == "00" else f"{moment[:10]} {moment[11:19]} UTC"


def spell_between(after: Timestamp, until: Timestamp) -> str:
    """Return the day of a change, or a range if it was not read for more than a day."""
    first, last = date.fromisoformat(after[:10]), date.fromisoformat(until[:10])
    return f"between {first} and {last}" if last - first > _A_DAY else f"{last}"
