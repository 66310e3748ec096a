"""Access tokens, from a refresh token or from the app's own credentials."""

import logging
from datetime import datetime, timedelta

import msgspec
import requests
import stamina

from playlist_archive.clock import Clock
from playlist_archive.credentials import Credentials, CredentialStore
from playlist_archive.errors import AuthorizationError, SpotifyUnavailableError
from playlist_archive.spotify.wire import WireToken

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = (5, 30)
_EARLY = timedelta(seconds=60)
_TRIES = 3
_REMEDIES = {
    "invalid_grant": "Spotify's authorisation has ended or was revoked: log in again",
    "invalid_client": "Spotify does not know this client id and secret: correct the credentials",
}


class _TokenHostError(Exception):
    """The token host gave no usable answer this time."""


class WireTokenError(msgspec.Struct, frozen=True):
    error: str = ""


class Tokens:
    """The present access token; a new one is fetched 60 s before the old one ends."""

    def __init__(
        self, session: requests.Session, store: CredentialStore, accounts_url: str, clock: Clock
    ) -> None:
        self._session = session
        self._store = store
        self._url = f"{accounts_url.rstrip('/')}/api/token"
        self._clock = clock
        self._unsaved: Credentials | None = None
        self._access_token = ""
        self._ends: datetime | None = None

    @property
    def credentials(self) -> Credentials:
        """The credentials as they are stored now: the owner or another function may write them.

        Raises:
            AuthorizationError: they are missing or malformed.
            StorageError: a new refresh token could not be stored.
        """
        if self._unsaved:
            self._store.save(self._unsaved)
            self._unsaved = None
        return self._store.load()

    def access_token(self) -> str:
        """Return a token that is good for a minute at least.

        Raises:
            AuthorizationError: the owner has to act.
            SpotifyUnavailableError: the token host gave no usable answer three times.
            StorageError: a new refresh token could not be stored.
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
        if token.refresh_token and token.refresh_token != credentials.refresh_token:
            # Before first use: losing it would end the authorisation (Spotify: Refreshing tokens).
            self._unsaved = msgspec.structs.replace(credentials, refresh_token=token.refresh_token)
            self._store.save(self._unsaved)
            self._unsaved = None
        self._access_token = token.access_token
        self._ends = self._clock.now() + timedelta(seconds=token.expires_in)

    @stamina.retry(on=_TokenHostError, attempts=_TRIES, wait_initial=0.5, wait_max=5)
    def _ask(self, credentials: Credentials) -> WireToken:
        form = (
            {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token}
            if credentials.refresh_token
            else {"grant_type": "client_credentials"}
        )
        try:
            answer = self._session.post(
                self._url,
                data=form,
                auth=(credentials.client_id, credentials.client_secret),
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # Not the error's text: it may quote what was sent.
            raise _TokenHostError(type(error).__name__) from None
        if answer.ok:
            try:
                return msgspec.json.decode(answer.content, type=WireToken)
            except msgspec.DecodeError:
                raise _TokenHostError("an answer that is no token") from None
        try:
            code = msgspec.json.decode(answer.content, type=WireTokenError).error
        except msgspec.DecodeError:
            code = ""
        if code in _REMEDIES:
            raise AuthorizationError(_REMEDIES[code])
        if answer.status_code == requests.codes.too_many_requests:
            raise SpotifyUnavailableError("Spotify's token host asks to wait")
        raise _TokenHostError(f"HTTP {answer.status_code}")
