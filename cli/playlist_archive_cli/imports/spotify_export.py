"""Reads the playlists of Spotify's "Download your data".

`Playlist1.json`, `Playlist2.json` and so on have name, description, followers and the rows in
order. They have neither playlist ids nor the time of the export, which is not before the newest day
in them. A row has the URI, names, and the day on which it was added.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from playlist_archive.documents.names import looks, visible
from playlist_archive.documents.playlist import Album, Artist, HeaderField, Item, ItemField, Row
from playlist_archive.errors import UNREADABLE
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.imports.found import FoundPlaylist, parse_moment
from playlist_archive_cli.imports.packed_files import UnreadableFileError, files_in
from playlist_archive_cli.imports.song_uris import SongUri, in_order, item_of_uri, parse_song_uri
from playlist_archive_cli.imports.versions import LeftOuts

NO_URI = "the row has no URI of a song; its place stays"
NO_ROW = "the row is not one; its place stays"
NO_PLAYLIST = "it is not a playlist with a name and rows"
OLD_EXPORT = "none of its rows has a URI, as in older exports"

# `PlaylistInABottle.json` beside them is something else.
_FILE = re.compile(r"Playlist[0-9]*\.json")
# Spotify's answers have these as entities; it is unknown whether the export does.
_MARKUP = re.compile("[&<>\"']")


class _Titles(msgspec.Struct, rename="camel", frozen=True):
    """A track, an episode, an audiobook or a local file; each has some of these."""

    track_name: str | None = None
    artist_name: str | None = None
    album_name: str | None = None
    track_uri: str | None = None
    episode_name: str | None = None
    show_name: str | None = None
    episode_uri: str | None = None
    audiobook_name: str | None = None
    author_name: str | None = None
    audiobook_uri: str | None = None
    uri: str | None = None


_NO_TITLES = _Titles()


class _Item(msgspec.Struct, rename="camel"):
    track: _Titles | None = None
    episode: _Titles | None = None
    audiobook: _Titles | None = None
    local_track: _Titles | None = None
    added_date: str | None = None


class _Playlist(msgspec.Struct, rename="camel"):
    name: str
    items: list[msgspec.Raw]
    last_modified_date: str | None = None
    description: str | None = None
    number_of_followers: Any = None


class _File(msgspec.Struct):
    playlists: list[msgspec.Raw]


_FILES = msgspec.json.Decoder(_File)
_PLAYLISTS = msgspec.json.Decoder(_Playlist)
_ITEMS = msgspec.json.Decoder(_Item)


def read_spotify_export(path: Path, left_out: LeftOuts) -> Iterator[FoundPlaylist]:
    """Yield the playlists of an export, and count unreadable parts.

    Raises:
        CommandError: it has no playlists, or is no complete zip.
    """
    is_empty = True
    for file in files_in(path, is_playlists_file):
        is_empty = False
        try:
            playlists = _FILES.decode(file.read()).playlists
        except UnreadableFileError as error:
            left_out.add("file", str(error), file.reference)
        except UNREADABLE:
            left_out.add("file", "it is not a whole document of playlists", file.reference)
        else:
            for number, raw in enumerate(playlists, start=1):
                if found := _read_playlist(raw, f"{file.reference}, playlist {number}", left_out):
                    yield found
    if is_empty:
        raise CommandError(
            f"{path} has no Playlist1.json: it is in what Spotify calls “Account data”"
        )


def is_playlists_file(name: str) -> bool:
    return _FILE.fullmatch(name) is not None


def spell_exactly(name: str) -> str:
    """Return a key that is equal for names that look the same, ignoring case."""
    return looks(visible(name)).casefold()


def _read_playlist(raw: msgspec.Raw, reference: str, left_out: LeftOuts) -> FoundPlaylist | None:
    try:
        told = _PLAYLISTS.decode(raw)
    except UNREADABLE:
        left_out.add("version", NO_PLAYLIST, reference)
        return None
    troubles: list[tuple[str, str]] = []
    rows: list[Row] = []
    for number, item in enumerate(told.items, start=1):
        row, reason = _read_row(item)
        if reason:
            troubles.append((reason, f"{reference}, row {number}"))
        rows.append(row)
    if rows and not any(row.item for row in rows):
        left_out.add("version", OLD_EXPORT, reference)
        return None
    for reason, where in troubles:
        left_out.add("row", reason, where)
    description = told.description or ""
    followers = told.number_of_followers
    unknown: tuple[HeaderField, ...] = ("owner",)
    return FoundPlaylist(
        source="spotify-export",
        reference=reference,
        name=told.name,
        called=frozenset({spell_exactly(told.name)}),
        rows=tuple(rows),
        description=description,
        followers=followers if type(followers) is int and followers >= 0 else None,
        unknown=("description", *unknown) if _MARKUP.search(description) else unknown,
        modified=_day(told.last_modified_date),
    )


def _day(text: str | None) -> datetime | None:
    return parse_moment(text) if text else None


def _read_row(raw: msgspec.Raw) -> tuple[Row, str]:
    """Return a row, and why it has no song if it should have one."""
    try:
        told = _ITEMS.decode(raw)
    except UNREADABLE:
        return Row(), NO_ROW
    added_at = _day(told.added_date)
    kinds = (told.track, told.episode, told.audiobook, told.local_track)
    titles = next((one for one in kinds if one not in {None, _NO_TITLES}), None)
    if titles is None:
        return Row(added_at), ""  # Spotify no longer names the song
    text = titles.track_uri or titles.episode_uri or titles.audiobook_uri or titles.uri
    uri = parse_song_uri(text or "")
    if uri is None:
        return Row(added_at), NO_URI
    return Row(added_at, item=_item(uri, titles)), ""


def _item(uri: SongUri, titles: _Titles) -> Item:
    """Return an item; it has only names of album and artist, and only the first artist."""
    known = item_of_uri(uri)
    name = titles.track_name or titles.episode_name or titles.audiobook_name
    artist = titles.artist_name or titles.show_name or titles.author_name
    album = titles.album_name or titles.show_name or titles.audiobook_name
    unknown: set[ItemField] = set(known.unknown)
    if name and not uri.is_local:
        unknown.discard("name")
    return replace(
        known,
        name=name or known.name,
        artists=(Artist(artist),) if artist else known.artists,
        album=Album(album) if album else known.album,
        unknown=in_order(unknown),
    )
