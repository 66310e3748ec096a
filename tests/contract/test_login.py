"""The login against the stand-in's consent page and token host, on the loopback address."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
import requests
import typer
from moto import mock_aws
from typer.testing import CliRunner

from playlist_archive.ports.aws import open_parameter
from playlist_archive.ports.credentials import Credentials
from tools import login
from tools.login import LoginError, log_in
from tools.stand_in.sample import SampleLibrary
from tools.stand_in.server import StandIn

pytestmark = pytest.mark.contract

ID, SECRET, REFRESH = "standin-client", "standin-secret", "standin-refresh"
PARAMETER = "/playlist-archive/spotify"


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn(SampleLibrary(date(2026, 10, 1))) as stand_in:
        yield stand_in


def visit(url: str) -> None:
    """Open a page as a browser does, while the login waits."""

    def browse() -> None:
        answer = requests.get(url, timeout=10)
        assert "close this page" in answer.text

    Thread(target=browse).start()


def come_back(**changes: str | None) -> Callable[[str], None]:
    """Return from the consent page with a changed answer."""

    def show_page(url: str) -> None:
        asked = dict(parse_qsl(urlsplit(url).query))
        given = {"code": "standin-code", "state": asked["state"]} | changes
        query = {name: value for name, value in given.items() if value is not None}
        Thread(target=lambda: requests.get(asked["redirect_uri"], query, timeout=10)).start()

    return show_page


def attempt(
    stand_in: StandIn, show_page: Callable[[str], None] = visit, *, secret: str = SECRET
) -> Credentials:
    return log_in(
        ID,
        secret,
        port=0,
        show_page=show_page,
        accounts_url=stand_in.url,
        patience_seconds=10,
    )


def test_a_consent_becomes_credentials_with_its_moment(stand_in: StandIn) -> None:
    credentials = attempt(stand_in)

    assert (credentials.client_id, credentials.client_secret) == (ID, SECRET)
    assert credentials.refresh_token == REFRESH
    assert credentials.authorized_at is not None
    assert datetime.now(UTC) - credentials.authorized_at < timedelta(minutes=1)


def test_the_consent_page_is_asked_for_no_more_than_is_needed(stand_in: StandIn) -> None:
    pages: list[str] = []

    def show_page(url: str) -> None:
        pages.append(url)
        visit(url)

    attempt(stand_in, show_page)
    query = dict(parse_qsl(urlsplit(pages[0]).query))

    assert query["scope"] == "playlist-read-private playlist-read-collaborative"
    assert query["response_type"] == "code"
    assert query["redirect_uri"].startswith("http://127.0.0.1:")
    assert query["redirect_uri"].endswith("/callback")
    assert len(query["state"]) >= 32
    assert SECRET not in pages[0]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"error": "access_denied", "code": None}, "access_denied"),
        ({"error": "server_error", "code": None}, "server_error"),
        ({"code": None}, "no code"),
        ({"code": "used-before"}, "log in once more"),
    ],
)
def test_a_failed_login_gives_the_reason(
    stand_in: StandIn, changes: dict[str, str | None], word: str
) -> None:
    with pytest.raises(LoginError, match=word):
        attempt(stand_in, come_back(**changes))


@pytest.mark.parametrize("state", ["state=another&", "state=%FF&", "state=&", ""])
def test_an_answer_without_the_right_state_is_waited_on(stand_in: StandIn, state: str) -> None:
    def show_page(url: str) -> None:
        redirect_uri = dict(parse_qsl(urlsplit(url).query))["redirect_uri"]

        def browse() -> None:
            for given in ("code=stolen", "error=access_denied"):
                wrong = requests.get(f"{redirect_uri}?{state}{given}", timeout=10)
                assert wrong.status_code == 400
            visit(url)

        Thread(target=browse).start()

    assert attempt(stand_in, show_page).refresh_token == REFRESH


@pytest.mark.parametrize("begun", [b"", b"GET /callback?st", b"\xff\x00\r\n\r\n"])
def test_a_silent_connection_blocks_no_other(stand_in: StandIn, begun: bytes) -> None:
    idle: list[socket.socket] = []

    def show_page(url: str) -> None:
        address = urlsplit(dict(parse_qsl(urlsplit(url).query))["redirect_uri"])
        connection = socket.create_connection((str(address.hostname), address.port or 0), 10)
        connection.sendall(begun)
        idle.append(connection)
        visit(url)

    assert attempt(stand_in, show_page).refresh_token == REFRESH
    idle.pop().close()


def test_a_wrong_secret_is_named_and_not_quoted(stand_in: StandIn) -> None:
    with pytest.raises(LoginError, match="client id and secret") as caught:
        attempt(stand_in, secret="hush")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("kind", ["reset", "html"])
def test_a_token_host_without_an_answer_is_named(stand_in: StandIn, kind: str) -> None:
    stand_in.control.add_fault(kind, path="^/api/token")
    with pytest.raises(LoginError, match="no answer"):
        attempt(stand_in)


def test_a_port_in_use_is_named(stand_in: StandIn) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LoginError, match=f"port {port} is in use"):
            log_in(ID, SECRET, port=port, show_page=visit)


def test_a_login_without_an_answer_ends(stand_in: StandIn) -> None:
    with pytest.raises(LoginError, match="nobody came back"):
        log_in(ID, SECRET, port=0, show_page=lambda url: None, patience_seconds=0.05)


def test_only_the_callback_counts_as_the_answer(stand_in: StandIn) -> None:
    def show_page(url: str) -> None:
        redirect_uri = dict(parse_qsl(urlsplit(url).query))["redirect_uri"]

        def browse() -> None:
            icon = requests.get(redirect_uri.replace("/callback", "/favicon.ico"), timeout=10)
            assert icon.status_code == 404
            visit(url)

        Thread(target=browse).start()

    assert attempt(stand_in, show_page).refresh_token == REFRESH


@pytest.fixture
def command(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    monkeypatch.setenv("SPOTIFY_ACCOUNTS_URL", stand_in.url)
    monkeypatch.setattr(login, "_show_page", visit)
    app = typer.Typer()
    app.command()(login.login)
    return app


def test_the_command_stores_the_credentials_and_remembers_the_app(command: typer.Typer) -> None:
    with mock_aws():
        first = CliRunner().invoke(command, ["--port", "0"], input=f"{ID}\n{SECRET}\n")
        again = CliRunner().invoke(command, ["--port", "0"])
        stored = open_parameter(PARAMETER).load()
        parameter = boto3.client("ssm").get_parameter(Name=PARAMETER)["Parameter"]

    assert (first.exit_code, again.exit_code) == (0, 0), first.output + again.output
    assert stored.refresh_token == REFRESH
    assert stored.authorized_at is not None
    assert parameter["Type"] == "SecureString"
    assert SECRET not in first.output + again.output
    assert REFRESH not in first.output + again.output


def test_the_local_command_stores_nothing_and_prints_no_secret(command: typer.Typer) -> None:
    result = CliRunner().invoke(
        command, ["--local", "--port", "0", "--client-id", ID, "--client-secret", SECRET]
    )

    assert result.exit_code == 0, result.output
    assert f"export SPOTIFY_REFRESH_TOKEN={REFRESH}" in result.output
    assert SECRET not in result.output


def test_a_failing_command_ends_with_one_line(command: typer.Typer, stand_in: StandIn) -> None:
    stand_in.control.add_fault("invalid_client")
    result = CliRunner().invoke(
        command, ["--local", "--port", "0", "--client-id", ID, "--client-secret", "hush"]
    )

    assert result.exit_code == 1
    assert result.output.startswith("login: Spotify does not know")
    assert "hush" not in result.output
