"""`open`: which archive is shown, and what is said of it."""

import re
import webbrowser
from errno import EACCES
from pathlib import Path

import pytest

from playlist_archive.errors import StorageError
from playlist_archive.shell.assets import SITE_INDEX
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.location import LocalStack
from playlist_archive_cli.site_objects import is_site_key, read_bucket, read_folder, with_shell
from playlist_archive_cli.verbs import open_archive
from playlist_archive_cli.verbs.open_archive import find_dashboard, find_objects
from tests.support.builders import DAY, RUN
from tests.support.command import Command, pretend_to_serve
from tests.support.fakes import FakeBucket, FakeSpotify
from tests.support.living_stack import LivingClock, LivingStack

pytestmark = pytest.mark.unit

INDEX = "playlists/index.json"


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> LivingStack:
    monkeypatch.setattr(open_archive, "serving", pretend_to_serve)
    return LivingStack(FakeSpotify(), LivingClock(RUN + DAY / 2))


@pytest.fixture
def command(stack: LivingStack, monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command.on(stack, monkeypatch)


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the addresses that a browser was asked for; it does not start."""
    asked: list[str] = []

    def start(url: str) -> bool:
        asked.append(url)
        return False

    monkeypatch.setattr(webbrowser, "open", start)
    return asked


def test_where_no_browser_starts_it_says_to_open_the_address(
    command: Command, browser: list[str]
) -> None:
    outcome = command("open", "--port", "9000")

    assert outcome.out == "http://127.0.0.1:9000/\n"
    assert "open this address yourself" in outcome.err
    assert browser == ["http://127.0.0.1:9000/"]


def test_no_browser_starts_where_none_is_wanted(command: Command, browser: list[str]) -> None:
    outcome = command("open", "--no-browser", "--json")

    assert outcome.document == {
        "address": "http://127.0.0.1:8710/",
        "archive": outcome.document["archive"],
        "opened": False,
        "dashboard": None,
    }
    assert "yourself" not in outcome.err
    assert browser == []


def test_the_dashboard_in_aws_is_named(
    command: Command, stack: LivingStack, browser: list[str]
) -> None:
    stack.resources["Dashboard"] = "mine-eu-central-1"

    assert "?region=eu-central-1#dashboards/dashboard/mine-eu-central-1" in command("open").out


def test_of_a_stack_in_aws_its_bucket_is_shown(stack: LivingStack) -> None:
    stack.bucket.objects[INDEX] = b"{}"

    assert find_objects(stack.connect())(INDEX) == b"{}"


def test_a_local_archive_is_shown_from_its_folder_once_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "template.yaml").touch()
    (tmp_path / "layers/archive/playlist_archive").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    connection = Connection(
        LocalStack("sample", "http://127.0.0.1:9", "us-east-1", "playlist-archive")
    )
    with pytest.raises(CommandError, match="make run"):
        find_objects(connection)
    (tmp_path / "archive/sample/playlists").mkdir(parents=True)
    (tmp_path / "archive/sample" / INDEX).write_bytes(b"{}")

    assert find_objects(connection)(INDEX) == b"{}"
    assert find_dashboard(connection) is None


@pytest.mark.parametrize(
    "key",
    [
        "",
        "site",
        "site/",
        "state/catalog.json",
        "registry/4uLU6hMCjMI75M1A2tKUQC",
        "playlists/../state/catalog.json",
        "playlists/./index.json",
        "playlists//index.json",
        "playlists/.hidden",
        "playlists/index.json\n",
        "playlists/a b",
        "/playlists/index.json",
        "snapshotsx/a",
    ],
)
def test_a_key_that_is_none_of_the_site_s_is_not_asked_for(key: str) -> None:
    assert not is_site_key(key)


@pytest.mark.parametrize(
    "key", [SITE_INDEX, "playlists/history/a-2025.json", "playlists/plain/4uLU6hMCjMI75M1A2tKUQC"]
)
def test_the_site_asks_for_its_shell_and_what_is_published(key: str) -> None:
    assert is_site_key(key)


def test_a_link_that_leads_out_of_the_folder_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "archive"
    (folder / "playlists/inner").mkdir(parents=True)
    (folder / "playlists/link").symlink_to(tmp_path / "secret")
    read = read_folder(folder)

    assert read("playlists/link") is None
    assert read("playlists/inner") is None
    assert read("playlists/absent/deeper") is None


def test_a_link_that_leads_to_what_is_not_the_site_s_leads_nowhere(tmp_path: Path) -> None:
    for folder in ("state", "playlists/.hidden", "snapshots"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x.json").write_text("x")
    (tmp_path / "playlists/folder").symlink_to("../state")
    (tmp_path / "playlists/file.json").symlink_to("../state/x.json")
    (tmp_path / "playlists/hidden.json").symlink_to(".hidden/x.json")
    (tmp_path / "playlists/shared.json").symlink_to("../snapshots/x.json")
    (tmp_path / "playlists/round").symlink_to("round")
    read = read_folder(tmp_path)

    assert read("playlists/folder/x.json") is None
    assert read("playlists/file.json") is None
    assert read("playlists/hidden.json") is None
    assert read("playlists/round") is None
    assert read("playlists/shared.json") == b"x"


def test_a_name_that_no_file_can_have_is_that_of_nothing(tmp_path: Path) -> None:
    assert read_folder(tmp_path)(f"playlists/{'a' * 300}") is None
    assert read_folder(tmp_path)(f"playlists/{'a/' * 3000}a") is None


def test_a_file_that_cannot_be_read_is_an_error_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "playlists").mkdir()
    (tmp_path / INDEX).touch()

    def refuse(_: Path) -> bytes:
        raise PermissionError(EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)

    with pytest.raises(StorageError, match=rf"reading {INDEX}: Permission denied"):
        read_folder(tmp_path)(INDEX)


def test_the_archive_s_own_shell_is_taken_whole() -> None:
    bucket = FakeBucket()
    bucket.objects = {SITE_INDEX: b"own", INDEX: b"{}"}
    read = with_shell(read_bucket(bucket))

    assert (read(SITE_INDEX), read("site/js/routes.js"), read(INDEX)) == (b"own", None, b"{}")


def test_an_archive_without_a_shell_is_shown_with_the_command_s() -> None:
    bucket = FakeBucket()
    bucket.objects = {INDEX: b"{}", "site/js/main-0a1b2c3d4e5f.js": b"another version's"}
    read = with_shell(read_bucket(bucket))
    page = (read(SITE_INDEX) or b"").decode()
    assets = re.findall(r'(?:href|src)="([^"]+\.(?:js|css))"', page)

    assert assets
    assert all(read(f"site/{asset}") for asset in assets)
    assert read("site/js/main.js") is None
    assert read("site/js/routes.js") is None
    assert read("site/js/main-0a1b2c3d4e5f.js") is None
    assert read(INDEX) == b"{}"
