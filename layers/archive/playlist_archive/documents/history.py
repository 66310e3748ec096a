"""The history document of a playlist (`docs/documents.md`)."""

from uuid import NAMESPACE_URL, uuid5

import msgspec
from msgspec import UNSET, UnsetType

from playlist_archive.documents.json_by_line import encode_by_line
from playlist_archive.documents.playlist import Owner
from playlist_archive.documents.status import Status
from playlist_archive.documents.timestamps import Timestamp

SCHEMA = 1


class PublishedPlaylist(msgspec.Struct, frozen=True):
    id: str
    name: str
    url: str


class PublishedSnapshot(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    time: Timestamp
    rows: int
    source: str = ""


class Size(msgspec.Struct, frozen=True, gc=False):
    """The number of songs and rows of a playlist; `text` is the wording of the pages."""

    songs: int
    rows: int
    text: str


class NamesSince(msgspec.Struct, frozen=True):
    since: Timestamp
    name: str
    description: str
    owner: Owner


class PublishedGap(msgspec.Struct, frozen=True):
    """`first` and `last` are days; it lasted from the run `since` to the good read `until`."""

    first: str
    last: str
    since: Timestamp
    until: Timestamp
    status: Status
    reason: str


class OlderChanges(msgspec.Struct, frozen=True):
    year: int
    path: str
    changes: int


class Song(msgspec.Struct, frozen=True, gc=False):
    name: str
    artists: tuple[str, ...]
    uri: str


class SongAtRow(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A row; the fields of its song are missing if Spotify does not name it."""

    row: int
    name: str | UnsetType = UNSET
    artists: tuple[str, ...] | UnsetType = UNSET
    uri: str | UnsetType = UNSET


class MovedSong(msgspec.Struct, frozen=True, gc=False, rename={"before": "from", "after": "to"}):
    before: int
    after: int
    name: str
    artists: tuple[str, ...]
    uri: str


class RenamedSong(msgspec.Struct, frozen=True, gc=False):
    before: str
    name: str
    artists: tuple[str, ...]
    uri: str


class TextChange(msgspec.Struct, frozen=True):
    before: str
    after: str


class OwnerChange(msgspec.Struct, frozen=True):
    before: Owner
    after: Owner


class Counts(msgspec.Struct, frozen=True, gc=False):
    added: int
    readded: int
    removed: int
    moved: int


class PublishedChange(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """It happened later than `after`, and not later than `until`."""

    time: Timestamp
    after: Timestamp
    until: Timestamp
    counts: Counts
    added: tuple[SongAtRow, ...] = ()
    readded: tuple[SongAtRow, ...] = ()
    removed: tuple[SongAtRow, ...] = ()
    moved: tuple[MovedSong, ...] = ()
    unavailable: tuple[Song, ...] = ()
    available: tuple[Song, ...] = ()
    renamed: tuple[RenamedSong, ...] = ()
    name: TextChange | None = None
    description: TextChange | None = None
    owner: OwnerChange | None = None


def change_id(playlist_id: str, time: Timestamp) -> str:
    """Return a stable URN, which depends only on a change's playlist and time."""
    return uuid5(NAMESPACE_URL, f"spotify:playlist:{playlist_id}#{time}").urn


class History(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag=SCHEMA):
    """The history, newest first, without older changes, which are in a `HistoryOfYear` each."""

    playlist: PublishedPlaylist
    first_snapshot: Timestamp
    last_snapshot: Timestamp
    size: Size
    snapshots: tuple[PublishedSnapshot, ...]
    names: tuple[NamesSince, ...]
    gaps: tuple[PublishedGap, ...]
    changes: tuple[PublishedChange, ...]
    older: tuple[OlderChanges, ...]


class HistoryOfYear(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag=SCHEMA):
    playlist: PublishedPlaylist
    year: int
    changes: tuple[PublishedChange, ...]


def encode_history(document: History | HistoryOfYear) -> bytes:
    return encode_by_line(SCHEMA, document)
