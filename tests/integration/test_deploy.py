"""`login`, `deploy` and `destroy` on the local engine, as a user with the documented permissions."""

import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import boto3
import pytest
import requests

from playlist_archive.shell.assets import SITE_INDEX, content_type_of, publish_as
from playlist_archive.shell.site_files import packed_shell
from playlist_archive_cli.verbs import login
from tests.support.command import Outcome, converse
from tests.support.deployer import POLICIES
from tools.local.deploy import ARCHITECTURE
from tools.local.engine import REGION, Engine
from tools.local.processes import stop_all
from tools.local.stand_in import CREDENTIALS, StandIn
from tools.local.workspace import Workspace

pytestmark = pytest.mark.integration

# SAM's own bucket demands TLS, which the engine does not speak.
CODE_BUCKET = "aws-sam-cli-managed-default-of-this-test"
PARAMETER = "/playlist-archive/spotify"


class Account(NamedTuple):
    """The engine's one account: its owner's clients, and the environment of a user."""

    engine: Engine
    stand_in: StandIn
    settings: Path

    def client(self, service: str) -> Any:
        session: Any = boto3.Session("test", "test", region_name=REGION)
        return session.client(service, endpoint_url=self.engine.url)

    def create_user(self, name: str, policies: Iterator[Path]) -> dict[str, str]:
        """Return the environment of a new user with these policies."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        for policy in policies:
            iam.put_user_policy(
                UserName=name, PolicyName=policy.stem, PolicyDocument=policy.read_text()
            )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {
            "AWS_ENDPOINT_URL": self.engine.url,
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "AWS_DEFAULT_REGION": REGION,
            "XDG_CONFIG_HOME": str(self.settings),
            "SPOTIFY_ACCOUNTS_URL": self.stand_in.url,
            "SPOTIFY_API_URL": f"{self.stand_in.url}/v1",
        }

    @property
    def buckets(self) -> set[str]:
        return {it["Name"] for it in self.client("s3").list_buckets()["Buckets"]}

    @property
    def stacks(self) -> dict[str, str]:
        """The status of each stack that exists."""
        found = self.client("cloudformation").describe_stacks()["Stacks"]
        return {it["StackName"]: it["StackStatus"] for it in found}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    workspace = Workspace(tmp_path_factory.mktemp("account"))
    try:
        engine = Engine.ensure(workspace)
        stand_in = StandIn.ensure(workspace, ["--since", "2026-03-01"])
        account = Account(engine, stand_in, workspace.root / "settings")
        account.client("s3").create_bucket(Bucket=CODE_BUCKET)
        yield account
    finally:
        stop_all(workspace)


@pytest.fixture
def say(account: Account, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Return a function that says a verb as the user `deployer`."""
    environment = account.create_user("deployer", POLICIES.glob("deploy-*.json"))
    monkeypatch.setattr(login, "show_page", lambda url, port: browse(url))

    def say(*arguments: str, answers: str = "") -> Outcome:
        return converse(*arguments, answers=answers, **environment)

    return say


def browse(url: str) -> None:
    Thread(target=lambda: requests.get(url, timeout=10)).start()


def visit(account: Account, address: str, method: str = "GET", **headers: str) -> requests.Response:
    """Ask CloudFront for an address; the engine knows distributions by their host."""
    host, _, path = address.removeprefix("https://").partition("/")
    forwarded = {"Host": host, "X-Forwarded-Proto": "https", **headers}
    prepared = requests.Request(method, account.engine.url, headers=forwarded).prepare()
    prepared.url = f"{account.engine.url}/{path}"  # as it is, with dot segments
    with requests.Session() as session:
        return session.send(prepared, allow_redirects=False, timeout=30)


def assert_open_to_those_who_have_the_link(account: Account, url: str, link: str) -> None:
    if not shutil.which("node"):
        return  # the engine runs the gate with it; `test_site_gate` says that it is missing
    secret = link.rpartition("/")[2]
    index = f"{url}playlists/index.json"

    for stranger in (url, index, f"{url}open/wrong", f"{url}state/catalog.json"):
        assert visit(account, stranger).status_code == 401

    admitted = visit(account, link)
    assert (admitted.status_code, admitted.headers["Location"]) == (302, "/site/index.html")
    assert admitted.headers["Cache-Control"] == "no-store"
    cookie = admitted.headers["Set-Cookie"].partition(";")[0]

    with_cookie = visit(account, index, Cookie=cookie)
    with_password = visit(
        account, index, Authorization=f"Basic {b64encode(f'me:{secret}'.encode()).decode()}"
    )
    assert with_cookie.status_code == with_password.status_code == 200
    assert with_cookie.json()["playlists"]
    assert with_cookie.headers["Cache-Control"] == "no-cache"

    for key, body in publish_as(packed_shell()).items():
        found = visit(account, f"{url}{key}", Cookie=cookie)
        assert (found.content, found.headers["Content-Type"]) == (body, content_type_of(key))
        kept = "no-cache" if key == SITE_INDEX else "max-age=31536000, immutable"
        assert found.headers["Cache-Control"] == kept
    assert "require-trusted-types-for 'script'" in with_cookie.headers["Content-Security-Policy"]
    assert with_cookie.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert with_cookie.headers["Referrer-Policy"] == "no-referrer"
    assert with_cookie.headers["X-Content-Type-Options"] == "nosniff"
    assert with_cookie.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    root = visit(account, url, Cookie=cookie)
    assert (root.status_code, root.headers["Location"]) == (302, "/site/index.html")

    for path in ("state/catalog.json", "playlists/../state/catalog.json", "registry/x"):
        assert visit(account, f"{url}{path}", Cookie=cookie).status_code == 404
    assert visit(account, index, "POST", Cookie=cookie).status_code == 403
    for absent in ("playlists/absent.json", "snapshots/absent.json"):
        missed = visit(account, f"{url}{absent}", Cookie=cookie)
        assert missed.status_code == 403
        assert "immutable" not in missed.headers.get("Cache-Control", "")
    plain = visit(account, index, Cookie=cookie, **{"X-Forwarded-Proto": "http"})
    assert plain.status_code == 403


def deploy_options(account: Account) -> list[str]:
    parameters = {
        "AwsEndpointUrl": account.engine.url,
        "Architecture": ARCHITECTURE,
        "SpotifyApiUrl": f"{account.stand_in.url}/v1",
        "SpotifyAccountsUrl": account.stand_in.url,
        "RequestIntervalMs": "0",
        "IndexWindowSeconds": "0",
    }
    assigned = [f"--parameter={name}={value}" for name, value in parameters.items()]
    return ["--code-bucket", CODE_BUCKET, *assigned]


def test_the_documented_permissions_suffice_from_the_login_to_the_last_byte(
    account: Account, say: Callable[..., Outcome]
) -> None:
    app = f"{CREDENTIALS.client_id}\n{CREDENTIALS.client_secret}\n"
    logged_in = say("login", "--port", "0", answers=app)
    assert logged_in.exit_code == 0, logged_in.err

    options = deploy_options(account)
    refused = say("deploy", *options, answers="6:30\nUTC\n\nowned\nn\n")
    assert refused.exit_code == 1
    assert "playlist-archive" not in account.stacks

    deployed = say("deploy", "--json", *options, answers="6:30\nUTC\n\nowned\ny\n")
    assert deployed.exit_code == 0, deployed.err
    bucket = deployed.document["bucket"]
    assert deployed.document["created"]
    assert deployed.document["logged_in"]
    first_run = deployed.document["first_run"]
    assert first_run["up_to_date"] == first_run["playlists"] > 0
    assert deployed.document["parameters"]["ScheduleExpression"] == "cron(30 6 * * ? *)"
    assert bucket in account.buckets
    assert account.stacks["playlist-archive"] == "CREATE_COMPLETE"

    again = say("deploy", "--json")
    assert again.exit_code == 0, again.err
    unchanged = {"created": False, "changes": 0, "first_run": None}
    assert again.document == deployed.document | unchanged

    private = say("deploy", "--json", "--site", "private", answers="y\n")
    assert private.exit_code == 0, private.err
    first_link = say("site", "link", "--json").document["link"]
    assert_open_to_those_who_have_the_link(account, private.document["site"], first_link)
    rotated = say("site", "rotate", "--json")
    assert rotated.exit_code == 0, rotated.err
    assert visit(account, first_link).status_code == 401
    assert visit(account, rotated.document["link"]).status_code == 302

    destroyed = say("destroy", answers="playlist-archive\n")
    assert destroyed.exit_code == 0, destroyed.err
    assert "playlist-archive" not in account.stacks
    assert bucket in account.buckets
    assert account.client("ssm").get_parameter(Name=PARAMETER)
    assert "Contents" not in account.client("s3").list_objects_v2(Bucket=CODE_BUCKET)

    assert account.client("logs").describe_log_groups()["logGroups"] == []

    erased = say("destroy", "--erase", answers="playlist-archive\n")
    assert erased.exit_code == 0, erased.err
    assert bucket not in account.buckets
    assert account.client("ssm").describe_parameters()["Parameters"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["login", "--client-id", "standin-client", "--client-secret", "standin-secret"],
        ["deploy", "--yes"],
        ["destroy"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_without_permissions_a_verb_ends_in_one_line(
    account: Account, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "show_page", lambda url, port: browse(url))
    environment = account.create_user(f"nobody-{arguments[0]}", iter(()))
    port = ["--port", "0"] if arguments[0] == "login" else []

    outcome = converse(*arguments, *port, answers="playlist-archive\n", **environment)

    assert outcome.exit_code == 1
    assert "AccessDenied" in outcome.err
    assert outcome.err.count("\n") == 1
    assert "standin-secret" not in outcome.err + outcome.out
