"""What several tests look at: archives of the sample library, and the functions' handlers."""

from datetime import UTC, date, datetime, timedelta

import pytest
import stamina

from functions.fetcher import app as fetcher_app
from functions.indexer import app as indexer_app
from functions.lister import app as lister_app
from functions.renderer import app as renderer_app
from playlist_archive.credentials import Credentials
from tests.builders import RUN
from tests.fakes import FakeBucket, FakeClock, FakeCredentialStore, FakeSpotify
from tests.pipeline import Pipeline, connect
from tools.spotify import SampleLibrary, StandIn
from tools.spotify.accounts import Client
from tools.spotify.sample import FERRY, KITCHEN, SKYLIGHT

SINCE = date(2026, 10, 1)
DAYS = 10
# Which playlist answers with which fault on which days, counted from 0.
TROUBLE = {
    SKYLIGHT: ("not_found", range(4, 6)),
    KITCHEN: ("not_found", range(7, DAYS)),
    FERRY: ("server_error", range(9, DAYS)),
}


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


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """Return in-memory services, which the handlers use in place of the real ones."""
    pipeline = Pipeline(FakeSpotify(), FakeClock(RUN))
    services = (
        (lister_app, pipeline.lister),
        (fetcher_app, pipeline.fetcher),
        (renderer_app, pipeline.renderer),
        (indexer_app, pipeline.indexer),
    )
    for app, service in services:
        monkeypatch.setattr(app, "assemble", lambda service=service: service)
    return pipeline
