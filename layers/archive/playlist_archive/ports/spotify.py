"""The services' view of Spotify."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from playlist_archive.documents.playlist import Header, Row
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.ports.credentials import Credentials


class Reading(NamedTuple):
    """All rows of a playlist; `rows` is None if its version is already known.

    They are `whole` unless some of them were not read again, but proved by the others.
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
    """The user's library after a complete sweep.

    `readable` says that every other entry named its playlist, so that playlists outside `entries`
    are certainly not in the library. `closed` counts the entries that Spotify shows as null, as it
    does where a playlist is closed to this app.
    """

    user_id: str
    entries: tuple[LibraryEntry, ...]
    readable: bool = True
    closed: int = 0


class Spotify(Protocol):
    """Spotify, with a memory of pauses and of requests sent.

    Every reading method raises `SpotifyStoppedError` if no request may be sent any more,
    `OutOfTimeError` if the invocation ends, and `StorageError` if a pause could not be stored.
    """

    @property
    def state(self) -> SpotifyState: ...

    def open(self, remaining_seconds: Callable[[], float]) -> None: ...

    def close(self) -> None: ...

    def check(self) -> None: ...

    def start_run(self, run: datetime) -> None:
        """Have `run` supersede all earlier ones; that is stored at the latest by `close`."""
        ...

    def credentials(self) -> Credentials: ...

    def log_in(self) -> None:
        """Get an access token, which proves the credentials without a request to the Web API."""
        ...

    def read_library(self) -> Library:
        """List the whole library of the authorised user.

        Raises:
            PlaylistError: the library could not be listed whole.
        """
        ...

    def read_playlist(self, playlist_id: str, known: str = "") -> Reading:
        """Read one playlist whole, or learn from one request that its version is still `known`.

        Raises:
            PlaylistError: there is no good read; its subclasses name the reasons.
        """
        ...

    def read_liked_songs(
        self, known: Header | None, known_rows: Callable[[], Sequence[Row]]
    ) -> Reading:
        """Read the user's Liked Songs, or learn from one request that they are still the `known`.

        `known_rows` returns the songs that `known` describes, which may save requests for others.

        Raises:
            PlaylistError: there is no good read; its subclasses name the reasons.
        """
        ...
