"""Changes of one playlist: the differences between two successive snapshots."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec

from playlist_archive.documents.playlist import Owner
from playlist_archive.documents.timestamps import Time, in_utc


class Placed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An added or removed occurrence and its new or former row, counted from 1."""

    occurrence: int
    row: int


class Move(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An occurrence and its rows before and after."""

    occurrence: int
    before: int
    after: int


class Change(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """The difference between the snapshot of `time` and the one before it.

    It happened after the good check of `previous`. `null_added` and `null_removed` are rows whose
    song is unknown. `moved` are the fewest moves that explain the new order. The new rows follow
    from the old: take out the removed and moved rows, then insert the added and moved ones in
    ascending order. `unavailable` and `available` are indices of items; `renamed` pairs an index
    with its former line. `name`, `description` and `owner` are the former values.
    """

    time: Time
    previous: Time
    added: tuple[Placed, ...] = ()
    removed: tuple[Placed, ...] = ()
    readded: tuple[Placed, ...] = ()
    moved: tuple[Move, ...] = ()
    null_added: tuple[int, ...] = ()
    null_removed: tuple[int, ...] = ()
    unavailable: tuple[int, ...] = ()
    available: tuple[int, ...] = ()
    renamed: tuple[tuple[int, str], ...] = ()
    name: str | None = None
    description: str | None = None
    owner: Owner | None = None


class Names(NamedTuple):
    """A playlist's name, description and owner."""

    name: str
    description: str
    owner: Owner


class ArchivedChanges(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Successive changes of one year, and the names after the last of them.

    The changes stay encoded until they are needed.
    """

    count: int
    names: Names
    encoded: msgspec.Raw

    def changes(self) -> tuple[Change, ...]:
        return _CHANGES.decode(self.encoded)


_CHANGES = msgspec.json.Decoder(tuple[Change, ...])


def year_of(change: Change) -> int:
    return in_utc(change.time).year


def named_occurrences(change: Change) -> tuple[int, ...]:
    placed = (*change.added, *change.removed, *change.readded)
    return (
        *(one.occurrence for one in placed),
        *(one.occurrence for one in change.moved),
    )


def named_items(change: Change) -> tuple[int, ...]:
    renamed = (index for index, _ in change.renamed)
    return (*change.unavailable, *change.available, *renamed)


def names_after(changes: Sequence[Change], newest: Names) -> list[Names]:
    """Return the names after each of the changes; after the last one they are the `newest`."""
    afters: list[Names] = []
    names = newest
    for change in reversed(changes):
        afters.append(names)
        names = Names(
            names.name if change.name is None else change.name,
            names.description if change.description is None else change.description,
            names.owner if change.owner is None else change.owner,
        )
    return afters[::-1]


def changes_of_names(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return only the changes of names, descriptions and owners."""
    return tuple(
        Change(
            time=change.time,
            previous=change.previous,
            name=change.name,
            description=change.description,
            owner=change.owner,
        )
        for change in changes
        if (change.name, change.description, change.owner) != (None, None, None)
    )


def archive_changes(
    years: Mapping[int, tuple[ArchivedChanges, ...]],
    changes: Sequence[Change],
    afters: Sequence[Names],
) -> dict[int, tuple[ArchivedChanges, ...]]:
    """Return the years with more changes; `afters` are the names after each change."""
    archived = dict(years)
    for year, group in groupby(zip(changes, afters, strict=True), lambda pair: year_of(pair[0])):
        of_year, names = zip(*group, strict=True)
        part = ArchivedChanges(len(of_year), names[-1], msgspec.Raw(msgspec.json.encode(of_year)))
        archived[year] = (*archived.get(year, ()), part)
    return archived
