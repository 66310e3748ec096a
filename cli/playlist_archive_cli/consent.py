"""Asks for the owner's consent to read playlists, and for the owner's identity.

Spotify reference: Authorization Code Flow, Redirect URIs. The consent lasts six months; use does
not extend it.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
import requests

from playlist_archive.errors import UNREADABLE
from playlist_archive.ports.credentials import Credentials
from playlist_archive.spotify.exchange import (
    TIMEOUT_SECONDS,
    Answer,
    NoAnswerError,
    exchange,
    open_session,
)
from playlist_archive_cli.errors import CommandError

PLAYLIST_SCOPES = ("playlist-read-private", "playlist-read-collaborative")
LIKED_SONGS_SCOPE = "user-library-read"
ACCOUNTS_URL = "https://accounts.spotify.com"
API_URL = "https://api.spotify.com/v1"
_CALLBACK = "/callback"
PATIENCE_SECONDS = 300.0
# The longest idle time of a connection, and the interval of checks for the answer.
_IDLE_SECONDS = 5.0
_LOOK_SECONDS = 0.1
_REFUSALS = {
    "invalid_client": "Spotify does not know this {}: copy it again from the app's page in Spotify's "
    "developer dashboard",
    "invalid_grant": "Spotify no longer accepts this consent: run the same command again",
}


class LoginError(CommandError):
    """The login failed; the message says why, and what to do."""


class Tokens(msgspec.Struct, frozen=True):
    """The token host's answer: tokens and their scopes, or an error."""

    access_token: str = ""
    refresh_token: str = ""
    scope: str = ""
    error: str = ""

    def __repr__(self) -> str:
        return "Tokens(...)"


class User(msgspec.Struct, frozen=True):
    """The user whose library is read."""

    id: str
    display_name: str | None = None

    def __str__(self) -> str:
        return f"{self.display_name} ({self.id})" if self.display_name else self.id


class Login(NamedTuple):
    credentials: Credentials
    user: User


class CallbackServer(ThreadingHTTPServer):
    """Waits on the loopback address for the browser's redirect from Spotify.

    Each connection has its own thread, so that an idle one blocks no other.

    Attributes:
        redirect_uri: the URI that the app's settings in the dashboard must contain exactly.
        state: the random word that identifies the answer to this login.
    """

    daemon_threads = True

    def __init__(self, port: int, state: str) -> None:
        self.state = state
        try:
            super().__init__(("127.0.0.1", port), _Callback)
        except OSError as error:
            raise LoginError(
                f"port {port} is in use: choose another with --port, and add "
                f"http://127.0.0.1:<port>{_CALLBACK} to the app's redirect URIs"
            ) from error
        self.redirect_uri = f"http://127.0.0.1:{self.server_port}{_CALLBACK}"
        self.answer: dict[str, str] | None = None

    def wait_for_code(self, patience_seconds: float) -> str:
        """Wait for Spotify's answer with our `state`, and return its code.

        Raises:
            LoginError: the owner refused, the answer has no code, or none came in time.
        """
        until = monotonic() + patience_seconds
        self.timeout = _LOOK_SECONDS
        while self.answer is None:
            if monotonic() > until:
                raise LoginError("nobody came back from Spotify's page: run the same command again")
            self.handle_request()
        if error := self.answer.get("error"):
            raise LoginError(
                "you did not agree on Spotify's page (access_denied): nothing was changed"
                if error == "access_denied"
                else f"Spotify refused: {error}"
            )
        if not self.answer.get("code"):
            raise LoginError("Spotify sent no code: run the same command again")
        return self.answer["code"]

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing: a traceback of a broken connection could contain the code."""


class _Callback(BaseHTTPRequestHandler):
    server: CallbackServer
    timeout = _IDLE_SECONDS

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path != _CALLBACK:
            # Browsers also ask for an icon.
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        answer = dict(parse_qsl(url.query))
        if not secrets.compare_digest(answer.get("state", "").encode(), self.server.state.encode()):
            # Any web page may send a browser here.
            self.send_error(HTTPStatus.BAD_REQUEST, "This is not the answer to this login")
            return
        body = b"You may close this page; the terminal says how the login went.\n"
        try:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        finally:
            self.server.answer = answer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing: the request line contains the code."""


def log_in(
    client_id: str,
    client_secret: str,
    *,
    port: int,
    show_page: Callable[[str], object],
    scopes: Sequence[str] = PLAYLIST_SCOPES,
    accounts_url: str = ACCOUNTS_URL,
    api_url: str = API_URL,
    patience_seconds: float = PATIENCE_SECONDS,
) -> Login:
    """Ask the owner for consent on the page that `show_page` opens, and read the user's profile.

    Raises:
        LoginError: the login failed.
    """
    query = {"response_type": "code", "client_id": client_id, "scope": " ".join(scopes)}
    form = ask_consent(query, port, show_page, accounts_url, patience_seconds)
    authorized_at = datetime.now(UTC).replace(microsecond=0)
    with open_session() as session:
        tokens = exchange_code(session, accounts_url, form, (client_id, client_secret))
        if not tokens.refresh_token:
            raise LoginError("Spotify gave no refresh token: run the same command again")
        require_scopes(tokens, scopes)
        user = ask_who(session, api_url, tokens.access_token)
    return Login(Credentials(client_id, client_secret, tokens.refresh_token, authorized_at), user)


def ask_consent(
    query: Mapping[str, str],
    port: int,
    show_page: Callable[[str], object],
    accounts_url: str,
    patience_seconds: float,
) -> dict[str, str]:
    """Wait for the owner's consent on Spotify's page, and return the form for the token host.

    Raises:
        LoginError: the owner did not agree.
    """
    state = secrets.token_urlsafe(24)
    with CallbackServer(port, state) as server:
        asked = {**query, "redirect_uri": server.redirect_uri, "state": state}
        show_page(f"{accounts_url}/authorize?{urlencode(asked)}")
        code = server.wait_for_code(patience_seconds)
        return {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": server.redirect_uri,
        }


def exchange_code(
    session: requests.Session,
    accounts_url: str,
    form: Mapping[str, str],
    app: tuple[str, str] | None = None,
) -> Tokens:
    """Exchange the code of a consent for tokens; an `app` authenticates by its id and secret.

    Raises:
        LoginError: there are no tokens.
    """
    try:
        answer = exchange(
            lambda: session.post(
                f"{accounts_url}/api/token",
                data=form,
                auth=app,
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            )
        )
        tokens = msgspec.json.decode(answer.body, type=Tokens)
    except (NoAnswerError, *UNREADABLE) as error:
        raise _no_answer(error) from None
    if tokens.error or not tokens.access_token:
        if refusal := _REFUSALS.get(tokens.error):
            raise LoginError(refusal.format("client id and secret" if app else "client id"))
        raise LoginError(f"Spotify gave no token: {tokens.error or answer.status}")
    return tokens


def require_scopes(tokens: Tokens, scopes: Iterable[str]) -> None:
    """Raise `LoginError` if Spotify says that the tokens have fewer scopes."""
    granted = tokens.scope.split()
    if granted and (missing := {*scopes} - {*granted}):
        raise LoginError(f"Spotify's answer lacks {', '.join(sorted(missing))}: say it again")


def renew(credentials: Credentials, accounts_url: str) -> Tokens:
    """Return new tokens of an earlier consent; a new refresh token replaces the old one.

    Raises:
        LoginError: there are no tokens.
    """
    form = {"grant_type": "refresh_token", "refresh_token": credentials.refresh_token}
    with open_session() as session:
        app = credentials.client_id, credentials.client_secret
        return exchange_code(session, accounts_url, form, app)


def ask_who(session: requests.Session, api_url: str, access_token: str) -> User:
    """Return the user of a token; this also shows that the Web API accepts the token.

    Raises:
        LoginError: Spotify does not say.
    """
    try:
        answer = exchange(
            lambda: session.get(
                f"{api_url}/me",
                headers={"Authorization": f"Bearer {access_token}"},
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
            )
        )
        if answer.status == HTTPStatus.OK:
            return msgspec.json.decode(answer.body, type=User)
    except (NoAnswerError, *UNREADABLE) as error:
        raise _no_answer(error) from None
    raise LoginError(_explain_refusal(answer))


def _explain_refusal(answer: Answer) -> str:
    match answer.status:
        case HTTPStatus.FORBIDDEN:
            return (
                "Spotify closes its Web API to this user: add the user under “User Management” of "
                "the app in the developer dashboard; the app's owner also needs Spotify Premium"
            )
        case HTTPStatus.TOO_MANY_REQUESTS:
            wait = f" for {answer.retry_after} seconds" if answer.retry_after else ""
            return f"Spotify wants no requests{wait}: run the same command again after that"
    return f"Spotify does not say whose library this is (HTTP {answer.status}): try later"


def _no_answer(error: Exception) -> LoginError:
    # The error's text may quote what was sent, so it is left out.
    return LoginError(f"Spotify gave no answer ({type(error).__name__}): try later")
