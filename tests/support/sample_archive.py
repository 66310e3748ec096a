"""The bucket after ten days of the sample library."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.ports.credentials import Credentials
from tests.support.fakes import FakeBucket, FakeClock, FakeCredentialStore
from tests.support.living_stack import LivingClock, LivingStack
from tests.support.pipeline import Pipeline, connect
from tools.stand_in import SampleLibrary, StandIn
from tools.stand_in.accounts import Client
from tools.stand_in.sample import EMPTY, FERRY, JETTY, KITCHEN, SKYLIGHT, STAIRWELL, TAPES

type Trouble = dict[str, tuple[str, range]]
"""Which playlist answers with which fault on which days, counted from 0."""

SINCE = date(2026, 10, 1)
DAYS = 10
TROUBLE: Trouble = {
    SKYLIGHT: ("not_found", range(4, 6)),
    KITCHEN: ("not_found", range(7, DAYS)),
    FERRY: ("server_error", range(9, DAYS)),
}


def archive_sample(trouble: Trouble) -> FakeBucket:
    """Archive ten days of the sample library and return the bucket."""
    bucket, clock = FakeBucket(), FakeClock()
    with StandIn(SampleLibrary(SINCE)) as stand_in:
        pipeline = _pipeline(stand_in, bucket, clock)
        for number in range(DAYS):
            _run(pipeline, stand_in, clock, number, trouble)
    return bucket


def archive_hardships() -> FakeBucket:
    """Archive two days; then playlists are not read yet, retired after that and after a read, and damaged.

    Those are, in this order, `KITCHEN`, `JETTY`, `STAIRWELL`, and `TAPES` and `EMPTY`, of which the
    latter has no other snapshot.
    """
    bucket, clock = FakeBucket(), FakeClock()
    trouble = {one: ("not_found", range(2)) for one in (KITCHEN, JETTY)}
    with StandIn(SampleLibrary(SINCE)) as stand_in:
        pipeline = _pipeline(stand_in, bucket, clock)
        bucket.objects |= {f"registry/{one}": b"" for one in (JETTY, STAIRWELL)}
        _run(pipeline, stand_in, clock, 0, trouble)
        for one in (JETTY, STAIRWELL):
            del bucket.objects[f"registry/{one}"]
        for one in (TAPES, EMPTY):
            [snapshot] = [key for key in bucket.objects if key.startswith(f"snapshots/{one}/")]
            bucket.objects[snapshot] = b"garbage"
        pipeline.lister.rebuild([TAPES, EMPTY])
        pipeline.settle()
        _run(pipeline, stand_in, clock, 1, trouble)
    return bucket


def _pipeline(stand_in: StandIn, bucket: FakeBucket, clock: FakeClock) -> Pipeline:
    spotify = connect(stand_in.url, bucket, _credentials(), clock)
    return Pipeline(spotify, clock, bucket=bucket, full_read_every_days=1)


def _run(
    pipeline: Pipeline, stand_in: StandIn, clock: FakeClock, number: int, trouble: Trouble
) -> None:
    """Archive a day, counted from 0, with its faults alone."""
    day = SINCE + timedelta(number)
    stand_in.control.set_date(day)
    stand_in.control.clear_faults()
    for playlist_id, (kind, days) in trouble.items():
        if number in days:
            stand_in.control.add_fault(kind, path=f"/playlists/{playlist_id}", times=None)
    clock.moment = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    pipeline.run(clock.now())


@contextmanager
def living_sample(archived: FakeBucket, now: datetime) -> Iterator[LivingStack]:
    """Yield a stack that goes on with a copy of the archived sample library."""
    bucket, clock = FakeBucket(), LivingClock(now)
    bucket.objects = dict(archived.objects)
    bucket.types = dict(archived.types)
    bucket.metadata = dict(archived.metadata)
    with StandIn(SampleLibrary(SINCE)) as stand_in:
        stand_in.control.set_date(now.date())
        spotify = connect(stand_in.url, bucket, _credentials(), clock)
        stack = LivingStack(spotify, clock, bucket=bucket)
        stack.resources["Dashboard"] = "playlist-archive-eu-central-1"
        _log_a_run(stack)
        yield stack


def _log_a_run(stack: LivingStack) -> None:
    """Let the functions have logged a little of the last run."""
    run = datetime(2026, 10, 10, 4, tzinfo=UTC)
    named = {"run": to_timestamp(run), "level": "INFO"}
    lines: list[tuple[str, int, dict[str, object]]] = [
        ("lister", 3, {"message": "run started", "planned": 14, "unchanged": 2}),
        (
            "fetcher",
            9,
            {
                "level": "WARNING",
                "message": "playlist checked",
                "playlist_id": FERRY,
                "status": "invalid",
                "reason": "no usable answer in 4 tries: HTTP 503",
            },
        ),
        ("indexer", 70, {"message": "catalog merged", "checked": 13, "failing": 2}),
    ]
    for service, seconds, fields in lines:
        moment = run + timedelta(seconds=seconds)
        stack.log(f"{service}-log", moment, service=service, **{**named, **fields})


def _credentials() -> FakeCredentialStore:
    return FakeCredentialStore(
        Credentials(
            Client.id, Client.secret, Client.refresh_token, datetime(2026, 9, 1, tzinfo=UTC)
        )
    )
