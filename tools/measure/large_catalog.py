"""Measures lister and indexer on a large archive: `python -m tools.measure.large_catalog index`.

A service does one invocation's work on a catalog of many playlists that have been archived for a
while. The peak memory (imports included), the CPU time and the calls are printed as JSON. The
bucket is a folder, so that its objects use none of the memory. On Linux only.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from hashlib import md5
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Annotated

import msgspec
import typer
from aws_lambda_powertools import Logger

from playlist_archive.documents.catalog import Catalog, encode_catalog
from playlist_archive.documents.content_types import ASK_EACH_TIME, JSON
from playlist_archive.documents.keys import (
    CATALOG,
    CHANGES_JSON,
    INDEX_JSON,
    REGISTRY,
    SPOTIFY_STATE,
    STATUS_JSON,
)
from playlist_archive.documents.merge import merge, with_all_sent
from playlist_archive.documents.messages import Latest, Outcome
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.indexer.service import Indexer
from playlist_archive.lister.service import Lister
from playlist_archive.ports.aws import open_bucket, open_queue
from playlist_archive.ports.bucket import NO_METADATA, Described, Listed, Stored, update
from playlist_archive.ports.queues import FifoAttributes
from playlist_archive.spotify.connection import connect
from tests.support.builders import DAY, PLAYLIST, RUN, a_header
from tests.support.fakes import FakeClock, FakeSpotify, FakeTopic
from tests.support.pipeline import plenty
from tools.chaos.one_at_a_time import OneAtATime

# The number of earlier runs; the catalog holds the newest sixteen of them one by one.
_RUNS = 20
_BATCH = 1000
# How many playlists changed within thirty days: 600 requests a day read as many.
_CHANGED = 18_000
_NAME = "Our songs for the long evenings, number 000000"
_DESCRIPTION = "In the order in which they were found by the water, the newest at the end."
_SPENT = "the budget of 600 requests in 24 hours is spent"


class FolderBucket:
    """Objects in a folder, and a registry that holds the same alias under every id."""

    def __init__(self, folder: Path, playlists: int, calls: Counter[str]) -> None:
        self._folder = folder
        self._playlists = playlists
        self._calls = calls
        self._metadata: dict[str, Mapping[str, str]] = {}

    def get(self, key: str) -> Stored | None:
        self._calls["get"] += 1
        path = self.path(key)
        if not path.exists():
            return None
        return Stored(path.read_bytes(), self._etag(path), self._metadata.get(key, NO_METADATA))

    def describe(self, key: str) -> Described | None:
        found = self.get(key)
        return Described(found.etag, found.metadata) if found else None

    def put(
        self,
        key: str,
        body: bytes,
        content_type: str,
        *,
        replacing: str | None,
        metadata: Mapping[str, str] = NO_METADATA,
        cache_control: str = ASK_EACH_TIME,
    ) -> str:
        del content_type, replacing, cache_control
        self._calls["put"] += 1
        self._metadata[key] = metadata
        path = self.path(key)
        path.write_bytes(body)
        return self._etag(path)

    def list_objects(self, prefix: str, *, after: str = "") -> Iterator[Listed]:
        del after
        self._calls["list"] += 1
        if prefix == REGISTRY:
            for number in range(self._playlists):
                alias = an_alias(number).encode()
                etag = md5(alias, usedforsecurity=False).hexdigest()
                yield Listed(f"{REGISTRY}{an_id(number)}", len(alias), f'"{etag}"')
        elif (path := self.path(prefix)).exists():
            yield Listed(prefix, path.stat().st_size, self._etag(path))

    def list_folders(self, prefix: str) -> Iterator[str]:
        del prefix
        self._calls["list"] += 1
        yield from ()

    def path(self, key: str) -> Path:
        return self._folder / key.replace("/", " ")

    @staticmethod
    def _etag(path: Path) -> str:
        return str(path.stat().st_mtime_ns)


class Drain:
    """A queue that counts its messages and drops them."""

    def __init__(self, name: str, calls: Counter[str]) -> None:
        self._name = name
        self._calls = calls

    def send(self, bodies: Iterable[str]) -> None:
        self._calls[self._name] += sum(1 for _ in bodies)

    def send_in_order(self, messages: Iterable[tuple[str, FifoAttributes]]) -> None:
        self._calls[self._name] += sum(1 for _ in messages)

    def hold(self, receipt_handles: Iterable[str], seconds: int) -> None:
        raise NotImplementedError


def an_id(number: int) -> str:
    return f"{number:022}"


def an_alias(number: int) -> str:
    return _NAME.replace("000000", f"{number:06}")


def an_outcome(playlist_id: str, day: int, *, deferred: bool = False) -> Outcome:
    run = RUN + day * DAY
    outcome = Outcome(
        playlist_id=playlist_id,
        run=run,
        at=run + timedelta(hours=1),
        status="deferred" if deferred else "ok",
        reason=_SPENT if deferred else "",
        source="registry",
        alias=_NAME,
    )
    if deferred:
        return outcome
    header = msgspec.structs.replace(
        a_header("v" * 32, followers=1234, playlist_id=playlist_id), description=_DESCRIPTION
    )
    latest = Latest(run, "d" * 64, 80)
    return msgspec.structs.replace(outcome, header=header, read=True, latest=latest, written=True)


def write_catalog(path: Path, playlists: int, *, deferred: bool) -> None:
    """Write a catalog whose playlists were read in every run, or in the first one only."""
    catalog = Catalog()
    for day in range(-_RUNS, 0):
        outcome = an_outcome(PLAYLIST, day, deferred=deferred and day > -_RUNS)
        catalog = with_all_sent(merge(catalog, [outcome]))
    document = encode_catalog(catalog).decode()
    start = document.index(f'"{PLAYLIST}":{{')
    head, member, tail = document[:start], document[start:-2], document[-2:]
    with path.open("w") as file:
        file.write(head)
        for number in range(playlists):
            text = member.replace(PLAYLIST, an_id(number)).replace(_NAME, an_alias(number))
            file.write(f"{',' if number else ''}{text}")
        file.write(tail)


def write_shared_documents(bucket: FolderBucket, playlists: int, *, deferred: bool) -> None:
    """Write the index for programs and the recent changes of an archive that is years old.

    Each playlist has thirty sizes, and the number of recent changes is what the default budget can
    read.
    """
    newest, long_ago = to_timestamp(RUN - DAY), to_timestamp(RUN - 300 * DAY)
    last = to_timestamp(RUN - (_RUNS if deferred else 1) * DAY)
    counts = {"added": 3, "readded": 0, "removed": 3, "moved": 1}
    songs = [
        {"row": row, "name": _NAME, "artists": ["Somebody"], "uri": f"spotify:track:{row:022}"}
        for row in range(1, 4)
    ]

    def write(key: str, head: str, lines: Iterable[Mapping[str, object]]) -> None:
        with bucket.path(key).open("w") as file:
            file.write(head)
            for number, line in enumerate(lines):
                file.write(f"{',' if number else ''}\n{json.dumps(line)}")
            file.write("\n]\n}\n")

    def a_change(number: int) -> dict[str, object]:
        time = newest if number < _CHANGED else long_ago
        return {"time": time, "after": time, "until": time, "counts": counts}

    write(
        INDEX_JSON,
        '{\n"schema": 1,\n"playlists": [',
        (
            {
                "id": an_id(number),
                "name": an_alias(number),
                "status": "ok",
                "since": last,
                "first_snapshot": long_ago,
                "last_snapshot": last,
                "size": {"songs": 78, "rows": 80, "text": "78 songs, 80 rows (2 twice)"},
                "sizes": [(last, 80)] * 30,
                "last_change": a_change(number),
            }
            for number in range(playlists)
        ),
    )
    changed = range(min(playlists, _CHANGED))
    named = [{"id": an_id(number), "name": an_alias(number), "url": ""} for number in changed]
    since = to_timestamp(RUN - 31 * DAY)
    write(
        CHANGES_JSON,
        f'{{"schema": 1, "since": "{since}", "until": "{newest}",'
        f' "playlists": {json.dumps(named)}, "changes": [',
        (
            {**a_change(number), "added": songs, "removed": songs, "playlist": an_id(number)}
            for number in changed
        ),
    )


def read_peak_mb() -> int:
    """Return this process's peak memory; getrusage would include the process it was forked from."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def list_all(bucket: FolderBucket, calls: Counter[str]) -> None:
    """Plan a run of all playlists without a sweep."""
    Lister(
        bucket=bucket,
        spotify=FakeSpotify(),
        fetch_queue=Drain("fetch", calls),
        outcome_queue=Drain("outcome", calls),
        render_queue=Drain("render", calls),
        clock=FakeClock(RUN),
        archive_my_playlists="owned",
        archive_liked_songs=False,
        full_read_every_days=30,
    ).run(RUN, plenty)


def index_batch(bucket: FolderBucket, calls: Counter[str]) -> None:
    """Merge a full batch of playlists that a sweep proved unchanged."""
    batch = [
        msgspec.structs.replace(
            an_outcome(an_id(number), 0),
            alias=an_alias(number),
            header=None,
            read=False,
            latest=None,
            written=False,
        )
        for number in range(_BATCH)
    ]
    Indexer(
        bucket=bucket,
        render_queue=Drain("render", calls),
        clock=FakeClock(RUN),
        pool=OneAtATime(),
        topic=FakeTopic(),
    ).index(batch)


def index_stop(bucket: FolderBucket, calls: Counter[str]) -> None:
    """Merge a batch during a pause for Spotify, which defers all other playlists as well."""
    stopped = SpotifyState(
        latest_run=RUN,
        not_before=RUN + DAY,
        parked_at=RUN,
        reason="Spotify asked to wait until 2026-10-02 04:00 UTC: the app's daily quota is used up",
    )
    update(bucket, SPOTIFY_STATE, JSON, lambda _: msgspec.json.encode(stopped))
    calls.clear()
    index_batch(bucket, calls)


_WORK: dict[str, Callable[[FolderBucket, Counter[str]], None]] = {
    "list": list_all,
    "index": index_batch,
    "stop": index_stop,
}
# Imported so that memory includes what a function holds before its work: clients, logger, modules.
_RUNTIME = (Logger, connect)


def main(
    work: Annotated[str, typer.Argument(help=f"One of {', '.join(_WORK)}.")],
    playlists: Annotated[int, typer.Option(min=1)] = 100_000,
    deferred: Annotated[bool, typer.Option(help="All playlists were read only once.")] = False,
) -> None:
    """Do one invocation's work and print its costs."""
    clients = open_bucket("none"), open_queue("none")
    calls: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        bucket = FolderBucket(Path(folder), playlists, calls)
        catalog = bucket.path(CATALOG)
        write_catalog(catalog, playlists, deferred=deferred)
        write_shared_documents(bucket, playlists, deferred=deferred)
        # The revision of an earlier catalog, so that this one does not look rolled back.
        revision = {"catalog-revision": "1"}
        bucket.put(STATUS_JSON, b"{}", JSON, replacing=None, metadata=revision)
        calls.clear()
        catalog_mb = catalog.stat().st_size / 2**20
        began = process_time()
        _WORK[work](bucket, calls)
        seconds = process_time() - began
    del clients
    taken = {
        "catalog_mb": round(catalog_mb),
        "peak_mb": read_peak_mb(),
        "cpu_seconds": round(seconds, 1),
        "calls": calls,
    }
    typer.echo(json.dumps(taken))


if __name__ == "__main__":
    typer.run(main)
