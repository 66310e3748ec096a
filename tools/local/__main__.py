"""Commands for the local stack: `python -m tools.local`."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import Annotated, Any

import stamina
import typer

from playlist_archive.documents.keys import (
    INDEX,
    STATUS_JSON,
    check_playlist_id,
    registry_key,
)
from playlist_archive.errors import InvalidPlaylistIdError
from playlist_archive.ports.credentials import Credentials
from tools.local.comparison import find_rebuild_differences, read_published
from tools.local.containers import write_environments
from tools.local.copies import copy_archive, make_folder
from tools.local.credentials import fingerprint, read_credentials, try_credentials
from tools.local.deploy import deploy
from tools.local.engine import Engine, find_running, isolate_environment
from tools.local.errors import LocalStackError, StuckError
from tools.local.lock import end_holder, only_one
from tools.local.memory import MemoryWatch
from tools.local.processes import stop_all
from tools.local.progress import console, progress
from tools.local.rendering import distrust_pages, render_again
from tools.local.run import Day, archive_day, await_registration
from tools.local.sample import last_run, plan_days, prepare
from tools.local.simulation import Simulation
from tools.local.stack import Stack
from tools.local.workspace import LOCAL, Workspace
from tools.stand_in.history import HistoryFileError, HistoryLibrary
from tools.verification import find_difference, read_expected

_HISTORY_TIME = time_of_day(4)
_LOCK = LOCAL / "lock"
_API_URL, _ACCOUNTS_URL = "https://api.spotify.com/v1", "https://accounts.spotify.com"
# The most playlist names that fit on a line.
_MOST_NAMED = 4

app = typer.Typer(
    help="The archive on this machine.", no_args_is_help=True, pretty_exceptions_enable=False
)


@app.command()
def run() -> None:
    """Archive Spotify today, or seven days of a sample library when no credentials are set."""
    credentials = read_credentials(os.environ)
    with only_one("run", _LOCK):
        if credentials:
            run_with_spotify(Workspace.named("spotify"), credentials)
        else:
            run_with_sample(Workspace.named("sample"))
    console.print(
        "Look at it in the browser: [bold]make open[/]. "
        "The stack goes on running; [bold]make stop[/] ends it. "
        "One more playlist: [bold]make register ID=<playlist id>[/]."
    )


@app.command()
def history(
    file: Path,
    days: Annotated[int, typer.Option(min=1, help="How many of its last days to archive.")] = 30,
) -> None:
    """Archive the last days of a history file from nothing, and measure it."""
    if not file.name:
        raise LocalStackError("name the file: make history FILE=<history file>")
    try:
        versions = HistoryLibrary(file)
    except HistoryFileError as error:
        raise LocalStackError(str(error)) from error
    with only_one("history", _LOCK):
        run_with_history(file, versions, days)


def run_with_history(file: Path, versions: HistoryLibrary, days: int) -> None:
    workspace = Workspace.named("history")
    make_folder(workspace.copies)
    stop_all(workspace)
    shutil.rmtree(workspace.root)
    workspace = Workspace.named("history")
    began = time.monotonic()
    last = datetime.combine(versions.last_day, _HISTORY_TIME, UTC)
    dates = [last - timedelta(days=before) for before in reversed(range(days))]
    total = 0
    with _stopped_when_interrupted(workspace):
        engine = Engine.ensure(workspace)
        with MemoryWatch(engine.process.pid) as memory:
            simulation = _start_simulation(workspace, ["--history", str(file.resolve())])
            with copied(workspace, simulation.stack):
                for time_ in dates:
                    total += _archive_simulated(simulation, time_)
        with progress("Comparing every document with the file"):
            expected = read_expected(file, dates)
            difference = find_difference(read_published(simulation.stack), expected)
        with progress("Rebuilding everything from snapshots"):
            rebuilt = find_rebuild_differences(simulation.stack)
        stop_all(workspace)
    console.print(
        f"{days} days, {total} requests to Spotify, {time.monotonic() - began:.0f} s; "
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
    with only_one("register", _LOCK):
        workspace = find_running()[0]
        stack = Stack(Engine.ensure(workspace))
        with copied(workspace, stack), progress(f"Reading {playlist_id}"):
            log_size = stack.engine.log_size
            stack.put(key, alias)
            await_registration(stack, playlist_id, log_size)
        tell_registered(stack.read_json(STATUS_JSON), playlist_id)


def tell_registered(status: dict[str, Any], playlist_id: str) -> None:
    """Say what came of a registered playlist.

    Raises:
        LocalStackError: it could not be read.
    """
    known = status.get("playlists", {}).get(playlist_id)
    if not known:
        raise LocalStackError(f"{playlist_id} is registered, and the status page does not name it")
    if known["status"] == "ok":
        console.print(f"{known['name']} is archived ({playlist_id}).", markup=False)
    elif known["status"] == "deferred":
        console.print(f"{playlist_id} is registered: {known['reason']}.", markup=False)
    else:
        raise LocalStackError(
            f"{playlist_id}: {known['status']}: {known['reason']}; "
            "it stays registered, and later runs ask again"
        )


@app.command()
def env() -> None:
    """Write the file for `sam local invoke --env-vars` that points functions at the local stack."""
    path = LOCAL / "env.json"
    write_environments(Stack(Engine.ensure(find_running()[0])), path)
    console.print(os.path.relpath(path))


@app.command()
def stop() -> None:
    """Stop every process that these commands started."""
    end_holder(_LOCK)
    for workspace in Workspace.all():
        stop_all(workspace)


def run_with_spotify(workspace: Workspace, given: Credentials) -> None:
    """Archive the user's library today.

    Raises:
        LocalStackError: Spotify refuses or does not answer, or nothing could be archived.
    """
    make_folder(workspace.copies)
    if not given.refresh_token:
        console.print("SPOTIFY_REFRESH_TOKEN is not set: only registered playlists are archived.")
    accounts_url = os.environ.get("SPOTIFY_ACCOUNTS_URL", _ACCOUNTS_URL)
    parameters = {
        "IndexWindowSeconds": "0",
        "SpotifyApiUrl": os.environ.get("SPOTIFY_API_URL", _API_URL),
        "SpotifyAccountsUrl": accounts_url,
    }
    with _stopped_when_interrupted(workspace):
        with progress("Asking Spotify for an access token"):
            credentials = try_credentials(_newest_credentials(workspace, given), accounts_url)
        with progress("Starting AWS on this machine"):
            stack = deploy(workspace, Engine.ensure(workspace), parameters, credentials)
        workspace.remember("credentials", given=fingerprint(given))
        with copied(workspace, stack):
            with progress("Reading Spotify"):
                day = archive_day(stack, datetime.now(UTC).replace(microsecond=0))
            _tell(day, day.requests_within_24_hours)
            _render_again(workspace, stack)


def _newest_credentials(workspace: Workspace, given: Credentials) -> Credentials:
    """Return the given credentials, or the running stack's newer version of them.

    Spotify may have replaced their refresh token since.
    """
    engine = Engine.find(workspace)
    if engine and workspace.recall("credentials").get("given") == fingerprint(given):
        return Stack(engine).read_credentials()
    return given


def run_with_sample(workspace: Workspace) -> None:
    """Archive the next days of the sample library."""
    make_folder(workspace.copies)
    console.print(
        "No SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET are set: a stand-in for Spotify serves a "
        "sample library."
    )
    known = workspace.recall("runs")
    last = datetime.fromisoformat(known["last"]) if known else None
    now = datetime.now(UTC).replace(microsecond=0)
    since = date.fromisoformat(known["since"]) if known else plan_days(now, None)[0].date()
    with _stopped_when_interrupted(workspace):
        simulation = _start_simulation(workspace, ["--since", since.isoformat()])
        with copied(workspace, simulation.stack):
            for time_ in plan_days(now, last_run(simulation.stack, last)):
                prepare(simulation, since, time_.date())
                _archive_simulated(simulation, time_)
                workspace.remember("runs", since=since.isoformat(), last=time_.isoformat())
            _render_again(workspace, simulation.stack)


def _start_simulation(workspace: Workspace, library: list[str]) -> Simulation:
    with progress("Starting AWS and a stand-in for Spotify on this machine"):
        return Simulation.ensure(workspace, library)


def _archive_simulated(simulation: Simulation, time_: datetime) -> int:
    """Archive a simulated day, and return the number of requests to Spotify."""
    with progress(f"{time_:%Y-%m-%d}", announced=False):
        day, requests = simulation.archive_day(time_)
    _tell(day, requests)
    return requests


def _tell(day: Day, requests: int) -> None:
    console.print(describe(day, requests), markup=False)
    if day.not_before:
        console.print(
            f"Spotify asks to wait until {day.not_before}; the rest comes in a later run."
        )
    if day.problem:
        raise LocalStackError(day.problem)


def describe(day: Day, requests: int) -> str:
    """Return the line of a day, which names the playlists that fail."""
    parts = [
        f"{day.time:%Y-%m-%d}",
        f"{day.checked:4} checked",
        f"{day.changed:4} changed",
        f"{len(day.troubles):4} failing",
        f"{requests:5} requests",
        f"{day.seconds:6.1f} s",
    ]
    named = [f"{_plain(name)}: {status}" for name, status, _ in day.troubles[:_MOST_NAMED]]
    if rest := len(day.troubles) - len(named):
        named.append(f"and {rest} more")
    return "  ".join([*parts, "; ".join(named)] if named else parts)


def _plain(name: str) -> str:
    """Return a playlist's name without terminal control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in name)


def _render_again(workspace: Workspace, stack: Stack) -> None:
    with progress("Rebuilding the pages that other code has rendered", announced=False):
        again = render_again(workspace, stack)
    if again:
        console.print("The code has changed, or a run failed: all pages were rebuilt.")


@contextmanager
def copied(workspace: Workspace, stack: Stack) -> Iterator[None]:
    """Copy the archive afterwards, also when something has failed: the status page may say why."""
    try:
        yield
    except StuckError:
        stack.drop_messages()
        distrust_pages(workspace)
        _copy(workspace, stack)
        console.print(
            "What waited in the queues is dropped: the next run reads again, and rebuilds all pages."
        )
        raise
    except LocalStackError:
        _copy(workspace, stack)
        raise
    _copy(workspace, stack)


def _copy(workspace: Workspace, stack: Stack) -> None:
    with progress("Copying the archive", announced=False):
        count = copy_archive(stack, workspace.copies)
    index = os.path.relpath(workspace.copies / INDEX)
    console.print(f"{count} files; begin with [bold]{index}[/]")


@contextmanager
def _stopped_when_interrupted(workspace: Workspace) -> Iterator[None]:
    """Stop the workspace's processes if a signal ends the command."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    interrupted = False

    def interrupt(*_: object) -> None:
        nonlocal interrupted
        interrupted = True
        raise KeyboardInterrupt

    former = {kind: signal.signal(kind, interrupt) for kind in signals}
    try:
        yield
    finally:
        for kind, handler in former.items():
            signal.signal(kind, handler)
        # A library may have replaced the interruption by another error, or swallowed it.
        if interrupted:
            for kind in signals:
                signal.signal(kind, signal.SIG_IGN)
            stop_all(workspace)
            console.print("Stopped.")
            raise KeyboardInterrupt


def main() -> None:
    isolate_environment()
    # The final error already reports that all retries failed.
    stamina.instrumentation.set_on_retry_hooks([])
    try:
        app()
    except LocalStackError as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
