"""Parses how long an answer asks to wait."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil

_LONGEST_PAUSE_SECONDS = 9_999_999


def parse_retry_after(text: str | None, now: datetime) -> int | None:
    """Return the header's whole seconds, None if it is missing, zero or malformed.

    The header is a number or a date (RFC 9110: Retry-After). A time in the past, or more than about
    a hundred days ahead, counts as malformed.
    """
    text = (text or "").strip()
    if re.fullmatch("[0-9]{1,9}", text):
        seconds = int(text)
    else:
        try:
            moment = parsedate_to_datetime(text)
            seconds = ceil((moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
        # The standard parser raises other errors than the documented ValueError.
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return seconds if 0 < seconds <= _LONGEST_PAUSE_SECONDS else None
