"""What the functions answer to Lambda, with the real envelopes and in-memory services."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from functions.fetcher import app as fetcher_app
from functions.indexer import app as indexer_app
from functions.lister import app as lister_app
from functions.renderer import app as renderer_app
from playlist_archive.credentials import Credentials
from playlist_archive.errors import InvalidMessageError, SpotifyParkedError
from tests.builders import DAY, RUN, a_library
from tests.fakes import FakeSpotify
from tests.pipeline import Pipeline

pytestmark = pytest.mark.contract

EVENTS = Path(__file__).parents[2] / "events"


@dataclass
class Context:
    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:function"
    aws_request_id: str = "2e1424d4-f796-459a-8184-9c92662be6d0"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


def handle(app: ModuleType, event: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(event, str):
        event = json.loads((EVENTS / event).read_text(encoding="utf-8"))
    answer: dict[str, Any] = app.lambda_handler(event, Context())
    return answer


def message_ids(name: str) -> list[str]:
    records = json.loads((EVENTS / name).read_text(encoding="utf-8"))["Records"]
    return [record["messageId"] for record in records]


def test_a_parked_lane_gives_the_whole_batch_back_until_it_opens(pipeline: Pipeline) -> None:
    assert isinstance(pipeline.spotify, FakeSpotify)
    pipeline.spotify.stop = SpotifyParkedError("wait", RUN + timedelta(hours=2))
    answer = handle(fetcher_app, "fetch-batch.json")

    failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    assert failed == message_ids("fetch-batch.json")
    assert [seconds for _, seconds in pipeline.fetch_queue.held] == [7200] * len(failed)


def test_no_message_is_held_for_more_than_sqs_allows(pipeline: Pipeline) -> None:
    assert isinstance(pipeline.spotify, FakeSpotify)
    pipeline.spotify.stop = SpotifyParkedError("wait", RUN + DAY)
    handle(fetcher_app, "fetch-batch.json")

    assert all(0 < seconds < 12 * 3600 for _, seconds in pipeline.fetch_queue.held)


def test_a_batch_that_is_read_is_done(pipeline: Pipeline) -> None:
    assert handle(fetcher_app, "fetch-batch.json") == {"batchItemFailures": []}
    assert not pipeline.fetch_queue.held
    assert len(pipeline.outcome_queue.bodies) == len(message_ids("fetch-batch.json"))


def test_poison_for_the_fetcher_is_set_aside_and_done(pipeline: Pipeline) -> None:
    assert handle(fetcher_app, "fetch-batch-poison.json") == {"batchItemFailures": []}
    assert pipeline.dead_letters.bodies


def test_poison_for_renderer_and_indexer_comes_again_until_it_is_a_dead_letter(
    pipeline: Pipeline,
) -> None:
    for app, name in ((renderer_app, "render-request.json"), (indexer_app, "outcomes.json")):
        event = json.loads((EVENTS / name).read_text(encoding="utf-8"))
        event["Records"][0]["body"] = "not json"
        answer = handle(app, event)

        assert answer["batchItemFailures"] == [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert pipeline.bucket.objects


def test_the_lister_refuses_what_it_does_not_know(pipeline: Pipeline) -> None:
    with pytest.raises(InvalidMessageError, match="tiem"):
        handle(lister_app, {"tiem": "2026-10-01T04:00:00Z"})
    assert not pipeline.outcome_queue.bodies


def test_the_days_until_the_authorisation_ends_are_measured(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert isinstance(pipeline.spotify, FakeSpotify)
    pipeline.spotify.stored_credentials = Credentials("id", "secret", "refresh", RUN - 150 * DAY)
    pipeline.spotify.library = a_library()
    handle(lister_app, {"time": "2026-10-01T04:00:00Z"})

    assert measured(capsys, "AuthorizationDaysLeft") == 34


def test_successful_checks_are_counted(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    handle(indexer_app, "outcomes.json")
    bodies = [
        json.loads(record["body"])
        for record in json.loads((EVENTS / "outcomes.json").read_text(encoding="utf-8"))["Records"]
    ]

    assert measured(capsys, "PlaylistsChecked") == sum(
        body.get("status") == "ok" for body in bodies
    )


def measured(capsys: pytest.CaptureFixture[str], metric: str) -> float:
    """Return the one value of a metric that was printed for CloudWatch."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    (value,) = [value for line in lines for value in line.get(metric, ())]
    return float(value)
