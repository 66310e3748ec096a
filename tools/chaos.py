"""What faults of Spotify leave behind: `python -m tools.chaos FILE`.

The last days of a history file are archived twice on the local engine, once in peace and once with a stand-in that fails
in every way. Then the pages must be the same, but for the playlists that could not be read on some day, and those must
have said so.
"""

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tools.local.processes import stop_all
from tools.local.run import await_quiet
from tools.local.simulation import Simulation
from tools.local.workspace import Workspace
from tools.spotify.control import Control, RecordedRequest
from tools.spotify.history import HistoryLibrary

_LONG_WAIT_SECONDS = 40
_SEVERAL_PAGES = 150
_VIEWS = ("pretty", "cumulative", "plain", "history")

console = Console(highlight=False)


@dataclass
class Run:
    """What one series of days left behind; `unread` are the playlists that said so, by status."""

    pages: Mapping[str, bytes]
    unread: dict[str, set[str]] = field(default_factory=dict)
    requests: int = 0
    too_early: int = 0
    seconds: float = 0.0


def chaos(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    days: Annotated[int, typer.Option(min=2, help="How many of its last days.")] = 5,
    seed: Annotated[int, typer.Option(help="Repeats the same faults.")] = 1,
) -> None:
    """Archive the last days of a history file in peace and in chaos, and compare."""
    library = HistoryLibrary(file)
    last = datetime(
        library.last_day.year, library.last_day.month, library.last_day.day, 4, tzinfo=UTC
    )
    times = [last - timedelta(days=before) for before in reversed(range(days))]
    victims = library.list_ids(times[0].date())
    torn, truncated = _pick_long(library, times[0], victims)
    arguments = ["--history", str(file.resolve())]
    with _simulation("peace", arguments) as simulation:
        peace = _archive(simulation, times)
    with _simulation("chaos", arguments) as simulation:
        _switch_faults_on(simulation.stand_in.control, seed, torn, truncated)
        storm = _archive(simulation, times)
    differing = {
        key
        for key in peace.pages.keys() | storm.pages.keys()
        if peace.pages.get(key) != storm.pages.get(key)
    }
    unexplained = sorted(key for key in differing if Path(key).name[:22] not in storm.unread)
    console.print(
        f"seed {seed}: {days} days, {len(library.list_ids(library.last_day))} playlists, "
        f"{peace.requests} requests in peace, {storm.requests} in chaos, {storm.seconds:.0f} s"
    )
    for playlist_id, statuses in sorted(storm.unread.items()):
        why = " (torn)" * (playlist_id == torn) + " (truncated)" * (playlist_id == truncated)
        console.print(f"  {playlist_id} was {', '.join(sorted(statuses))} on some day{why}")
    console.print(f"pages that differ without a word: {len(unexplained)}")
    console.print(f"requests while Spotify had asked to wait: {storm.too_early}")
    if unexplained or storm.too_early or not {torn, truncated} <= storm.unread.keys():
        console.print(*unexplained, sep="\n")
        raise SystemExit(1)


def _pick_long(
    library: HistoryLibrary, time_: datetime, playlist_ids: Sequence[str]
) -> tuple[str, str]:
    """Return two playlists that are read in several pages."""
    long = [
        playlist_id
        for playlist_id in playlist_ids
        if (version := library.find(playlist_id, time_.date()))
        and len(version.rows) > _SEVERAL_PAGES
    ]
    return long[0], long[1]


def _switch_faults_on(control: Control, seed: int, torn: str, truncated: str) -> None:
    control.add_fault("server_error", probability=0.2, seed=seed, times=None)
    control.add_fault("reset", probability=0.05, seed=seed + 1, times=None)
    control.add_fault("rate_limit", probability=0.05, seed=seed + 2, times=None, retry_after=1)
    control.add_fault("rate_limit", after=150, times=1, retry_after=_LONG_WAIT_SECONDS)
    control.add_fault("expired_token", every=50, times=None)
    control.add_fault("torn", path=f"/{torn}/items", times=None)
    control.add_fault("truncated", path=f"/{truncated}/items", times=None, keep_rows=0)


@contextmanager
def _simulation(name: str, library: list[str]) -> Iterator[Simulation]:
    """Start from nothing, and leave nothing running."""
    workspace = Workspace.named(f"chaos-{name}")
    shutil.rmtree(workspace.root)
    workspace = Workspace.named(f"chaos-{name}")
    try:
        yield Simulation.ensure(workspace, library)
    finally:
        stop_all(workspace)


def _archive(simulation: Simulation, times: list[datetime]) -> Run:
    began = time.monotonic()
    run = Run({})
    for day in times:
        simulation.stand_in.control.set_date(day.date())
        log_size = simulation.stack.engine.log_size
        simulation.stack.start_run(day)
        _await_all(simulation, log_size)
        status = simulation.stack.read_json("playlists/status.json")
        for playlist_id, entry in status["playlists"].items():
            if entry["status"] != "ok":
                run.unread.setdefault(playlist_id, set()).add(entry["status"])
        console.print(f"{day:%Y-%m-%d} {status['counts']}")
    requests = [
        request
        for request in simulation.stand_in.control.requests()
        if request.path.startswith("/v1/")
    ]
    run.requests = len(requests)
    run.too_early = _count_too_early(requests, simulation.stack.read_json("state/spotify.json"))
    run.pages = {
        key: simulation.stack.read(key)
        for view in _VIEWS
        for key in simulation.stack.list_keys(f"playlists/{view}/")
    }
    run.seconds = time.monotonic() - began
    return run


def _await_all(simulation: Simulation, log_size: int) -> None:
    """Wait until a lane that Spotify stopped has gone on by itself and all is done."""
    while True:
        await_quiet(simulation.stack, log_size)
        if not any(depth.total for depth in simulation.stack.measure_queues().values()):
            return
        time.sleep(1)


def _count_too_early(requests: list[RecordedRequest], state: dict[str, str]) -> int:
    """Count the requests between the last long 429 and the moment it named."""
    if "not_before" not in state:
        return 0
    # The moment of parking is stored in whole seconds.
    parked = datetime.fromisoformat(state["parked_at"]).timestamp() + 1
    until = datetime.fromisoformat(state["not_before"]).timestamp()
    return sum(parked < request.time < until for request in requests)


if __name__ == "__main__":
    typer.run(chaos)
