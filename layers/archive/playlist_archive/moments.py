"""Moments as text, in documents, log lines and the names of runs."""

from datetime import UTC, datetime

import msgspec

type Moment = str
"""A moment as ISO 8601 in UTC, to the second: such texts compare as moments do."""


def to_moment(time: datetime) -> Moment:
    # A fold words every row's date, and strftime takes several times as long.
    return msgspec.json.encode(time.astimezone(UTC))[1:20].decode() + "Z"
