"""Small parsers for pages that other projects' programs parse."""

import re
from collections.abc import Iterator
from typing import NamedTuple


class FormError(ValueError):
    """A page does not have the form that other programs expect."""


class Link(NamedTuple):
    """A link's text, still escaped, and its target."""

    text: str
    url: str


class CumulativeRow(NamedTuple):
    """The parsed fields of a row in a cumulative table; `removed` is empty while the song is there.

    `artist` is the first one, None for a song without artists.
    """

    title: Link
    artist: Link | None
    added: str
    removed: str


_HEADING = "| Title | Artist(s) | Album | Length | Added | Removed |"
_COLUMNS = 6
_CELL_END = re.compile(r"(?<!\\)(?:\\\\)*\|")
_TEXT = r"((?:[^\\\[\]]|\\.)*)"
_TRACK = re.compile(rf"\[{_TEXT}\]\((https://open\.spotify\.com/track/[0-9A-Za-z]+)\)")
_ARTIST = re.compile(rf"\[{_TEXT}\]\((https://open\.spotify\.com/artist/[0-9A-Za-z]+)\)(?:, .*)?")
# The asterisk marks a song that was there before the first snapshot.
_ADDED = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\\\*)?")
_REMOVED = re.compile(r"((?:[0-9]{4}-[0-9]{2}-[0-9]{2})?)")

_PLAYLISTS = re.compile(r"## Playlists \\\(([0-9]+)\\\)")
_ENTRY = re.compile(rf"- \[{_TEXT}\]\(/playlists/pretty/([0-9A-Za-z]{{22}})\.md\)")


def read_cumulative_table(page: str) -> list[CumulativeRow]:
    """Return the tracks of a cumulative page: title and first artist are links, dates YYYY-MM-DD.

    Rows that are no Spotify tracks, such as episodes and local files, are left out.

    Raises:
        FormError: a row has another form; the message quotes it.
    """
    lines = page.split("\n")
    if lines.count(_HEADING) != 1:
        raise FormError("the page has no table of songs, or several")
    first = lines.index(_HEADING) + 2
    rows = [_cumulative_row(line) for line in lines[first : lines.index("", first)]]
    return [row for row in rows if row]


def _cumulative_row(line: str) -> CumulativeRow | None:
    cells = list(_cells(line))
    if len(cells) != _COLUMNS:
        raise FormError(f"{len(cells)} columns: {line}")
    added, removed = _ADDED.fullmatch(cells[4]), _REMOVED.fullmatch(cells[5])
    if not (added and removed):
        raise FormError(f"other days than YYYY-MM-DD: {line}")
    title, artist = _TRACK.fullmatch(cells[0]), _ARTIST.fullmatch(cells[1])
    if title is None:
        return None
    if cells[1] and artist is None:
        raise FormError(f"the first artist is no link: {line}")
    by = Link(artist[1], artist[2]) if artist else None
    return CumulativeRow(Link(title[1], title[2]), by, added[1], removed[1])


def _cells(line: str) -> Iterator[str]:
    begin = 1
    for end in _CELL_END.finditer(line, 1):
        yield line[begin : end.end() - 1].strip()
        begin = end.end()


def read_index(page: str) -> dict[str, str]:
    """Return the name, still escaped, of each readable playlist in the index, by id.

    The list must be last on the page, because other programs take everything after the heading.

    Raises:
        FormError: the list has another form, or another length than in its heading.
    """
    lines = page.split("\n")
    headings = [number for number, line in enumerate(lines) if _PLAYLISTS.fullmatch(line)]
    if len(headings) != 1:
        raise FormError(f"{len(headings)} headings of the list of playlists")
    (heading,) = headings
    counted = _PLAYLISTS.fullmatch(lines[heading])
    assert counted
    if lines[heading + 1]:
        raise FormError(f"no blank line after the heading: {lines[heading + 1]}")
    *listed, end = lines[heading + 2 :]
    if end:
        raise FormError(f"the page does not end with a line's end: {end}")
    entries = {}
    for line in listed:
        entry = _ENTRY.fullmatch(line)
        if not entry:
            raise FormError(f"more or less than a link: {line}")
        entries[entry[2]] = entry[1]
    if not len(entries) == len(listed) == int(counted[1]):
        raise FormError(f"{len(listed)} entries under the heading {lines[heading]}")
    return entries
