"""Gets access tokens, with a refresh token or with the app's own credentials."""

import logging
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import requests
import stamina

from playlist_archive.errors import UNREADABLE, AuthorizationError, SpotifyUnavailableError
from playlist_archive.ports.clock import Clock
from playlist_archive.ports.credentials import Credentials, CredentialStore
from playlist_archive.spotify.exchange import CONNECT_SECONDS, NoAnswerError, exchange
from playlist_archive.spotify.wire import WireToken, next_refresh_token, token_seconds

logger = logging.getLogger(__name__)

_EARLY = timedelta(seconds=60)
_TRIES = 3
# No try begins after this time, so that all tries fit into the rate limiter's reserve.
PATIENCE_SECONDS = 30.0
# Spotify answers within a second. If one answer never begins, time is left for other tries.
ANSWER_SECONDS = 8.0
_REMEDIES = {
    "invalid_grant": "Spotify's authorisation has ended or was revoked: log in again",
    "invalid_client": "Spotify does not know this client id and secret: correct the credentials",
}


class AskedToWaitError(Exception):
    """The token host answers 429.

    Attributes:
        retry_after: the header of that name, None if it is missing.
    """

    def __init__(self, retry_after: str | None) -> None:
        super().__init__("Spotify's token host asks to wait")
        self.retry_after = retry_after


class _TokenHostError(Exception):
    """The token host gave no usable answer; it makes sense to retry."""


class WireTokenError(msgspec.Struct, frozen=True):
    error: str = ""


class _Unsaved(NamedTuple):
    """A new refresh token that is not stored yet, and the stored one that it replaces."""

    token: str
    replaces: str


class Tokens:
    """Caches an access token, and renews it 60 s before it expires.

    Attributes:
        of_user: whether the token acts for a user, and not only for the app.
    """

    def __init__(
        self, session: requests.Session, store: CredentialStore, accounts_url: str, clock: Clock
    ) -> None:
        self._session = session
        self._store = store
        self._url = f"{accounts_url.rstrip('/')}/api/token"
        self._clock = clock
        self._unsaved: _Unsaved | None = None
        self._access_token = ""
        self._ends: datetime | None = None
        self.of_user = False

    @property
    def credentials(self) -> Credentials:
        """Read the stored credentials, which the owner or another function may have changed.

        Raises:
            AuthorizationError: they are missing or malformed.
            StorageError: they could not be read, or a new refresh token could not be stored.
        """
        return self._save_refresh_token()

    def access_token(self) -> str:
        """Return a token that is valid for at least a minute.

        Raises:
            AuthorizationError: the owner has to act.
            SpotifyUnavailableError: the token host gave no usable answer three times.
            AskedToWaitError: the token host asks to wait.
            StorageError: the credentials could not be read or stored.
        """
        if self._ends is None or self._clock.now() >= self._ends - _EARLY:
            self._fetch()
        return self._access_token

    def discard(self) -> None:
        """Forget the access token."""
        self._ends = None

    def _fetch(self) -> None:
        credentials = self.credentials
        try:
            token = self._ask(credentials)
        except _TokenHostError as error:
            raise SpotifyUnavailableError(f"Spotify's token host gave no answer: {error}") from None
        refresh_token = next_refresh_token(token)
        if credentials.refresh_token and refresh_token not in {"", credentials.refresh_token}:
            # Stored before first use, because its loss would end the authorisation (Spotify:
            # Refreshing tokens).
            self._unsaved = _Unsaved(refresh_token, credentials.refresh_token)
            self._save_refresh_token()
        self.of_user = bool(credentials.refresh_token)
        self._access_token = token.access_token
        self._ends = self._clock.now() + timedelta(seconds=token_seconds(token))

    def _save_refresh_token(self) -> Credentials:
        """Store a new refresh token, if there is one, and return the stored credentials."""
        stored = self._store.load()
        if self._unsaved and stored.refresh_token == self._unsaved.replaces:
            stored = msgspec.structs.replace(stored, refresh_token=self._unsaved.token)
            self._store.save(stored)
        # If another token has been stored meanwhile, the owner has logged in.
        self._unsaved = None
        return stored

    @stamina.retry(
        on=_TokenHostError,
        attempts=_TRIES,
        timeout=PATIENCE_SECONDS,
        wait_initial=0.5,
        wait_max=5,
    )
    def _ask(self, credentials: Credentials) -> WireToken:
        form = (
            {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token}
            if credentials.refresh_token
            else {"grant_type": "client_credentials"}
        )
        try:
            answer = exchange(
                lambda: self._session.post(
                    self._url,
                    data=form,
                    auth=(credentials.client_id, credentials.client_secret),
                    timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                    allow_redirects=False,
                    stream=True,
                )
            )
        except NoAnswerError as error:
            # The error's text quotes nothing that was sent.
            raise _TokenHostError(str(error)) from None
        if answer.status == requests.codes.ok:
            try:
                return msgspec.json.decode(answer.body, type=WireToken)
            except UNREADABLE:
                raise _TokenHostError("an answer that is no token") from None
        try:
            code = msgspec.json.decode(answer.body, type=WireTokenError).error
        except UNREADABLE:
            code = ""
        if code in _REMEDIES:
            raise AuthorizationError(_REMEDIES[code])
        if answer.status == requests.codes.too_many_requests:
            raise AskedToWaitError(answer.retry_after)
        raise _TokenHostError(f"HTTP {answer.status}")
