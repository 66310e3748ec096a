"""The JSON documents beside the Markdown pages, with the keys of the archive before this one."""

import json
import re
from datetime import UTC, datetime

import msgspec

from playlist_archive.snapshot import Item

type Json = bool | int | str | list[Json] | dict[str, Json] | None

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def encode_twin(document: dict[str, Json]) -> bytes:
    """Return the bytes of `json.dumps(document, indent=2, sort_keys=True)` and a newline, sooner."""
    encoded = msgspec.json.encode(document, order="sorted")
    text = msgspec.json.format(encoded, indent=2).decode()
    return f"{_NOT_ASCII.sub(_escape, text)}\n".encode("ascii")


def _escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1]


def item_entry(item: Item) -> dict[str, Json]:
    return {
        "album": {"name": item.album.name, "url": item.album.url},
        "artists": [{"name": artist.name, "url": artist.url} for artist in item.artists],
        "duration_ms": item.duration_ms,
        "name": item.name,
        "type": item.type,
        "uri": item.uri,
        "url": item.url,
    }


def moment(time: datetime | None) -> str | None:
    """Return the time in UTC, as `2020-10-21 00:00:00`."""
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if time else None
