"""Aligns some pages of the Liked Songs with the known songs, to prove all other songs unread.

A newly liked song is inserted at the front; other songs can only be removed. So the remaining known
songs keep their order, and between two of them there are only known songs. If the number of songs
between two of them is as known, these are still the same songs.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from playlist_archive.documents.liked_songs import LIKED_PAGE, liked_key
from playlist_archive.documents.playlist import Row

type Pages = Mapping[int, Sequence[Row]]
"""The rows of the pages that were read, by the place of the first row; place 0 is among them."""


class NoLineUpError(Exception):
    """Songs were inserted elsewhere or moved, so the known songs prove nothing."""


class _Gap(NamedTuple):
    """The unread places from `begin` to before `end`; the songs there are among the `known`.

    `known` is None before the first known song, where new songs may be.
    """

    begin: int
    end: int
    known: Sequence[Row] | None

    @property
    def is_proved(self) -> bool:
        return self.known is not None and len(self.known) == self.end - self.begin

    @property
    def next_page(self) -> int:
        """Return the page in the middle, or the first one if new songs may be there."""
        pages = range(self.begin, self.end, LIKED_PAGE)
        return pages[0 if self.known is None else len(pages) // 2]


class LineUp:
    """The known songs, to be aligned with pages.

    Each method raises `NoLineUpError` if the pages contradict the known songs.
    """

    def __init__(self, known: Sequence[Row]) -> None:
        self._known = known
        self._places = {liked_key(row): place for place, row in enumerate(known)}
        if len(self._places) < len(known):
            raise NoLineUpError("two known songs are alike")

    def next_page(self, total: int, pages: Pages) -> int | None:
        """Return the place of the next page to read, None if all `total` rows are proved."""
        unproved = [gap for gap in self._gaps(total, pages) if not gap.is_proved]
        return unproved[0].next_page if unproved else None

    def fill(self, total: int, pages: Pages) -> tuple[Row, ...]:
        """Return all rows, read and known ones, once `next_page` returns None."""
        gaps = {gap.begin: gap.known or () for gap in self._gaps(total, pages)}
        parts = {**pages, **gaps}
        return tuple(row for begin in sorted(parts) for row in parts[begin])

    def _gaps(self, total: int, pages: Pages) -> Iterator[_Gap]:
        end, after = 0, None
        for begin in (*sorted(pages), total):
            found = [self._places.get(liked_key(row)) for row in pages.get(begin, ())]
            if begin > end:
                first = len(self._known) if begin == total else found[0]
                yield self._gap(end, begin, after, first)
            for place in found:
                after = _follow(after, place)
            end = begin + len(found)

    def _gap(self, begin: int, end: int, after: int | None, first: int | None) -> _Gap:
        """Return the gap between the known songs at the places `after` and `first`."""
        if after is None:
            return _Gap(begin, end, None)
        if first is None or first - after - 1 < end - begin:
            raise NoLineUpError("a song came in elsewhere than in front")
        return _Gap(begin, end, self._known[after + 1 : first])


def _follow(after: int | None, place: int | None) -> int | None:
    """Return the place of the last known song after the one at `place`; None is a new song."""
    if after is None:
        return place
    if place is None or place <= after:
        raise NoLineUpError("a song came in elsewhere than in front, or moved")
    return place
