"""The accounts host: client, consent and tokens.

Spotify reference: Authorization. An access token lives one hour; refreshing normally returns no new refresh token.
"""

import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

import msgspec

from tools.stand_in.faults import Answer, oauth_error_answer

SCOPE = "playlist-read-private playlist-read-collaborative"
LIFETIME_SECONDS = 3600
AUTHORIZATION_CODE = "standin-code"


@dataclass(frozen=True)
class Client:
    """The one registered app, with its owner's consent."""

    id: str = "standin-client"
    secret: str = field(default="standin-secret", repr=False)
    refresh_token: str = field(default="standin-refresh", repr=False)


@dataclass(frozen=True)
class Grant:
    """The rights of an access token."""

    of_user: bool
    expires_at: float


class _OAuthError(Exception):
    """The arguments are the error and, for most, its description."""


class Accounts:
    """Issues and checks tokens. Not thread-safe: the server calls it under a lock."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._refresh_token = client.refresh_token
        self._grants: dict[str, Grant] = {}

    def answer_token_request(
        self, authorization: str | None, form: Mapping[str, str], *, rotate: bool = False
    ) -> Answer:
        """Answer `POST /api/token`; `rotate` replaces the refresh token and revokes the old one."""
        try:
            self._check_client(authorization)
            return self._answer_grant(form, rotate=rotate)
        except _OAuthError as error:
            return oauth_error_answer(*error.args)

    def find_grant(self, token: str) -> Grant | None:
        """Return the rights of a token; None if it is unknown or expired."""
        grant = self._grants.get(token)
        return grant if grant and monotonic() < grant.expires_at else None

    def expire(self, token: str) -> None:
        self._grants.pop(token, None)

    def undo_rotation(self) -> None:
        self._refresh_token = self._client.refresh_token

    def _check_client(self, authorization: str | None) -> None:
        if authorization is None:
            raise _OAuthError("invalid_client")
        scheme, _, credentials = authorization.partition(" ")
        pair = f"{self._client.id}:{self._client.secret}"
        if scheme.lower() != "basic" or credentials != b64encode(pair.encode()).decode():
            raise _OAuthError("invalid_client", "Invalid client")

    def _answer_grant(self, form: Mapping[str, str], *, rotate: bool) -> Answer:
        match form.get("grant_type"):
            case "client_credentials":
                return self._issue(of_user=False)
            case "refresh_token":
                if form.get("refresh_token") != self._refresh_token:
                    raise _OAuthError("invalid_grant", "Refresh token revoked")
                if rotate:
                    self._refresh_token = f"AQ{secrets.token_urlsafe(48)}"
                return self._issue(of_user=True, with_refresh_token=rotate)
            case "authorization_code":
                if form.get("code") != AUTHORIZATION_CODE:
                    raise _OAuthError("invalid_grant", "Invalid authorization code")
                return self._issue(of_user=True, with_refresh_token=True)
            case _:
                raise _OAuthError("unsupported_grant_type", "grant_type is not supported")

    def _issue(self, *, of_user: bool, with_refresh_token: bool = False) -> Answer:
        token = f"BQ{secrets.token_urlsafe(48)}"
        self._grants[token] = Grant(of_user, monotonic() + LIFETIME_SECONDS)
        body: dict[str, object] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECONDS,
        }
        if of_user:
            body["scope"] = SCOPE
        if with_refresh_token:
            body["refresh_token"] = self._refresh_token
        return Answer(200, msgspec.json.encode(body))
