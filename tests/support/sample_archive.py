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
from tools.stand_in.sample import FERRY, KITCHEN, SKYLIGHT

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
    store = _credentials()
    with StandIn(SampleLibrary(SINCE)) as stand_in:
        pipeline = Pipeline(
            connect(stand_in.url, bucket, store, clock),
            clock,
            bucket=bucket,
            full_read_every_days=1,
        )
        for number in range(DAYS):
            day = SINCE + timedelta(number)
            stand_in.control.set_date(day)
            stand_in.control.clear_faults()
            for playlist_id, (kind, days) in trouble.items():
                if number in days:
                    stand_in.control.add_fault(kind, path=f"/playlists/{playlist_id}", times=None)
            clock.moment = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
            pipeline.run(clock.now())
    return bucket


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
