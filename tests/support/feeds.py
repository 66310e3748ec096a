"""Changes for feeds, and feeds read as a reader does, after a check against RFC 4287's rules."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from playlist_archive.documents.history import (
    Counts,
    MovedSong,
    PublishedChange,
    PublishedPlaylist,
    SongAtRow,
)
from playlist_archive.views.feed import FeedHead
from tests.support.builders import OTHER
from tests.support.builders import PLAYLIST as PLAYLIST_ID

_ATOM = "{http://www.w3.org/2005/Atom}"
_SCHEMA = Path(__file__).parents[1] / "contract" / "atom.rng"

HEAD = FeedHead(
    "/playlists/feeds/all.atom", "All playlists", "/playlists/changes.md", "2026-10-01T04:00:00Z"
)
PLAYLIST = PublishedPlaylist(
    PLAYLIST_ID, "Harbour mix", f"https://open.spotify.com/playlist/{PLAYLIST_ID}"
)
SECOND = PublishedPlaylist(OTHER, "Night drive", f"https://open.spotify.com/playlist/{OTHER}")


def a_song(row: int, name: str = "Ebb / Flow") -> SongAtRow:
    return SongAtRow(row, name, ("The Harbour Lamps", "Kite"), f"spotify:track:{row:022}")


def a_change(
    day: int = 4,
    *,
    after: int | None = None,
    added: Sequence[SongAtRow] = (a_song(1),),
    readded: Sequence[SongAtRow] = (),
    removed: Sequence[SongAtRow] = (),
    moved: int = 0,
    **fields: object,
) -> PublishedChange:
    time = f"2026-10-{day:02}T04:00:00Z"
    move = MovedSong(1, 2, "Tide", (), "spotify:track:tide")
    return PublishedChange(
        time=time,
        after=f"2026-10-{day - 1 if after is None else after:02}T04:00:00Z",
        until=time,
        counts=Counts(len(added), len(readded), len(removed), moved),
        added=tuple(added),
        readded=tuple(readded),
        removed=tuple(removed),
        moved=(move,) * moved,
        **fields,  # type: ignore[arg-type]
    )


@cache
def _schema() -> Any:
    return etree.RelaxNG(etree.parse(_SCHEMA))


def read_feed(document: bytes) -> Any:
    """Return the feed's root element; raises `ValueError` if RFC 4287 forbids the document."""
    try:
        feed = etree.fromstring(document)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"no XML: {error}") from error
    if not _schema().validate(feed):
        raise ValueError(str(_schema().error_log.last_error))
    ids = texts(feed, "entry/id")
    if len(set(ids)) < len(ids):
        raise ValueError("two entries have the same id")
    return feed


def texts(element: Any, path: str) -> list[str]:
    """Return the text of each of an element's descendants, as in `texts(feed, "entry/title")`."""
    return ["".join(found.itertext()) for found in element.findall(_in_atom(path))]


def links(element: Any, path: str = "link") -> list[tuple[str, str]]:
    """Return the relation and the target of each link."""
    return [(link.get("rel"), link.get("href")) for link in element.findall(_in_atom(path))]


def _in_atom(path: str) -> str:
    return "/".join(f"{_ATOM}{step}" for step in path.split("/"))
