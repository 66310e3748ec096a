"""Parses the pages of the old archive, in all their formats.

Successive pages of a playlist have most rows in common, so each row is parsed only once.
"""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from playlist_archive.documents.keys import PLAYLIST_ID
from playlist_archive.documents.playlist import (
    Album,
    Artist,
    HeaderField,
    Item,
    ItemField,
    Owner,
    Row,
)
from playlist_archive.errors import UNREADABLE
from playlist_archive_cli.imports.versions import NO_OWNER

# The old archive never wrote these fields.
_NEVER_TOLD: tuple[ItemField, ...] = ("playable", "explicit", "isrc")
_IN_SECONDS: tuple[ItemField, ...] = ("duration_ms",)
# Spotify sent episodes as songs, with an artist that need not be the show.
_OF_EPISODES: tuple[ItemField, ...] = ("artists",)
# The placeholders for a text that Spotify did not send: Python's None, later a word.
_MISSING = "<MISSING>"
_NO_ALBUM = "None"
_EPOCH = "1970-01-01"
_MOST_ROWS_KEPT = 200_000

_SPOTIFY = r"https?://open\.spotify\.com"
_PLAYLIST = re.compile(rf"{_SPOTIFY}/(?:user/[^/]+/)?playlist/({PLAYLIST_ID})")
# A name may have a line break, but no empty line.
_TITLE = re.compile(
    rf"^### \[((?:(?!\n\n).)*)\]\(({_PLAYLIST.pattern})\)", re.MULTILINE | re.DOTALL
)
_DESCRIPTION = re.compile(r"^> ?(.*)\n\n", re.MULTILINE | re.DOTALL)
_WINDOWS = re.compile(r"^\| No\. \|[^\n]*\r\n", re.MULTILINE)
_TABLE = re.compile(r"^\| No\. \|[^\n]*\n\|[-|]*\|\n", re.MULTILINE)
# Texts are not escaped, so only the links show where a cell ends.
_CELLS = re.compile(
    rf"\[(?P<name>.*?)\]\((?P<url>{_SPOTIFY}/(?P<type>track|episode)/(?P<id>{PLAYLIST_ID}))\)"
    r" \| (?P<artists>.*)"
    rf" \| \[(?P<album>.*)\]\((?P<album_url>(?:{_SPOTIFY}/[a-z]+/{PLAYLIST_ID})?)\)"
    r" \| (?P<length>\d+(?::\d\d)*) \|",
    re.DOTALL,
)
_ARTIST = re.compile(rf"\[(.*?)\]\(((?:{_SPOTIFY}/[a-z]+/{PLAYLIST_ID})?)\)(?:, |$)", re.DOTALL)
_SONG = re.compile(rf"{_SPOTIFY}/(track|episode)/({PLAYLIST_ID})")
_USER = re.compile(rf"{_SPOTIFY}/user/([^/?]+)")

NAMES_ONLY = "it has names only: neither ids nor a reliable order"
# A row whose song is unknown; it keeps the following rows in their places.
UNREAD = Row()


class UnreadablePageError(Exception):
    """A page cannot be parsed; the message says why."""


class Page(NamedTuple):
    """The contents of one page.

    `unreadable` are the rows that could not be parsed, each with its number; `rows` has a row
    without an item in their places. `content` is a digest of the fields of a snapshot; `answer` is
    a digest of all that Spotify answered, which may change while the content is the same.
    """

    playlist_id: str | None
    name: str
    description: str
    rows: tuple[Row, ...]
    unreadable: tuple[tuple[int, str], ...]
    content: bytes
    answer: bytes
    owner: Owner = NO_OWNER
    snapshot_id: str = ""
    followers: int | None = None
    unknown: tuple[HeaderField, ...] = ()


class _Read(NamedTuple):
    """A parsed row, None if it cannot be parsed, and its digest."""

    row: Row | None
    digest: bytes


class _Named(msgspec.Struct, frozen=True):
    name: str
    url: str = ""


class _Track(msgspec.Struct, frozen=True):
    name: str
    url: str
    album: _Named
    artists: tuple[_Named, ...]
    duration_ms: int
    added_at: str | None = None


class _Document(msgspec.Struct, frozen=True):
    """The JSON document beside a page; `name` is a key of its first weeks."""

    url: str
    description: str
    tracks: tuple[msgspec.Raw, ...]
    name: str = ""
    original_name: str = ""
    snapshot_id: str = ""
    num_followers: int | None = None
    owner: _Named | None = None


class Pages:
    """Parses pages one after the other, with a cache of rows."""

    def __init__(self) -> None:
        self._rows: dict[str | bytes, _Read] = {}
        self._documents = msgspec.json.Decoder(_Document)
        self._tracks = msgspec.json.Decoder(_Track)

    def read(self, body: bytes, *, is_document: bool) -> Page:
        """Return the contents of a Markdown page, or of the JSON document beside one.

        Raises:
            UnreadablePageError: it is neither.
        """
        return self._read_document(body) if is_document else self._read_markdown(body)

    def _read_markdown(self, body: bytes) -> Page:
        try:
            text = body.decode()
        except UnicodeDecodeError:
            raise UnreadablePageError("the page is not text in UTF-8") from None
        if _WINDOWS.search(text):
            text = text.replace("\r\n", "\n")
        title, table = _TITLE.search(text), _TABLE.search(text)
        if not title:
            raise UnreadablePageError(NAMES_ONLY)
        if not table:
            raise UnreadablePageError("the page has no table")
        description = _DESCRIPTION.search(text, title.end(), table.start())
        lines = _lines(text[table.end() :])
        return self._page(
            [self._keep(line, self._parse_cells) for line in lines],
            lines,
            playlist_id=title[3],
            name=title[1],
            description=description[1] if description else "",
            owner=None,
        )

    def _read_document(self, body: bytes) -> Page:
        try:
            document = self._documents.decode(body)
        except UNREADABLE as error:
            raise UnreadablePageError(f"the document cannot be read: {error}") from None
        link = _PLAYLIST.fullmatch(document.url)
        owner = document.owner
        return self._page(
            [self._keep(bytes(raw), self._parse_track) for raw in document.tracks],
            document.tracks,
            playlist_id=link[1] if link else None,
            name=document.original_name or document.name,
            description=document.description,
            owner=_owner(owner) if owner else None,
            snapshot_id=document.snapshot_id,
            followers=document.num_followers,
        )

    def _page(
        self,
        read: list[_Read],
        texts: Iterable[str | msgspec.Raw],
        *,
        playlist_id: str | None,
        name: str,
        description: str,
        owner: Owner | None,
        snapshot_id: str = "",
        followers: int | None = None,
    ) -> Page:
        unknown: tuple[HeaderField, ...] = () if owner else ("owner",)
        header = msgspec.json.encode((name, description, owner, unknown))
        content = blake2b(header, digest_size=16)
        content.update(b"".join([one.digest for one in read]))
        answer = content.copy()
        answer.update(msgspec.json.encode((snapshot_id, followers)))
        unreadable = [
            (number, text if isinstance(text, str) else bytes(text).decode())
            for number, (one, text) in enumerate(zip(read, texts, strict=True), start=1)
            if one.row is None
        ]
        return Page(
            playlist_id=playlist_id,
            name=name,
            description=description,
            rows=tuple([one.row or UNREAD for one in read]),
            unreadable=tuple(unreadable),
            content=content.digest(),
            answer=answer.digest(),
            owner=owner or NO_OWNER,
            snapshot_id=snapshot_id,
            followers=followers,
            unknown=unknown,
        )

    def _keep[T: (str, bytes)](self, text: T, parse: Callable[[T], Row | None]) -> _Read:
        known = self._rows.get(text)
        if known is None:
            if len(self._rows) >= _MOST_ROWS_KEPT:
                self._rows.clear()
            row = parse(text)
            digest = blake2b(msgspec.json.encode(row), digest_size=16).digest()
            known = self._rows[text] = _Read(row, digest)
        return known

    def _parse_cells(self, line: str) -> Row | None:
        cells = _CELLS.fullmatch(line)
        if cells is None or _ARTIST.sub("", cells["artists"]):
            return None
        artists = tuple(Artist(name, url) for name, url in _ARTIST.findall(cells["artists"]))
        item = Item(
            type=cells["type"],
            uri=f"spotify:{cells['type']}:{cells['id']}",
            name=cells["name"],
            duration_ms=_milliseconds(cells["length"]),
            artists=artists,
            album=Album(cells["album"], cells["album_url"]),
            url=cells["url"],
            unknown=(*_never_told(cells["type"]), *_IN_SECONDS),
        )
        if item.album.name == _NO_ALBUM:
            item = replace(item, album=replace(item.album, name=_MISSING))
        return Row(item=_without_missing(item, empty_is_missing=True))

    def _parse_track(self, raw: bytes) -> Row | None:
        try:
            track = self._tracks.decode(raw)
            added_at = _moment(track.added_at)
        except (*UNREADABLE, ValueError):
            return None
        link = _SONG.fullmatch(track.url)
        if link is None:
            return None
        item = Item(
            type=link[1],
            uri=f"spotify:{link[1]}:{link[2]}",
            name=track.name,
            duration_ms=track.duration_ms,
            artists=tuple(Artist(one.name, one.url) for one in track.artists),
            album=Album(track.album.name, track.album.url),
            url=track.url,
            unknown=_never_told(link[1]),
        )
        # If the document has a name, its empty texts are Spotify's own.
        return Row(added_at, item=_without_missing(item, empty_is_missing=track.name == _MISSING))


def _never_told(kind: str) -> tuple[ItemField, ...]:
    return (*_NEVER_TOLD, *_OF_EPISODES) if kind == "episode" else _NEVER_TOLD


def _lines(table: str) -> list[str]:
    """Return the rows without their numbers; a line without a number continues the row before."""
    lines: list[str] = []
    for line in f"\n{table.rstrip('\n')}".split("\n| ")[1:]:
        number, _, cells = line.partition(" | ")
        if number.isdecimal() or not lines:
            lines.append(cells)
        else:
            lines[-1] += f"\n| {line}"
    return lines


def _without_missing(item: Item, *, empty_is_missing: bool) -> Item:
    """Return the item, with texts missing on the page marked as unknown."""
    missing = {_MISSING, ""} if empty_is_missing else {_MISSING}
    lacks: list[ItemField] = []
    if item.name in missing:
        item = replace(item, name="")
        lacks.append("name")
    if any(artist.name in missing for artist in item.artists):
        artists = tuple(
            replace(one, name="") if one.name in missing else one for one in item.artists
        )
        item = replace(item, artists=artists)
        lacks.append("artists")
    if item.album.name in missing:
        item = replace(item, album=replace(item.album, name=""))
        lacks.append("album")
    return replace(item, unknown=tuple(dict.fromkeys([*item.unknown, *lacks]))) if lacks else item


def _milliseconds(length: str) -> int:
    """Return a length given in seconds, in minutes and seconds, or with hours."""
    seconds = 0
    for part in length.split(":"):
        seconds = seconds * 60 + int(part)
    return seconds * 1000


def _moment(text: str | None) -> datetime | None:
    """Return a moment written in UTC without a time zone; the epoch means unknown."""
    if text is None or text.startswith(_EPOCH):
        return None
    return datetime.fromisoformat(f"{text}+00:00")


def _owner(owner: _Named) -> Owner | None:
    """Return the owner, None if the link is not that of a user's page.

    The id stands for a missing name, as in the archive's own snapshots.
    """
    link = _USER.match(owner.url)
    if link is None:
        return None
    user_id = unquote(link[1])
    return Owner(user_id, owner.name or user_id, owner.url)
