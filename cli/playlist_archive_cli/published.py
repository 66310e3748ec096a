"""Types for published documents that the package writes without own types."""

import msgspec

from playlist_archive.documents.history import Size
from playlist_archive.documents.playlist import Album, Artist
from playlist_archive.documents.status import Status
from playlist_archive.documents.timestamps import Timestamp

NEEDS_ATTENTION = "Something needs attention"


class Problem(msgspec.Struct, frozen=True):
    subject: str
    reason: str


class PlaylistStatus(msgspec.Struct, frozen=True):
    name: str
    status: Status
    since: Timestamp
    reason: str
    overdue_since: Timestamp | None
    last_checked: Timestamp | None
    last_changed: Timestamp | None
    in_library: bool = False


class ArchiveStatus(msgspec.Struct, frozen=True):
    """The document `playlists/status.json`."""

    run: Timestamp | None
    at: Timestamp | None
    headline: str
    counts: dict[str, int]
    up_to_date: int
    changed: int
    failure: str
    problems: list[Problem]
    damaged: list[str]
    authorization_ends: Timestamp | None
    requests_within_24_hours: int
    not_before: Timestamp | None
    playlists: dict[str, PlaylistStatus]


class Described(msgspec.Struct, frozen=True):
    """A playlist's names in the document `playlists/metadata/metadata-full.json`."""

    original_name: str
    unique_name: str

    def names(self) -> tuple[str, str]:
        return self.original_name, self.unique_name


class Stay(msgspec.Struct, frozen=True):
    """A time span during which a song was in a playlist; it ended if `first_missing` is set."""

    added_at: Timestamp | None
    first_missing: Timestamp | None
    first_seen: Timestamp
    last_seen: Timestamp | None


class EverSong(msgspec.Struct, frozen=True):
    """A song that is or was in a playlist; `date_removed` is empty while it is there."""

    uri: str
    name: str
    type: str
    artists: tuple[Artist, ...]
    album: Album
    duration_ms: int
    isrc: str
    url: str
    date_added: str
    date_removed: str | None
    intervals: tuple[Stay, ...]


class OlderSongs(msgspec.Struct, frozen=True):
    """The reference to the document of songs removed in one year."""

    year: int
    path: str


class Ever(msgspec.Struct, frozen=True):
    """The document `playlists/cumulative/<id>.json`; `older` refers to its yearly documents."""

    name: str
    description: str
    url: str
    tracks: tuple[EverSong, ...]
    older: tuple[OlderSongs, ...] = ()


class EverOfYear(msgspec.Struct, frozen=True):
    """The document `playlists/cumulative/<id>/<year>.json`."""

    tracks: tuple[EverSong, ...]


class IndexedPlaylist(msgspec.Struct, frozen=True):
    """The fields of an index entry that are needed here."""

    id: str
    size: Size | None = None


class ArchiveIndex(msgspec.Struct, frozen=True):
    """The document `playlists/index.json`."""

    playlists: tuple[IndexedPlaylist, ...]


class SongsPart(msgspec.Struct, frozen=True):
    """A document `playlists/songs/<n>.json`, of titles or ids, of recent or old songs."""

    playlists: dict[str, list[list[str]]]
