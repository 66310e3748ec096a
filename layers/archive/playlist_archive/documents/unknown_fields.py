"""What a source does not tell is unknown: it is no change, and what is known of it counts."""

from collections.abc import Container
from datetime import datetime

from msgspec.structs import replace

from playlist_archive.documents.playlist import Album, Header, Item, Owner
from playlist_archive.documents.timestamps import Timestamp, to_timestamp

_NOTHING = ("", 0, (), Album(""), Owner("", ""))


def with_known[Told: (Item, Header)](told: Told, known: Told) -> Told:
    """Return what was told, with each field that is unknown there as it is `known`.

    A field that is unknown in both stays so; it has what was told of it last.
    """
    fields = {
        name: getattr(known, name)
        for name in told.unknown
        if name not in known.unknown or getattr(told, name) in _NOTHING
    }
    unknown = tuple(name for name in told.unknown if name in known.unknown)
    return replace(told, unknown=unknown, **fields)


def as_far_as_known[Told: (Item, Header)](old: Told, new: Told) -> Told:
    """Return what was told before, with each field that was unknown then as it is now.

    What differs from the new one is what changed.
    """
    if not old.unknown:
        return old
    return replace(old, **{name: getattr(new, name) for name in old.unknown})


def adds_nothing(date: datetime | None, known: Timestamp | None) -> bool:
    """Whether a source tells no date, or only the day of the one that is known."""
    if date is None:
        return True
    moment = to_timestamp(date)
    return _is_day(moment) and known is not None and known[:10] == moment[:10]


def corrects(
    date: Timestamp | None, known: Timestamp | None, seen: Timestamp, imports: Container[Timestamp]
) -> bool:
    """Whether a date is of an earlier day than is known of a stay, or is the exact one of that day.

    What is known is when the row was added, else when it was first `seen`. `imports` are the times
    of snapshots that were not read live.
    """
    if date is None:
        return False
    day, known_day = date[:10], (known or seen)[:10]
    if day != known_day:
        return day < known_day
    return seen in imports and (known is None or _is_day(known))


def _is_day(moment: Timestamp) -> bool:
    """Whether a moment is a midnight, as of a source that tells the day only."""
    return moment.endswith("T00:00:00Z")
