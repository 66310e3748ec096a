"""The user's Spotify credentials: read from the environment, and tried before anything is started."""

import hashlib
from collections.abc import Mapping

import msgspec

from playlist_archive.errors import AuthorizationError, SpotifyUnavailableError
from playlist_archive.ports.clock import SystemClock
from playlist_archive.ports.credentials import Credentials
from playlist_archive.spotify.exchange import open_session
from playlist_archive.spotify.tokens import AskedToWaitError, Tokens
from tools.local.errors import LocalStackError

_NAMES = ("SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN")
_NEEDED = _NAMES[:2]


def read_credentials(environment: Mapping[str, str]) -> Credentials | None:
    """Return the credentials in the environment, None if there are none at all.

    Raises:
        LocalStackError: some are set, but not all.
    """
    given = {name: value for name in _NAMES if (value := environment.get(name, "").strip())}
    if not given:
        return None
    if missing := [name for name in _NEEDED if name not in given]:
        raise LocalStackError(
            f"{' and '.join(missing)} must be set too, since {next(iter(given))} is; "
            "unset all of them to archive the sample library"
        )
    client_id, client_secret, refresh_token = (given.get(name, "") for name in _NAMES)
    return Credentials(client_id, client_secret, refresh_token)


def try_credentials(credentials: Credentials, accounts_url: str) -> Credentials:
    """Request an access token; return the credentials, with any new refresh token.

    Raises:
        LocalStackError: Spotify refuses them, or does not answer.
    """
    store = _Memory(credentials)
    try:
        Tokens(open_session(), store, accounts_url, SystemClock()).access_token()
    except AuthorizationError as error:
        raise LocalStackError(
            f"{error}; they are set as {', '.join(_NAMES)}, and `make login ARGS=--local` gets new ones"
        ) from None
    except (SpotifyUnavailableError, AskedToWaitError) as error:
        raise LocalStackError(f"{error}; asked {accounts_url}") from None
    return store.load()


def fingerprint(credentials: Credentials) -> str:
    """Return a digest to recognise the same credentials."""
    return hashlib.sha256(msgspec.json.encode(credentials)).hexdigest()


class _Memory:
    """A `CredentialStore` in memory."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def load(self) -> Credentials:
        return self._credentials

    def save(self, credentials: Credentials) -> None:
        self._credentials = credentials
