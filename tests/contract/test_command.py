"""The command as a whole: errors are one line, exit codes, help, and where it finds its archive."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
import typer
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
)
from moto import mock_aws

from playlist_archive.errors import StorageError
from playlist_archive_cli import connection, frame, local_stacks, main
from playlist_archive_cli.connection import Connection, OpenClient
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.location import LocalStack, Location
from playlist_archive_cli.stored_deployment import Deployment, recall, remember
from tests.support.command import Command
from tests.support.fakes import FakeBucket
from tools.local.workspace import Workspace

pytestmark = pytest.mark.contract

PROGRAM = "from playlist_archive_cli.main import main; main()"


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    troubled_archive: FakeBucket,
) -> Command:
    return Command(troubled_archive, monkeypatch)


def verbs() -> list[str]:
    group: Any = typer.main.get_command(frame.app)
    return sorted(group.commands)


def verbs_with_options() -> list[list[str]]:
    """Return the verbs that do something: a group's own ones instead of it."""
    group: Any = typer.main.get_command(frame.app)
    return [
        words
        for name, verb in sorted(group.commands.items())
        for words in ([[name, one] for one in getattr(verb, "commands", ())] or [[name]])
    ]


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["list", "--nonsense"], ["list", "--sort", "rubbish"], ["--"]]
)
def test_wrong_use_is_one_line_and_exit_code_2(command: Command, arguments: list[str]) -> None:
    outcome = command(*arguments)

    assert outcome.exit_code == 2
    assert outcome.err.startswith("playlist-archive: ")
    assert outcome.err.count("\n") == 1
    assert outcome.out == ""


def test_without_a_verb_it_prints_the_help_and_fails(command: Command) -> None:
    outcome = command()

    assert outcome.exit_code == 2
    assert all(verb in outcome.out for verb in verbs())


@pytest.mark.parametrize("words", verbs_with_options(), ids=" ".join)
def test_every_verb_explains_itself_and_has_the_common_options(
    command: Command, words: list[str]
) -> None:
    outcome = command(*words, "--help")

    assert outcome.exit_code == 0
    for option in ("--local", "--stack", "--region", "--profile", "--json"):
        assert option in outcome.out
    # Of an option whose metavar it does not find, Typer shows the type.
    assert not re.search(r"--\S+ <[A-Z]\w+>", outcome.out)


def test_an_argument_that_is_not_text_is_wrong_use(command: Command) -> None:
    assert command("list", "--stack", "\udcff").exit_code == 2


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (NoCredentialsError(), "aws configure"),
        (NoRegionError(), "--region"),
        (InvalidRegionError(region_name="x y"), "Name another with --region"),
        (ParamValidationError(report='Invalid bucket name "x y"'), "does not take that: Parameter"),
        (EndpointConnectionError(endpoint_url="https://s3"), "cannot be reached"),
        (ClientError({"Error": {"Code": "ExpiredToken"}}, "GetObject"), "log in to AWS again"),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject"), "do not suffice"),
        (ClientError({"Error": {"Code": "SlowDown"}}, "GetObject"), "AWS refused"),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_what_aws_refuses_is_one_line_and_exit_code_1(
    command: Command,
    troubled_archive: FakeBucket,
    monkeypatch: pytest.MonkeyPatch,
    *,
    error: Exception,
    advice: str,
    wrapped: bool,
) -> None:
    def fail(*_: str) -> None:
        if not wrapped:
            raise error
        raise StorageError("reading playlists/status.json") from error

    monkeypatch.setattr(troubled_archive, "before", fail)

    outcome = command("list")

    assert outcome.exit_code == 1
    assert advice in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_document_that_cannot_be_read_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bucket = FakeBucket()
    bucket.objects["playlists/status.json"] = b'{"run": 5'

    outcome = Command(bucket, monkeypatch)("list", "--json")

    assert outcome.exit_code == 1
    assert outcome.err.startswith("playlist-archive: playlists/status.json cannot be read: ")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("typed", "completions"),
    [("playlist-archive exp", ["export"]), ("playlist-archive export --format x", ["xspf"])],
)
def test_the_shell_completes_verbs_and_choices(
    tmp_path: Path, typed: str, completions: list[str]
) -> None:
    environment = {
        **os.environ,
        "_PLAYLIST_ARCHIVE_COMPLETE": "complete_bash",
        "COMP_WORDS": typed,
        "COMP_CWORD": str(typed.count(" ")),
    }
    completed = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert completed.stdout.split() == completions


def test_ctrl_c_is_one_line_and_an_exit_code_of_its_own(
    command: Command, troubled_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(troubled_archive, "before", interrupt)

    assert command("list") == (130, "", "playlist-archive: stopped\n")


def test_a_pipe_that_closes_early_is_no_traceback(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "--help"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is full")
def test_output_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        completed = subprocess.run(
            [sys.executable, "-c", PROGRAM, "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            check=False,
        )

    assert completed.returncode == 1
    assert completed.stderr == (
        "playlist-archive: the output cannot be written: No space left on device\n"
    )


def test_closed_streams_are_no_traceback(tmp_path: Path) -> None:
    completed = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" list --help >&-', sys.executable, PROGRAM],
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )

    assert (completed.returncode, completed.stderr) == (0, b"")


# Where it finds its archive.


def test_nothing_is_remembered_where_the_settings_are_no_folder(tmp_path: Path) -> None:
    (tmp_path / "settings").touch()

    assert recall(tmp_path / "settings/deployment.json") is None


def test_the_stack_that_was_remembered_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "settings/deployment.json"
    deployment = Deployment("mine", "eu-central-1", "me", {"AlarmEmail": "me@example.com"})

    assert recall(file) is None
    remember(file, deployment)
    assert recall(file) == deployment


@pytest.mark.parametrize("contents", [b"", b"[]", b'{"stack": 5}', b"\xff"])
def test_what_was_remembered_and_is_damaged_is_named(tmp_path: Path, contents: bytes) -> None:
    file = tmp_path / "deployment.json"
    file.write_bytes(contents)

    with pytest.raises(CommandError, match=r"deployment\.json cannot be read"):
        recall(file)


class _Healthy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/_ministack/health" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def engine_port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Healthy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").touch()
    (tmp_path / "layers/archive/playlist_archive").mkdir(parents=True)
    return tmp_path


def a_local_stack(checkout: Path, name: str, port: int) -> LocalStack:
    workspace = Workspace(checkout / ".local" / name)
    workspace.root.mkdir(parents=True)
    url = f"http://127.0.0.1:{port}"
    workspace.remember(
        "stack", engine_url=url, region="us-east-1", stack_name="playlist-archive", bucket="archive"
    )
    return LocalStack(name, url, "us-east-1", "playlist-archive")


def test_a_running_local_stack_is_found_from_any_folder_of_its_checkout(
    checkout: Path, engine_port: int
) -> None:
    stack = a_local_stack(checkout, "sample", engine_port)
    inside = checkout / "docs/adr"
    inside.mkdir(parents=True)

    assert local_stacks.find_running(inside) == [stack]


def test_a_local_stack_that_was_stopped_or_is_not_deployed_yet_is_none(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The checkout of these tests may have one that runs.
    monkeypatch.setattr(local_stacks, "checkouts_near", lambda start: [start])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    stopped = a_local_stack(checkout, "stopped", closed)
    for number, contents in enumerate(["5", "", '{"bucket": "archive"}', "\xff"]):
        folder = checkout / f".local/rubbish{number}"
        folder.mkdir()
        (folder / "stack.json").write_text(contents)
    (checkout / ".local/begun").mkdir()

    assert list(local_stacks.read_stacks(checkout)) == [stopped]
    assert local_stacks.find_running(checkout) == []


class _CloudFormation:
    """Knows the stacks `mine`, an archive, and `web`, which is none."""

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        if StackName not in {"mine", "web"}:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks"
            )
        output = {"mine": "BucketName", "web": "Url"}[StackName]
        return {"Stacks": [{"Outputs": [{"OutputKey": output, "OutputValue": "archive"}]}]}


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Yield the bucket of the stack `mine`; nothing runs and nothing is remembered here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(frame, "find_running", lambda _: [])
    monkeypatch.setattr(frame, "deployment_file", lambda: tmp_path / "deployment.json")
    real = connection.open_clients

    def open_clients(location: Location) -> OpenClient:
        client = real(location)
        return lambda service: _CloudFormation() if service == "cloudformation" else client(service)

    monkeypatch.setattr(connection, "open_clients", open_clients)
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="archive")
        yield "archive"


def test_a_deployed_archive_is_found_by_its_stack_s_outputs(
    stack: str, troubled_archive: FakeBucket, capsys: pytest.CaptureFixture[str]
) -> None:
    status = troubled_archive.objects["playlists/status.json"]
    boto3.client("s3").put_object(Bucket=stack, Key="playlists/status.json", Body=status)

    assert main.run(["list", "--stack", "mine", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["playlists"]) == len(
        json.loads(status)["playlists"]
    )


def test_the_remembered_stack_is_used_without_any_option(
    stack: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remember(tmp_path / "deployment.json", Deployment("mine"))

    assert main.run(["list"]) == 1
    assert "the stack mine has no status page" in capsys.readouterr().err
    assert stack


@pytest.mark.usefixtures("stack")
def test_a_stack_that_does_not_exist_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["list", "--stack", "other"]) == 1
    assert capsys.readouterr().err == (
        "playlist-archive: the stack other does not exist: name another with --stack, "
        "or its --region\n"
    )


@pytest.mark.usefixtures("stack")
def test_a_stack_that_is_no_archive_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["list", "--stack", "web"]) == 1
    assert "no playlist archive" in capsys.readouterr().err


@pytest.mark.usefixtures("stack")
def test_a_profile_that_does_not_exist_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["list", "--stack", "mine", "--profile", "nobody"]) == 1
    assert "nobody" in (printed := capsys.readouterr().err)
    assert printed.count("\n") == 1


def test_a_local_archive_is_opened_without_the_user_s_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "AWS_PROFILE": "nobody"})
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    client = Connection(
        LocalStack("sample", "http://127.0.0.1:9", "us-east-1", "playlist-archive")
    ).client("s3")

    assert client.meta.endpoint_url == "http://127.0.0.1:9"
    assert client._request_signer._credentials.access_key == "test"
