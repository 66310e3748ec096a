"""The writing half of the Web API: creating a playlist, and adding, replacing, moving or removing its items.

Spotify reference: Create Playlist, Add Items to Playlist, Update Playlist Items, Remove Playlist Items. The description
does not say whether one bad URI refuses the whole request; here it does. A `snapshot_id` has to be the newest one, as
older versions are not kept.
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
from tools.stand_in.written import URI

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


class _Move(msgspec.Struct):
    range_start: int
    insert_before: int
    range_length: int = 1
    snapshot_id: str | None = None
    uris: list[str] | None = None


class _Named(msgspec.Struct):
    uri: str


class _Removal(msgspec.Struct):
    items: list[_Named] = []
    tracks: list[_Named] = []
    snapshot_id: str | None = None


def answer_write(world: World, call: Call) -> tuple[int, Json]:
    """Execute a POST, PUT or DELETE, and return the status and the body of the answer.

    Raises:
        ApiError: Spotify answers with an error, without an effect.
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
        match call.method:
            case "POST":
                return 201, _snapshot(_add(world, call, playlist))
            case "DELETE":
                return 200, _snapshot(_remove(world, call, playlist, route["part"]))
            case _:
                return 200, _snapshot(_update(world, call, playlist))
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
        place = 0 if call.appends_first else len(playlist.rows)
    if not 0 <= place <= len(playlist.rows):
        raise ApiError(400, "Index out of bounds")
    rows = [*playlist.rows]
    rows[place:place] = _rows_of(world, items)
    return world.written.put_rows(playlist, rows)


def _update(world: World, call: Call, playlist: Playlist) -> Playlist:
    if b'"range_start"' in call.body:
        return world.written.put_rows(playlist, _move(playlist, _decode(call.body, _Move)))
    items = _find_items(world, call, _decode(call.body, _NewItems))
    return world.written.put_rows(playlist, _rows_of(world, items))


def _move(playlist: Playlist, asked: _Move) -> list[Row]:
    if asked.uris is not None:
        raise ApiError(400, "Items are either replaced or reordered")
    _require_newest(playlist, asked.snapshot_id)
    start, end = asked.range_start, asked.range_start + asked.range_length
    rows = [*playlist.rows]
    if not (0 <= start < end <= len(rows) and 0 <= asked.insert_before <= len(rows)):
        raise ApiError(400, "Index out of bounds")
    moved = rows[start:end]
    del rows[start:end]
    place = asked.insert_before
    if place > start:
        place = max(start, place - len(moved))
    rows[place:place] = moved
    return rows


def _remove(world: World, call: Call, playlist: Playlist, part: str) -> Playlist:
    asked = _decode(call.body, _Removal)
    uris = {one.uri for one in (asked.items if part == "items" else asked.tracks)}
    if not 0 < len(uris) <= MOST_ITEMS:
        raise ApiError(400, f"From 1 to {MOST_ITEMS} {part} can be removed per request.")
    if bad := [uri for uri in uris if not URI.fullmatch(uri)]:
        raise ApiError(400, f"Invalid track uri: {bad[0]}")
    _require_newest(playlist, asked.snapshot_id)
    rows = [row for row in playlist.rows if row.item is None or row.item.uri not in uris]
    return world.written.put_rows(playlist, rows)


def _require_newest(playlist: Playlist, snapshot_id: str | None) -> None:
    if snapshot_id not in {None, playlist.snapshot_id}:
        raise ApiError(400, "Invalid snapshot id")


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
