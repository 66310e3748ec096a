"""Compares the order of rows in two successive snapshots; a row is the index of its occurrence."""

from bisect import bisect_left
from collections.abc import Sequence

_EDGE = -1  # stands before the first and after the last row


def recognise_hidden(order: Sequence[int | None], before: Sequence[int | None]) -> list[int | None]:
    """Return `order` with the missing occurrences in the places of the unknown rows.

    An unknown row is what followed the same row before, and if that was unknown too, it stays so;
    else what preceded the same row before; else any occurrence that would otherwise count as
    removed, so that what may be there is never said to be gone.
    """
    result = list(order)
    shown = {index for index in order if index is not None}
    missing = [index for index in before if index is not None and index not in shown]
    if not missing or len(shown) == len(order):
        return result

    after = dict(zip([_EDGE, *before], before, strict=False))
    ahead = dict(zip([*before, _EDGE][1:], before, strict=True))
    free = dict.fromkeys(missing)
    open_places: list[int] = []
    for place, index in enumerate(order):
        if index is None:
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
    unknown = (place for place in open_places if result[place] is None)
    for place, index in zip(unknown, free, strict=False):
        result[place] = index
    return result


def find_moved(before: Sequence[int], kept: Sequence[int]) -> list[int]:
    """Return the fewest rows of `kept` that must move to bring it into the order of `before`."""
    if before == kept:
        return []
    place_before = {index: place for place, index in enumerate(before)}
    places = [place_before[index] for index in kept]
    stay = set(_longest_increasing(places))
    return [index for index, place in zip(kept, places, strict=True) if place not in stay]


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
