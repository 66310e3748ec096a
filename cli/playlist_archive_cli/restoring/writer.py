"""The interface to Spotify for a restore, and its errors."""

from typing import NamedTuple, Protocol

LOOKED_AT = 50
"""How many rows are looked at: as many as Spotify documents for a page."""


class NoAnswerError(Exception):
    """There is no usable answer. The request may have taken effect, or may do so later."""


class RefusedError(Exception):
    """Spotify refuses the request, so it had no effect; the message is Spotify's reason."""


class AskedToWaitError(Exception):
    """Spotify asks for a pause, so the request had no effect.

    Attributes:
        seconds: how long to wait, None if the answer does not say.
        quota: whether the app's quota is used up.
    """

    def __init__(self, seconds: int | None, *, quota: bool) -> None:
        super().__init__("Spotify asks to wait")
        self.seconds = seconds
        self.quota = quota


class ClosedError(Exception):
    """Spotify accepts no more requests with this consent; the message says why, and what to do."""


class Seen(NamedTuple):
    """The number of rows in a playlist, and the rows that were read.

    A row has the URIs of its song: its own and, if Spotify plays another song instead, the added
    one. It has none if Spotify names no song.
    """

    total: int | None
    rows: list[set[str]]


class Created(NamedTuple):
    id: str
    public: bool


class Writer(Protocol):
    """Spotify, with a user's consent to write private playlists.

    Every method raises `NoAnswerError`, `AskedToWaitError` or `ClosedError`.
    """

    def create(self, name: str, description: str) -> Created:
        """Create a private playlist without songs.

        Raises:
            RefusedError: Spotify refuses the name or the description.
        """
        ...

    def find(self, tag: str) -> list[Created]:
        """Return the user's playlists with this word in their description."""
        ...

    def add(self, playlist_id: str, uris: list[str], position: int) -> str:
        """Add at most a hundred songs, and return the id of the playlist's new version.

        Raises:
            RefusedError: Spotify refuses these songs.
        """
        ...

    def look(self, playlist_id: str, offset: int) -> Seen:
        """Return the number of rows, and at most fifty rows from `offset` on, counted from 0."""
        ...
