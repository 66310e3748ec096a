"""Measures the renderer's cost of one changed playlist: `python -m tools.measure.render_run`.

A playlist that was archived for a month changes once more. It is rendered as in a warm function,
with the real S3 client. Its requests are answered in this process, each after the time that
`tools.measure.model` assumes. The CPU time of the answers is not counted.
"""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from io import BytesIO
from threading import Lock
from typing import Any, NamedTuple
from unittest.mock import patch

import boto3
import botocore.handlers
import typer
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from playlist_archive.documents.keys import snapshot_key
from playlist_archive.documents.snapshot import Snapshot, encode_snapshot
from playlist_archive.ports.aws import open_bucket
from playlist_archive.ports.bucket import Bucket
from playlist_archive.ports.concurrency import open_pool
from playlist_archive.renderer.service import Renderer
from tests.support.builders import DAY, PLAYLIST, RUN, a_header, a_row
from tests.support.fakes import FakeBucket, FakeClock, FakeQueue
from tests.support.pipeline import render_snapshot
from tools.chaos.store import ObjectStore, StoredObject
from tools.measure.model import Assumptions, Deployment, cpu_seconds
from tools.measure.prices import LAMBDA_GB_SECONDS, LAMBDA_INVOCATIONS, S3_GETS, S3_WRITES
from tools.measure.render import render

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nobody",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_ARCHIVED_DAYS = 30
_RENDERS = 15


class SlowS3:
    """Answers the S3 clients of this process after a delay."""

    def __init__(self, assumed: Assumptions) -> None:
        self.store = ObjectStore()
        self.calls: Counter[str] = Counter()
        self.answering_seconds = 0.0
        self.waits: list[tuple[float, float]] = []
        self.is_slow = False
        self._assumed = assumed
        self._lock = Lock()

    @contextmanager
    def answering(self) -> Iterator[None]:
        handlers = [("before-send.s3", self._answer), *botocore.handlers.BUILTIN_HANDLERS]
        with (
            patch.dict("os.environ", CREDENTIALS),
            patch.object(botocore.handlers, "BUILTIN_HANDLERS", handlers),
        ):
            boto3.setup_default_session()
            yield

    def _answer(self, event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        if self.is_slow:
            seconds = seconds_of(operation, self._assumed)
            self.waits.append((time.perf_counter(), seconds))
            time.sleep(seconds)
        began = time.thread_time()
        status, headers, body = self.store.answer(operation, request)
        answer = AWSResponse(request.url, status, HTTPHeaders.from_dict(headers), _Raw(body))
        with self._lock:
            self.calls[operation] += 1
            self.answering_seconds += time.thread_time() - began
        return answer


class _Raw(BytesIO):
    """A body as a stream, as botocore expects it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


class Taken(NamedTuple):
    """The cost of one render: seconds of waiting for S3, CPU seconds, and calls."""

    waiting: float
    cpu: float
    calls: Counter[str]


def seconds_of(operation: str, assumed: Assumptions) -> float:
    return assumed.get_seconds if operation.lower().startswith("get") else assumed.write_seconds


def time_covered(waits: list[tuple[float, float]]) -> float:
    """Return the total time covered by waits, each given as a start and a length.

    Unlike the elapsed time, the result is the same on a busy machine as on an idle one.
    """
    covered, end = 0.0, 0.0
    for begin, length in sorted(waits):
        covered += max(0.0, begin + length - max(begin, end))
        end = max(end, begin + length)
    return covered


def a_version(rows: int, day: int) -> Snapshot:
    """Return the playlist on a day; each day a new row replaces the first one."""
    header = a_header()
    return Snapshot(
        playlist_id=PLAYLIST,
        time=RUN + day * DAY,
        read_at=RUN + day * DAY,
        name=header.name,
        description=header.description,
        owner=header.owner,
        url=header.url,
        snapshot_id=f"v{day}",
        rows=tuple(a_row(number) for number in range(day, day + rows)),
    )


def measure(s3: SlowS3, renderer: Renderer, version: Snapshot) -> Taken:
    key = snapshot_key(PLAYLIST, version.time)
    s3.store.objects[key] = StoredObject(encode_snapshot(version), {})
    s3.calls.clear()
    s3.waits.clear()
    s3.answering_seconds = 0
    began = time.process_time()
    render_snapshot(renderer, key)
    cpu = time.process_time() - began - s3.answering_seconds
    return Taken(time_covered(s3.waits), cpu, s3.calls.copy())


def open_renderer(bucket: Bucket, pool: Executor) -> Renderer:
    return Renderer(
        bucket=bucket,
        render_queue=FakeQueue(),
        outcome_queue=FakeQueue(),
        clock=FakeClock(),
        pool=pool,
    )


def measure_with_client(rows: int) -> Taken:
    """Return the cost of the cheapest of several renders."""
    s3 = SlowS3(Assumptions())
    with s3.answering(), open_pool() as pool:
        renderer = open_renderer(open_bucket("archive"), pool)
        for day in range(_ARCHIVED_DAYS):
            measure(s3, renderer, a_version(rows, day))
        s3.is_slow = True
        days = range(_ARCHIVED_DAYS, _ARCHIVED_DAYS + _RENDERS)
        taken = [measure(s3, renderer, a_version(rows, day)) for day in days]
    return Taken(min(one.waiting for one in taken), min(one.cpu for one in taken), taken[-1].calls)


def measure_in_memory(rows: int) -> float:
    """Return the elapsed seconds of a render with a bucket in memory that is as slow as S3."""
    assumed, bucket = Assumptions(), FakeBucket()
    seconds = []
    with open_pool() as pool:
        renderer = open_renderer(bucket, pool)
        for day in range(_ARCHIVED_DAYS + _RENDERS):
            version = a_version(rows, day)
            key = snapshot_key(PLAYLIST, version.time)
            bucket.objects[key] = encode_snapshot(version)
            if day == _ARCHIVED_DAYS:
                bucket.before = lambda operation, _: time.sleep(seconds_of(operation, assumed))
            began = time.perf_counter()
            render_snapshot(renderer, key)
            seconds.append(time.perf_counter() - began)
    return min(seconds[_ARCHIVED_DAYS:])


def measure_own_cpu(rows: int) -> float:
    """Return the CPU seconds from stored bytes to new bytes, without any client."""
    ledger, seconds = None, []
    for day in range(_ARCHIVED_DAYS + _RENDERS):
        times: Counter[str] = Counter()
        ledger = render(ledger, encode_snapshot(a_version(rows, day)), times)
        seconds.append(times.total())
    return min(seconds[_ARCHIVED_DAYS:])


def tell(rows: int) -> str:
    """Return a line of the table."""
    assumed, memory_mb = Assumptions(), Deployment.read().memory_mb["renderer"]
    taken, passed, own_cpu = (
        measure_with_client(rows),
        measure_in_memory(rows),
        measure_own_cpu(rows),
    )
    calls = taken.calls
    in_lambda = taken.waiting + cpu_seconds(taken.cpu, memory_mb, assumed)
    dollars = (
        LAMBDA_GB_SECONDS.of(in_lambda * memory_mb / 1024)
        + LAMBDA_INVOCATIONS.of(1)
        + S3_GETS.of(calls["GetObject"])
        + S3_WRITES.of(calls["PutObject"] + calls["ListObjectsV2"])
    )
    song_columns = (
        f"{rows:,}",
        *(str(calls[operation]) for operation in ("GetObject", "ListObjectsV2", "PutObject")),
        *(
            f"{part * 1000:.0f}"
            for part in (passed, taken.waiting, own_cpu, taken.cpu - own_cpu, in_lambda)
        ),
        f"{dollars * 1000:.3f}",
    )
    return f"| {' | '.join(song_columns)} |"


def main() -> None:
    """Print the calls, time and price of one changed playlist, by its size."""
    typer.echo(
        "| rows | GET | LIST | PUT | ms with a bucket in memory | ms of waiting | ms of CPU"
        " | ms of CPU in S3's client | ms in Lambda | $ for 1,000 |"
    )
    typer.echo(f"|{'--:|' * 10}")
    for rows in (50, 500, 5_000):
        typer.echo(tell(rows))


if __name__ == "__main__":
    typer.run(main)
