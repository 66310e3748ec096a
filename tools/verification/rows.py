"""Applies changes to rows, by the rule in `docs/documents.md`."""

from collections.abc import Mapping, Sequence
from typing import Any


class RowsError(Exception):
    """A change that cannot be applied to its state."""


def rows_after(before: Sequence[str], change: Mapping[str, Any]) -> list[str]:
    """Return the URIs of the rows after a change.

    Raises:
        RowsError: the change names a row that does not exist, or one twice.
    """
    moved = change.get("moved", ())
    gone = [one["row"] for one in change.get("removed", ())] + [one["from"] for one in moved]
    if len(set(gone)) < len(gone) or not set(gone) <= set(range(1, len(before) + 1)):
        raise RowsError(f"it takes the rows {sorted(gone)} of {len(before)}")
    rows = [uri for row, uri in enumerate(before, start=1) if row not in set(gone)]
    coming = [(one["to"], one["uri"]) for one in moved]
    coming += [(one["row"], one["uri"]) for name in _COMING for one in change.get(name, ())]
    for row, uri in sorted(coming):
        if not 1 <= row <= len(rows) + 1:
            raise RowsError(f"it puts {uri} into row {row} of {len(rows)}")
        rows.insert(row - 1, uri)
    return rows


_COMING = ("added", "readded")
