"""The result of a query, from either engine."""

from collections.abc import Sequence
from typing import NamedTuple

MOST_ROWS = 10_000
NOTHING_ASKED = "the query asks nothing; say, as: SELECT count(*) FROM stays"

type Value = str | int | float | bool | list[Value] | dict[str, Value] | None


class Result(NamedTuple):
    """At most `MOST_ROWS` rows; `more` says that there are others.

    `scanned_bytes` is what Athena read, and charges for.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Value]]
    more: bool = False
    scanned_bytes: int | None = None
