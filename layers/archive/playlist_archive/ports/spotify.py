"""Spotify, as the services use it."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple, Protocol

from playlist_archive.documents.playlist import Header, Row
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.ports.credentials import Credentials


class Reading(NamedTuple):
    """A playlist, read whole; without `rows` it is the version that is known already."""

    header: Header
    rows: tuple[Row, ...] | None


class LibraryEntry(NamedTuple):
    """A playlist of the user's library, as the sweep shows it."""

    playlist_id: str
    header: Header
    collaborative: bool


class Library(NamedTuple):
    """The user's library after a complete sweep.

    `readable` says that every entry named its playlist: what is not among the entries is not there.
    """

    user_id: str
    entries: tuple[LibraryEntry, ...]
    readable: bool = True


class Spotify(Protocol):
    """Spotify, as the functions use it.

    Every reading method raises `SpotifyStoppedError` when no request may be sent any more,
    `OutOfTimeError` when the invocation ends, `StorageError` when that could not be stored.
    """

    @property
    def state(self) -> SpotifyState: ...

    def open(self, remaining_seconds: Callable[[], float]) -> None: ...

    def close(self) -> None: ...

    def check(self) -> None: ...

    def start_run(self, run: datetime) -> None: ...

    def credentials(self) -> Credentials: ...

    def log_in(self) -> None:
        """Have an access token issued, which proves the credentials, without asking the Web API."""
        ...

    def read_library(self) -> Library:
        """Sweep the whole library of the authorised user.

        Raises:
            PlaylistError: it could not be listed whole.
        """
        ...

    def read_playlist(self, playlist_id: str, known: str = "") -> Reading:
        """Read one playlist whole, or find out by one request that its version is `known`.

        Raises:
            PlaylistError: a leaf for each reason why there is no good read.
        """
        ...
