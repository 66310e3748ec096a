"""Reads the Liked Songs: one page if nothing changed, else the pages that prove all songs."""

import logging
from collections.abc import Callable, Sequence

from playlist_archive.documents.liked_alignment import LineUp, NoLineUpError
from playlist_archive.documents.liked_songs import LIKED_PAGE, liked_header, liked_version
from playlist_archive.documents.playlist import Header, Owner, Row
from playlist_archive.errors import BudgetSpentError, InvalidAnswerError, OversizedError
from playlist_archive.ports.spotify import Reading
from playlist_archive.spotify.pager import TornReadError
from playlist_archive.spotify.rate_limiter import RateLimiter
from playlist_archive.spotify.requester import PROFILE, Requester
from playlist_archive.spotify.wire import WireOwner, WireSaved, parse_owner, parse_row

logger = logging.getLogger(__name__)

# As many as the default daily budget can read.
MOST_SONGS = 30_000


class LikedSongs:
    """One try to read the Liked Songs; the first page is read on creation.

    Attributes:
        version: the version of the songs that this try reads.
    """

    def __init__(self, requester: Requester, limiter: RateLimiter) -> None:
        self._requester = requester
        self._limiter = limiter
        self._total, newest = self._ask(0)
        self._pages = {0: newest}
        self.version = liked_version(self._total, newest)

    def read(self, known: Header | None, known_rows: Callable[[], Sequence[Row]]) -> Reading:
        """Return all songs; those that were not read are proved by the `known_rows` of `known`.

        Raises:
            TornReadError: the songs changed meanwhile.
        """
        if known and known.snapshot_id == self.version:
            return Reading(known, self._pages[0] if self._has_all() else None)
        try:
            rows = self._prove(known, known_rows) if known and not self._has_all() else None
            if known and rows is not None and not self._has_all():
                owner = known.owner
            else:
                rows, owner = self._read_all(), self._read_owner()
            self._check_unchanged()
        except BudgetSpentError as error:
            # The next run would stop here again, so it has to read the other playlists first.
            raise OversizedError(
                f"needs more requests than were left: {error}; raise DailyRequestBudget"
            ) from None
        return Reading(liked_header(owner, self.version), rows, whole=self._has_all())

    def _prove(
        self, known: Header, known_rows: Callable[[], Sequence[Row]]
    ) -> tuple[Row, ...] | None:
        """Return all songs after reading the fewest pages that prove them, None if none do."""
        rows = known_rows()
        if known.snapshot_id != liked_version(len(rows), rows):
            return None
        try:
            line_up = LineUp(rows)
            while (begin := line_up.next_page(self._total, self._pages)) is not None:
                # One more request checks whether they are still the same.
                self._limiter.make_room(2)
                self._add(begin)
            return line_up.fill(self._total, self._pages)
        except NoLineUpError as error:
            logger.info("the Liked Songs are read whole: %s", error)
            return None

    def _read_all(self) -> tuple[Row, ...]:
        begins = range(0, self._total, LIKED_PAGE)
        missing = [begin for begin in begins if begin not in self._pages]
        # One more request reads the owner and, if there are several pages, one more checks whether
        # the songs are still the same.
        self._limiter.make_room(len(missing) + 1 + (self._total > LIKED_PAGE))
        for begin in missing:
            self._add(begin)
        return tuple(row for begin in begins for row in self._pages[begin])

    def _read_owner(self) -> Owner:
        owner = parse_owner(self._requester.ask(PROFILE, {}, WireOwner))
        if not owner.id:
            raise InvalidAnswerError("Spotify does not say whose Liked Songs these are")
        return owner

    def _check_unchanged(self) -> None:
        """Raise `TornReadError` if songs were liked while several pages were read.

        Removed songs are detected by their number.
        """
        if len(self._pages) > 1 and liked_version(*self._ask(0)) != self.version:
            raise TornReadError("they changed while they were read")

    def _add(self, begin: int) -> None:
        total, rows = self._ask(begin)
        if total != self._total:
            raise TornReadError(f"{self._total} songs were promised, and then {total}")
        self._pages[begin] = rows

    def _has_all(self) -> bool:
        return sum(map(len, self._pages.values())) == self._total

    def _ask(self, begin: int) -> tuple[int, tuple[Row, ...]]:
        """Return the number of all songs, and the page that begins at the given place."""
        query = {"limit": str(LIKED_PAGE), "offset": str(begin)}
        page = self._requester.ask("/me/tracks", query, WireSaved)
        if page.total > MOST_SONGS:
            raise InvalidAnswerError(f"Spotify promises {page.total} songs, more than {MOST_SONGS}")
        if page.offset not in {None, begin}:
            raise InvalidAnswerError("Spotify's answer is not the page that was asked for")
        due = max(0, min(LIKED_PAGE, page.total - begin))
        if len(page.items) != due:
            raise TornReadError(f"{due} songs were promised, {len(page.items)} came")
        return page.total, tuple(map(parse_row, page.items))
