"""Measures the renderer's rebuild of one playlist: `python -m tools.measure.rebuild`.

One invocation folds all snapshots of the playlist and writes its pages. The peak memory (imports
included) and the CPU time are printed as JSON. Snapshots are in a folder, so that they use none of
the memory; pages and ledger do. On Linux only.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Annotated

import typer
from aws_lambda_powertools import Logger

from playlist_archive.documents.keys import SNAPSHOTS, ledger_key, snapshot_key
from playlist_archive.documents.messages import RenderRequest
from playlist_archive.documents.render_jobs import RenderJob
from playlist_archive.documents.snapshot import Snapshot, encode_snapshot
from playlist_archive.ports.aws import open_bucket, open_queue
from playlist_archive.ports.bucket import Listed, Stored
from playlist_archive.ports.concurrency import open_pool
from playlist_archive.renderer.service import Renderer
from tests.support.builders import DAY, PLAYLIST, RUN, a_header, a_row
from tests.support.fakes import FakeBucket, FakeClock, FakeQueue
from tests.support.pipeline import plenty
from tools.measure.large_catalog import read_peak_mb


class SnapshotFolder(FakeBucket):
    """A bucket with its snapshots in a folder, and everything else in memory."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def write(self, snapshot: Snapshot) -> None:
        self._path(snapshot_key(PLAYLIST, snapshot.time)).write_bytes(encode_snapshot(snapshot))

    def get(self, key: str) -> Stored | None:
        if key.startswith(SNAPSHOTS):
            return Stored(self._path(key).read_bytes(), key)
        return super().get(key)

    def list_objects(self, prefix: str, *, after: str = "") -> Iterator[Listed]:
        for name in sorted(path.name for path in self._folder.iterdir()):
            if f"{prefix}{name}" > after:
                yield Listed(f"{prefix}{name}", 0, name)

    def megabytes(self) -> int:
        return sum(path.stat().st_size for path in self._folder.iterdir()) // 2**20

    def _path(self, key: str) -> Path:
        return self._folder / key.rpartition("/")[2]


def write_snapshots(bucket: SnapshotFolder, rows: int, snapshots: int, replaced: int) -> None:
    """Write daily snapshots, in each of which new rows replace the first ones."""
    there = [a_row(number) for number in range(rows)]
    header = a_header()
    for number in range(snapshots):
        bucket.write(
            Snapshot(
                playlist_id=PLAYLIST,
                time=RUN + number * DAY,
                read_at=RUN + number * DAY,
                name=header.name,
                description=header.description,
                owner=header.owner,
                url=header.url,
                snapshot_id=f"v{number}",
                rows=tuple(there),
            )
        )
        first_new = rows + number * replaced
        there = [*there[replaced:], *(a_row(first_new + new) for new in range(replaced))]


def measure(renderer: Renderer, request: RenderRequest) -> float:
    """Return the CPU seconds that a request takes."""
    began = process_time()
    renderer.render(RenderJob(request), plenty)
    return round(process_time() - began, 2)


def forget_peak() -> None:
    """Make Linux reset this process's peak memory (proc_pid_clear_refs(5))."""
    Path("/proc/self/clear_refs").write_text("5")


def main(
    rows: Annotated[int, typer.Option(min=1)] = 5_000,
    snapshots: Annotated[int, typer.Option(min=1)] = 150,
    replaced: Annotated[int, typer.Option(min=1, help="Rows that are new in each snapshot.")] = 1,
) -> None:
    """Rebuild a playlist, then render it again without a change, and print the costs."""
    clients = open_bucket("none"), open_queue("none"), Logger()
    with TemporaryDirectory() as folder:
        bucket = SnapshotFolder(Path(folder))
        write_snapshots(bucket, rows, snapshots, replaced)
        renderer = Renderer(
            bucket=bucket,
            render_queue=FakeQueue(),
            outcome_queue=FakeQueue(),
            clock=FakeClock(),
            pool=open_pool(),
        )
        measure(renderer, RenderRequest(playlist_id=PLAYLIST))
        forget_peak()
        seconds = measure(renderer, RenderRequest(playlist_id=PLAYLIST, rebuild=True))
        again = measure(renderer, RenderRequest(playlist_id=PLAYLIST))
        taken = {
            "rows": rows,
            "snapshots": snapshots,
            "songs": rows + replaced * (snapshots - 1),
            "snapshots_mb": bucket.megabytes(),
            "ledger_kb": len(bucket.objects[ledger_key(PLAYLIST)]) // 2**10,
            "peak_mb": read_peak_mb(),
            "cpu_seconds": seconds,
            "render_cpu_seconds": again,
        }
    del clients
    typer.echo(json.dumps(taken))


if __name__ == "__main__":
    typer.run(main)
