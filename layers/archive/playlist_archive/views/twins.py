"""The JSON documents beside the Markdown pages, with the keys of the archive before this one."""

import codecs
import json
from datetime import UTC, datetime

import msgspec

from playlist_archive.snapshot import Item

type Json = bool | int | str | datetime | list[Json] | dict[str, Json] | None

_TO_THE_SECOND = len("2020-10-21 00:00:00")


def encode_twin(document: dict[str, Json]) -> bytes:
    """Return what `json.dumps(document, indent=2, sort_keys=True)` would, and a newline, sooner.

    A datetime becomes ISO 8601 text.
    """
    encoded = msgspec.json.encode(document, order="sorted")
    text = msgspec.json.format(encoded, indent=2).decode()
    return text.encode("ascii", errors=_ESCAPED).replace(b"\x7f", rb"\u007f") + b"\n"


def _escape(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


_ESCAPED = "playlist_archive.json"
codecs.register_error(_ESCAPED, _escape)


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
    return time.astimezone(UTC).isoformat(" ")[:_TO_THE_SECOND] if time else None
