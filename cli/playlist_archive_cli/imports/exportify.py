"""Reads the CSV files of both kinds of Exportify, and of this project's own export.

Only the name of the file has the playlist's name. Rows that Spotify no longer named are missing
from the files of watsonbox/exportify, and are `undefined` in those of pavelkomarov/exportify.
"""

import csv
import io
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from unicodedata import category, normalize

from playlist_archive.documents.names import visible
from playlist_archive.documents.playlist import Album, Artist, Item, ItemField, Row
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.imports.artist_names import split_artists
from playlist_archive_cli.imports.exportify_columns import Column, find_columns
from playlist_archive_cli.imports.found import FoundPlaylist, parse_moment
from playlist_archive_cli.imports.packed_files import PackedFile, UnreadableFileError, files_in
from playlist_archive_cli.imports.song_uris import SongUri, in_order, link_to, parse_song_uri
from playlist_archive_cli.imports.versions import LeftOuts

SAVED_BY_SPREADSHEET = (
    "a spreadsheet has saved it, and may have changed titles and dates: use the file as it was made"
)
NO_URI = "the row has no URI of a song; its place stays"
OTHER_CELLS = "the row has more or fewer cells than there are columns; its place stays"

_OF_NO_DAY = re.compile(r" (?:ever|removed(?: since [0-9TZ-]+)?)$")
# Additions to a name, by browsers if there are several files, or by this project's export.
_ADDITION = re.compile(r"(?: ?\(\d+\)| \d{4}-\d{2}-\d{2}| \d{8}T\d{6}Z| \([0-9A-Za-z]{22}\))$")
_DURATION = re.compile("[1-9][0-9]{0,9}")
# Early versions of pavelkomarov/exportify joined names with a comma without a blank.
_BARE_COMMA = re.compile(",(?! )")
# This project's export adds it to equal names.
_ID = re.compile(r" \(([0-9A-Za-z]{22})\)(?: [0-9TZ-]+)?$")
_NULL = "undefined"
_USER = "spotify:user:"
_LONGEST_CELL = 1_000_000


class UnreadableTableError(Exception):
    """A file is not a table of songs; the message says why."""


def read_exportify(paths: Iterable[Path], left_out: LeftOuts) -> Iterator[FoundPlaylist]:
    """Yield the playlist of each readable file, and count unreadable ones.

    Raises:
        CommandError: a path does not exist, is no complete zip, or has no CSV.
    """
    for path in paths:
        is_empty = True
        for file in files_in(path, is_csv):
            is_empty = False
            try:
                yield read_playlist(file, left_out)
            except (UnreadableFileError, UnreadableTableError) as error:
                left_out.add("file", str(error), file.reference)
        if is_empty:
            raise CommandError(f"{path} has no file whose name ends in .csv")


def is_csv(name: str) -> bool:
    return name.lower().endswith(".csv")


def read_playlist(file: PackedFile, left_out: LeftOuts) -> FoundPlaylist:
    """Return the playlist in a file.

    Raises:
        UnreadableFileError: it cannot be read.
        UnreadableTableError: it is no table of songs, or is cut off.
    """
    stem = PurePosixPath(file.name).stem
    names = list(_names_in(stem))
    rows = read_rows(_decode(file.read()), file.reference, left_out)
    return FoundPlaylist(
        source="exportify",
        reference=file.reference,
        name=names[-1],
        called=frozenset(map(spell_as_file, names)),
        rows=rows,
        unknown=("name", "description", "owner"),
        of_a_day=not _OF_NO_DAY.search(stem),
        playlist_id=found[1] if (found := _ID.search(stem)) else None,
    )


def spell_as_file(name: str) -> str:
    """Return the part of a name that is kept in every program's file names.

    Each program replaces other characters, but none replaces letters and digits.
    """
    folded = normalize("NFC", normalize("NFC", visible(name)).casefold())
    kept = "".join(char for char in folded if char.isalnum() or category(char).startswith("M"))
    return kept or "".join(folded.replace("_", " ").split())


def _names_in(stem: str) -> Iterator[str]:
    """Yield the possible names of a playlist whose file has this name."""
    yield stem
    while addition := _ADDITION.search(stem):
        stem = stem[: addition.start()]
        yield stem


def _decode(body: bytes) -> str:
    if body.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise UnreadableTableError(SAVED_BY_SPREADSHEET)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableTableError("it is not text in UTF-8") from error
    if not text.strip():
        raise UnreadableTableError("it is empty")
    if _has_other_separators(text.lstrip().partition("\n")[0]):
        raise UnreadableTableError(SAVED_BY_SPREADSHEET)
    return text


def _has_other_separators(headers: str) -> bool:
    """Whether the first line has known columns, but separated as spreadsheets do outside English."""
    plain = headers.replace('"', "")
    return plain.startswith("sep=") or any(
        separator in plain and {"uri", "id"} & find_columns(plain.split(separator)).keys()
        for separator in ";\t"
    )


class Table(NamedTuple):
    """The positions of the columns, and whether the file is from pavelkomarov/exportify."""

    columns: dict[Column, int]
    width: int
    has_semicolons: bool

    @classmethod
    def of(cls, headers: Sequence[str]) -> "Table":
        """Read the line of headers.

        Raises:
            UnreadableTableError: no column has the songs' URIs.
        """
        columns = find_columns(headers)
        if "uri" not in columns and "id" not in columns:
            named = ", ".join(header.strip() for header in headers[:3])[:60]
            raise UnreadableTableError(
                f"none of its columns is known to hold the songs' URIs; it begins with: {named}"
            )
        names = {header.strip().casefold() for header in headers}
        return cls(columns, len(headers), "duration (ms)" in names or "id" in columns)

    def cell(self, cells: Sequence[str], column: Column) -> str | None:
        """Return a cell, None if there is no such column."""
        place = self.columns.get(column)
        return None if place is None else cells[place]


def read_rows(text: str, reference: str, left_out: LeftOuts) -> tuple[Row, ...]:
    """Return the rows of a table.

    A row without a clear song becomes a row without an item, so that its song does not seem to be
    removed.

    Raises:
        UnreadableTableError: it is no table of songs, or is cut off.
    """
    csv.field_size_limit(_LONGEST_CELL)
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    troubles: list[tuple[str, int]] = []
    perhaps_cut = False
    try:
        table = Table.of(next(lines, []))
        for cells in lines:
            if not cells:
                continue
            perhaps_cut = len(cells) < table.width or not cells[-1]
            row, reason = _row(table, cells)
            if reason:
                troubles.append((reason, lines.line_num))
            rows.append(row)
    except csv.Error as error:
        raise UnreadableTableError(f"it is not CSV, or cut off: line {lines.line_num}") from error
    if perhaps_cut and not text.endswith(("\n", "\r")):
        raise UnreadableTableError(f"it is cut off: line {lines.line_num}")
    for reason, line in troubles:
        left_out.add("row", reason, f"{reference}, line {line}")
    return tuple(rows)


def _row(table: Table, cells: Sequence[str]) -> tuple[Row, str]:
    """Return a row, and why it has no song if it should have one."""
    if len(cells) != table.width:
        return Row(), OTHER_CELLS
    added_at = parse_moment((table.cell(cells, "added_at") or "").strip())
    added_by = (table.cell(cells, "added_by") or "").removeprefix(_USER)
    added_by = "" if added_by == _NULL else added_by
    uri = _uri(table, cells)
    if uri:
        return Row(added_at, added_by, _item(table, cells, uri)), ""
    is_null = table.has_semicolons and table.cell(cells, "name") == _NULL
    return Row(added_at, added_by), "" if is_null else NO_URI


def _uri(table: Table, cells: Sequence[str]) -> SongUri | None:
    uri = (table.cell(cells, "uri") or "").strip()
    if not uri and (id_ := (table.cell(cells, "id") or "").strip()):
        uri = f"spotify:track:{id_}" if id_.isalnum() and id_ not in {_NULL, "null"} else ""
    return parse_song_uri(uri)


def _item(table: Table, cells: Sequence[str], uri: SongUri) -> Item:
    unknown: set[ItemField] = {"playable"}

    def told(column: Column, field: ItemField) -> str:
        text = table.cell(cells, column) or ""
        if not text or (table.has_semicolons and text == _NULL):
            unknown.add(field)
        return text

    name = told("name", "name")
    duration = told("duration", "duration_ms").strip()
    if not _DURATION.fullmatch(duration):
        unknown.add("duration_ms")
    explicit = told("explicit", "explicit").strip().lower()
    if explicit not in {"true", "false"}:
        unknown.add("explicit")
    artists, sure = _artists(table, cells, uri)
    if not sure:
        unknown.add("artists")
    album = Album(
        _without_null(table, table.cell(cells, "album") or ""),
        link_to(table.cell(cells, "album_uri") or ""),
        _without_null(table, table.cell(cells, "release_date") or ""),
    )
    if not uri.is_local and not (album.name and album.url and album.release_date):
        unknown.add("album")
    return Item(
        type=uri.type,
        uri=uri.uri,
        name=name,
        duration_ms=0 if "duration_ms" in unknown else int(duration),
        artists=artists,
        album=album,
        url=uri.url,
        local=uri.is_local,
        explicit=explicit == "true",
        isrc=told("isrc", "isrc"),
        unknown=in_order(unknown),
    )


def _artists(table: Table, cells: Sequence[str], uri: SongUri) -> tuple[tuple[Artist, ...], bool]:
    """Return the artists, and whether they are complete."""
    text = _without_null(table, table.cell(cells, "artists") or "")
    uris = (table.cell(cells, "artist_uris") or "").split(", ")
    if table.has_semicolons:
        names = text.split(";") if ";" in text else _BARE_COMMA.split(text)
        return tuple(Artist(name) for name in names if name), False
    if not any(uris):
        names = split_artists(text, 1 if text else 0).names
        # Only local files have no links.
        is_told = uri.is_local and bool(text) and "\\, " not in text
        return tuple(map(Artist, names)), is_told
    found = split_artists(text, len(uris))
    if not found.sure:
        return tuple(map(Artist, found.names)), False
    links = list(map(link_to, uris))
    return tuple(map(Artist, found.names, links)), all(links)


def _without_null(table: Table, text: str) -> str:
    return "" if table.has_semicolons and text == _NULL else text
