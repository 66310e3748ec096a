"""The playlists that requests have created or changed; they no longer change from day to day."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from tools.stand_in.library import (
    Album,
    Artist,
    Episode,
    Item,
    Playlist,
    Row,
    Show,
    Track,
    User,
    make_id,
)

URI = re.compile(r"spotify:(?P<kind>track|episode):(?P<id>[0-9A-Za-z]{22})")


class Written:
    """Playlists by id, and the existing items."""

    def __init__(self) -> None:
        self._playlists: dict[str, Playlist] = {}
        self._created: list[str] = []
        self._gone: set[str] = set()

    @property
    def created(self) -> Sequence[str]:
        """The ids of the playlists that were created, the newest one first, as Spotify lists them."""
        return self._created[::-1]

    def find(self, playlist_id: str) -> Playlist | None:
        return self._playlists.get(playlist_id)

    def create(self, owner: User, name: str, description: str, *, public: bool) -> Playlist:
        playlist_id = make_id("created playlist", owner.id, str(len(self._created)))
        playlist = Playlist(playlist_id, name, description, owner, (), 1, public=public)
        self._playlists[playlist_id] = playlist
        self._created.append(playlist_id)
        return playlist

    def put_rows(self, playlist: Playlist, rows: Iterable[Row]) -> Playlist:
        changed = replace(playlist, rows=tuple(rows), version=playlist.version + 1)
        self._playlists[playlist.id] = changed
        return changed

    def lose(self, uri: str) -> None:
        """Refuse this item from now on, as if it were not in the catalogue."""
        self._gone.add(uri)

    def find_item(self, uri: str, known: Mapping[str, Item]) -> Item | None:
        """Return an item: a `known` one, or one with invented texts.

        It is None if the text is not the URI of a song or an episode, or the item is gone.
        """
        parts = URI.fullmatch(uri)
        if parts is None or uri in self._gone:
            return None
        return known.get(uri) or (_invent_song if parts["kind"] == "track" else _invent_episode)(
            parts["id"]
        )


def _invent_song(track_id: str) -> Track:
    artist = Artist(make_id("artist of", track_id), "Unheard Of")
    album = Album(make_id("album of", track_id), "Nowhere Else", (artist,), "2020-02-02", 1)
    return Track(track_id, f"Song {track_id[:6]}", (artist,), album, 180_000)


def _invent_episode(episode_id: str) -> Episode:
    show = Show(make_id("show of", episode_id), "Unheard Of", "Talk.", "Nobody", 1)
    return Episode(episode_id, f"Episode {episode_id[:6]}", "Talk.", show, "2020-02-02", 1_800_000)
