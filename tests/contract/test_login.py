"""The login against the stand-in's consent page and token host, on the loopback address."""

import os
import socket
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
import requests
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws
from msgspec.structs import replace

from playlist_archive.ports.aws import open_parameter
from playlist_archive_cli import connection
from playlist_archive_cli.consent import Login, LoginError, log_in
from playlist_archive_cli.stored_deployment import Deployment, recall, remember
from playlist_archive_cli.verbs import deploy, login
from tests.support.command import Outcome, converse
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
) -> Login:
    return log_in(
        ID,
        secret,
        port=0,
        show_page=show_page,
        accounts_url=stand_in.url,
        api_url=f"{stand_in.url}/v1",
        patience_seconds=10,
    )


def test_a_consent_becomes_credentials_with_its_moment(stand_in: StandIn) -> None:
    credentials, user = attempt(stand_in)

    assert str(user) == "Mara Quayle (mara.quayle)"
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
        ({"code": "used-before"}, "run the same command again"),
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

    assert attempt(stand_in, show_page).credentials.refresh_token == REFRESH


@pytest.mark.parametrize("begun", [b"", b"GET /callback?st", b"\xff\x00\r\n\r\n"])
def test_a_silent_connection_blocks_no_other(stand_in: StandIn, begun: bytes) -> None:
    idle: list[socket.socket] = []

    def show_page(url: str) -> None:
        address = urlsplit(dict(parse_qsl(urlsplit(url).query))["redirect_uri"])
        connection = socket.create_connection((str(address.hostname), address.port or 0), 10)
        connection.sendall(begun)
        idle.append(connection)
        visit(url)

    assert attempt(stand_in, show_page).credentials.refresh_token == REFRESH
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

    assert attempt(stand_in, show_page).credentials.refresh_token == REFRESH


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("not_registered", "User Management"),
        ("premium_required", "Premium"),
        ("server_error", "HTTP 503"),
        ("quota_exceeded", "wants no requests"),
        ("html", "no answer"),
        ("reset", "no answer"),
    ],
)
def test_a_token_that_the_web_api_refuses_is_no_login(
    stand_in: StandIn, kind: str, words: str
) -> None:
    stand_in.control.add_fault(kind, path="^/v1/me", times=None)
    with pytest.raises(LoginError, match=words):
        attempt(stand_in)


# The verb.


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the command remembers deployments, away from the user's own settings."""
    file = tmp_path / "deployment.json"
    for module in (login, deploy):
        monkeypatch.setattr(module, "deployment_file", lambda: file)
    monkeypatch.delenv("PLAYLIST_ARCHIVE_STACK", raising=False)
    return file


@pytest.fixture
def say_login(stand_in: StandIn, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Return a function that says `login`, with the owner in front of the screen."""
    monkeypatch.setattr(login, "show_page", lambda url, port: visit(url))

    def say(*options: str, answers: str = "") -> Outcome:
        return converse(
            "login",
            *("--port", "0", *options),
            answers=answers,
            SPOTIFY_ACCOUNTS_URL=stand_in.url,
            SPOTIFY_API_URL=f"{stand_in.url}/v1",
        )

    return say


def secrets_in(outcome: Outcome) -> list[str]:
    return [one for one in (SECRET, REFRESH, "hush") if one in outcome.out + outcome.err]


@mock_aws
def test_it_asks_for_what_is_missing_and_remembers_the_app(
    say_login: Callable[..., Outcome],
) -> None:
    first = say_login("--region", "eu-central-1", answers=f"{ID}\n{SECRET}\n")
    again = say_login()

    assert (first.exit_code, again.exit_code) == (0, 0), first.err + again.err
    assert login.DASHBOARD in first.err
    assert login.DASHBOARD not in again.err
    assert "Mara Quayle" in first.out
    assert "Your consent lasts until 20" in first.out
    assert secrets_in(first) == secrets_in(again) == []


@mock_aws
def test_the_credentials_are_stored_encrypted_where_the_stack_will_look(
    say_login: Callable[..., Outcome], settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say_login("--region", "eu-central-1", answers=f"{ID}\n{SECRET}\n")
    parameter = boto3.client("ssm", "eu-central-1").get_parameter(Name=PARAMETER)["Parameter"]
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    stored = open_parameter(PARAMETER).load()

    assert parameter["Type"] == "SecureString"
    assert stored.refresh_token == REFRESH
    assert stored.authorized_at is not None
    assert recall(settings) == Deployment("playlist-archive", "eu-central-1")


@mock_aws
def test_after_a_deployment_it_stores_them_in_the_stack_s_region_and_parameter(
    say_login: Callable[..., Outcome], settings: Path
) -> None:
    deployment = Deployment(
        "mine", "eu-west-1", parameters={"CredentialsParameter": "/mine/spotify"}
    )
    remember(settings, deployment)

    assert say_login(answers=f"{ID}\n{SECRET}\n").exit_code == 0
    assert boto3.client("ssm", "eu-west-1").get_parameter(Name="/mine/spotify")
    assert recall(settings) == deployment


@mock_aws
def test_the_login_for_another_stack_leaves_the_deployed_one_remembered(
    say_login: Callable[..., Outcome], settings: Path
) -> None:
    remember(settings, Deployment("mine", "eu-west-1"))
    options = ("--stack", "other", "--region", "eu-central-1")

    assert say_login(*options, answers=f"{ID}\n{SECRET}\n").exit_code == 0
    assert recall(settings) == Deployment("mine", "eu-west-1")


def test_the_local_login_prints_three_lines_for_a_shell_and_nothing_else(
    say_login: Callable[..., Outcome], settings: Path
) -> None:
    outcome = say_login("--local", answers=f"{ID}\n{SECRET}\n")

    assert outcome.exit_code == 0, outcome.err
    assert outcome.out.splitlines() == [
        f"export SPOTIFY_CLIENT_ID={ID}",
        f"export SPOTIFY_CLIENT_SECRET={SECRET}",
        f"export SPOTIFY_REFRESH_TOKEN={REFRESH}",
    ]
    assert "Mara Quayle" in outcome.err
    assert secrets_in(Outcome(0, "", outcome.err)) == []
    assert not settings.exists()


# Liked Songs.


WITH_LIKED_SONGS = "playlist-read-private playlist-read-collaborative user-library-read"


@pytest.fixture
def asked_for(stand_in: StandIn) -> Callable[[], list[str]]:
    """Return a function that returns the scopes of the consents since it was last called."""

    def scopes() -> list[str]:
        seen = [urlsplit(one.path) for one in stand_in.control.requests()]
        stand_in.control.clear_requests()
        return [dict(parse_qsl(url.query))["scope"] for url in seen if url.path == "/authorize"]

    return scopes


def test_a_consent_for_less_than_was_asked_for_is_no_login(stand_in: StandIn) -> None:
    with pytest.raises(LoginError, match="lacks user-library-read"):
        # Nobody visits the page, so the stand-in still knows the consent from before.
        log_in(
            ID,
            SECRET,
            port=0,
            show_page=come_back(),
            scopes=WITH_LIKED_SONGS.split(),
            accounts_url=stand_in.url,
            api_url=f"{stand_in.url}/v1",
            patience_seconds=10,
        )


@mock_aws
def test_liked_songs_are_asked_for_only_where_they_are_archived(
    say_login: Callable[..., Outcome], settings: Path, asked_for: Callable[[], list[str]]
) -> None:
    stack = Deployment("mine", "eu-west-1")
    remember(settings, stack)
    without = say_login(answers=f"{ID}\n{SECRET}\n")
    remember(settings, replace(stack, parameters={"ArchiveLikedSongs": "true"}))
    lacking = say_login()
    covered = say_login()

    assert asked_for() == [
        "playlist-read-private playlist-read-collaborative",
        *[WITH_LIKED_SONGS] * 2,
    ]
    assert "Liked Songs" not in without.out + without.err
    assert "does not cover your Liked Songs" in lacking.err
    assert "The library and the Liked Songs of Mara Quayle" in lacking.out
    assert "does not cover" not in covered.err


@mock_aws
def test_a_stored_consent_that_has_ended_is_no_obstacle(
    say_login: Callable[..., Outcome], stand_in: StandIn
) -> None:
    say_login("--region", "eu-west-1", answers=f"{ID}\n{SECRET}\n")
    stand_in.control.add_fault("invalid_grant", times=1)

    outcome = say_login("--region", "eu-west-1", "--liked-songs")

    assert outcome.exit_code == 0, outcome.err
    assert "does not cover" not in outcome.err


@mock_aws
def test_a_refresh_token_that_is_replaced_by_the_question_is_stored(
    say_login: Callable[..., Outcome], stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    say_login(answers=f"{ID}\n{SECRET}\n")
    stand_in.control.add_fault("rotated_refresh_token", times=1)
    monkeypatch.setattr(login, "show_page", lambda url, port: come_back(error="access_denied")(url))

    outcome = say_login("--liked-songs")

    assert "access_denied" in outcome.err
    assert open_parameter(PARAMETER).load().refresh_token not in {"", REFRESH}


def test_a_local_login_opens_liked_songs_where_it_is_said(
    say_login: Callable[..., Outcome], asked_for: Callable[[], list[str]]
) -> None:
    outcome = say_login("--local", "--liked-songs", answers=f"{ID}\n{SECRET}\n")

    assert asked_for() == [WITH_LIKED_SONGS]
    assert "The library and the Liked Songs of Mara Quayle" in outcome.err
    assert len(outcome.out.splitlines()) == 3


def test_lines_for_a_shell_are_quoted() -> None:
    assert login.spell_exports({"NAME": "a b'; rm"}) == ["""export NAME='a b'"'"'; rm'"""]


def test_nothing_typed_is_one_line(say_login: Callable[..., Outcome]) -> None:
    outcome = say_login("--local", answers="")

    assert outcome.exit_code == 1
    assert outcome.err.splitlines()[-1].startswith("playlist-archive: nobody is here to answer")


def test_a_wrong_secret_is_one_line_that_does_not_quote_it(
    say_login: Callable[..., Outcome],
) -> None:
    outcome = say_login("--local", "--client-id", ID, "--client-secret", "hush")

    assert outcome.exit_code == 1
    assert outcome.err.startswith("playlist-archive: Spotify does not know this client id and")
    assert outcome.err.count("\n") == 1
    assert secrets_in(outcome) == []


class _Unwilling:
    """A client of the parameter store that answers every call with an error."""

    def __init__(self, *, on_reading: Exception | None, on_writing: Exception) -> None:
        self._on_reading = on_reading
        self._on_writing = on_writing
        self.meta = type("Meta", (), {"region_name": "eu-central-1"})

    def get_parameter(self, **_: object) -> dict[str, object]:
        if self._on_reading:
            raise self._on_reading
        return {"Parameter": {"Value": f'{{"client_id": "{ID}", "client_secret": "{SECRET}"}}'}}

    def put_parameter(self, **_: object) -> None:
        raise self._on_writing


def refused(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)


@pytest.mark.parametrize(
    ("client", "words"),
    [
        (
            _Unwilling(on_reading=refused("GetParameter"), on_writing=refused("PutParameter")),
            f"the parameter {PARAMETER} cannot be read",
        ),
        (
            _Unwilling(
                on_reading=EndpointConnectionError(endpoint_url="https://ssm"),
                on_writing=refused("PutParameter"),
            ),
            "Could not connect",
        ),
        (
            _Unwilling(on_reading=None, on_writing=refused(f"PutParameter {SECRET}")),
            f"the parameter {PARAMETER} cannot be written (AccessDeniedException)",
        ),
    ],
    ids=["may not read", "cannot be reached", "may not write"],
)
def test_a_parameter_store_that_refuses_is_one_line(
    say_login: Callable[..., Outcome],
    settings: Path,
    monkeypatch: pytest.MonkeyPatch,
    client: _Unwilling,
    words: str,
) -> None:
    monkeypatch.setattr(connection, "open_clients", lambda _: lambda _: client)

    outcome = say_login()

    assert outcome.exit_code == 1
    assert words in outcome.err
    assert outcome.err.count("\n") == 1
    assert secrets_in(outcome) == []
    assert not settings.exists()


def test_without_a_region_it_says_how_to_name_one(
    say_login: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)

    outcome = say_login()

    assert outcome.exit_code == 1
    assert "--region" in outcome.err


class _Browser:
    def __init__(self) -> None:
        self.opened: list[str] = []

    def open(self, url: str) -> None:
        self.opened.append(url)


def test_the_page_s_address_is_printed_and_opened_where_there_is_a_browser(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = _Browser()
    monkeypatch.setattr(webbrowser, "get", lambda: browser)

    login.show_page("https://accounts.spotify.com/authorize?x=1", 8888)

    assert browser.opened == ["https://accounts.spotify.com/authorize?x=1"]
    assert browser.opened[0] in capsys.readouterr().err


@pytest.mark.parametrize("browser", [None, webbrowser.GenericBrowser("w3m")])
def test_without_a_browser_beside_the_terminal_the_address_is_printed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    browser: webbrowser.BaseBrowser | None,
) -> None:
    def get() -> webbrowser.BaseBrowser:
        if browser is None:
            raise webbrowser.Error
        return browser

    monkeypatch.setattr(webbrowser, "get", get)

    login.show_page("https://accounts.spotify.com/authorize?x=1", 9999)

    printed = capsys.readouterr().err
    assert "https://accounts.spotify.com/authorize?x=1" in printed
    assert "ssh -L 9999:127.0.0.1:9999" in printed
