"""Fields that a snapshot's source lacks: they are no change, and keep their known values."""

from collections.abc import Container
from datetime import datetime

from msgspec.structs import replace

from playlist_archive.documents.playlist import Album, Header, Item, Owner
from playlist_archive.documents.timestamps import Timestamp, to_timestamp

_NOTHING = ("", 0, (), Album(""), Owner("", ""))


def with_known[Told: (Item, Header)](told: Told, known: Told) -> Told:
    """Return `told`, with its unknown fields taken from `known`.

    A field that is unknown in both stays unknown, with the partial value of `told`.
    """
    fields = {
        name: getattr(known, name)
        for name in told.unknown
        if name not in known.unknown or getattr(told, name) in _NOTHING
    }
    unknown = tuple(name for name in told.unknown if name in known.unknown)
    return replace(told, unknown=unknown, **fields)


def as_far_as_known[Told: (Item, Header)](old: Told, new: Told) -> Told:
    """Return `old`, with its unknown fields taken from `new`.

    The remaining differences between both are changes.
    """
    if not old.unknown:
        return old
    return replace(old, **{name: getattr(new, name) for name in old.unknown})


def adds_nothing(date: datetime | None, known: Timestamp | None) -> bool:
    """Whether a date is missing, or is only the day of the known one."""
    if date is None:
        return True
    moment = to_timestamp(date)
    return _is_day(moment) and known is not None and known[:10] == moment[:10]


def corrects(
    date: Timestamp | None, known: Timestamp | None, seen: Timestamp, imports: Container[Timestamp]
) -> bool:
    """Whether a date is of an earlier day than the known one, or more exact on the same day.

    The known date is when the row was added, or when it was first `seen`. `imports` are the times
    of snapshots that were not read live.
    """
    if date is None:
        return False
    day, known_day = date[:10], (known or seen)[:10]
    if day != known_day:
        return day < known_day
    return seen in imports and (known is None or _is_day(known))


def _is_day(moment: Timestamp) -> bool:
    """Whether a moment is midnight, as in sources that have only the day."""
    return moment.endswith("T00:00:00Z")
