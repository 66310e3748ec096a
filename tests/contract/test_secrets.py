"""No secret appears in any output, whatever fails."""

import logging
from datetime import UTC, date, datetime

import pytest

from playlist_archive.ports.credentials import Credentials
from playlist_archive.spotify.client import WebApi
from tests.support.fakes import FakeBucket, FakeClock, FakeCredentialStore
from tests.support.pipeline import Pipeline, connect, plenty
from tools.stand_in import SampleLibrary, StandIn
from tools.stand_in.accounts import Client

pytestmark = pytest.mark.contract

SECRET, REFRESH = "canary-of-the-secret", "canary-of-the-refresh-token"
FAULTS = (
    "none",
    "rate_limit",
    "quota_exceeded",
    "server_error",
    "server_error_html",
    "html",
    "empty",
    "forbidden",
    "forbidden_html",
    "premium_required",
    "not_registered",
    "not_found",
    "invalid_grant",
    "invalid_client",
    "reset",
    "expired_token",
    "rotated_refresh_token",
)


@pytest.mark.parametrize("path", ["^/v1/", "^/api/token"])
@pytest.mark.parametrize("kind", FAULTS)
def test_canaries_stay_where_they_are(
    kind: str, path: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    clock = FakeClock(datetime(2026, 10, 1, 4, tzinfo=UTC))
    bucket = FakeBucket()
    store = FakeCredentialStore(Credentials("canary-id", SECRET, REFRESH, clock.now()))
    client = Client("canary-id", SECRET, REFRESH)
    with StandIn(SampleLibrary(date(2026, 10, 1)), client=client) as stand_in:
        api = connect(stand_in.url, bucket, store, clock, budget=60)
        pipeline = Pipeline(api, clock, bucket=bucket)
        if kind != "none":
            passing = 1 if path == "^/v1/" else 0
            stand_in.control.add_fault(kind, path=path, after=passing, times=None)
        pipeline.run(clock.now())
        pipeline.lister.run(clock.now(), plenty)

    texts = [
        *caplog.messages,
        *(str(record.exc_info) for record in caplog.records if record.exc_info),
        *(str(record.__dict__) for record in caplog.records),
        *capsys.readouterr(),
        *pipeline.fetch_queue.bodies,
        *pipeline.outcome_queue.bodies,
        *pipeline.render_queue.bodies,
        *pipeline.dead_letters.bodies,
        *(body.decode("utf-8", "replace") for body in bucket.objects.values()),
        repr(store.credentials),
        repr(vars(pipeline.fetcher)),
    ]
    secrets = {SECRET, REFRESH, store.credentials.refresh_token, access_token(api)} - {""}
    assert [secret for secret in secrets for text in texts if secret in text] == []
    assert bucket.objects


def access_token(api: WebApi) -> str:
    return api._tokens._access_token
