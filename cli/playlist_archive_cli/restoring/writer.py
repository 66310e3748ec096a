"""What a restore needs of Spotify, and how that can fail."""

from typing import NamedTuple, Protocol

LOOKED_AT = 50
"""How many rows are looked at: as many as Spotify documents for a page."""


class NoAnswerError(Exception):
    """There is no usable answer. What was asked for may have been done, or may be done yet."""


class RefusedError(Exception):
    """Spotify refuses what was sent, so nothing was done; the message is its reason."""


class AskedToWaitError(Exception):
    """Spotify wants no requests now, so nothing was done.

    Attributes:
        seconds: how long to wait, None where the answer does not say.
        quota: whether the app's quota is used up.
    """

    def __init__(self, seconds: int | None, *, quota: bool) -> None:
        super().__init__("Spotify asks to wait")
        self.seconds = seconds
        self.quota = quota


class ClosedError(Exception):
    """Spotify takes nothing more with this consent; the message says why, and what to do."""


class Seen(NamedTuple):
    """The number of rows in a playlist, and the rows that were looked at.

    A row has the URIs by which Spotify knows its song: its own and, where Spotify plays another
    one instead, that which was added. It has none where Spotify names no song.
    """

    total: int | None
    rows: list[set[str]]


class Created(NamedTuple):
    id: str
    public: bool


class Writer(Protocol):
    """Spotify, as one user who allowed it lets his private playlists be written.

    Every method raises `NoAnswerError`, `AskedToWaitError` or `ClosedError`.
    """

    def create(self, name: str, description: str) -> Created:
        """Create a private playlist without songs.

        Raises:
            RefusedError: Spotify does not take the name or the description.
        """
        ...

    def find(self, tag: str) -> list[Created]:
        """Return the user's playlists with this word in their description."""
        ...

    def add(self, playlist_id: str, uris: list[str], position: int) -> str:
        """Add at most a hundred songs, and return the id of the playlist's new version.

        Raises:
            RefusedError: Spotify does not take these songs.
        """
        ...

    def look(self, playlist_id: str, offset: int) -> Seen:
        """Return how many rows there are, and at most fifty from `offset` on, counted from 0."""
        ...
