"""The command on a deployed stack: as a local one, and as one in AWS with the reader's own policy."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from playlist_archive_cli import frame, main
from playlist_archive_cli.location import LocalStack
from tests.support.command import DOCUMENT
from tests.support.users import a_user, documented_policy
from tools.local.engine import REGION
from tools.local.simulation import Simulation
from tools.local.stack import STACK_NAME
from tools.stand_in.sample import SONG_A_DAY

pytestmark = pytest.mark.integration

# The days of the other tests with this stack are before. On each of these a song comes.
DAYS = [datetime(2026, 3, day, 4, tzinfo=UTC) for day in (24, 25, 26)]
USER = "reader"


@pytest.fixture(scope="module")
def archived(simulation: Simulation) -> Simulation:
    """Return the stack after three days, on the second of which a playlist was not found."""
    for number, day in enumerate(DAYS):
        simulation.stand_in.control.clear_faults()
        if number == 1:
            path = f"/playlists/{SONG_A_DAY}"
            simulation.stand_in.control.add_fault("not_found", path=path, times=None)
        simulation.archive_day(day)
    return simulation


@pytest.fixture
def local(archived: Simulation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Return the options for the local stack."""
    stack = LocalStack("sample", archived.stack.engine.url, REGION, STACK_NAME)
    monkeypatch.setattr(frame, "find_running", lambda _: [stack])
    monkeypatch.setattr(frame, "deployment_file", lambda: tmp_path / "deployment.json")
    return ["--local"]


@pytest.fixture(scope="module")
def reader(archived: Simulation) -> Iterator[dict[str, str]]:
    """Yield the access key of a user who may do what the documentation says, and nothing else."""
    stack = archived.stack
    with a_user(
        stack, USER, {"read": documented_policy(DOCUMENT, bucket=stack.bucket)}
    ) as variables:
        yield variables


@pytest.fixture
def deployed(
    archived: Simulation,
    reader: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> list[str]:
    """Return the options for the same stack as one in AWS, with the reader's credentials."""
    monkeypatch.setattr(frame, "find_running", lambda _: [])
    monkeypatch.setattr(frame, "deployment_file", lambda: tmp_path / "deployment.json")
    for name, value in {**reader, "AWS_ENDPOINT_URL": archived.stack.engine.url}.items():
        monkeypatch.setenv(name, value)
    return ["--stack", STACK_NAME, "--region", REGION]


@pytest.fixture(params=["local", "deployed"])
def options(request: pytest.FixtureRequest) -> list[str]:
    found: list[str] = request.getfixturevalue(request.param)
    return found


def test_every_verb_that_reads_answers(
    options: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def answer(*arguments: str) -> Any:
        exit_code = main.run([*arguments, *options, "--json"])
        printed = capsys.readouterr()
        # The days are so long ago that the status of what has a schedule misses a run.
        assert exit_code == 0 or arguments == ("status",), printed.err
        return json.loads(printed.out)

    assert answer("status")["last_run"] == "2026-03-26T04:00:00Z"
    assert SONG_A_DAY in {one["id"] for one in answer("list")["playlists"]}
    [remark] = answer("show", SONG_A_DAY, "--on", "2026-03-25")["remarks"]
    assert "could not be read on 2026-03-25" in remark
    assert answer("changes")["changes"]
    assert answer("changes", SONG_A_DAY)["since"] is None
    assert answer("diff", SONG_A_DAY, "2026-03-24")["change"]["counts"]["added"] == 2
    assert answer("find", "velvet ferry")["songs"]
    exported = answer("export", SONG_A_DAY, "--ever", "--format", "csv", "--to", str(tmp_path))
    assert len(exported["playlists"]) == len(list(tmp_path.iterdir())) == 1


def test_what_the_reader_may_not_is_one_line(
    archived: Simulation,
    deployed: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    iam: Any = archived.stack._client("iam")
    allowed = iam.get_user_policy(UserName=USER, PolicyName="read")["PolicyDocument"]
    statements = [one for one in allowed["Statement"] if "s3:GetObject" not in one["Action"]]
    document = json.dumps({**allowed, "Statement": statements})
    iam.put_user_policy(UserName=USER, PolicyName="read", PolicyDocument=document)
    try:
        assert main.run(["list", *deployed]) == 1
    finally:
        iam.put_user_policy(UserName=USER, PolicyName="read", PolicyDocument=json.dumps(allowed))
    printed = capsys.readouterr()
    assert "these AWS credentials do not suffice" in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert main.run(["list", *deployed]) == 1
    assert "cannot be reached" in capsys.readouterr().err
