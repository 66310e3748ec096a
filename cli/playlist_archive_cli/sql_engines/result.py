"""What comes of a query, whoever answered it."""

from collections.abc import Sequence
from typing import NamedTuple

MOST_ROWS = 10_000

type Value = str | int | float | bool | list[Value] | dict[str, Value] | None


class Result(NamedTuple):
    """The rows of an answer, `MOST_ROWS` of them at most; `more` says that there are others.

    `scanned_bytes` is what Athena read, and charges for.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    more: bool = False
    scanned_bytes: int | None = None
