"""The edits of a playlist in the sample library, day by day."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Self

from tools.stand_in.library import Item, Playlist, Row, Track, User

EPOCH = "1970-01-01T00:00:00Z"


def _format(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class _Scene:
    """The playlist from a day on; None from its deletion on."""

    day: int
    playlist: Playlist | None


class Script:
    """Edits of one playlist. `on` begins a day, to which the edits after it belong.

    Days count from the library's first one. An edit of a day was made in the evening before, so that every read on
    that day sees it.
    """

    def __init__(self, since: date, playlist: Playlist, *, created: int = 0) -> None:
        self.id = playlist.id
        self._since = since
        self._now = playlist
        self._rows: list[Row] = []
        self._day = created
        self._deleted = False
        self._scenes: list[_Scene] = []

    def begin(self, *items: Item, weeks_ago: int = 20) -> Self:
        """Fill the playlist before the first day, one row after the other over some weeks."""
        evening = datetime.combine(self._since, time(19, 12), UTC)
        step = timedelta(weeks=weeks_ago) / (len(items) + 1)
        for place, item in enumerate(items):
            moment = evening - step * (len(items) - place)
            self._rows.append(Row(item, _format(moment), self._now.owner.id))
        return self

    def on(self, day: int) -> Self:
        self._close_day()
        self._day = day
        return self

    def add(self, *items: Item, place: int | None = None, by: User | None = None) -> Self:
        """Add items at the end or at `place`, by the owner or by another user."""
        evening = datetime.combine(self._since, time(20, 5), UTC) + timedelta(days=self._day - 1)
        adder = by or self._now.owner
        for number, item in enumerate(items):
            moment = evening + timedelta(seconds=47 * len(self._rows) % 9000 + 31 * number)
            row = Row(item, _format(moment), adder.id)
            self._rows.insert(len(self._rows) if place is None else place + number, row)
        return self

    def add_undated(self, *items: Item | None, added_at: str | None = None) -> Self:
        """Add rows without a known date and without a known user."""
        self._rows += [Row(item, added_at, "") for item in items]
        return self

    def remove(self, *items: Item) -> Self:
        """Remove the first row of each item."""
        for item in items:
            del self._rows[self._find(item)]
        return self

    def keep_only(self, count: int) -> Self:
        del self._rows[count:]
        return self

    def move(self, item: Item, place: int) -> Self:
        row = self._rows.pop(self._find(item))
        self._rows.insert(place, row)
        return self

    def shuffle(self) -> Self:
        Random(self._day).shuffle(self._rows)  # noqa: S311
        return self

    def rename(self, name: str) -> Self:
        self._now = replace(self._now, name=name)
        return self

    def describe(self, description: str | None) -> Self:
        self._now = replace(self._now, description=description)
        return self

    def lose(self, item: Item) -> Self:
        """Remove an item from the catalogue; its row stays, but is empty."""
        return self._replace(item, lambda _: None)

    def take_down(self, track: Track) -> Self:
        """Take a track down: it loses its texts and its length, but keeps its id."""
        return self._replace(track, lambda _: replace(track, available=False))

    def delete(self) -> Self:
        self._deleted = True
        return self

    def play(self, day: int) -> Playlist | None:
        """Return the playlist on a day; None before its first day and from its deletion on.

        Followers grow by one percent a day, which is no edit.
        """
        self._close_day()
        scene = next((scene for scene in reversed(self._scenes) if scene.day <= day), None)
        if scene is None or scene.playlist is None:
            return None
        return replace(scene.playlist, followers=scene.playlist.followers * (100 + day) // 100)

    def _find(self, item: Item) -> int:
        return next(place for place, row in enumerate(self._rows) if row.item == item)

    def _replace(self, item: Item, change: Callable[[Item], Item | None]) -> Self:
        place = self._find(item)
        self._rows[place] = replace(self._rows[place], item=change(item))
        return self

    def _close_day(self) -> None:
        if self._deleted:
            playlist = None
        else:
            number = len(self._scenes) + 1
            playlist = replace(self._now, rows=tuple(self._rows), version=number)
        if not self._scenes or self._scenes[-1].day < self._day:
            self._scenes.append(_Scene(self._day, playlist))
