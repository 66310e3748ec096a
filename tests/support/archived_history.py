"""A history file archived in one process, day by day."""

import json
import lzma
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from playlist_archive.ports.credentials import Credentials
from tests.support.fakes import FakeBucket, FakeClock, FakeCredentialStore
from tests.support.pipeline import Pipeline, connect
from tools.stand_in import HistoryLibrary, StandIn
from tools.stand_in.accounts import Client

type Track = tuple[str, str, list[tuple[str, str]], str, str, int]
type Version = tuple[str, str, str | None, list[int]]


def write_history(
    path: Path, tracks: Sequence[Track], playlists: dict[str, Sequence[Version]]
) -> None:
    """Write a history file, as `tools.stand_in.history` describes it."""
    documents = [
        {"tracks": tracks},
        *({"id": playlist_id, "versions": versions} for playlist_id, versions in playlists.items()),
    ]
    with lzma.open(path, "wt") as lines:
        lines.writelines(f"{json.dumps(document)}\n" for document in documents)


def last_runs(file: Path, days: int) -> list[datetime]:
    """Return the runs of the last days of a history file, oldest first."""
    last = datetime.combine(HistoryLibrary(file).last_day, time(4), UTC)
    return [last - timedelta(days=before) for before in reversed(range(days))]


def archive_history(file: Path, runs: Sequence[datetime]) -> FakeBucket:
    """Archive the file's library in each of the runs and return the bucket.

    The bucket's `calls` are those of the last run.
    """
    bucket, clock = FakeBucket(), FakeClock()
    store = FakeCredentialStore(Credentials(Client.id, Client.secret, Client.refresh_token))
    with StandIn(HistoryLibrary(file)) as stand_in:
        pipeline = Pipeline(connect(stand_in.url, bucket, store, clock), clock, bucket=bucket)
        for run in runs:
            stand_in.control.set_date(run.date())
            clock.moment = run
            bucket.calls.clear()
            pipeline.run(run)
    return bucket
