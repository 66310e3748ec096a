"""Reads complete playlists and libraries from the Web API."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

import requests

from playlist_archive.documents.keys import is_playlist_id
from playlist_archive.documents.liked_songs import LIKED_SONGS
from playlist_archive.documents.playlist import Header, Row
from playlist_archive.documents.spotify_state import Pages, SpotifyState
from playlist_archive.errors import (
    BudgetSpentError,
    ContentsForbiddenError,
    CrowdedOutError,
    InvalidAnswerError,
    OversizedError,
    PlaylistNotFoundError,
    UnstablePlaylistError,
)
from playlist_archive.ports.credentials import Credentials
from playlist_archive.ports.spotify import Library, LibraryEntry, Reading
from playlist_archive.spotify.answers import ClosedError
from playlist_archive.spotify.liked_songs import LikedSongs
from playlist_archive.spotify.pager import MOST_ROWS, ROWS_PAGE, Pager, TornReadError, most_pages
from playlist_archive.spotify.rate_limiter import RateLimiter
from playlist_archive.spotify.requester import PROFILE, Requester
from playlist_archive.spotify.tokens import Tokens
from playlist_archive.spotify.wire import (
    WirePage,
    WirePlaylist,
    WirePlaylists,
    WireUser,
    parse_entry,
    parse_header,
    parse_row,
)

logger = logging.getLogger(__name__)

PLAYLISTS_PAGE = 50
_TYPES = "track,episode"

_ITEM = (
    "id,uri,type,name,is_local,is_playable,duration_ms,explicit,external_ids,external_urls,"
    "restrictions,release_date,album(name,release_date,external_urls),"
    "artists(name,type,external_urls),show(name,external_urls)"
)
_ROWS = f"items(added_at,added_by(id),is_local,item({_ITEM}),track({_ITEM}))"
_PAGE = f"total,offset,next,{_ROWS}"
_HEADER = (
    "id,name,description,snapshot_id,external_urls,collaborative,"
    "owner(id,display_name,external_urls),followers(total)"
)
_PLAYLIST = f"{_HEADER},items({_PAGE}),tracks({_PAGE})"


class WebApi:
    """`Spotify` over HTTPS: `open` begins an invocation, `close` ends it."""

    def __init__(
        self, session: requests.Session, tokens: Tokens, limiter: RateLimiter, url: str
    ) -> None:
        self._requester = Requester(session, tokens, limiter, url)
        self._tokens = tokens
        self._limiter = limiter

    @property
    def state(self) -> SpotifyState:
        return self._limiter.state

    def open(self, remaining_seconds: Callable[[], float]) -> None:
        self._requester.open()
        self._limiter.open(remaining_seconds)

    def close(self) -> None:
        self._limiter.close()

    def check(self) -> None:
        self._limiter.check()

    def start_run(self, run: datetime) -> None:
        self._limiter.start_run(run)

    def credentials(self) -> Credentials:
        return self._tokens.credentials

    def log_in(self) -> None:
        self._requester.log_in()

    def read_library(self) -> Library:
        user = self._requester.ask(PROFILE, {}, WireUser)
        for _ in range(2):
            try:
                return self._list_library(user.id)
            except TornReadError as error:
                logger.info("torn sweep of the library: %s", error)
                reason = str(error)
        raise InvalidAnswerError(f"the library could not be listed whole: {reason}")

    def _list_library(self, user_id: str) -> Library:
        """List the library once.

        Raises:
            TornReadError: a playlist may be missing, or came twice, because it moved between pages.
        """
        readable = True
        entries: dict[str, LibraryEntry] = {}
        totals: set[int | None] = set()
        came = pages = closed = 0
        while True:
            query = {"limit": str(PLAYLISTS_PAGE), "offset": str(came)}
            page = self._requester.ask("/me/playlists", query, WirePlaylists)
            for body in page.items:
                if bytes(body).strip() == b"null":
                    closed += 1
                    continue
                wire = parse_entry(body)
                if wire is None or wire.id is None or not is_playlist_id(wire.id):
                    logger.warning("the library lists a playlist without a proper id")
                    readable = False
                elif wire.id in entries:
                    raise TornReadError(f"{wire.id} came twice")
                else:
                    header = parse_header(wire.id, wire)
                    entries[wire.id] = LibraryEntry(wire.id, header, bool(wire.collaborative))
            totals.add(page.total)
            came += len(page.items)
            pages += 1
            if not page.next or not page.items:
                break
            if came > MOST_ROWS or pages >= most_pages(page.total, PLAYLISTS_PAGE):
                raise TornReadError(f"{came} playlists came and no end")
        if len(totals) > 1 or (page.total is not None and came != page.total):
            raise TornReadError(f"{page.total} playlists were promised, {came} came")
        return Library(user_id, tuple(entries.values()), readable, closed)

    def read_playlist(self, playlist_id: str, known: str = "") -> Reading:
        return _read_twice(playlist_id, lambda: self._read_once(playlist_id, known))

    def read_liked_songs(
        self, known: Header | None, known_rows: Callable[[], Sequence[Row]]
    ) -> Reading:
        def read() -> Reading:
            return LikedSongs(self._requester, self._limiter).read(known, known_rows)

        return _read_twice(LIKED_SONGS, read)

    def _read_once(self, playlist_id: str, known: str) -> Reading:
        address = f"/playlists/{playlist_id}"
        wire = self._requester.ask(
            address, {"additional_types": _TYPES, "fields": _PLAYLIST}, WirePlaylist
        )
        if wire.id not in {None, playlist_id}:
            logger.warning("asked about %s, Spotify told about %a", playlist_id, wire.id)
            raise InvalidAnswerError("Spotify's answer is about another playlist")
        header = parse_header(playlist_id, wire)
        if not header.snapshot_id:
            raise InvalidAnswerError("Spotify's answer has no snapshot_id")
        first = wire.items or wire.tracks
        if first is None:
            raise ContentsForbiddenError("Spotify does not show this app its contents", header)
        embedded: Pages = "items" if wire.items else "tracks"
        pager = Pager(first)
        if pager.more and header.snapshot_id == known:
            return Reading(header, None)
        if not pager.has_ended:
            try:
                self._read_rest(playlist_id, embedded, pager, header)
            except BudgetSpentError as error:
                # The next run would stop here again, so it has to read the other playlists first.
                raise OversizedError(
                    f"needs more requests than were left: {error}; raise DailyRequestBudget"
                ) from None
        pager.check_count()
        return Reading(header, tuple(map(parse_row, pager.rows)))

    def _read_rest(self, playlist_id: str, embedded: Pages, pager: Pager, header: Header) -> None:
        """Read the pages after the embedded one, and check that all have the same version.

        First check that the budget and the time are enough for all of them.
        """
        size = ROWS_PAGE[self._limiter.state.pages or embedded]
        # One more request reads the version after the last page.
        self._limiter.make_room(1 + pager.pages_due(size))
        most = pager.most_pages(size)
        for _ in range(most):
            pager.add(self._read_rows(playlist_id, embedded, len(pager.rows), header))
            if not pager.more:
                break
        else:
            raise InvalidAnswerError(f"{most} pages came and no end")
        pager.check_count()
        if self._snapshot_id(playlist_id) != header.snapshot_id:
            raise TornReadError("it changed while it was read")

    def _read_rows(
        self, playlist_id: str, embedded: Pages, offset: int, header: Header
    ) -> WirePage:
        query = {"additional_types": _TYPES, "fields": _PAGE, "offset": str(offset)}
        endpoint = self._limiter.state.pages or embedded
        other: Pages = "tracks" if endpoint == "items" else "items"
        for pages in (endpoint, other):
            try:
                page = self._requester.ask(
                    f"/playlists/{playlist_id}/{pages}",
                    {**query, "limit": str(ROWS_PAGE[pages])},
                    WirePage,
                )
            except (ClosedError, PlaylistNotFoundError):
                continue
            self._limiter.remember_pages(pages)
            return page
        raise ContentsForbiddenError("Spotify does not show this app its contents", header)

    def _snapshot_id(self, playlist_id: str) -> str | None:
        query = {"fields": "snapshot_id"}
        return self._requester.ask(f"/playlists/{playlist_id}", query, WirePlaylist).snapshot_id


def _read_twice(playlist_id: str, read: Callable[[], Reading]) -> Reading:
    """Return the result of `read`; retry it once if the first read was torn."""
    reason = ""
    for _ in range(2):
        try:
            return read()
        except TornReadError as error:
            logger.info("torn read of %s: %s", playlist_id, error)
            reason = str(error)
        except CrowdedOutError as error:
            if not reason:
                raise
            raise UnstablePlaylistError(f"{reason}, and it {error}") from None
    raise UnstablePlaylistError(f"no two reads fit together: {reason}")
