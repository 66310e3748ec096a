"""The services' interface to Spotify."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from playlist_archive.documents.playlist import Header, Row
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.ports.credentials import Credentials


class Reading(NamedTuple):
    """All rows of a playlist; `rows` is None if the playlist's version is unchanged.

    They are `whole` unless some rows were not read again, but proved by the others.
    """

    header: Header
    rows: tuple[Row, ...] | None
    whole: bool = True


class LibraryEntry(NamedTuple):
    """A playlist in the user's library."""

    playlist_id: str
    header: Header
    collaborative: bool


class Library(NamedTuple):
    """The complete list of the user's library.

    `readable` says that every entry that is not null named its playlist, so playlists outside
    `entries` are certainly not in the library. `closed` counts the null entries, which Spotify
    sends for playlists that are closed to this app.
    """

    user_id: str
    entries: tuple[LibraryEntry, ...]
    readable: bool = True
    closed: int = 0


class Spotify(Protocol):
    """Spotify, including the stored state of pauses and requests sent.

    Every reading method raises `SpotifyStoppedError` if no more requests may be sent,
    `OutOfTimeError` if the invocation ends, and `StorageError` if a pause could not be stored.
    """

    @property
    def state(self) -> SpotifyState: ...

    def open(self, remaining_seconds: Callable[[], float]) -> None: ...

    def close(self) -> None: ...

    def check(self) -> None: ...

    def start_run(self, run: datetime) -> None:
        """Let `run` supersede all earlier ones; `close` stores that at the latest."""
        ...

    def credentials(self) -> Credentials: ...

    def log_in(self) -> None:
        """Get an access token, which proves the credentials without a request to the Web API."""
        ...

    def read_library(self) -> Library:
        """List the whole library of the authorised user.

        Raises:
            PlaylistError: the library could not be listed completely.
        """
        ...

    def read_playlist(self, playlist_id: str, known: str = "") -> Reading:
        """Read all rows of a playlist, or find with one request that its version is still `known`.

        Raises:
            PlaylistError: there is no good read; the subclass says why.
        """
        ...

    def read_liked_songs(
        self, known: Header | None, known_rows: Callable[[], Sequence[Row]]
    ) -> Reading:
        """Read the user's Liked Songs, or find with one request that they are still the `known`.

        `known_rows` returns the songs of the version `known`, which may save requests.

        Raises:
            PlaylistError: there is no good read; the subclass says why.
        """
        ...
