"""Archives of the sample library that several tests look at."""

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import stamina

from playlist_archive.ports.credentials import Credentials
from tests.support.fakes import FakeBucket, FakeClock, FakeCredentialStore
from tests.support.handlers import Handlers
from tests.support.pipeline import Pipeline, connect
from tools.stand_in import SampleLibrary, StandIn
from tools.stand_in.accounts import Client
from tools.stand_in.sample import FERRY, KITCHEN, SKYLIGHT

SINCE = date(2026, 10, 1)
DAYS = 10
# Which playlist answers with which fault on which days, counted from 0.
TROUBLE = {
    SKYLIGHT: ("not_found", range(4, 6)),
    KITCHEN: ("not_found", range(7, DAYS)),
    FERRY: ("server_error", range(9, DAYS)),
}


@pytest.fixture
def handlers() -> Iterator[Handlers]:
    """Yield the functions; afterwards the package logs as it did before."""
    package = logging.getLogger("playlist_archive")
    level, former, propagates = package.level, package.handlers, package.propagate
    yield Handlers()
    package.setLevel(level)
    package.handlers, package.propagate = former, propagates


def _archive(trouble: dict[str, tuple[str, range]]) -> FakeBucket:
    bucket, clock = FakeBucket(), FakeClock()
    store = FakeCredentialStore(
        Credentials(
            Client.id, Client.secret, Client.refresh_token, datetime(2026, 9, 1, tzinfo=UTC)
        )
    )
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


@pytest.fixture(scope="session")
def peaceful_archive() -> FakeBucket:
    """Return what ten days of the sample library leave behind."""
    return _archive({})


@pytest.fixture(scope="session")
def troubled_archive() -> FakeBucket:
    """Return what the same days leave behind when three playlists cannot be read on some of them."""
    stamina.set_testing(True, attempts=4, cap=True)
    return _archive(TROUBLE)
