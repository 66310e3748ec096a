"""Changes of known songs in a snapshot: their playability and their texts.

A song is unplayable if Spotify says so, and also if Spotify no longer names the song of its row
(the row is hidden). A change from one to the other is no news. It may also be unnoticed if a source
does not say which songs are playable.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import NamedTuple

from playlist_archive.documents.ledger import item_line
from playlist_archive.documents.playlist import Item, Row
from playlist_archive.documents.unknown_fields import as_far_as_known


class ItemNews(NamedTuple):
    """How `items` differ from their known values; the other fields have indices of items.

    `renamed` pairs an index with the former line.
    """

    items: Mapping[int, Item]
    renamed: Sequence[tuple[int, str]]
    unplayable: Sequence[int]
    playable: Sequence[int]

    def now_unavailable(self, hidden: Iterable[int], shown: Container[int]) -> tuple[int, ...]:
        """Return the items that became unplayable; their rows were `hidden`, or `shown` again."""
        could_be_played = (
            item for item in hidden if self._is_playable(item) and item not in self.playable
        )
        stopped = (item for item in self.unplayable if item not in shown)
        return _each_once(could_be_played, stopped)

    def now_available(self, shown: Iterable[int]) -> tuple[int, ...]:
        """Return the items that became playable; their rows were `shown` again."""
        return _each_once(filter(self._is_playable, shown), self.playable)

    def _is_playable(self, item: int) -> bool:
        """Whether a song is known to be playable."""
        known = self.items[item]
        return known.playable and "playable" not in known.unknown


def news_of(before: Mapping[int, Item], items: Mapping[int, Item]) -> ItemNews:
    """Return the news about items, given their former values `before`, by their indices."""
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
    """Return the URIs of songs whose playability these rows do not state."""
    return {row.item.uri for row in rows if row.item and "playable" in row.item.unknown}


def _each_once(*indices: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(index for some in indices for index in some))
