"""The state that requests change: the day, the kind of app, edits in mid-read, written playlists."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from tools.stand_in.library import LIKED_SONGS, Item, Library, Playlist
from tools.stand_in.shapes import App
from tools.stand_in.written import Written


class World:
    """A library on one day, as one kind of app sees it, and what was written to it."""

    def __init__(self, library: Library, app: App, day: date) -> None:
        self.library = library
        self.app = app
        self.written = Written()
        self._day = day
        self._edits: Counter[str] = Counter()
        self._items: dict[str, Item] | None = None

    @property
    def day(self) -> date:
        return self._day

    @day.setter
    def day(self, day: date) -> None:
        self._day = day
        self._items = None
        self._edits.clear()

    def list_ids(self) -> Sequence[str]:
        return [*self.written.created, *self.library.list_ids(self._day)]

    def find(self, playlist_id: str) -> Playlist | None:
        playlist = self.written.find(playlist_id) or self.library.find(playlist_id, self._day)
        edits = self._edits[playlist_id]
        if playlist is None or not edits:
            return playlist
        if playlist_id == LIKED_SONGS:
            return replace(playlist, rows=playlist.rows[edits:])
        first = edits % len(playlist.rows) if playlist.rows else 0
        rows = (*playlist.rows[first:], *playlist.rows[:first])
        return replace(playlist, rows=rows, version=playlist.version + edits)

    def find_item(self, uri: str) -> Item | None:
        """Return what a URI names today; None if Spotify has no such item."""
        if self._items is None:
            found = (self.library.find(id_, self._day) for id_ in self.library.list_ids(self._day))
            rows = (row for playlist in found if playlist for row in playlist.rows)
            self._items = {row.item.uri: row.item for row in rows if row.item}
        return self.written.find_item(uri, self._items)

    def edit(self, playlist_id: str) -> None:
        """Move the playlist's first row to the end, until the day changes or edits are undone.

        Liked Songs have no other order than that of their dates, so the newest one is taken off.
        """
        self._edits[playlist_id] += 1

    def undo_edits(self) -> None:
        self._edits.clear()
