"""`logs`: what a run logged."""

from datetime import timedelta

import pytest

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
        (["--run", "rubbish"], 2, "“rubbish” is not the time of a run"),
        (["--run", "2026-10-01"], 2, "write it as 2026-10-04T04:00:00Z"),
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
