"""The handlers' responses to Lambda, with real envelopes and in-memory services."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from playlist_archive.documents.keys import ledger_key, snapshot_key, view_key
from playlist_archive.documents.ledger import decode_ledger
from playlist_archive.documents.messages import FetchRequest, encode_message
from playlist_archive.errors import InvalidMessageError, SpotifyParkedError, StorageError
from playlist_archive.renderer.service import SECONDS_FOR_PAGES
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_reading
from tests.support.handlers import Context, Handlers, load_event, snapshot_created, sqs_event

pytestmark = pytest.mark.contract


def message_ids(name: str) -> list[str]:
    return [record["messageId"] for record in load_event(name)["Records"]]


def test_a_parked_lane_gives_the_whole_batch_back_until_it_opens(handlers: Handlers) -> None:
    handlers.spotify.stop = SpotifyParkedError("wait", RUN + timedelta(hours=2))
    answer = handlers.handle("fetcher", "fetch-batch.json")

    failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    assert failed == message_ids("fetch-batch.json")
    assert [seconds for _, seconds in handlers.pipeline.fetch_queue.held] == [7200] * len(failed)


def test_no_message_is_held_for_more_than_sqs_allows(handlers: Handlers) -> None:
    handlers.spotify.stop = SpotifyParkedError("wait", RUN + DAY)
    handlers.handle("fetcher", "fetch-batch.json")

    assert all(0 < seconds < 12 * 3600 for _, seconds in handlers.pipeline.fetch_queue.held)


def test_a_storage_that_fails_at_once_gives_the_whole_batch_back(handlers: Handlers) -> None:
    def fail(remaining_seconds: Callable[[], float]) -> None:
        raise StorageError("not now")

    handlers.spotify.open = fail  # type: ignore[method-assign]
    event = load_event("fetch-batch.json")
    for record in event["Records"]:
        record["attributes"]["ApproximateReceiveCount"] = "12"
    answer = handlers.handle("fetcher", event)

    failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    assert failed == message_ids("fetch-batch.json")
    assert [seconds for _, seconds in handlers.pipeline.fetch_queue.held] == [240] * len(failed)


def test_a_batch_that_is_read_is_done(handlers: Handlers) -> None:
    assert handlers.handle("fetcher", "fetch-batch.json") == {"batchItemFailures": []}
    assert not handlers.pipeline.fetch_queue.held
    assert len(handlers.pipeline.outcome_queue.bodies) == len(message_ids("fetch-batch.json"))


def test_poison_for_the_fetcher_is_set_aside_and_done(handlers: Handlers) -> None:
    assert handlers.handle("fetcher", "fetch-batch-poison.json") == {"batchItemFailures": []}
    assert handlers.pipeline.dead_letters.bodies


def test_poison_for_renderer_and_indexer_comes_again_until_it_is_a_dead_letter(
    handlers: Handlers,
) -> None:
    for function, name in (("renderer", "render-request.json"), ("indexer", "outcomes.json")):
        event = load_event(name)
        event["Records"][0]["body"] = "not json"
        answer = handlers.handle(function, event)

        assert answer["batchItemFailures"] == [{"itemIdentifier": event["Records"][0]["messageId"]}]
    assert handlers.pipeline.bucket.objects


def test_a_message_that_the_renderer_has_no_time_for_comes_again(
    handlers: Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    too_little = int(SECONDS_FOR_PAGES * 1000) - 1
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _: too_little)
    answer = handlers.handle("renderer", "render-request.json")

    failed = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
    assert failed == message_ids("render-request.json")


def store_versions(handlers: Handlers, playlist_id: str, days: int) -> list[str]:
    """Read a playlist on several days, and return S3's messages about its snapshots."""
    messages = []
    for number in range(days):
        run = RUN + number * DAY
        handlers.clock.moment = run
        handlers.spotify.playlists[playlist_id] = a_reading(number, number + 1)
        request = FetchRequest(playlist_id=playlist_id, run=run, source="registry")
        handlers.handle("fetcher", sqs_event([encode_message(request)]))
        messages.append(snapshot_created(snapshot_key(playlist_id, run)))
    handlers.pipeline.bucket.calls.clear()
    return messages


def test_the_messages_of_one_playlist_are_rendered_once(handlers: Handlers) -> None:
    messages = store_versions(handlers, PLAYLIST, 4)
    answer = handlers.handle("renderer", sqs_event(reversed(messages)))

    assert answer == {"batchItemFailures": []}
    puts = handlers.pipeline.bucket.puts()
    assert len(puts) == len(set(puts))
    ledger = decode_ledger(handlers.pipeline.bucket.objects[ledger_key(PLAYLIST)])
    assert ledger.last == RUN + 3 * DAY


def test_all_messages_of_a_playlist_that_fails_come_again_and_no_others(
    handlers: Handlers,
) -> None:
    failing, fine = store_versions(handlers, PLAYLIST, 2), store_versions(handlers, OTHER, 1)

    def fail(operation: str, key: str) -> None:
        if operation == "put" and key == view_key("plain", PLAYLIST):
            raise StorageError(key)

    handlers.pipeline.bucket.before = fail
    answer = handlers.handle("renderer", sqs_event([failing[0], *fine, failing[1]]))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "0"}, {"itemIdentifier": "2"}]}
    assert view_key("plain", OTHER) in handlers.pipeline.bucket.objects


def test_a_message_without_time_left_comes_again_untouched(
    handlers: Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = store_versions(handlers, PLAYLIST, 2) + store_versions(handlers, OTHER, 1)
    left = iter([300_000, 300_000, 300_000])
    monkeypatch.setattr(Context, "get_remaining_time_in_millis", lambda _: next(left, 0))
    answer = handlers.handle("renderer", sqs_event(messages))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert ledger_key(PLAYLIST) in handlers.pipeline.bucket.objects
    assert not [key for _, key in handlers.pipeline.bucket.calls if OTHER in key]


def test_the_lister_refuses_unknown_events(handlers: Handlers) -> None:
    with pytest.raises(InvalidMessageError, match="tiem"):
        handlers.handle("lister", {"tiem": "2026-10-01T04:00:00Z"})
    assert not handlers.pipeline.outcome_queue.bodies
