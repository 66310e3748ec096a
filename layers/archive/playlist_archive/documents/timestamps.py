"""Moments as text, in documents, log lines and the names of runs."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

# A time without a time zone could not be compared with the others.
Time = Annotated[datetime, Meta(tz=True)]


# Spotify began in 2008; the last year is far enough from the end of Python's calendar.
FIRST_YEAR, LAST_YEAR = 2000, 9000


type Timestamp = str
"""A moment as ISO 8601 in UTC, to the second: such texts compare as moments do."""

_FIRST = datetime.min.replace(tzinfo=UTC)
_LAST = datetime.max.replace(tzinfo=UTC)
_EARLY = 2  # in year 1 the moment in UTC may be before the first year


def to_timestamp(time: datetime) -> Timestamp:
    # A fold formats every row's date, and strftime takes several times as long.
    return msgspec.json.encode(in_utc(time))[1:20].decode() + "Z"


def in_utc(time: datetime) -> datetime:
    """Return the same moment in UTC, whatever the date.

    A date without a time zone is in UTC already. A moment that lies before the year 1 or after
    the year 9999 in UTC becomes the nearest one that does not.
    """
    if time.tzinfo is UTC:
        return time
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC)
    try:
        return time.astimezone(UTC)
    except OverflowError:
        return _FIRST if time.year < _EARLY else _LAST


def earlier(time: datetime, span: timedelta) -> datetime:
    """Return the moment `span` before another, or that one itself if there is no earlier one."""
    try:
        return time - span
    except OverflowError:
        return time


def check_timestamp(text: str) -> Timestamp:
    """Return `text` if it is a timestamp.

    Raises:
        ValueError: it is none, so it may not sort by time.
    """
    if to_timestamp(datetime.fromisoformat(text)) != text:
        raise ValueError(f"{text!r} is not a timestamp in UTC")
    return text
