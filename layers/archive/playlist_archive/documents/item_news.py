"""What a snapshot says anew about songs that were known before it.

A song cannot be played where Spotify says so, and where it no longer says what stands in its row
(the row is hidden). Going from the one to the other is no news, and may be what happened where a
source does not tell what can be played.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from playlist_archive.documents.ledger import item_line
from playlist_archive.documents.playlist import Item, Row
from playlist_archive.documents.unknown_fields import as_far_as_known


class ItemNews(NamedTuple):
    """How `items` differ from what was known; the others are indices of them.

    `renamed` pairs one with its line before.
    """

    items: Mapping[int, Item]
    renamed: Sequence[tuple[int, str]]
    unplayable: Sequence[int]
    playable: Sequence[int]

    def now_unavailable(self, hidden: Iterable[int], shown: Container[int]) -> tuple[int, ...]:
        """Return what cannot be played any more; rows of these were `hidden`, or `shown` again."""
        could_be_played = (
            item for item in hidden if self._is_playable(item) and item not in self.playable
        )
        stopped = (item for item in self.unplayable if item not in shown)
        return _each_once(could_be_played, stopped)

    def now_available(self, shown: Iterable[int]) -> tuple[int, ...]:
        """Return what can be played again; rows of these were `shown` again."""
        return _each_once(filter(self._is_playable, shown), self.playable)

    def _is_playable(self, item: int) -> bool:
        """Whether a song is known to be playable."""
        known = self.items[item]
        return known.playable and "playable" not in known.unknown


def news_of(before: Mapping[int, Item], items: Mapping[int, Item]) -> ItemNews:
    """Return what is new about those items that were otherwise `before`, by their indices."""
    renamed: list[tuple[int, str]] = []
    playable: list[int] = []
    unplayable: list[int] = []
    for index in sorted(before):
        new = items[index]
        old = as_far_as_known(before[index], new)
        if item_line(old) != item_line(new):
            renamed.append((index, item_line(old)))
        if old.playable != new.playable:
            (playable if new.playable else unplayable).append(index)
    return ItemNews(items, renamed, unplayable, playable)


def silent_about_playability(rows: Iterable[Row]) -> set[str]:
    """Return the URIs of songs of which these rows do not tell whether they can be played."""
    return {row.item.uri for row in rows if row.item and "playable" in row.item.unknown}


def _each_once(*indices: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(index for some in indices for index in some))
