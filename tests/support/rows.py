"""What a change does to the rows of a playlist."""

from collections.abc import Sequence

from playlist_archive.documents.changes import Change


def apply_change(rows: Sequence[int | None], change: Change) -> list[int | None]:
    """Return the rows after a change: occurrences, None where nobody knows what stands there."""
    gone = {
        *(placed.row for placed in change.removed),
        *(move.before for move in change.moved),
        *change.null_removed,
    }
    after = [one for row, one in enumerate(rows, start=1) if row not in gone]
    coming: list[tuple[int, int | None]] = [
        *((placed.row, placed.occurrence) for placed in (*change.added, *change.readded)),
        *((move.after, move.occurrence) for move in change.moved),
        *((row, None) for row in change.null_added),
    ]
    for row, one in sorted(coming, key=lambda pair: pair[0]):
        after.insert(row - 1, one)
    return after
