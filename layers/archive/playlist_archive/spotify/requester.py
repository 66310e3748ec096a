"""Sends GET requests to the Web API: spaces them, retries them, and interprets refusals."""

import logging
from typing import NamedTuple

import requests
import stamina

from playlist_archive.errors import (
    AuthorizationError,
    InvalidAnswerError,
    PlaylistError,
    SpotifyUnavailableError,
)
from playlist_archive.spotify.answers import (
    BlipError,
    RefusedError,
    decode_answer,
    may_be_out_of_date,
)
from playlist_archive.spotify.exchange import TIMEOUT_SECONDS, Answer, NoAnswerError, exchange
from playlist_archive.spotify.rate_limiter import RateLimiter
from playlist_archive.spotify.tokens import AskedToWaitError, Tokens
from playlist_archive.spotify.wire import WireUser

logger = logging.getLogger(__name__)

PROFILE = "/me"
_TRIES = 4
# After this many requests in a row without a usable answer, each tried `_TRIES` times, the
# invocation checks whether Spotify answers at all.
_MOST_SILENT = 3


class _Suspicion(NamedTuple):
    """One playlist was refused with `token`, so the credentials may be refused."""

    playlist_path: str
    remedy: str
    token: str


class Requester:
    """Sends one request after the other; `open` begins an invocation."""

    def __init__(
        self, session: requests.Session, tokens: Tokens, limiter: RateLimiter, url: str
    ) -> None:
        self._session = session
        self._tokens = tokens
        self._limiter = limiter
        self._url = url.rstrip("/")
        self._silent = 0
        self._given_up = ""
        self._proved_token = ""
        self._suspicion: _Suspicion | None = None

    def open(self) -> None:
        self._silent = 0
        self._given_up = ""

    def log_in(self) -> None:
        for waited in (False, True):
            self._limiter.check()
            try:
                self._tokens.access_token()
            except AskedToWaitError as error:
                self._limiter.wait_or_pause(error.retry_after, quota=False, waited=waited)
            else:
                return

    def ask[T](self, path: str, query: dict[str, str], shape: type[T]) -> T:
        """Send one GET; retry it after a blip (Spotify calls one 5xx in a thousand normal).

        After several requests in a row without a usable answer, this invocation sends no more. The
        last of them still counts as a failure of its own playlist. Otherwise a playlist without
        answers could come first in every run.

        Raises:
            SpotifyUnavailableError: Spotify stopped answering earlier in this invocation.
        """
        if self._given_up:
            self._limiter.check()
            raise SpotifyUnavailableError(self._given_up)
        try:
            for attempt in stamina.retry_context(
                on=BlipError, attempts=_TRIES, timeout=None, wait_initial=1, wait_max=8
            ):
                with attempt:
                    answer = self._ask_once(path, query, shape)
        except BlipError as error:
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
        """Whether Spotify answers a request for the user's profile; False without a user.

        Raises:
            SpotifyStoppedError: Spotify answers, but no more requests may be sent.
        """
        if not self._tokens.of_user:
            return False
        try:
            self._ask_once(PROFILE, {}, WireUser, renew=False)
        except BlipError:
            return False
        except PlaylistError:
            return True
        return True

    def _ask_once[T](
        self, path: str, query: dict[str, str], shape: type[T], *, renew: bool = True
    ) -> T:
        """Send one GET; retry it after a short 429 and, with `renew`, once with a new token."""
        waited = False
        tokens: list[str] = []
        while True:
            self._limiter.check()
            try:
                token = self._tokens.access_token()
            except AskedToWaitError as error:
                self._limiter.wait_or_pause(error.retry_after, quota=False, waited=waited)
                waited = True
                continue
            answer = self._send(path, query, token)
            if answer.status == requests.codes.too_many_requests:
                self._limiter.wait_or_pause(
                    answer.retry_after, quota="QUOTA_EXCEEDED" in answer.text, waited=waited
                )
                waited = True
                continue
            tokens.append(token)
            if renew and len(tokens) == 1 and may_be_out_of_date(answer):
                self._tokens.discard()
                continue
            self._limiter.note_answer()
            if answer.status == requests.codes.ok:
                self._proved_token, self._suspicion = token, None
            try:
                return decode_answer(answer, shape)
            except RefusedError as refusal:
                raise self._judge(path, tokens, refusal) from None

    def _send(self, path: str, query: dict[str, str], token: str) -> Answer:
        self._limiter.acquire()
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
            raise BlipError(str(error)) from None

    def _judge(self, path: str, tokens: list[str], refusal: RefusedError) -> Exception:
        """Return the error for a refusal, either of the credentials or of one playlist.

        With a user, the credentials are refused if the user's profile is refused as well. Without
        one, they are refused if another playlist was refused in the same way before, and no request
        succeeded in between.
        """
        condemned = AuthorizationError(refusal.remedy)
        if path == PROFILE:
            return condemned
        alone = InvalidAnswerError(refusal.reason)
        if tokens[-1] == self._proved_token:
            return alone
        if self._tokens.of_user:
            try:
                self._ask_once(PROFILE, {}, WireUser, renew=False)
            except AuthorizationError as error:
                return error
            except (BlipError, PlaylistError):
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
