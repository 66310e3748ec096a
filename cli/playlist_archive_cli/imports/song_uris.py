"""What the URI of a row tells by itself."""

import re
from collections.abc import Container
from typing import NamedTuple
from urllib.parse import unquote_plus

from playlist_archive.documents.playlist import Album, Artist, Item, ItemField

_URI = re.compile(r"spotify:([a-z_]+):(\S+)")
_ID = re.compile(r"[0-9A-Za-z]+")
# They stand for something else than a row.
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
    """Return fields that are unknown in the order in which an item has them."""
    return tuple(field for field in ALL_FIELDS if field in fields)


class SongUri(NamedTuple):
    """A URI that a row can have: `kind` is Spotify's word, and `rest` what follows it."""

    uri: str
    kind: str
    rest: str

    @property
    def is_local(self) -> bool:
        return self.kind == _LOCAL

    @property
    def type(self) -> str:
        """Spotify's word for what stands in the row."""
        return "track" if self.is_local else self.kind

    @property
    def url(self) -> str:
        """The link that Spotify gives it, empty where it has none."""
        return link_to(self.uri)


def parse_song_uri(text: str) -> SongUri | None:
    """Return the URI of what can stand in a row, None where the text is none."""
    found = _URI.fullmatch(text)
    if not found or not text.isprintable() or found[1] in _NO_ROWS:
        return None
    return SongUri(text, found[1], found[2])


def link_to(uri: str) -> str:
    """Return Spotify's link to what a URI names, empty where there is none."""
    found = _URI.fullmatch(uri)
    if not found or found[1] == _LOCAL or not _ID.fullmatch(found[2]):
        return ""
    return f"https://open.spotify.com/{found[1]}/{found[2]}"


def item_of_uri(uri: SongUri) -> Item:
    """Return an item of which a source tells the URI only; of a local file that tells names too."""
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
