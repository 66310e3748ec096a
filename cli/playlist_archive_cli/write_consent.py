"""Asks for a consent to write, for one command: without a secret, for an hour, never stored.

Spotify reference: Authorization Code with PKCE Flow.
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

from playlist_archive.spotify.exchange import open_session
from playlist_archive_cli.consent import (
    ACCOUNTS_URL,
    API_URL,
    PATIENCE_SECONDS,
    User,
    ask_consent,
    ask_who,
    exchange_code,
    require_scopes,
)

SCOPES = {
    "playlist-modify-private": "create and change private playlists",
    "playlist-read-private": "see your private playlists",
}


class BriefConsent(NamedTuple):
    access_token: str
    user: User

    def __repr__(self) -> str:
        return "BriefConsent(...)"


def ask_briefly(
    client_id: str,
    *,
    port: int,
    show_page: Callable[[str], object],
    accounts_url: str = ACCOUNTS_URL,
    api_url: str = API_URL,
    patience_seconds: float = PATIENCE_SECONDS,
) -> BriefConsent:
    """Ask the user for consent on the page that `show_page` opens, every time anew.

    The refresh token in the answer is dropped.

    Raises:
        LoginError: there is no such consent.
    """
    verifier = secrets.token_urlsafe(48)
    query = {
        "response_type": "code",
        "client_id": client_id,
        "scope": " ".join(SCOPES),
        "code_challenge_method": "S256",
        "code_challenge": challenge(verifier),
        "show_dialog": "true",
    }
    form = ask_consent(query, port, show_page, accounts_url, patience_seconds)
    form |= {"client_id": client_id, "code_verifier": verifier}
    with open_session() as session:
        tokens = exchange_code(session, accounts_url, form)
        require_scopes(tokens, SCOPES)
        return BriefConsent(tokens.access_token, ask_who(session, api_url, tokens.access_token))


def challenge(verifier: str) -> str:
    """Return the PKCE challenge of a verifier."""
    return urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
