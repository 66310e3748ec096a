"""Logs in to Spotify, so that the archive may read the user's playlists: `python -m tools.login`.

Spotify reference: Authorization Code Flow, Redirect URIs. The consent lasts six months; use does
not extend it.
"""

import secrets
import sys
import webbrowser
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic
from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
import typer
from botocore.exceptions import BotoCoreError

from playlist_archive.errors import UNREADABLE, ArchiveError, AuthorizationError
from playlist_archive.ports.aws import open_parameter
from playlist_archive.ports.credentials import Credentials, CredentialStore
from playlist_archive.spotify.exchange import TIMEOUT_SECONDS, NoAnswerError, exchange, open_session

SCOPES = "playlist-read-private playlist-read-collaborative"
ACCOUNTS_URL = "https://accounts.spotify.com"
_CALLBACK = "/callback"
_PATIENCE_SECONDS = 300.0
# How long a connection may be idle, and how often the server checks for the answer.
_IDLE_SECONDS = 5.0
_LOOK_SECONDS = 0.1
_REFUSALS = {
    "invalid_client": "Spotify does not know this client id and secret: copy both again from the "
    "app's page in Spotify's developer dashboard",
    "invalid_grant": "Spotify no longer accepts this consent: log in once more",
}


class LoginError(Exception):
    """The login failed; the message says why, and what to do."""


class _Tokens(msgspec.Struct, frozen=True):
    refresh_token: str = ""
    error: str = ""


class CallbackServer(ThreadingHTTPServer):
    """Waits on the loopback address until the browser comes back from Spotify.

    Each connection has a thread of its own, so that a silent one blocks no other.

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
                f"port {port} is in use: choose another with --port, and add its redirect URI to "
                "the app's settings"
            ) from error
        self.redirect_uri = f"http://127.0.0.1:{self.server_port}{_CALLBACK}"
        self.answer: dict[str, str] | None = None

    def wait_for_code(self, patience_seconds: float) -> str:
        """Wait for Spotify's answer with our `state`, and return its code.

        Raises:
            LoginError: the owner refused, no code came, or nobody answered in time.
        """
        until = monotonic() + patience_seconds
        self.timeout = _LOOK_SECONDS
        while self.answer is None:
            if monotonic() > until:
                raise LoginError("nobody came back from Spotify's page: log in once more")
            self.handle_request()
        if error := self.answer.get("error"):
            raise LoginError(
                "you did not agree on Spotify's page (access_denied): nothing was changed"
                if error == "access_denied"
                else f"Spotify refused the login: {error}"
            )
        if not self.answer.get("code"):
            raise LoginError("Spotify sent no code: log in once more")
        return self.answer["code"]

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: a traceback of a broken connection could contain the code."""


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
        """Stay silent: the request's line holds the code."""


def log_in(
    client_id: str,
    client_secret: str,
    *,
    port: int,
    show_page: Callable[[str], object],
    accounts_url: str = ACCOUNTS_URL,
    patience_seconds: float = _PATIENCE_SECONDS,
) -> Credentials:
    """Ask the owner for consent on the page that `show_page` opens, and return the credentials.

    Raises:
        LoginError: the login failed.
    """
    state = secrets.token_urlsafe(24)
    with CallbackServer(port, state) as server:
        query = {
            "response_type": "code",
            "client_id": client_id,
            "scope": SCOPES,
            "redirect_uri": server.redirect_uri,
            "state": state,
        }
        show_page(f"{accounts_url}/authorize?{urlencode(query)}")
        code = server.wait_for_code(patience_seconds)
        redirect_uri = server.redirect_uri
    authorized_at = datetime.now(UTC).replace(microsecond=0)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    try:
        with open_session() as session:
            answer = exchange(
                lambda: session.post(
                    f"{accounts_url}/api/token",
                    data=form,
                    auth=(client_id, client_secret),
                    timeout=TIMEOUT_SECONDS,
                    allow_redirects=False,
                    stream=True,
                )
            )
        tokens = msgspec.json.decode(answer.body, type=_Tokens)
    except (NoAnswerError, *UNREADABLE) as error:
        # The error's text may quote what was sent, so it is left out.
        raise LoginError(f"Spotify gave no answer ({type(error).__name__}): try later") from None
    if not tokens.refresh_token:
        reason = f"Spotify gave no refresh token: {tokens.error or answer.status}"
        raise LoginError(_REFUSALS.get(tokens.error, reason))
    return Credentials(client_id, client_secret, tokens.refresh_token, authorized_at)


def _load_app(store: CredentialStore) -> tuple[str, str]:
    """Return the id and secret of the app from an earlier login, empty if there was none."""
    try:
        stored = store.load()
    except AuthorizationError:
        return "", ""
    return stored.client_id, stored.client_secret


def _show_page(url: str) -> None:
    typer.echo(
        f"Agree on this page; it opens in your browser by itself if there is one:\n\n{url}\n"
    )
    webbrowser.open(url)


def login(
    *,
    client_id: Annotated[
        str, typer.Option(envvar="SPOTIFY_CLIENT_ID", help="The app's id; default: the stored one.")
    ] = "",
    client_secret: Annotated[
        str,
        typer.Option(
            envvar="SPOTIFY_CLIENT_SECRET",
            show_envvar=False,
            help="The app's secret; better set SPOTIFY_CLIENT_SECRET instead.",
        ),
    ] = "",
    parameter: Annotated[
        str, typer.Option(help="The parameter from which the stack reads the credentials.")
    ] = "/playlist-archive/spotify",
    local: Annotated[
        bool, typer.Option("--local", help="Store nothing; print what `make run` needs.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of the redirect URI.")] = 8888,
    accounts_url: Annotated[str, typer.Option(envvar="SPOTIFY_ACCOUNTS_URL")] = ACCOUNTS_URL,
) -> None:
    """Log in to Spotify. Its dashboard must name http://127.0.0.1:8888/callback as redirect URI."""
    try:
        store = None if local else open_parameter(parameter)
        if store and not (client_id and client_secret):
            client_id, client_secret = _load_app(store)
        client_id = client_id or typer.prompt("Client id")
        client_secret = client_secret or typer.prompt("Client secret", hide_input=True)
        credentials = log_in(
            client_id, client_secret, port=port, show_page=_show_page, accounts_url=accounts_url
        )
        if store:
            store.save(credentials)
    except (LoginError, ArchiveError) as error:
        typer.echo(f"login: {error}", err=True)
        sys.exit(1)
    except BotoCoreError as error:
        typer.echo(f"login: AWS is not set up on this machine: {error}", err=True)
        sys.exit(1)
    ends = credentials.authorization_ends()
    if store:
        typer.echo(f"The credentials are stored in {parameter}.")
    else:
        typer.echo("Set these, and SPOTIFY_CLIENT_SECRET, before `make run`:\n")
        typer.echo(f"export SPOTIFY_CLIENT_ID={client_id}")
        typer.echo(f"export SPOTIFY_REFRESH_TOKEN={credentials.refresh_token}\n")
    typer.echo(f"Your consent ends on {ends:%Y-%m-%d}; log in again before that.")


if __name__ == "__main__":
    typer.run(login)
