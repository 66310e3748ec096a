"""The accounts host: client, consent and tokens.

Spotify reference: Authorization. An access token lives one hour; refreshing normally returns no new
refresh token. A consent with a code challenge (PKCE) has its own code and scopes, and needs no
secret. Its refresh token is never accepted here.
"""

import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic

import msgspec

from tools.stand_in.faults import Answer, oauth_error_answer

SCOPE = "playlist-read-private playlist-read-collaborative"
LIFETIME_SECONDS = 3600
AUTHORIZATION_CODE = "standin-code"


@dataclass(frozen=True)
class Client:
    """The one registered app, with its owner's consent; a login may agree to another scope."""

    id: str = "standin-client"
    secret: str = field(default="standin-secret", repr=False)
    refresh_token: str = field(default="standin-refresh", repr=False)
    scope: str = SCOPE


@dataclass(frozen=True)
class Grant:
    """The rights of an access token."""

    of_user: bool
    expires_at: float
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Consent:
    """The user's consent, valid for the client that has the verifier of the challenge."""

    scope: str
    redirect_uri: str
    challenge: str


class _OAuthError(Exception):
    """The arguments are the error and, for most, its description."""


def _new_refresh_token() -> str:
    return f"AQ{secrets.token_urlsafe(48)}"


class Accounts:
    """Issues and checks tokens. Not thread-safe: the server calls it under a lock."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._refresh_token = client.refresh_token
        self._scope = self._asked_scope = client.scope
        self._grants: dict[str, Grant] = {}
        self._consents: dict[str, _Consent] = {}

    def consent(self, query: Mapping[str, str]) -> str:
        """Return the code for a consent that the user gives."""
        challenge = query.get("code_challenge")
        if challenge is None or query.get("code_challenge_method") != "S256":
            self._asked_scope = query.get("scope", "")
            return AUTHORIZATION_CODE
        code = f"AC{secrets.token_urlsafe(48)}"
        self._consents[code] = _Consent(
            query.get("scope", ""), query.get("redirect_uri", ""), challenge
        )
        return code

    def answer_token_request(
        self, authorization: str | None, form: Mapping[str, str], *, rotate: bool = False
    ) -> Answer:
        """Answer `POST /api/token`; `rotate` replaces the refresh token and revokes the old one."""
        try:
            if "code_verifier" in form:
                return self._answer_verifier(form)
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

    def _answer_verifier(self, form: Mapping[str, str]) -> Answer:
        if form.get("client_id") != self._client.id:
            raise _OAuthError("invalid_client", "Invalid client")
        consent = self._consents.pop(form.get("code", ""), None)
        if consent is None:
            raise _OAuthError("invalid_grant", "Invalid authorization code")
        if consent.redirect_uri != form.get("redirect_uri"):
            raise _OAuthError("invalid_grant", "Invalid redirect URI")
        hashed = sha256(form["code_verifier"].encode()).digest()
        if urlsafe_b64encode(hashed).rstrip(b"=").decode() != consent.challenge:
            raise _OAuthError("invalid_grant", "code_verifier was incorrect")
        return self._issue(_new_refresh_token(), scope=consent.scope)

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
                return self._issue(of_user=False, scope="")
            case "refresh_token":
                if form.get("refresh_token") != self._refresh_token:
                    raise _OAuthError("invalid_grant", "Refresh token revoked")
                if rotate:
                    self._refresh_token = _new_refresh_token()
                return self._issue(self._refresh_token if rotate else "", scope=self._scope)
            case "authorization_code":
                if form.get("code") != AUTHORIZATION_CODE:
                    raise _OAuthError("invalid_grant", "Invalid authorization code")
                self._scope = self._asked_scope
                return self._issue(self._refresh_token, scope=self._scope)
            case _:
                raise _OAuthError("unsupported_grant_type", "grant_type is not supported")

    def _issue(self, refresh_token: str = "", *, of_user: bool = True, scope: str) -> Answer:
        token = f"BQ{secrets.token_urlsafe(48)}"
        scopes = frozenset(scope.split()) if of_user else frozenset[str]()
        self._grants[token] = Grant(of_user, monotonic() + LIFETIME_SECONDS, scopes)
        body: dict[str, object] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": LIFETIME_SECONDS,
        }
        if of_user:
            body["scope"] = scope
        if refresh_token:
            body["refresh_token"] = refresh_token
        return Answer(200, msgspec.json.encode(body))
