"""The Web API's reading endpoints, parameters and refusals, without sockets, threads or faults.

Spotify reference: Get Playlist, Get Playlist Items, Get Current User's Playlists, Get Current User's Profile, Get
User's Saved Tracks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tools.stand_in.fields import InvalidFieldsError, parse_fields
from tools.stand_in.library import LIKED_SONGS, Library, Playlist
from tools.stand_in.shapes import (
    App,
    Endpoint,
    Json,
    Shapes,
    Window,
    is_visible,
    make_page,
    may_read_rows,
)
from tools.stand_in.world import World

_PLAYLIST = re.compile(r"/v1/playlists/(?P<id>[^/]+)(?:/(?P<part>items|tracks|images))?")
_PLAYLIST_ID = re.compile(r"[0-9A-Za-z]{22}")
READ_PRIVATE = "playlist-read-private"
READ_LIKED = "user-library-read"
_MAX_LISTED = 50
_MAX_ROWS = 100
_DEFAULT_ROWS: dict[Endpoint, int] = {"items": 20, "tracks": 100}


class ApiError(Exception):
    """An answer other than 200, with the API host's wording."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Call:
    """A request whose token was accepted.

    Attributes:
        api_url: this host's own URL, ending in `/v1`.
        of_user: False when the token is the app's own (client credentials).
        scopes: what the user allowed the token to do.
        appends_first: whether items without a position go to the wrong end.
    """

    path: str
    query: Mapping[str, str]
    api_url: str
    of_user: bool
    scopes: frozenset[str] = frozenset()
    method: str = "GET"
    body: bytes = b""
    appends_first: bool = False


def answer_call(world: World, call: Call) -> Json | list[Json]:
    """Return the body of a 200.

    Raises:
        ApiError: Spotify answers with an error.
    """
    return _Desk(world, call).answer()


class _Desk:
    def __init__(self, world: World, call: Call) -> None:
        kinds = call.query.get("additional_types", "track").split(",")
        self._world = world
        self._call = call
        self._app: App = world.app
        self._library: Library = world.library
        self._shapes = Shapes(world.app, call.api_url, episodes="episode" in kinds)

    def answer(self) -> Json | list[Json]:
        of_user = {
            "/v1/me": lambda: self._shapes.profile(self._library.user),
            "/v1/me/playlists": self._list_playlists,
            "/v1/me/tracks": self._list_liked_songs,
        }
        if show := of_user.get(self._call.path):
            self._require_user()
            return show()
        route = _PLAYLIST.fullmatch(self._call.path)
        if route is None:
            raise ApiError(404, "Service not found")
        match route["part"]:
            case "items":
                self._require_user()
                return self._filter(self._read_rows(route["id"], "items"))
            case "tracks":
                return self._filter(self._read_rows(route["id"], "tracks"))
            case "images":
                return self._shapes.images(self._find(route["id"]))
            case _:
                return self._filter(self._read_playlist(route["id"]))

    def _list_playlists(self) -> Json:
        window = self._window(default=20, maximum=_MAX_LISTED)
        ids = [id_ for id_ in self._world.list_ids() if self._is_listed(id_)]
        entries: list[Json | None] = []
        for playlist_id in ids[window.offset : window.offset + window.limit]:
            playlist = self._world.find(playlist_id)
            seen = playlist and is_visible(self._app, playlist)
            entries.append(self._shapes.listed_playlist(playlist) if playlist and seen else None)
        url = f"{self._call.api_url}/me/playlists"
        return make_page(url, replace(window, query={}), len(ids), entries)

    def _list_liked_songs(self) -> Json:
        if READ_LIKED not in self._call.scopes:
            raise ApiError(403, "Insufficient client scope")
        window = self._window(default=20, maximum=_MAX_LISTED)
        liked = self._world.find(LIKED_SONGS)
        return self._shapes.liked_page(liked.rows if liked else (), replace(window, query={}))

    def _is_listed(self, playlist_id: str) -> bool:
        playlist = self._world.find(playlist_id)
        return playlist is None or playlist.public or READ_PRIVATE in self._call.scopes

    def _read_playlist(self, playlist_id: str) -> Json:
        playlist = self._find(playlist_id)
        kinds = {k: v for k, v in self._call.query.items() if k == "additional_types"}
        return self._shapes.playlist(playlist, kinds, with_rows=self._may_read(playlist))

    def _read_rows(self, playlist_id: str, endpoint: Endpoint) -> Json:
        if endpoint == "tracks" and self._app is App.NEW:
            raise ApiError(403, "Forbidden")
        playlist = self._find(playlist_id)
        if not self._may_read(playlist):
            raise ApiError(403, "Forbidden")
        if not playlist.public and READ_PRIVATE not in self._call.scopes:
            raise ApiError(403, "Insufficient client scope")
        window = self._window(default=_DEFAULT_ROWS[endpoint], maximum=_MAX_ROWS)
        return self._shapes.row_page(playlist, endpoint, window)

    def _find(self, playlist_id: str) -> Playlist:
        if not _PLAYLIST_ID.fullmatch(playlist_id):
            raise ApiError(400, "Invalid base62 id")
        playlist = None if playlist_id == LIKED_SONGS else self._world.find(playlist_id)
        if playlist is None or not is_visible(self._app, playlist):
            raise ApiError(404, "Resource not found")
        return playlist

    def _may_read(self, playlist: Playlist) -> bool:
        user = self._library.user if self._call.of_user else None
        return may_read_rows(self._app, playlist, user)

    def _require_user(self) -> None:
        if not self._call.of_user:
            raise ApiError(401, "Valid user authentication required")

    def _window(self, *, default: int, maximum: int) -> Window:
        limit = self._whole_number("limit", default)
        offset = self._whole_number("offset", 0)
        if not 1 <= limit <= maximum:
            raise ApiError(400, "Invalid limit")
        repeated = ("fields", "additional_types", "market")
        query = {name: self._call.query[name] for name in repeated if name in self._call.query}
        return Window(offset, limit, query)

    def _whole_number(self, name: str, default: int) -> int:
        text = self._call.query.get(name)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise ApiError(400, f"Invalid {name}")
        return int(text)

    def _filter(self, body: Json) -> Json:
        text = self._call.query.get("fields")
        if not text:
            return body
        try:
            filtered: Any = parse_fields(text).apply(body)
        except InvalidFieldsError:
            raise ApiError(400, "Invalid fields") from None
        selected: Json = filtered
        return selected
