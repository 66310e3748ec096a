"""The Web API: one request after the other, each either a typed answer or a decision."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import requests
import stamina

from playlist_archive.documents.keys import is_playlist_id
from playlist_archive.documents.playlist import Header
from playlist_archive.documents.spotify_state import Pages, SpotifyState
from playlist_archive.errors import (
    UNREADABLE,
    AuthorizationError,
    BudgetSpentError,
    ContentsForbiddenError,
    CrowdedOutError,
    InvalidAnswerError,
    OversizedError,
    PlaylistError,
    PlaylistNotFoundError,
    SpotifyStoppedError,
    SpotifyUnavailableError,
    UnstablePlaylistError,
)
from playlist_archive.ports.credentials import Credentials
from playlist_archive.ports.spotify import Library, LibraryEntry, Reading
from playlist_archive.spotify.exchange import TIMEOUT_SECONDS, Answer, NoAnswerError, exchange
from playlist_archive.spotify.gate import Gate
from playlist_archive.spotify.tokens import AskedToWaitError, Tokens
from playlist_archive.spotify.wire import (
    WirePage,
    WirePlaylist,
    WirePlaylists,
    WireRow,
    WireUser,
    parse_entry,
    parse_header,
    parse_row,
)

logger = logging.getLogger(__name__)

PLAYLISTS_PAGE = 50
# 50 is the documented limit of both; `/tracks` has always taken 100, its former default.
ROWS_PAGE: dict[Pages, int] = {"items": 50, "tracks": 100}
# A playlist holds 10,000 rows, a library 11,000 playlists; a few old ones have more.
MOST_ROWS = 12_000
_PROFILE = "/me"
_NEEDS_USER = "Valid user authentication required"
_TRIES = 4
# So many requests in a row without a usable answer, each tried as often as it may be.
_MOST_SILENT = 3
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


class _BlipError(Exception):
    """No usable answer this time; another try is reasonable."""


class _RefusedError(Exception):
    """The credentials are refused, or this playlist alone is.

    Attributes:
        remedy: what to do if it is the credentials.
        reason: what is so if it is this playlist.
    """

    def __init__(self, remedy: str, reason: str) -> None:
        super().__init__(remedy)
        self.remedy = remedy
        self.reason = reason


class _Suspicion(NamedTuple):
    """That the credentials are refused, after what one playlist answered to `token`."""

    playlist_path: str
    remedy: str
    token: str


class _ClosedError(ContentsForbiddenError):
    """This address is closed to this kind of app or token: 403, or a 401 that stays one."""


class _TornReadError(Exception):
    """The pages do not belong to one version of the playlist."""


class WebApi:
    """`Spotify` over HTTPS."""

    def __init__(self, session: requests.Session, tokens: Tokens, gate: Gate, url: str) -> None:
        self._session = session
        self._tokens = tokens
        self._gate = gate
        self._url = url.rstrip("/")
        self._silent = 0
        self._given_up = ""
        self._proved_token = ""
        self._suspicion: _Suspicion | None = None

    @property
    def state(self) -> SpotifyState:
        return self._gate.state

    def open(self, remaining_seconds: Callable[[], float]) -> None:
        self._silent = 0
        self._given_up = ""
        self._gate.open(remaining_seconds)

    def close(self) -> None:
        self._gate.close()

    def check(self) -> None:
        self._gate.check()

    def start_run(self, run: datetime) -> None:
        self._gate.start_run(run)

    def credentials(self) -> Credentials:
        return self._tokens.credentials

    def log_in(self) -> None:
        for waited in (False, True):
            self._gate.check()
            try:
                self._tokens.access_token()
            except AskedToWaitError as error:
                self._gate.wait_or_park(error.retry_after, quota=False, waited=waited)
            else:
                return

    def read_library(self) -> Library:
        user = self._ask(_PROFILE, {}, WireUser)
        for _ in range(2):
            try:
                entries, readable = self._list_library()
                return Library(user.id, entries, readable)
            except _TornReadError as error:
                logger.info("torn sweep of the library: %s", error)
                reason = str(error)
        raise InvalidAnswerError(f"the library could not be listed whole: {reason}")

    def _list_library(self) -> tuple[tuple[LibraryEntry, ...], bool]:
        """List the library once, and say whether every entry named its playlist.

        A playlist that moves between pages may be missed or come twice. Spotify shows a playlist
        that is closed to this app as null.
        """
        readable = True
        entries: dict[str, LibraryEntry] = {}
        totals: set[int | None] = set()
        came = pages = 0
        while True:
            query = {"limit": str(PLAYLISTS_PAGE), "offset": str(came)}
            page = self._ask("/me/playlists", query, WirePlaylists)
            for body in page.items:
                if bytes(body).strip() == b"null":
                    continue
                wire = parse_entry(body)
                if wire is None or wire.id is None or not is_playlist_id(wire.id):
                    logger.warning("the library lists a playlist without a proper id")
                    readable = False
                elif wire.id in entries:
                    raise _TornReadError(f"{wire.id} came twice")
                else:
                    header = parse_header(wire.id, wire)
                    entries[wire.id] = LibraryEntry(wire.id, header, bool(wire.collaborative))
            totals.add(page.total)
            came += len(page.items)
            pages += 1
            if not page.next or not page.items:
                break
            if came > MOST_ROWS or pages >= most_pages(page.total, PLAYLISTS_PAGE):
                raise _TornReadError(f"{came} playlists came and no end")
        if len(totals) > 1 or (page.total is not None and came != page.total):
            raise _TornReadError(f"{page.total} playlists were promised, {came} came")
        return tuple(entries.values()), readable

    def read_playlist(self, playlist_id: str, known: str = "") -> Reading:
        reason = ""
        for _ in range(2):
            try:
                return self._read_once(playlist_id, known)
            except _TornReadError as error:
                logger.info("torn read of %s: %s", playlist_id, error)
                reason = str(error)
            except CrowdedOutError as error:
                if not reason:
                    raise
                raise UnstablePlaylistError(f"{reason}, and it {error}") from None
        raise UnstablePlaylistError(f"no two reads fit together: {reason}")

    def _read_once(self, playlist_id: str, known: str) -> Reading:
        address = f"/playlists/{playlist_id}"
        wire = self._ask(address, {"additional_types": _TYPES, "fields": _PLAYLIST}, WirePlaylist)
        header = parse_header(playlist_id, wire)
        if not header.snapshot_id:
            raise InvalidAnswerError("Spotify's answer has no snapshot_id")
        first = wire.items or wire.tracks
        if first is None:
            raise ContentsForbiddenError("Spotify does not show this app its contents", header)
        embedded: Pages = "items" if wire.items else "tracks"
        # A page that names no rows at all, not even none, does not say that there are none.
        more = bool(first.next) or first.items is None
        if more and header.snapshot_id == known:
            return Reading(header, None)
        rows = list(first.items or ())
        if more or _missing(first.total, rows):
            try:
                rows += self._read_rest(playlist_id, embedded, first, header)
            except BudgetSpentError as error:
                # Begun and broken off once, it would be again: the others come first from now on.
                raise OversizedError(
                    f"needs more requests than were left: {error}; raise DailyRequestBudget"
                ) from None
        else:
            _check_count(first.total, rows)
        return Reading(header, tuple(map(parse_row, rows)))

    def _read_rest(
        self, playlist_id: str, embedded: Pages, first: WirePage, header: Header
    ) -> list[WireRow | None]:
        """Return the rows behind the first page, all of one version.

        Nothing is begun that cannot be ended: what is due is compared with what is left before.
        """
        rows, total = list(first.items or ()), first.total
        known = len(rows)
        if total is not None and total > MOST_ROWS:
            raise InvalidAnswerError(f"Spotify promises {total} rows, more than {MOST_ROWS}")
        size = ROWS_PAGE[self._gate.state.pages or embedded]
        # Beside the pages, the last look at the version.
        self._gate.make_room(1 + max(1, pages_due(_missing(total, rows), size)))
        most = most_pages(total, size)
        for _ in range(most):
            page = self._read_rows(playlist_id, embedded, len(rows), header)
            if page.items is None or page.offset not in {None, len(rows)}:
                raise InvalidAnswerError("Spotify's answer is not the page that was asked for")
            rows += page.items
            total, more = page.total, bool(page.next)
            if len(rows) > MOST_ROWS:
                raise InvalidAnswerError(f"more than {MOST_ROWS} rows came")
            if not page.items or not (more or _missing(total, rows)):
                break
        else:
            raise InvalidAnswerError(f"{most} pages came and no end")
        _check_count(total, rows)
        if self._snapshot_id(playlist_id) != header.snapshot_id:
            raise _TornReadError("it changed while it was read")
        return rows[known:]

    def _read_rows(
        self, playlist_id: str, embedded: Pages, offset: int, header: Header
    ) -> WirePage:
        query = {"additional_types": _TYPES, "fields": _PAGE, "offset": str(offset)}
        endpoint = self._gate.state.pages or embedded
        other: Pages = "tracks" if endpoint == "items" else "items"
        for pages in (endpoint, other):
            try:
                page = self._ask(
                    f"/playlists/{playlist_id}/{pages}",
                    {**query, "limit": str(ROWS_PAGE[pages])},
                    WirePage,
                )
            except (_ClosedError, PlaylistNotFoundError):
                continue
            self._gate.remember_pages(pages)
            return page
        raise ContentsForbiddenError("Spotify does not show this app its contents", header)

    def _snapshot_id(self, playlist_id: str) -> str | None:
        query = {"fields": "snapshot_id"}
        return self._ask(f"/playlists/{playlist_id}", query, WirePlaylist).snapshot_id

    def _ask[T](self, path: str, query: dict[str, str], shape: type[T]) -> T:
        """Send one GET, again after a blip (Spotify accepts one 5xx in a thousand as normal).

        One request after the other without a usable answer ends the invocation's reading, but never
        that of the playlist that it happens to: what is put off comes first in the next run.

        Raises:
            SpotifyUnavailableError: Spotify did not answer before, in this invocation.
        """
        if self._given_up:
            self._gate.check()
            raise SpotifyUnavailableError(self._given_up)
        try:
            for attempt in stamina.retry_context(
                on=_BlipError, attempts=_TRIES, timeout=None, wait_initial=1, wait_max=8
            ):
                with attempt:
                    answer = self._ask_once(path, query, shape)
        except _BlipError as error:
            self._silent += 1
            if self._silent >= _MOST_SILENT:
                if self._answers():
                    self._silent = 0
                else:
                    self._given_up = f"Spotify does not answer: {error}"
            raise InvalidAnswerError(f"no usable answer in {_TRIES} tries: {error}") from None
        except PlaylistError:
            self._silent = 0
            raise
        self._silent = 0
        return answer

    def _answers(self) -> bool:
        """Whether Spotify answers at all: a user's profile is always there."""
        if not self._tokens.of_user:
            return False
        try:
            self._ask_once(_PROFILE, {}, WireUser, renew=False)
        except (_BlipError, SpotifyStoppedError):
            return False
        except PlaylistError:
            return True
        return True

    def _ask_once[T](
        self, path: str, query: dict[str, str], shape: type[T], *, renew: bool = True
    ) -> T:
        """Send one GET, again after a short wait; with `renew` also after a new token."""
        waited = False
        tokens: list[str] = []
        while True:
            self._gate.check()
            try:
                token = self._tokens.access_token()
            except AskedToWaitError as error:
                self._gate.wait_or_park(error.retry_after, quota=False, waited=waited)
                waited = True
                continue
            answer = self._send(path, query, token)
            if answer.status == requests.codes.too_many_requests:
                self._gate.wait_or_park(
                    answer.retry_after, quota="QUOTA_EXCEEDED" in answer.text, waited=waited
                )
                waited = True
                continue
            tokens.append(token)
            if renew and len(tokens) == 1 and _may_be_out_of_date(answer):
                self._tokens.discard()
                continue
            self._gate.note_answer()
            if answer.status == requests.codes.ok:
                self._proved_token, self._suspicion = token, None
            try:
                return _decode(answer, shape)
            except _RefusedError as refusal:
                raise self._judge(path, tokens, refusal) from None

    def _send(self, path: str, query: dict[str, str], token: str) -> Answer:
        self._gate.pass_one()
        try:
            return exchange(
                lambda: self._session.get(
                    self._url + path,
                    params=query,
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=TIMEOUT_SECONDS,
                    allow_redirects=False,
                    stream=True,
                )
            )
        except NoAnswerError as error:
            raise _BlipError(str(error)) from None

    def _judge(self, path: str, tokens: list[str], refusal: _RefusedError) -> Exception:
        """Tell whether a refusal is one of the credentials, or of one playlist alone.

        The credentials are refused if the user's profile is refused, too; without a user, if
        another playlist was refused in the same way, and nothing was read in between.
        """
        condemned = AuthorizationError(refusal.remedy)
        if path == _PROFILE:
            return condemned
        alone = InvalidAnswerError(refusal.reason)
        if tokens[-1] == self._proved_token:
            return alone
        if self._tokens.of_user:
            try:
                self._ask_once(_PROFILE, {}, WireUser, renew=False)
            except AuthorizationError as error:
                return error
            except (_BlipError, PlaylistError):
                logger.info("the profile says nothing about the credentials")
            return alone
        playlist_path = "/".join(path.split("/")[:3])
        before = self._suspicion
        self._suspicion = _Suspicion(playlist_path, refusal.remedy, tokens[-1])
        confirmed = (
            before is not None
            and before.playlist_path != playlist_path
            and before.remedy == refusal.remedy
            and before.token in tokens
        )
        return condemned if confirmed else alone


def pages_due(rows: int, size: int) -> int:
    """Return how many pages of `size` hold so many rows."""
    return -(-rows // size)


def most_pages(total: int | None, size: int) -> int:
    """Return after how many pages something is wrong: some may be shorter than was asked for."""
    rows = MOST_ROWS if total is None else min(total, MOST_ROWS)
    return 2 * pages_due(rows, size) + 10


def _missing(total: int | None, rows: Sequence[object]) -> int:
    """Return how many of the promised rows have not come."""
    return 0 if total is None else max(0, total - len(rows))


def _check_count(total: int | None, rows: Sequence[object]) -> None:
    if total is not None and len(rows) != total:
        raise _TornReadError(f"{total} rows were promised, {len(rows)} came")


def _decode[T](answer: Answer, shape: type[T]) -> T:
    status = answer.status
    if status == requests.codes.ok:
        return _decode_body(answer.body, shape)
    if status in {requests.codes.bad_request, requests.codes.not_found}:
        raise PlaylistNotFoundError("Spotify does not find it: deleted, private or closed")
    if status == requests.codes.unauthorized:
        raise _explain_unauthorized(answer.text)
    if status == requests.codes.forbidden:
        raise _explain_forbidden(answer.text)
    if status >= requests.codes.server_error:
        raise _BlipError(f"HTTP {status}")
    raise InvalidAnswerError(f"Spotify answered HTTP {status}")


def _decode_body[T](body: bytes, shape: type[T]) -> T:
    if body.strip() in {b"", b'""', b"{}", b"null"}:
        raise _BlipError("an empty answer")
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise InvalidAnswerError(f"Spotify's answer is malformed: {error}") from None
    except UNREADABLE:
        raise _BlipError("an answer that is not JSON") from None


def _may_be_out_of_date(answer: Answer) -> bool:
    """Whether it may be the token that is refused; another kind of token is no cure."""
    return answer.status == requests.codes.unauthorized and _NEEDS_USER not in answer.text


def _explain_unauthorized(text: str) -> Exception:
    if _NEEDS_USER in text:
        return _ClosedError("Spotify shows this only to a user who is logged in")
    return _RefusedError(
        "Spotify refuses a fresh access token: log in again",
        "Spotify refuses every token for it (HTTP 401)",
    )


def _explain_forbidden(text: str) -> Exception:
    """Tell the four kinds of 403 apart by their words; some are plain text or HTML."""
    if "remium" in text:
        return _RefusedError(
            "the owner of the Spotify app needs a Premium subscription",
            "Spotify refuses to show it and speaks of a Premium subscription",
        )
    if "registered" in text:
        return _RefusedError(
            "this user is not on the app's list: add them in Spotify's developer dashboard",
            "Spotify refuses to show it and calls this user not registered",
        )
    if "permission to get URL" in text:
        return _BlipError("Spotify's front end refused the address of this machine")
    return _ClosedError("Spotify does not show this app its contents")
