"""The writing half of the Web API: creating a playlist, and adding or replacing its items.

Spotify reference: Create Playlist, Add Items to Playlist, Update Playlist Items. The description does not say whether
one bad URI refuses the whole request; here it does. Reordering and removing are left out.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from tools.stand_in.api import ApiError, Call
from tools.stand_in.library import Item, LocalFile, Playlist, Row
from tools.stand_in.shapes import App, Json, Shapes
from tools.stand_in.world import World

MODIFY_PRIVATE, MODIFY_PUBLIC = "playlist-modify-private", "playlist-modify-public"
MOST_ITEMS = 100
_ROWS = re.compile(r"/v1/playlists/(?P<id>[^/]+)/(?P<part>items|tracks)")
_OF_USER = re.compile(r"/v1/users/(?P<user>[^/]+)/playlists")


class _NewPlaylist(msgspec.Struct):
    name: str
    public: bool = True
    collaborative: bool = False
    description: str = ""


class _NewItems(msgspec.Struct):
    uris: list[str] = []
    position: int | None = None


def answer_write(world: World, call: Call) -> tuple[int, Json]:
    """Do what a POST or PUT asks for, and return the status and the body of the answer.

    Raises:
        ApiError: Spotify answers with an error, and does nothing.
    """
    if not call.of_user:
        raise ApiError(401, "Valid user authentication required")
    if call.method == "POST" and call.path == "/v1/me/playlists":
        return 201, _create(world, call)
    if call.method == "POST" and (route := _OF_USER.fullmatch(call.path)):
        # Closed to apps in development mode, also for the user's own.
        if world.app is not App.EXTENDED or route["user"] != world.library.user.id:
            raise ApiError(403, "Forbidden")
        return 201, _create(world, call)
    if route := _ROWS.fullmatch(call.path):
        if route["part"] == "tracks" and world.app is App.NEW:
            raise ApiError(403, "Forbidden")
        playlist = _find(world, call, route["id"])
        if call.method == "POST":
            return 201, _snapshot(_add(world, call, playlist))
        return 200, _snapshot(_replace(world, call, playlist))
    raise ApiError(404, "Service not found")


def _create(world: World, call: Call) -> Json:
    asked = _decode(call.body, _NewPlaylist)
    if not asked.name:
        raise ApiError(400, "Missing required field: name")
    if asked.collaborative:
        raise ApiError(400, "The stand-in makes no collaborative playlists")
    _require_scope(call, public=asked.public)
    playlist = world.written.create(
        world.library.user, asked.name, asked.description, public=asked.public
    )
    return Shapes(world.app, call.api_url).playlist(playlist, {}, with_rows=True)


def _add(world: World, call: Call, playlist: Playlist) -> Playlist:
    asked = _decode(call.body, _NewItems)
    items = _find_items(world, call, asked)
    if not items:
        raise ApiError(400, "No uris provided")
    place = _position(call, asked)
    if place is None:
        place = len(playlist.rows)
    if not 0 <= place <= len(playlist.rows):
        raise ApiError(400, "Index out of bounds")
    rows = [*playlist.rows]
    rows[place:place] = _rows_of(world, items)
    return world.written.put_rows(playlist, rows)


def _replace(world: World, call: Call, playlist: Playlist) -> Playlist:
    if b"range_start" in call.body:
        raise ApiError(400, "The stand-in does not reorder")
    items = _find_items(world, call, _decode(call.body, _NewItems))
    return world.written.put_rows(playlist, _rows_of(world, items))


def _find(world: World, call: Call, playlist_id: str) -> Playlist:
    playlist = world.find(playlist_id)
    if playlist is None:
        raise ApiError(404, "Resource not found")
    _require_scope(call, public=playlist.public)
    if not playlist.is_readable_by(world.library.user):
        raise ApiError(403, "You cannot add tracks to a playlist you don't own.")
    return playlist


def _require_scope(call: Call, *, public: bool) -> None:
    if (MODIFY_PUBLIC if public else MODIFY_PRIVATE) not in call.scopes:
        raise ApiError(403, "Insufficient client scope")


def _find_items(world: World, call: Call, asked: _NewItems) -> list[Item]:
    in_query = call.query.get("uris")
    uris = in_query.split(",") if in_query is not None else asked.uris
    if len(uris) > MOST_ITEMS:
        raise ApiError(400, f"You can add a maximum of {MOST_ITEMS} tracks per request.")
    items: list[Item] = []
    for uri in uris:
        item = world.find_item(uri.strip())
        if item is None or isinstance(item, LocalFile):
            raise ApiError(400, f"Invalid track uri: {uri}")
        items.append(item)
    return items


def _position(call: Call, asked: _NewItems) -> int | None:
    text = call.query.get("position")
    if text is None:
        return asked.position
    if not re.fullmatch("[0-9]{1,9}", text):
        raise ApiError(400, "Invalid position")
    return int(text)


def _rows_of(world: World, items: list[Item]) -> Iterator[Row]:
    added_at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return (Row(item, added_at, world.library.user.id) for item in items)


def _snapshot(playlist: Playlist) -> Json:
    return {"snapshot_id": playlist.snapshot_id}


def _decode[T](body: bytes, shape: type[T]) -> T:
    try:
        parsed: Any = msgspec.json.decode(body or b"{}")
    except msgspec.DecodeError:
        raise ApiError(400, "Error parsing JSON.") from None
    try:
        return msgspec.convert(parsed, shape)
    except msgspec.ValidationError as error:
        raise ApiError(400, f"Invalid request body: {error}") from None
