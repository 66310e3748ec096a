"""Commands for the local stack: `python -m tools.local`."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from playlist_archive.documents.keys import check_playlist_id, registry_key
from playlist_archive.errors import InvalidPlaylistIdError
from tools.local.comparison import find_rebuild_differences, read_published
from tools.local.containers import write_environments
from tools.local.deploy import deploy
from tools.local.engine import Engine, find_running, isolate_environment
from tools.local.errors import LocalStackError
from tools.local.memory import MemoryWatch
from tools.local.processes import stop_all
from tools.local.rendering import render_again
from tools.local.run import Day, archive_day, await_quiet
from tools.local.simulation import Simulation
from tools.local.stack import Stack
from tools.local.workspace import LOCAL, VIEWS, Workspace
from tools.stand_in.history import HistoryLibrary
from tools.verification import find_difference, read_expected

_DAYS = 7
_HISTORY_TIME = time_of_day(4)
_VIEWS_PREFIX = "playlists/"

console = Console(highlight=False)
app = typer.Typer(
    help="The archive on this machine.", no_args_is_help=True, pretty_exceptions_enable=False
)


@app.command()
def run() -> None:
    """Archive Spotify today, or seven days of a sample library when no credentials are set."""
    if credentials := _read_spotify_credentials():
        _run_with_spotify(credentials)
    else:
        _run_with_sample()


@app.command()
def history(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    days: Annotated[int, typer.Option(min=1, help="How many of its last days to archive.")] = 30,
) -> None:
    """Archive the last days of a history file from nothing, and measure it."""
    workspace = Workspace.named("history")
    stop_all(workspace)
    shutil.rmtree(workspace.root)
    workspace = Workspace.named("history")
    began = time.monotonic()
    last = datetime.combine(HistoryLibrary(file).last_day, _HISTORY_TIME, UTC)
    dates = [last - timedelta(days=before) for before in reversed(range(days))]
    library = ["--history", str(file.resolve())]
    with _stopped_when_interrupted(workspace):
        engine = Engine.ensure(workspace)
        with MemoryWatch(engine.process.pid) as memory:
            stack, requests = _simulate(workspace, library, dates)
        _fetch_views(stack, VIEWS)
        with console.status("Comparing every document with the file"):
            expected = read_expected(file, dates)
            difference = find_difference(read_published(stack), expected)
        with console.status("Rebuilding everything from snapshots"):
            rebuilt = find_rebuild_differences(stack)
        stop_all(workspace)
    console.print(
        f"{days} days, {requests} requests to Spotify, {time.monotonic() - began:.0f} s; "
        f"the engine and its functions held {memory.peak_bytes / 2**20:.0f} MiB at most"
    )
    if difference:
        raise LocalStackError(f"a document does not say what the file says: {difference}")
    if rebuilt:
        raise LocalStackError(f"different after a rebuild: {', '.join(rebuilt)}")
    console.print(
        f"Every document says what the file says: {expected.describe()}. "
        "A rebuild from snapshots changes no byte."
    )


@app.command()
def register(
    playlist_id: str, alias: Annotated[str, typer.Option(help="A name of your own.")] = ""
) -> None:
    """Add a playlist to the registry of the running stack, and wait until it is archived."""
    try:
        key = registry_key(check_playlist_id(playlist_id))
    except InvalidPlaylistIdError as error:
        raise LocalStackError(str(error)) from error
    for workspace in find_running():
        stack = Stack(Engine.ensure(workspace))
        log_size = stack.engine.log_size
        stack.put(key, alias)
        # S3 calls the lister a moment later.
        time.sleep(2)
        await_quiet(stack, log_size)
        _fetch_views(stack, VIEWS)
        _tell_status(stack, playlist_id)


@app.command()
def env() -> None:
    """Write the file for `sam local invoke --env-vars` that points functions at the local stack."""
    path = LOCAL / "env.json"
    write_environments(Stack(Engine.ensure(find_running()[0])), path)
    console.print(os.path.relpath(path))


@app.command()
def stop() -> None:
    """Stop every process that these commands started."""
    for workspace in Workspace.all():
        stop_all(workspace)


def _run_with_spotify(credentials: Mapping[str, str]) -> None:
    workspace = Workspace.named("spotify")
    with _stopped_when_interrupted(workspace):
        with console.status("Starting AWS on this machine"):
            parameters = {"IndexWindowSeconds": "0"}
            stack = deploy(workspace, Engine.ensure(workspace), parameters, credentials)
        with console.status("Reading Spotify"):
            day = archive_day(stack, datetime.now(UTC).replace(microsecond=0))
        _tell(day, day.requests_within_24_hours)
        _render_again(workspace, stack)
        _fetch_views(stack, VIEWS)
    _say_what_is_next()


def _run_with_sample() -> None:
    console.print(
        "No SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are set: a stand-in for Spotify serves a "
        "sample library."
    )
    workspace = Workspace.named("sample")
    known = workspace.recall("runs")
    now = datetime.now(UTC).replace(microsecond=0)
    first = now - timedelta(days=_DAYS - 1)
    since = known.get("since", f"{first:%Y-%m-%d}")
    if last := known.get("last"):
        first = datetime.fromisoformat(last) + timedelta(days=1)
    days = [first + timedelta(days=number) for number in range(_DAYS)]

    def remember(day: Day) -> None:
        workspace.remember("runs", since=since, last=day.time.isoformat())

    with _stopped_when_interrupted(workspace):
        stack, _ = _simulate(workspace, ["--since", since], days, remember)
        _render_again(workspace, stack)
        _fetch_views(stack, VIEWS)
    _say_what_is_next()


def _simulate(
    workspace: Workspace,
    library: list[str],
    days: Iterable[datetime],
    afterwards: Callable[[Day], None] = lambda _: None,
) -> tuple[Stack, int]:
    """Archive each day, and return the stack and the number of requests to Spotify."""
    with console.status("Starting AWS and a stand-in for Spotify on this machine"):
        simulation = Simulation.ensure(workspace, library)
    total = 0
    for time_ in days:
        with console.status(f"{time_:%Y-%m-%d}"):
            day, requests = simulation.archive_day(time_)
        total += requests
        _tell(day, requests)
        afterwards(day)
    return simulation.stack, total


def _tell(day: Day, requests: int) -> None:
    console.print(_describe(day, requests))
    if day.failure:
        raise LocalStackError(day.failure)
    if day.not_before:
        console.print(
            f"Spotify asks to wait until {day.not_before}; the rest comes in a later run."
        )


def _describe(day: Day, requests: int) -> str:
    parts = [
        f"[bold]{day.time:%Y-%m-%d}[/]",
        f"{day.checked:4} checked",
        f"{day.changed:4} changed",
        f"[red]{day.failing:4} failing[/]" if day.failing else "   0 failing",
        f"{requests:5} requests",
        f"{day.seconds:6.1f} s",
    ]
    return "  ".join(parts)


def _render_again(workspace: Workspace, stack: Stack) -> None:
    with console.status("Rebuilding the pages that other code has rendered"):
        again = render_again(workspace, stack)
    if again:
        console.print("The code has changed: all pages were rebuilt from snapshots.")


def _fetch_views(stack: Stack, folder: Path) -> None:
    count = stack.download(_VIEWS_PREFIX, folder)
    index = folder / _VIEWS_PREFIX / "index.md"
    console.print(f"{count} files; begin with [bold]{os.path.relpath(index)}[/]")


def _tell_status(stack: Stack, playlist_id: str) -> None:
    known = stack.read_json("playlists/status.json").get("playlists", {}).get(playlist_id)
    if known:
        console.print(f"{playlist_id}: {known['status']} {known['reason']}", markup=False)
    else:
        # The sample's simulated days may be ahead of the clock, which dates a registration.
        console.print("It is registered, and read in the next run: [bold]make run[/].")


def _say_what_is_next() -> None:
    console.print(
        "One more playlist: [bold]make register ID=<playlist id>[/]. "
        "The stack goes on running; [bold]make stop[/] ends it."
    )


def _read_spotify_credentials() -> dict[str, str]:
    names = ("client_id", "client_secret", "refresh_token")
    credentials = {
        name: value for name in names if (value := os.environ.get(f"SPOTIFY_{name.upper()}"))
    }
    return credentials if {"client_id", "client_secret"} <= credentials.keys() else {}


@contextmanager
def _stopped_when_interrupted(workspace: Workspace) -> Iterator[None]:
    """Stop the workspace's processes if a signal ends the command."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    interrupted = False

    def interrupt(*_: object) -> None:
        nonlocal interrupted
        interrupted = True
        raise KeyboardInterrupt

    for kind in signals:
        signal.signal(kind, interrupt)
    try:
        yield
    finally:
        # A library may have replaced the interruption by another error, or swallowed it.
        if interrupted:
            for kind in signals:
                signal.signal(kind, signal.SIG_IGN)
            stop_all(workspace)
            console.print("Stopped.")
            raise KeyboardInterrupt


def main() -> None:
    isolate_environment()
    try:
        app()
    except LocalStackError as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
