"""Compares the order of rows in two successive snapshots. A row is its occurrence's index."""

from bisect import bisect_left
from collections.abc import Container, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import count, groupby
from typing import NamedTuple

from playlist_archive.documents.changes import Move, Placed

_FEW = 8
_EDGE = -1  # before the first and after the last row


def recognise_hidden(order: Sequence[int | None], before: Sequence[int | None]) -> list[int | None]:
    """Return `order` with missing occurrences filled in for the unknown rows.

    If there are as many rows between two known rows as before, the unknown ones are the former
    ones. Any other unknown row is the one that followed the same row before; if that was unknown
    too, it stays unknown. Otherwise it is the one that preceded the same row before. Otherwise it
    is any occurrence that would count as removed, so that a song that may be there is never
    reported as removed.
    """
    result = list(order)
    if None not in result:
        return result
    shown = {index for index in order if index is not None}
    missing = [index for index in before if index is not None and index not in shown]
    if not missing:
        return result

    free = dict.fromkeys(missing)
    stood = dict(_unmoved(order, before))
    for place, index in stood.items():
        if index in free:
            del free[index]
            result[place] = index
    places = [place for place, index in enumerate(order) if index is None and place not in stood]
    unknown = _fill_beside(result, before, places, free)
    for place, index in zip(unknown, free, strict=False):
        result[place] = index
    return result


def _fill_beside(
    result: list[int | None],
    before: Sequence[int | None],
    places: Iterable[int],
    free: dict[int, None],
) -> list[int]:
    """Fill places by their former neighbours; return the places that any occurrence may fill."""
    after = _pairs([_EDGE, *before], before)
    ahead = _pairs([*before, _EDGE][1:], before)
    open_places: list[int] = []
    for place in places:
        guess = after.get(result[place - 1] if place else _EDGE, _EDGE)
        if guess in free:
            del free[guess]
            result[place] = guess
        elif guess is not None:
            open_places.append(place)
    for place in reversed(open_places):
        guess = ahead.get(result[place + 1] if place + 1 < len(result) else _EDGE)
        if guess in free:
            del free[guess]
            result[place] = guess
    return [place for place in open_places if result[place] is None]


def _pairs(
    neighbours: Sequence[int | None], rows: Sequence[int | None]
) -> dict[int | None, int | None]:
    """Return each row by its neighbour; unknown neighbours are left out."""
    pairs = zip(neighbours, rows, strict=False)
    return {neighbour: row for neighbour, row in pairs if neighbour is not None}


def _unmoved(
    order: Sequence[int | None], before: Sequence[int | None]
) -> Iterator[tuple[int, int | None]]:
    """Yield unknown rows whose gap has as many rows as before, with the former rows."""
    place_before: dict[int | None, int] = {index: place for place, index in enumerate(before)}
    place = 0
    for is_unknown, run in groupby(order, lambda index: index is None):
        end = place + len(list(run))
        if is_unknown:
            left = place_before.get(order[place - 1]) if place else -1
            right = place_before.get(order[end]) if end < len(order) else len(before)
            if left is not None and right is not None and right - left - 1 == end - place:
                yield from zip(range(place, end), before[left + 1 : right], strict=True)
        place = end


class RowChanges(NamedTuple):
    """The difference of two orders, in the form of a change."""

    removed: tuple[Placed, ...] = ()
    moved: tuple[Move, ...] = ()
    null_added: tuple[int, ...] = ()
    null_removed: tuple[int, ...] = ()


def compare_rows(
    before: Sequence[int | None],
    after: Sequence[int | None],
    were_there: AbstractSet[int | None],
    there: AbstractSet[int | None],
) -> RowChanges:
    """Return the removed and moved rows, and the unknown rows added and removed.

    `were_there` is the set of the rows before, and `there` that of the rows after.
    """
    stayed = [index for index in before if index in there and index is not None]
    kept = [index for index in after if index in were_there and index is not None]
    moved = find_moved(stayed, kept)
    went, came = list[int](), list[int]()
    if None in were_there or None in there:
        went, came = _pair_unknown(before, after, set(kept).difference(moved))
    gone = [index for index in before if index not in there and index is not None]
    was, is_now = _rows_of(before, [*gone, *moved]), _rows_of(after, moved)
    removed = [Placed(index, was[index]) for index in gone]
    moves = [Move(index, was[index], is_now[index]) for index in moved]
    return RowChanges(tuple(removed), tuple(moves), tuple(came), tuple(went))


def find_moved(before: Sequence[int], kept: Sequence[int]) -> list[int]:
    """Return the fewest rows of `kept` that must move to bring it into the order of `before`."""
    if before == kept:
        return []
    place_before = {index: place for place, index in enumerate(before)}
    places = [place_before[index] for index in kept]
    stay = set(_longest_increasing(places))
    return [index for index, place in zip(kept, places, strict=True) if place not in stay]


def _rows_of(order: Sequence[int | None], wanted: Sequence[int]) -> dict[int | None, int]:
    """Return the rows, counted from 1, of at least the wanted occurrences."""
    if len(wanted) < _FEW:  # as fast as a dictionary of all
        return {index: order.index(index) + 1 for index in wanted}
    return dict(zip(order, count(1), strict=False))


def _pair_unknown(
    before: Sequence[int | None], after: Sequence[int | None], staying: Container[int | None]
) -> tuple[list[int], list[int]]:
    """Return the unknown rows removed from `before`, and those added in `after`.

    Between two staying rows, as many unknown rows stay as both orders have there.
    """
    went: list[int] = []
    came: list[int] = []
    old_stretches, new_stretches = (_unknown_between(order, staying) for order in (before, after))
    for old, new in zip(old_stretches, new_stretches, strict=True):
        stay = min(len(old), len(new))
        went += old[stay:]
        came += new[stay:]
    return went, came


def _unknown_between(
    order: Sequence[int | None], staying: Container[int | None]
) -> list[list[int]]:
    """Return the unknown rows before, between and after the staying rows."""
    stretches: list[list[int]] = [[]]
    for row, index in enumerate(order, start=1):
        if index is None:
            stretches[-1].append(row)
        elif index in staying:
            stretches.append([])
    return stretches


def _longest_increasing(numbers: Sequence[int]) -> list[int]:
    """Return a longest increasing subsequence of distinct numbers (patience sorting)."""
    tails: list[int] = []
    previous: dict[int, int | None] = {}
    for number in numbers:
        pile = bisect_left(tails, number)
        previous[number] = tails[pile - 1] if pile else None
        tails[pile : pile + 1] = [number]
    result: list[int] = []
    number_or_none = tails[-1] if tails else None
    while number_or_none is not None:
        result.append(number_or_none)
        number_or_none = previous[number_or_none]
    return result[::-1]
