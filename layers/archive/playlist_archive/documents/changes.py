"""Changes of one playlist: what was different in a snapshot from the one before it."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec

from playlist_archive.documents.playlist import Owner
from playlist_archive.documents.timestamps import Time, in_utc


class Placed(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An occurrence and its row, counted from 1: the one where it came, or where it was."""

    occurrence: int
    row: int


class Move(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An occurrence and its rows before and after."""

    occurrence: int
    before: int
    after: int


class Change(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """What was different in the snapshot of `time` from the one before it.

    It came about after the good check of `previous`. `null_added` and `null_removed` are rows of
    which nobody knows what stands there. `moved` are the fewest rows that explain the new order.
    Take the rows that went and that moved from the former ones, insert those that came and that
    moved in the order of their rows, and you have the new ones.
    `unavailable` and `available` are indices of items, and `renamed` pairs one with its line before.
    `name`, `description` and `owner` are what they were before.
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
    """What a playlist is called, and whose it is."""

    name: str
    description: str
    owner: Owner


class ArchivedChanges(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Successive changes of one year, and the names that the last of them left.

    The changes stay encoded until somebody asks for them.
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
    """Return how each of the changes left the names; the last one as the `newest` are."""
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
    """Return what the changes tell of names, without those that tell nothing of them."""
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
    """Return the years with some more changes, each of which left the names beside it."""
    archived = dict(years)
    for year, group in groupby(zip(changes, afters, strict=True), lambda pair: year_of(pair[0])):
        of_year, names = zip(*group, strict=True)
        part = ArchivedChanges(len(of_year), names[-1], msgspec.Raw(msgspec.json.encode(of_year)))
        archived[year] = (*archived.get(year, ()), part)
    return archived
