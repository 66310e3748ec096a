"""Counts one playlist's calls, bytes and time: `python -m tools.measure.count_calls FILE`.

The real services archive the last days of a history file from the stand-in, with bucket and queues
in memory. Every call at the ports is counted for its service. One invocation of lister and indexer
over a hundred thousand playlists is measured as well. `tools.measure` computes from the result.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from time import thread_time
from typing import Annotated, Any

import msgspec
import typer

from playlist_archive.documents.keys import ALL_FEED, CATALOG, SNAPSHOTS
from playlist_archive.documents.messages import RenderRequest
from playlist_archive.documents.render_jobs import RenderJob
from playlist_archive.documents.status import PageStatus
from playlist_archive.ports.credentials import Credentials
from tests.support.archived_history import archive_history, last_runs
from tests.support.fakes import FakeBucket, FakeClock, FakeCredentialStore
from tests.support.pipeline import Pipeline, connect, plenty, render_snapshot
from tools.measure.count_requests import name_kind
from tools.measure.counts import COUNTS, Cost, Counts, Large, Sizes, Writes
from tools.stand_in.accounts import Client
from tools.stand_in.history import HistoryLibrary
from tools.stand_in.server import StandIn

_FOLLOWERS = "playlists/followers/"
_HISTORIES = "playlists/history/"
_VIEWS = ("pretty", "cumulative", "plain", "history", "feeds", "table", "songs")
_SHARED = (
    "playlists/index",
    "playlists/status",
    "playlists/metadata/",
    "playlists/changes",
    ALL_FEED,
)
_MANY = 100_000


class Meter:
    """Adds up the costs of actions, by kind."""

    def __init__(self, pipeline: Pipeline, stand_in: StandIn) -> None:
        self._pipeline = pipeline
        self._stand_in = stand_in
        self._sums: dict[str, Counter[str]] = {}
        self._puts: dict[str, Counter[str]] = {}
        self._most: Counter[str] = Counter()

    def measure[T](self, kind: str | Callable[[T], str], action: Callable[[], T]) -> T:
        """Do the action and count its costs; `kind` may depend on the result."""
        calls = self._pipeline.bucket.calls
        calls.clear()
        self._stand_in.control.clear_requests()
        began = thread_time()
        result = action()
        seconds = thread_time() - began
        name = kind if isinstance(kind, str) else kind(result)
        self.add(name, times=1)
        self._sums[name]["microseconds"] += int(seconds * 1e6)
        self._sums[name]["requests"] += sum(
            name_kind(seen.path) is not None for seen in self._stand_in.control.requests()
        )
        puts = puts_by_folder(calls)
        self._puts.setdefault(name, Counter()).update(puts)
        self._most[name] = max(self._most[name], puts.total())
        for operation, key in calls:
            if key.startswith(_FOLLOWERS):
                self.add("followers", **{operation: 1, "times": operation == "get"})
            elif name == "batch" and key.startswith(_HISTORIES):
                self.add("published", **{operation: 1, "times": 1})
            else:
                self._sums[name][operation] += 1
        return result

    def add(self, kind: str, **amounts: int) -> None:
        self._sums.setdefault(kind, Counter()).update(amounts)

    def cost(self, kind: str) -> Cost:
        total = self._sums[kind]
        times = total["times"]
        return Cost(
            times=times,
            requests=round(total["requests"] / times, 2),
            gets=round(total["get"] / times, 2),
            puts=round(total["put"] / times, 2),
            lists=round(total["list"] / times, 2),
            cpu_ms=round(total["microseconds"] / times / 1000, 1),
        )

    def mean_puts(self, *kinds: str) -> dict[str, float]:
        """Return the PUTs of one action of each of these kinds, by folder."""
        return {
            folder: round(number / self._sums[kind]["times"], 2)
            for kind in kinds
            for folder, number in sorted(self._puts[kind].items())
        }

    def most_puts(self, *kinds: str) -> int:
        return sum(self._most[kind] for kind in kinds)


def puts_by_folder(calls: Iterable[tuple[str, str]]) -> Counter[str]:
    """Count the PUTs by the first two parts of their keys, without those of follower numbers."""
    keys = [key for operation, key in calls if operation == "put"]
    return Counter(_folder(key) for key in keys if not key.startswith(_FOLLOWERS))


def _folder(key: str) -> str:
    first, second, *rest = key.split("/")
    if first == "snapshots":
        return SNAPSHOTS
    return f"{first}/{second}/" if rest else key


def archive(pipeline: Pipeline, meter: Meter, run: datetime) -> None:
    """Archive one day as `Pipeline.run` does, each step measured."""
    meter.measure("run", lambda: pipeline.lister.run(run, plenty))
    meter.measure("opening", lambda: pipeline.fetcher.open(plenty))
    for body in pipeline.fetch_queue.take():
        meter.measure(
            lambda outcome: "change" if outcome and outcome.written else "check",
            partial(pipeline.fetcher.fetch, body),
        )
    meter.measure("closing", lambda: pipeline.fetcher.close([]))
    keys = {key for key in pipeline.bucket.objects if key.startswith(SNAPSHOTS)}
    for key in sorted(keys - pipeline.rendered):
        meter.measure("render", partial(render_snapshot, pipeline.renderer, key))
    pipeline.rendered = keys
    meter.measure("batch", pipeline.index)


def defer_all(pipeline: Pipeline, meter: Meter, playlist_ids: Sequence[str], run: datetime) -> None:
    """Render every playlist's pages with the status `deferred`, which few days produce."""
    for playlist_id in playlist_ids:
        page_status = PageStatus(
            revision=1_000_000,
            name="Deferred",
            unique_name="Deferred",
            status="deferred",
            since=run,
            reason="the budget of 600 requests in 24 hours is spent",
        )
        job = RenderJob(RenderRequest(playlist_id=playlist_id, page_status=page_status))
        meter.measure("page_status", partial(pipeline.renderer.render, job, plenty))


def measure_sizes(bucket: FakeBucket, playlists: int) -> Sizes:
    """Return sizes in bytes: the mean of a snapshot, and everything else per playlist."""

    def mean(*prefixes: str, number: int = playlists) -> int:
        return (
            sum(len(body) for key, body in bucket.objects.items() if key.startswith(prefixes))
            // number
        )

    site = mean(*_SHARED)
    pages = mean(*[f"playlists/{view}/" for view in _VIEWS]) - mean(ALL_FEED)

    snapshots = sum(key.startswith(SNAPSHOTS) for key in bucket.objects)
    return Sizes(
        snapshot=mean(SNAPSHOTS, number=snapshots),
        ledger=mean("state/ledgers/"),
        pages=pages,
        catalog=mean(CATALOG),
        site=site,
    )


def measure_large(work: str) -> Large:
    command = [sys.executable, "-m", "tools.measure.large_catalog", work, f"--playlists={_MANY}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    taken: dict[str, Any] = json.loads(done.stdout)
    return Large(
        playlists=_MANY,
        cpu_seconds=taken["cpu_seconds"],
        peak_mb=taken["peak_mb"],
        catalog_mb=taken["catalog_mb"],
    )


def count_quiet_puts(file: Path) -> Counter[str]:
    """Count the PUTs of a run that finds an unchanged library."""
    yesterday, today = last_runs(file, 2)
    bucket = archive_history(file, [yesterday, today, today + timedelta(days=1)])
    return puts_by_folder(bucket.calls)


def main(
    file: Annotated[Path, typer.Argument(exists=True, help="A history file.")],
    days: Annotated[int, typer.Option(min=2, help="How many of its last days to archive.")] = 10,
) -> None:
    """Count, and store the counts for `tools.measure`."""
    library = HistoryLibrary(file)
    dates = [library.last_day - timedelta(days=ago) for ago in reversed(range(days))]
    bucket, clock = FakeBucket(), FakeClock()
    ids = library.list_ids(dates[-1])
    for playlist_id in ids:
        bucket.objects[f"registry/{playlist_id}"] = b""
    store = FakeCredentialStore(Credentials(Client.id, Client.secret))
    with StandIn(library, app="extended") as stand_in:
        client = connect(stand_in.url, bucket, store, clock)
        pipeline = Pipeline(client, clock, bucket=bucket)
        for number, day in enumerate(dates):
            if number <= 1:  # the first day's first reads are left out
                meter = Meter(pipeline, stand_in)
            stand_in.control.set_date(day)
            clock.moment = datetime.combine(day, time(4), UTC)
            archive(pipeline, meter, clock.now())
        sizes = measure_sizes(bucket, len(ids))
        defer_all(pipeline, meter, ids, clock.now())
    versions = [library.find(playlist_id, dates[-1]) for playlist_id in ids]
    counts = Counts(
        playlists=len(ids),
        days=days - 1,
        rows=sum(len(version.rows) for version in versions if version) // len(ids),
        run=meter.cost("run"),
        opening=meter.cost("opening"),
        closing=meter.cost("closing"),
        change=meter.cost("change"),
        check=meter.cost("check"),
        render=meter.cost("render"),
        page_status=meter.cost("page_status"),
        batch=meter.cost("batch"),
        followers=meter.cost("followers"),
        published=meter.cost("published"),
        writes=Writes(
            changed=meter.mean_puts("change", "render"),
            most=meter.most_puts("change", "render"),
            batch=meter.mean_puts("batch"),
            quiet=dict(sorted(count_quiet_puts(file).items())),
        ),
        sizes=sizes,
        lister=measure_large("list"),
        indexer=measure_large("index"),
    )
    COUNTS.write_bytes(msgspec.json.format(msgspec.json.encode(counts), indent=2) + b"\n")


if __name__ == "__main__":
    typer.run(main)
