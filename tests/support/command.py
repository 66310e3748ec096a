"""The command `playlist-archive` on an archive in memory, and its examples in the documentation."""

import io
import re
import shlex
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
import pytest
from typer.testing import CliRunner

from playlist_archive_cli import frame, main
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.location import Asked, DeployedStack
from playlist_archive_cli.site_objects import Read
from playlist_archive_cli.verbs import open_archive
from tests.support.fakes import FakeBucket, FakeClock
from tests.support.living_stack import LivingStack
from tests.support.old_archive import write_old_archive
from tests.support.sample_archive import living_sample
from tests.support.spotify_export import as_exported, read_live, write_export
from tools.stand_in.sample import FERRY, KITCHEN, SKYLIGHT

DOCUMENT = Path(__file__).parents[2] / "docs/command.md"
NOW = datetime(2026, 10, 10, 9, tzinfo=UTC)
_EXAMPLE = re.compile(r"```console\n\$ (playlist-archive[^\n]*)\n(.*?)```", re.DOTALL)
# They are in the example of an export of Spotify's.
_EXPORTED = (FERRY, KITCHEN, SKYLIGHT)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Outcome(NamedTuple):
    exit_code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return msgspec.json.decode(self.out)


def fails(outcome: Outcome, code: int, message: str) -> None:
    """Hold that the command ended with one line about an error."""
    assert outcome.exit_code == code, outcome
    assert outcome.err.splitlines()[-1].startswith("playlist-archive: ")
    assert message in outcome.err
    assert "Traceback" not in outcome.err


def settle(stack: LivingStack) -> None:
    """Let the stack work until it has nothing left to do."""
    for _ in range(40):
        stack.clock.sleep(1)


class Command:
    """Runs the command; its archive is `bucket`, whatever options name another."""

    def __init__(
        self,
        bucket: FakeBucket,
        monkeypatch: pytest.MonkeyPatch,
        client: Callable[[str], Any] | None = None,
        now: datetime = NOW,
    ) -> None:
        def open_connection(_: Asked) -> Connection:
            connection = Connection(DeployedStack("test"), client or _refuse)
            if client is None:
                connection.outputs = {"BucketName": "test"}
            connection.archive = Archive(
                bucket,
                "the stack playlist-archive in eu-central-1",
                FakeClock(now),
                scheduled=True,
            )
            return connection

        monkeypatch.setattr(frame, "open_connection", open_connection)

    @classmethod
    def on(cls, stack: LivingStack, monkeypatch: pytest.MonkeyPatch) -> "Command":
        """Return the command for a stack whose functions work."""
        command = cls(stack.bucket, monkeypatch)
        monkeypatch.setattr(frame, "open_connection", lambda _: stack.connect())
        return command

    def __call__(self, *arguments: str) -> Outcome:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            exit_code = main.run(arguments)
        return Outcome(exit_code, out.getvalue(), err.getvalue())


def converse(*arguments: str, answers: str = "", **environment: str) -> Outcome:
    """Run the command in a terminal in which the owner gives these answers, a line each.

    The answers do not appear in what is printed.
    """
    with CliRunner().isolation(input=answers, env=environment) as streams:
        exit_code = main.run(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        out, err = (stream.getvalue().decode() for stream in streams[:2])
    return Outcome(exit_code, out, err)


def examples() -> list[tuple[str, str]]:
    """Return the command lines in the documentation, and what it says they print."""
    return _EXAMPLE.findall(DOCUMENT.read_text(encoding="utf-8"))


def show_anew(bucket: FakeBucket) -> str:
    """Return the documentation with what its examples print now."""
    return _EXAMPLE.sub(
        lambda found: f"```console\n$ {found[1]}\n{print_example(bucket, found[1])}```",
        DOCUMENT.read_text(encoding="utf-8"),
    )


def print_example(bucket: FakeBucket, line: str) -> str:
    """Return what a command line prints in a terminal of a hundred columns, without colours."""
    with pytest.MonkeyPatch.context() as monkeypatch, TemporaryDirectory() as folder:
        monkeypatch.chdir(folder)
        for name, value in {"FORCE_COLOR": "1", "COLUMNS": "100", "TERM": "xterm"}.items():
            monkeypatch.setenv(name, value)
        screen = io.StringIO()
        with (
            for_example(bucket, monkeypatch, line),
            redirect_stdout(screen),
            redirect_stderr(screen),
        ):
            main.run(shlex.split(line)[1:])
    printed = _COLOUR.sub("", screen.getvalue())
    return "".join(f"{printed_line.rstrip()}\n" for printed_line in printed.splitlines())


@contextmanager
def for_example(
    bucket: FakeBucket, monkeypatch: pytest.MonkeyPatch, line: str
) -> Iterator[Command]:
    """Yield the command for a stack that works on, with what the example needs to be there."""
    monkeypatch.setattr(webbrowser, "open", lambda _: True)
    monkeypatch.setattr(open_archive, "serving", pretend_to_serve)
    verb, *arguments = shlex.split(line)[1:]
    with living_sample(bucket, NOW) as stack, living_sample(FakeBucket(), NOW) as empty:
        command = Command.on(stack, monkeypatch)
        if verb == "remove":
            command("add", KITCHEN, "--alias", "The kitchen")
        match arguments:
            case ["archive", *_] if verb == "import":
                command("backup", "copy")
                command = Command.on(empty, monkeypatch)
            case ["old-archive", folder, *_]:
                write_old_archive(Path(folder))
            case ["spotify-export", *_]:
                day = "2026-10-04"
                playlists = (as_exported(read_live(bucket, id_, day), day) for id_ in _EXPORTED)
                write_export(Path(), *playlists)
            case ["exportify", folder, *_]:
                command("export", "--all", "--format", "csv", "--on", "2026-10-04", "--to", folder)
        yield command


class PretendedServer(NamedTuple):
    """Listens nowhere, and is interrupted at once."""

    url: str

    def wait_until_interrupted(self) -> None:
        """Return."""


@contextmanager
def pretend_to_serve(read: Read, port: int) -> Iterator[PretendedServer]:
    yield PretendedServer(f"http://127.0.0.1:{port}/")


def _refuse(service: str) -> Any:
    raise AssertionError(f"{service} was opened")
