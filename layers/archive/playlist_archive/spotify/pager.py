"""Collects the rows of one playlist from its embedded page and the pages after it."""

from playlist_archive.documents.spotify_state import Pages
from playlist_archive.errors import InvalidAnswerError
from playlist_archive.spotify.wire import WirePage, WireRow

# Spotify documents a limit of 50 for both, but `/tracks` accepts 100, its former default.
ROWS_PAGE: dict[Pages, int] = {"items": 50, "tracks": 100}
# A playlist may have 10,000 rows, a library 11,000 playlists; a few old ones have more.
MOST_ROWS = 12_000


class TornReadError(Exception):
    """The pages do not belong to one version of the playlist."""


class Pager:
    """Collects the rows of one version of a playlist, and knows when they are complete."""

    def __init__(self, embedded: WirePage) -> None:
        self.rows: list[WireRow | None] = list(embedded.items or ())
        # A page without the field `items` shows nothing about rows, so it is not the last.
        self.more = bool(embedded.next) or embedded.items is None
        self._total = embedded.total
        self._is_promised = embedded.items is not None

    @property
    def has_ended(self) -> bool:
        return not self.more and not self._missing

    @property
    def _missing(self) -> int:
        """The number of promised rows that are still missing."""
        return 0 if self._total is None else max(0, self._total - len(self.rows))

    def pages_due(self, size: int) -> int:
        """Return how many pages of `size` rows are still missing, at least one.

        Raises:
            InvalidAnswerError: Spotify promises more rows than a playlist can have.
        """
        if self._total is not None and self._total > MOST_ROWS:
            raise InvalidAnswerError(f"Spotify promises {self._total} rows, more than {MOST_ROWS}")
        return max(1, pages_of(self._missing, size))

    def most_pages(self, size: int) -> int:
        return most_pages(self._total, size)

    def add(self, page: WirePage) -> None:
        """Add the next page.

        Raises:
            InvalidAnswerError: it is not the requested page, or there are too many rows.
            TornReadError: its total differs from that of the pages before it.
        """
        if page.items is None or page.offset not in {None, len(self.rows)}:
            raise InvalidAnswerError("Spotify's answer is not the page that was asked for")
        self.rows += page.items
        if len(self.rows) > MOST_ROWS:
            raise InvalidAnswerError(f"more than {MOST_ROWS} rows came")
        self._keep_promise(page.total)
        # A page without rows is the last, whatever its total; `check_count` finds missing rows.
        self.more = bool(page.next or self._missing) and bool(page.items)

    def _keep_promise(self, total: int | None) -> None:
        if not self._is_promised:
            self._total, self._is_promised = total, True
        elif self._total is None:
            self._total = total
        elif total not in {None, self._total}:
            raise TornReadError(f"{self._total} rows were promised, and then {total}")

    def check_count(self) -> None:
        """Raise `TornReadError` if the number of rows is not the promised one."""
        if self._total is not None and len(self.rows) != self._total:
            raise TornReadError(f"{self._total} rows were promised, {len(self.rows)} came")


def pages_of(rows: int, size: int) -> int:
    """Return the number of pages of `size` rows for `rows` rows."""
    return -(-rows // size)


def most_pages(total: int | None, size: int) -> int:
    """Return the most pages to read; generous, because pages may be shorter than `size`."""
    rows = MOST_ROWS if total is None else min(total, MOST_ROWS)
    return 2 * pages_of(rows, size) + 10
