"""Divides rows into those that Spotify's Web API can restore, and those left out, with reasons."""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from playlist_archive.documents.playlist import Item, Row

type Reason = Literal["unnamed", "local", "no_uri", "other_kind"]

REASONS: dict[Reason, str] = {
    "unnamed": "nothing is left of it that could be added",
    "local": "a local file, which only Spotify's own app can add",
    "no_uri": "has no URI of Spotify's",
    "other_kind": "neither a song nor an episode",
}
_URI = re.compile(r"spotify:([a-z]+):[0-9A-Za-z]{22}")
_KINDS = {"track", "episode"}


class Song(msgspec.Struct, frozen=True, gc=False):
    """A song or an episode to restore; `row` is its row in the list, from 1."""

    row: int
    uri: str
    name: str


class LeftOut(msgspec.Struct, frozen=True, gc=False):
    """A row that cannot be restored."""

    row: int
    uri: str
    name: str
    reason: Reason


class Sorted(NamedTuple):
    songs: Sequence[Song]
    left_out: Sequence[LeftOut]


def sort_out(rows: Sequence[Row]) -> Sorted:
    """Divide rows into those that can be restored and the others, each in their order."""
    songs, left_out = list[Song](), list[LeftOut]()
    for number, row in enumerate(rows, start=1):
        if row.item is None:
            left_out.append(LeftOut(number, "", "", "unnamed"))
        elif reason := _reason(row.item):
            left_out.append(LeftOut(number, row.item.uri, row.item.name, reason))
        else:
            songs.append(Song(number, row.item.uri, row.item.name))
    return Sorted(songs, left_out)


def _reason(item: Item) -> Reason | None:
    if item.local or item.uri.startswith("spotify:local:"):
        return "local"
    uri = _URI.fullmatch(item.uri)
    if uri is None:
        return "no_uri"
    return None if uri[1] in _KINDS else "other_kind"
