"""The JSON of the Web API's answers, for each kind of app.

An answer depends on when and by whom the app was registered (Spotify reference: Web API Changelog of February 2026).
A renamed field has two generations, the old name and the new one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha1
from html import escape
from typing import Any, Literal
from urllib.parse import urlencode

from tools.stand_in.library import (
    SPOTIFY,
    Album,
    Artist,
    Episode,
    LocalFile,
    Playlist,
    Row,
    Show,
    Track,
    User,
)

type Json = dict[str, Any]
type Endpoint = Literal["items", "tracks"]

MARKETS = ("AT", "BR", "CA", "DE", "ES", "FR", "GB", "IN", "JP", "MX", "NL", "SE", "US", "ZA")
EMBEDDED_LIMIT = 100
"""The number of rows that are embedded in a playlist's answer."""

_OPEN_URL = "https://open.spotify.com"
_IMAGES = "https://i.scdn.co/image"


class App(StrEnum):
    """The kinds of app that Spotify treats differently."""

    NEW = "new"
    """Development mode, registered on or after 2026-02-11."""
    OLDER = "older"
    """Development mode, registered before: both generations of every renamed field."""
    EXTENDED = "extended"
    """Extended quota, organisations only: everything as it was before 2026."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints of row pages, which are also keys of a playlist, in Spotify's order."""
        match self:
            case App.NEW:
                return ("items",)
            case App.OLDER:
                return ("tracks", "items")
            case App.EXTENDED:
                return ("tracks",)

    @property
    def row_keys(self) -> tuple[str, ...]:
        return tuple({"items": "item", "tracks": "track"}[endpoint] for endpoint in self.endpoints)

    @property
    def sends_removed_fields(self) -> bool:
        """Whether fields that were removed in February 2026, as `popularity`, are still sent."""
        return self is not App.NEW

    @property
    def sees_spotify_owned(self) -> bool:
        """Whether the app can see Spotify's own playlists (not in development mode since 2024)."""
        return self is App.EXTENDED


@dataclass(frozen=True)
class Window:
    """The rows of a list that a page shows; `query` is repeated in the page's links."""

    offset: int
    limit: int
    query: Mapping[str, str]


def _digits(*names: str) -> str:
    return sha1("\0".join(names).encode(), usedforsecurity=False).hexdigest()


def make_page[T](url: str, window: Window, total: int, entries: list[T]) -> Json:
    """Return a paging object with the entries that the window shows."""

    def link(offset: int, limit: int) -> str:
        query = {"offset": offset, "limit": limit, **window.query}
        return f"{url}?{urlencode(query, safe=',()!')}"

    end = window.offset + window.limit
    before = max(0, window.offset - window.limit)
    return {
        "href": link(window.offset, window.limit),
        "limit": window.limit,
        "next": link(end, window.limit) if end < total else None,
        "offset": window.offset,
        "previous": link(before, window.limit) if window.offset else None,
        "total": total,
        "items": entries,
    }


@dataclass(frozen=True)
class Shapes:
    """Builds answers for one request.

    Attributes:
        api_url: the start of `href`, `next` and `previous`, which ends in `/v1`.
        episodes: whether `additional_types` names `episode`; otherwise older apps get episodes that are disguised as
            tracks.
    """

    app: App
    api_url: str
    episodes: bool = False

    def profile(self, user: User) -> Json:
        profile = {
            "account_id": _digits("account", user.id)[:10],
            **self._user(user.id),
            "display_name": user.display_name,
            "images": [],
        }
        if self.app.sends_removed_fields:
            profile |= {
                "country": "NL",
                "explicit_content": {"filter_enabled": False, "filter_locked": False},
                "followers": {"href": None, "total": 7},
                "product": "premium",
            }
        return profile

    def playlist(self, playlist: Playlist, query: Mapping[str, str], *, with_rows: bool) -> Json:
        """Return a whole playlist, with its first page of rows if the app may read them."""
        whole = self._playlist_head(playlist)
        if query:
            whole["href"] += f"?{urlencode(query, safe=',()!')}"
        if self.app.sends_removed_fields:
            whole["followers"] = {"href": None, "total": playlist.followers}
        if with_rows:
            window = Window(0, EMBEDDED_LIMIT, query)
            pages = self._rows(playlist, window)
            for endpoint in self.app.endpoints:
                whole[endpoint] = self._row_page(playlist, endpoint, window, pages)
        return whole

    def listed_playlist(self, playlist: Playlist) -> Json:
        """Return a playlist as an entry of a list, with the number of its rows instead of rows."""
        listed = self._playlist_head(playlist)
        for endpoint in self.app.endpoints:
            listed[endpoint] = {
                "href": f"{listed['href']}/{endpoint}",
                "total": len(playlist.rows),
            }
        return listed

    def row_page(self, playlist: Playlist, endpoint: Endpoint, window: Window) -> Json:
        return self._row_page(playlist, endpoint, window, self._rows(playlist, window))

    def liked_page(self, rows: Sequence[Row], window: Window) -> Json:
        """Return a page of the Liked Songs; a row has the old name `track` whatever the app."""
        shown = [
            {"added_at": row.added_at, "track": self._item(row)}
            for row in rows[window.offset : window.offset + window.limit]
        ]
        return make_page(f"{self.api_url}/me/tracks", window, len(rows), shown)

    def images(self, playlist: Playlist) -> list[Json]:
        image = (
            f"https://image-cdn-ak.spotifycdn.com/image/ab67706c0000bebb{_digits(playlist.id)[:24]}"
        )
        return [{"height": None, "url": image, "width": None}] if playlist.rows else []

    def _row_page(
        self, playlist: Playlist, endpoint: Endpoint, window: Window, rows: list[Json]
    ) -> Json:
        url = f"{self.api_url}/playlists/{playlist.id}/{endpoint}"
        return make_page(url, window, len(playlist.rows), rows)

    def _rows(self, playlist: Playlist, window: Window) -> list[Json]:
        rows = playlist.rows[window.offset : window.offset + window.limit]
        return [self._row(row) for row in rows]

    def _playlist_head(self, playlist: Playlist) -> Json:
        return {
            "collaborative": bool(playlist.collaborators),
            "description": playlist.description,
            **self._links("playlist", playlist.id),
            "images": self.images(playlist),
            "name": playlist.name,
            "owner": {
                "display_name": playlist.owner.display_name,
                **self._user(playlist.owner.id),
            },
            "primary_color": None,
            "public": playlist.public,
            "snapshot_id": playlist.snapshot_id,
        }

    def _links(self, kind: str, id_: str) -> Json:
        return {
            "external_urls": {"spotify": f"{_OPEN_URL}/{kind}/{id_}"},
            "href": f"{self.api_url}/{kind}s/{id_}",
            "id": id_,
            "type": kind,
            "uri": f"spotify:{kind}:{id_}",
        }

    def _user(self, user_id: str) -> Json:
        return self._links("user", user_id)

    def _row(self, row: Row) -> Json:
        item = self._item(row)
        return {
            "added_at": row.added_at,
            "added_by": self._user(row.added_by),
            "is_local": isinstance(row.item, LocalFile),
            "primary_color": None,
            **dict.fromkeys(self.app.row_keys, item),
            "video_thumbnail": {"url": None},
        }

    def _item(self, row: Row) -> Json | None:
        match row.item:
            case None:
                return None
            case Track() as track:
                return self._track(track)
            case LocalFile() as file:
                return self._local_file(file)
            case Episode() as episode if self.episodes or not self.app.sends_removed_fields:
                return self._episode(episode)
            case Episode() as episode:
                return self._disguised_episode(episode)

    def _removed(self, **fields: Any) -> Json:
        return fields if self.app.sends_removed_fields else {}

    def _markets(self, *, available: bool = True) -> Json:
        return self._removed(available_markets=MARKETS if available else [])

    def _artist(self, artist: Artist, *, available: bool = True) -> Json:
        return {**self._links("artist", artist.id), "name": artist.name if available else ""}

    def _track(self, track: Track) -> Json:
        known = track.available
        isrc = f"QZ{_digits(track.id)[:3].upper()}{int(_digits(track.id), 16) % 10**7:07}"
        return {
            "album": self._album(track.album, available=known),
            "artists": [self._artist(artist, available=known) for artist in track.artists],
            **self._markets(available=known),
            "disc_number": 1,
            "duration_ms": track.duration_ms if known else 0,
            "episode": False,
            "explicit": track.explicit,
            "external_ids": {"isrc": isrc} if known else {},
            **self._links("track", track.id),
            "is_local": False,
            "name": track.name if known else "",
            **self._removed(
                popularity=int(_digits(track.id)[:4], 16) % 80 if known else 0, preview_url=None
            ),
            "track": True,
            "track_number": track.track_number,
        }

    def _album(self, album: Album, *, available: bool) -> Json:
        cover = _digits(album.id)[:24]
        images = [
            {"url": f"{_IMAGES}/ab67616d{size}{cover}", "height": edge, "width": edge}
            for edge, size in ((640, "0000b273"), (300, "00001e02"), (64, "00004851"))
        ]
        date = album.release_date if available else "0000"
        return {
            "album_type": "album" if album.total_tracks > 1 else "single",
            "artists": [self._artist(artist, available=available) for artist in album.artists],
            **self._markets(available=available),
            **self._links("album", album.id),
            "images": images if available else [],
            "name": album.name if available else "",
            "release_date": date,
            "release_date_precision": {4: "year", 7: "month", 10: "day"}[len(date)],
            "total_tracks": album.total_tracks if available else 0,
        }

    def _local_file(self, file: LocalFile) -> Json:
        no_links: Json = {"external_urls": {}, "href": None, "id": None, "uri": None}
        return {
            "album": {
                "album_type": None,
                "artists": [],
                **self._markets(available=False),
                **no_links,
                "images": [],
                "name": file.album,
                "release_date": None,
                "release_date_precision": None,
                "type": "album",
            },
            "artists": [{**no_links, "name": file.artist, "type": "artist"}],
            **self._markets(available=False),
            "disc_number": 0,
            "duration_ms": file.seconds * 1000,
            "explicit": False,
            "external_ids": {},
            **no_links,
            "is_local": True,
            "name": file.title,
            **self._removed(popularity=0, preview_url=None),
            "track_number": 0,
            "type": "track",
            "uri": file.uri,
        }

    def _episode(self, episode: Episode) -> Json:
        return {
            "audio_preview_url": None,
            "description": episode.description,
            "duration_ms": episode.duration_ms,
            "episode": True,
            "explicit": False,
            **self._links("episode", episode.id),
            "html_description": f"<p>{escape(episode.description)}</p>",
            "images": self._show_images(episode.show),
            "is_externally_hosted": False,
            "language": "en",
            "languages": ["en"],
            "name": episode.name,
            "release_date": episode.release_date,
            "release_date_precision": "day",
            "show": self._show(episode.show),
            "track": False,
        }

    def _show(self, show: Show) -> Json:
        return {
            **self._markets(),
            "copyrights": [],
            "description": show.description,
            "explicit": False,
            **self._links("show", show.id),
            "html_description": f"<p>{escape(show.description)}</p>",
            "images": self._show_images(show),
            "is_externally_hosted": False,
            "languages": ["en"],
            "media_type": "audio",
            "name": show.name,
            **self._removed(publisher=show.publisher),
            "total_episodes": show.total_episodes,
        }

    def _show_images(self, show: Show) -> list[Json]:
        url = f"{_IMAGES}/ab6765630000ba8a{_digits(show.id)[:24]}"
        return [{"url": url, "height": 640, "width": 640}]

    def _disguised_episode(self, episode: Episode) -> Json:
        """Return an episode as a track: the show is the album and the only, nameless artist."""
        show = self._links("show", episode.show.id)
        return {
            "album": {
                **show,
                "album_type": "compilation",
                "artists": [],
                **self._markets(),
                "images": self._show_images(episode.show),
                "name": episode.show.name,
                "release_date": episode.release_date,
                "release_date_precision": "day",
                "total_tracks": episode.show.total_episodes,
                "type": "album",
            },
            "artists": [{**show, "name": None, "type": "artist"}],
            **self._markets(),
            "disc_number": 0,
            "duration_ms": episode.duration_ms,
            "episode": True,
            "explicit": False,
            "external_ids": {},
            **self._links("episode", episode.id),
            "is_local": False,
            "name": episode.name,
            **self._removed(popularity=0, preview_url=None),
            "track": False,
            "track_number": 0,
        }


def may_read_rows(app: App, playlist: Playlist, user: User | None) -> bool:
    """Whether an app gets the rows; `user` is None if the token is the app's own."""
    return app is not App.NEW or (user is not None and playlist.is_readable_by(user))


def is_visible(app: App, playlist: Playlist) -> bool:
    return app.sees_spotify_owned or playlist.owner.id != SPOTIFY.id
