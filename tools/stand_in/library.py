"""The contents of a library on a day: users, playlists and their rows."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import sha1, sha256
from typing import Protocol
from urllib.parse import quote_plus

LIKED_SONGS = "LikedSongs000000000000"
"""The id under which a library finds its user's Liked Songs, newest first; the Web API has none for them."""

_BASE62 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def make_id(*names: str) -> str:
    """Return the Spotify ID (22 characters of base 62) that always belongs to these names."""
    number = int.from_bytes(sha256("\0".join(names).encode()).digest())
    digits = []
    for _ in range(22):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(digits)


@dataclass(frozen=True, slots=True)
class User:
    id: str
    display_name: str | None


SPOTIFY = User("spotify", "Spotify")


@dataclass(frozen=True, slots=True)
class Artist:
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Album:
    id: str
    name: str
    artists: tuple[Artist, ...]
    release_date: str
    total_tracks: int


@dataclass(frozen=True, slots=True)
class Track:
    """A song of the catalogue; if it is not `available` it was taken down and has no texts."""

    id: str
    name: str
    artists: tuple[Artist, ...]
    album: Album
    duration_ms: int
    track_number: int = 1
    explicit: bool = False
    available: bool = True

    @property
    def uri(self) -> str:
        return f"spotify:track:{self.id}"


@dataclass(frozen=True, slots=True)
class Show:
    id: str
    name: str
    description: str
    publisher: str
    total_episodes: int


@dataclass(frozen=True, slots=True)
class Episode:
    id: str
    name: str
    description: str
    show: Show
    release_date: str
    duration_ms: int

    @property
    def uri(self) -> str:
        return f"spotify:episode:{self.id}"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on the user's own disk, without id and links; its URI is made of its tags."""

    artist: str
    album: str
    title: str
    seconds: int

    @property
    def uri(self) -> str:
        tags = (quote_plus(tag) for tag in (self.artist, self.album, self.title))
        return f"spotify:local:{':'.join(tags)}:{self.seconds}"


type Item = Track | Episode | LocalFile


@dataclass(frozen=True, slots=True)
class Row:
    """One place in a playlist.

    Attributes:
        item: None if it was removed from the catalogue.
        added_at: `YYYY-MM-DDTHH:MM:SSZ`; None or the epoch if it is unknown.
        added_by: a user id; empty if it is unknown.
    """

    item: Item | None
    added_at: str | None
    added_by: str


@dataclass(frozen=True)
class Playlist:
    """One version of a playlist.

    Attributes:
        description: the text as Spotify sends it, with HTML entities.
        version: the number of edits, which is the first four bytes of the `snapshot_id`.
        collaborators: ids of the users who may read the contents besides the owner.
    """

    id: str
    name: str
    description: str | None
    owner: User
    rows: Sequence[Row]
    version: int
    followers: int = 0
    public: bool = True
    collaborators: frozenset[str] = frozenset()

    @cached_property
    def snapshot_id(self) -> str:
        """Base64 of a 4-byte counter and a 20-byte hash, as for ordinary playlists."""
        contents = sha1(f"{self.name}\0{self.description}".encode(), usedforsecurity=False)
        for row in self.rows:
            uri = row.item.uri if row.item else ""
            contents.update(f"\0{uri}\0{row.added_at}".encode())
        return b64encode(self.version.to_bytes(4) + contents.digest()).decode()

    def is_readable_by(self, user: User) -> bool:
        """Whether a development-mode app authorised by this user gets the contents."""
        return self.owner.id == user.id or user.id in self.collaborators


class Library(Protocol):
    """The library of one user of Spotify, day by day."""

    @property
    def user(self) -> User: ...

    @property
    def first_day(self) -> date: ...

    def list_ids(self, day: date) -> Sequence[str]:
        """Return the ids of the playlists that the user owns or follows, in Spotify's order."""
        ...

    def find(self, playlist_id: str, day: date) -> Playlist | None:
        """Return the version of that day; None if there is no such playlist."""
        ...
