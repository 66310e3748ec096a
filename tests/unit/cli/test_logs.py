"""`logs` and `open`: what a run logged, and where the archive is shown."""

import webbrowser
from datetime import timedelta
from pathlib import Path

import pytest

from playlist_archive_cli.connection import Connection
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.location import LocalStack
from playlist_archive_cli.verbs.open_archive import find_address
from tests.support.builders import DAY, RUN
from tests.support.command import Command
from tests.support.fakes import FakeSpotify
from tests.support.living_stack import LivingClock, LivingStack

pytestmark = pytest.mark.unit

NAMED = "2026-10-01T04:00:00Z"


@pytest.fixture
def stack() -> LivingStack:
    stack = LivingStack(FakeSpotify(), LivingClock(RUN + DAY / 2))
    stack.lines["renderer-log"] = [
        {"message": "START RequestId: 1", "timestamp": 5_000_000_000_000}
    ]
    stack.log("indexer-log", RUN + timedelta(seconds=70), run=NAMED, service="indexer", message="b")
    stack.log("lister-log", RUN, run=NAMED, service="lister", message="a", level="INFO", planned=2)
    stack.log("lister-log", RUN, run="2026-09-30T04:00:00Z", service="lister", message="other")
    return stack


@pytest.fixture
def command(stack: LivingStack, monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command.on(stack, monkeypatch)


@pytest.mark.parametrize("run", [NAMED, "20261001T040000Z"])
def test_the_lines_of_a_run_are_shown_in_the_order_of_time(command: Command, run: str) -> None:
    outcome = command("logs", "--run", run)

    assert outcome.out.splitlines()[1:] == [
        "2026-10-01 04:00:00\tlister\tINFO\ta\tplanned=2",
        "2026-10-01 04:01:10\tindexer\t\tb\t",
    ]


def test_a_run_ahead_of_the_clock_has_older_lines(command: Command, stack: LivingStack) -> None:
    stack.log("lister-log", RUN, run="2026-10-20T04:00:00Z", message="simulated")

    assert "simulated" in command("logs", "--run", "2026-10-20T04:00:00Z").out


def test_without_a_name_the_last_run_is_meant(command: Command, stack: LivingStack) -> None:
    stack.clock.moment = RUN
    command("run")

    assert [line["message"] for line in command("logs", "--json").document["lines"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 1, "no status page"),
        (["--run", "rubbish"], 2, "is not a date"),
        (["--run", "2026-10-01"], 2, "name the run's time"),
        (["--run", "2026-10-02T04:00:00Z"], 1, "nothing was logged of a run"),
        (["rubbish"], 2, "rubbish"),
    ],
)
def test_what_cannot_be_shown_is_one_line(
    command: Command, arguments: list[str], code: int, message: str
) -> None:
    outcome = command("logs", *arguments)

    assert (outcome.exit_code, outcome.out) == (code, "")
    assert message in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("operation", ["filter_log_events", "describe_stack_resource"])
def test_who_may_not_read_the_logs_is_told_so(
    command: Command, stack: LivingStack, operation: str
) -> None:
    stack.refused = {operation}

    assert "do not suffice" in command("logs", "--run", NAMED).err


@pytest.mark.parametrize(
    ("dashboard", "address"),
    [
        ("mine-eu-central-1", "/cloudwatch/home?region=eu-central-1#dashboards/dashboard/mine-eu"),
        (None, "/s3/buckets/archive?region=eu-central-1&prefix=playlists/"),
    ],
)
@pytest.mark.parametrize("opened", [True, False])
def test_an_archive_in_aws_is_shown_on_its_dashboard_or_in_its_bucket(
    command: Command,
    stack: LivingStack,
    monkeypatch: pytest.MonkeyPatch,
    *,
    dashboard: str | None,
    address: str,
    opened: bool,
) -> None:
    if dashboard:
        stack.resources["Dashboard"] = dashboard
    asked: list[str] = []

    def start_browser(url: str) -> bool:
        asked.append(url)
        return opened

    monkeypatch.setattr(webbrowser, "open", start_browser)

    outcome = command("open")

    assert outcome.exit_code == 0
    assert address in outcome.out
    assert asked == [outcome.out.strip()]
    assert bool(outcome.err) is not opened


def test_a_local_archive_is_shown_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "template.yaml").touch()
    (tmp_path / "layers/archive/playlist_archive").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    connection = Connection(
        LocalStack("sample", "http://127.0.0.1:9", "us-east-1", "playlist-archive")
    )
    with pytest.raises(CommandError, match="make run"):
        find_address(connection)
    (tmp_path / "archive/sample/playlists").mkdir(parents=True)

    assert find_address(connection) == (tmp_path / "archive/sample/playlists").as_uri()
