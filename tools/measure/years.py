"""Measures a playlist with a long history: `python -m tools.measure.years`.

It folds ten years of a playlist that replaces 30 of its 500 songs a day in one invocation, then
renders the next thirty days one by one. Each of the two steps is a separate process, so that the
peak memory (including imports and clients) is measured separately. All objects are in a folder and
use none of the memory. Snapshots are generated when they are read, and that time is not counted. On
Linux only.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from hashlib import md5
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Annotated, NamedTuple
from unittest.mock import patch

import msgspec
import typer

from playlist_archive.documents.keys import (
    LEDGERS,
    SNAPSHOTS,
    ledger_key,
    parse_snapshot_key,
    snapshot_key,
    view_key,
)
from playlist_archive.documents.messages import RenderRequest
from playlist_archive.documents.playlist import Owner
from playlist_archive.documents.render_jobs import RenderJob
from playlist_archive.documents.snapshot import Snapshot, encode_snapshot
from playlist_archive.errors import ConflictError
from playlist_archive.ports.aws import open_bucket, open_queue
from playlist_archive.ports.bucket import NO_METADATA, Described, Listed, Stored
from playlist_archive.ports.concurrency import open_pool
from tests.support.builders import DAY, PLAYLIST, RUN
from tests.support.pipeline import plenty
from tools.measure.large_catalog import read_peak_mb
from tools.measure.render import Versions, renewed
from tools.measure.render_run import CREDENTIALS, open_renderer

_DAYS_RENDERED = 30


class Playlist(NamedTuple):
    """A playlist on each day since it was first read."""

    rows: int
    replaced: int
    days: int

    def snapshot(self, day: int, versions: Versions) -> Snapshot:
        time_of_run = RUN + (day - self.days) * DAY
        return Snapshot(
            playlist_id=PLAYLIST,
            time=time_of_run,
            read_at=time_of_run,
            previous_check=time_of_run - DAY if day else None,
            name="Growing old",
            description="",
            owner=Owner("me", "Me"),
            url=f"https://open.spotify.com/playlist/{PLAYLIST}",
            snapshot_id=str(day),
            rows=versions(day),
        )


class Folder:
    """`Bucket` in a folder; the snapshots of `days` days are generated when they are read."""

    def __init__(self, folder: Path, playlist: Playlist, days: int) -> None:
        self.seconds = 0.0
        self.puts: list[str] = []
        self._folder = folder
        self._playlist = playlist
        self.days = days
        self._lock = Lock()
        self._versions = renewed(playlist.rows, playlist.replaced)

    def get(self, key: str) -> Stored | None:
        if parsed := parse_snapshot_key(key):
            return Stored(self._snapshot(parsed[1]), key)
        described = self.describe(key)
        if described is None:
            return None
        return Stored(self._path(key).read_bytes(), described.etag, described.metadata)

    def describe(self, key: str) -> Described | None:
        try:
            described = self._path(f"description of/{key}").read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(described, type=Described)

    def put(
        self,
        key: str,
        body: bytes,
        content_type: str,
        *,
        replacing: str | None,
        metadata: Mapping[str, str] = NO_METADATA,
        cache_control: str = "",
    ) -> str:
        del content_type, cache_control
        found = self.describe(key)
        if (found and found.etag) != replacing:
            raise ConflictError(key)
        self.puts.append(key)
        described = Described(md5(body, usedforsecurity=False).hexdigest(), dict(metadata))
        self._path(f"description of/{key}").write_bytes(msgspec.json.encode(described))
        self._path(key).write_bytes(body)
        return described.etag

    def list_objects(self, prefix: str, *, after: str = "") -> Iterator[Listed]:
        if prefix.startswith(SNAPSHOTS):
            for day in range(self.days):
                key = snapshot_key(PLAYLIST, RUN + (day - self._playlist.days) * DAY)
                if key > after:
                    yield Listed(key, 0, key)
            return
        for path in sorted(self._folder.iterdir()):
            key = path.name.replace(" ", "/")
            if key.startswith(prefix) and key > after:
                yield Listed(key, path.stat().st_size, "")

    def list_folders(self, prefix: str) -> Iterator[str]:
        raise NotImplementedError(prefix)

    def _path(self, key: str) -> Path:
        return self._folder / key.replace("/", " ")

    def _snapshot(self, moment: datetime) -> bytes:
        day = (moment - RUN) // DAY + self._playlist.days
        with self._lock:
            began = time.thread_time()
            body = encode_snapshot(self._playlist.snapshot(day, self._versions))
            self.seconds += time.thread_time() - began
        return body


class Taken(NamedTuple):
    """The cost of some renders: the CPU seconds of each, the peak memory, and the bytes written."""

    seconds: list[float]
    peak_mb: int
    puts: list[list[str]]


def rebuild(folder: Path, playlist: Playlist) -> Taken:
    """Fold all snapshots of the playlist in one invocation."""
    bucket = Folder(folder, playlist, playlist.days)
    return _take(bucket, [RenderRequest(playlist_id=PLAYLIST, rebuild=True)], lambda _: None)


def render_days(folder: Path, playlist: Playlist) -> Taken:
    """Render the following days, one by one."""
    bucket = Folder(folder, playlist, playlist.days)

    def pass_day(number: int) -> None:
        bucket.days = playlist.days + number + 1

    return _take(bucket, [RenderRequest(playlist_id=PLAYLIST)] * _DAYS_RENDERED, pass_day)


def _take(bucket: Folder, requests: list[RenderRequest], before: Callable[[int], None]) -> Taken:
    with patch.dict("os.environ", CREDENTIALS):
        clients = open_bucket("none"), open_queue("none")
    seconds, puts = list[float](), list[list[str]]()
    with open_pool() as pool:
        renderer = open_renderer(bucket, pool)
        for number, request in enumerate(requests):
            before(number)
            bucket.seconds, bucket.puts = 0.0, []
            began = time.process_time()
            renderer.render(RenderJob(request), plenty)
            seconds.append(time.process_time() - began - bucket.seconds)
            puts.append(bucket.puts)
    del clients
    return Taken(seconds, read_peak_mb(), puts)


def _in_a_process(
    measure: Callable[[Path, Playlist], Taken], folder: Path, playlist: Playlist
) -> Taken:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as process:
        return process.submit(measure, folder, playlist).result()


def _kilobytes(folder: Path, key: str) -> str:
    return f"{(folder / key.replace('/', ' ')).stat().st_size / 1024:,.0f} kB"


def main(
    rows: Annotated[int, typer.Option(min=1)] = 500,
    replaced: Annotated[int, typer.Option(min=0, help="Rows that are new each day.")] = 30,
    days: Annotated[int, typer.Option(min=1)] = 3_650,
) -> None:
    """Fold the years of a playlist at once, render the next thirty days, and print the costs."""
    playlist = Playlist(rows, replaced, days)
    with TemporaryDirectory() as name:
        folder = Path(name)
        typer.echo(
            f"{days:,} days of a playlist that replaces {replaced} of its {rows:,} songs a day"
        )
        folded = _in_a_process(rebuild, folder, playlist)
        typer.echo(f"  folded at once: {folded.seconds[0]:.1f} s of CPU, {folded.peak_mb} MB")
        rendered = _in_a_process(render_days, folder, playlist)
        typer.echo(
            f"  {_DAYS_RENDERED} days more, one by one: {mean(rendered.seconds):.2f} s of CPU each"
            f" ({min(rendered.seconds):.2f} to {max(rendered.seconds):.2f}), {rendered.peak_mb} MB"
        )
        counts = [len(puts) for puts in rendered.puts]
        typer.echo(f"  objects written: {min(counts)} to {max(counts)} a render")
        state = sum(path.stat().st_size for path in folder.glob(f"{LEDGERS.replace('/', ' ')}*"))
        ledger = _kilobytes(folder, ledger_key(PLAYLIST))
        typer.echo(f"  the ledger: {ledger}, of {state / 1024:,.0f} kB of state")
        for view in ("cumulative", "history"):
            typer.echo(f"  {view}: {_kilobytes(folder, view_key(view, PLAYLIST, '.json'))}")


if __name__ == "__main__":
    typer.run(main)
