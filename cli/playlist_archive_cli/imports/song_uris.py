"""Parses the URI of a row."""

import re
from collections.abc import Container
from typing import NamedTuple
from urllib.parse import unquote_plus

from playlist_archive.documents.playlist import Album, Artist, Item, ItemField

_URI = re.compile(r"spotify:([a-z_]+):(\S+)")
_ID = re.compile(r"[0-9A-Za-z]+")
# URIs of these types cannot be rows.
_NO_ROWS = {"album", "artist", "playlist", "user"}
_LOCAL = "local"
# Artist, album, title and seconds.
_LOCAL_PARTS = 4

ALL_FIELDS: tuple[ItemField, ...] = (
    "name",
    "duration_ms",
    "artists",
    "album",
    "url",
    "playable",
    "explicit",
    "isrc",
)


def in_order(fields: Container[ItemField]) -> tuple[ItemField, ...]:
    """Return unknown fields in the order of an item's fields."""
    return tuple(field for field in ALL_FIELDS if field in fields)


class SongUri(NamedTuple):
    """A URI of a row: `kind` is Spotify's type, and `rest` the part after it."""

    uri: str
    kind: str
    rest: str

    @property
    def is_local(self) -> bool:
        return self.kind == _LOCAL

    @property
    def type(self) -> str:
        """Spotify's type of the item."""
        return "track" if self.is_local else self.kind

    @property
    def url(self) -> str:
        """Spotify's link, empty if there is none."""
        return link_to(self.uri)


def parse_song_uri(text: str) -> SongUri | None:
    """Return the parsed URI, None if the text is no URI of a row."""
    found = _URI.fullmatch(text)
    if not found or not text.isprintable() or found[1] in _NO_ROWS:
        return None
    return SongUri(text, found[1], found[2])


def link_to(uri: str) -> str:
    """Return Spotify's link for a URI, empty if there is none."""
    found = _URI.fullmatch(uri)
    if not found or found[1] == _LOCAL or not _ID.fullmatch(found[2]):
        return ""
    return f"https://open.spotify.com/{found[1]}/{found[2]}"


def item_of_uri(uri: SongUri) -> Item:
    """Return an item made from its URI only; the URI of a local file includes names."""
    unknown = tuple(field for field in ALL_FIELDS if field != "url")
    if not uri.is_local:
        return Item(uri.type, uri.uri, "", 0, url=uri.url, unknown=unknown)
    parts = uri.rest.split(":")
    if len(parts) != _LOCAL_PARTS:
        return Item(uri.type, uri.uri, "", 0, local=True, unknown=unknown)
    artist, album, name, seconds = map(unquote_plus, parts)
    return Item(
        type=uri.type,
        uri=uri.uri,
        name=name,
        duration_ms=int(seconds) * 1000 if seconds.isascii() and seconds.isdigit() else 0,
        artists=(Artist(artist),) if artist else (),
        album=Album(album),
        local=True,
        unknown=unknown,
    )
