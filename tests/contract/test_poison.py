"""A message that no function can handle does not loop, vanish, or affect good messages."""

import json
from typing import Any

import pytest

from playlist_archive.documents.catalog import decode_catalog
from playlist_archive.documents.keys import CATALOG, snapshot_key, view_key
from playlist_archive.documents.messages import FetchRequest, Outcome, encode_message
from playlist_archive.errors import ArchiveError
from tests.support.builders import OTHER, PLAYLIST, RUN, a_header, a_reading
from tests.support.handlers import Handlers, load_event, snapshot_created, sqs_event

pytestmark = pytest.mark.contract

KIBIBYTE = 1024
LARGE = 256 * KIBIBYTE
S3_TEST_EVENT = load_event("s3-test-event.json")["Records"][0]["body"]

FETCH = encode_message(FetchRequest(playlist_id=PLAYLIST, run=RUN, source="registry"))
OUTCOME = encode_message(
    Outcome(playlist_id=PLAYLIST, run=RUN, at=RUN, status="ok", header=a_header(followers=3))
)

ANYWHERE = {
    "nothing": "",
    "no JSON": "not json",
    "cut off": '{"type": "fetch/1", "play',
    "null": "null",
    "a number": "7",
    "a list": "[]",
    "an empty object": "{}",
    "junk": "x" * LARGE,
    "a long text": json.dumps("x" * (LARGE - 2)),
    "nested": "[" * LARGE,
    "nested in an object": '{"Event":' + "[" * LARGE,
    "nested in a known message": '{"type":"fetch/1","x":' + "[" * LARGE,
    "not in Unicode's order": '{"type": "\\ud800"}',
}
FOR_THE_FETCHER = ANYWHERE | {
    "a later version": FETCH.replace("fetch/1", "fetch/2"),
    "another queue's": OUTCOME,
    "S3's test event": S3_TEST_EVENT,
    "not a playlist's id": FETCH.replace(PLAYLIST, "spotify:playlist:" + PLAYLIST),
    "an id with a line's end": FETCH.replace(PLAYLIST, PLAYLIST + "\\n"),
    "a time without a zone": FETCH.replace("Z", ""),
    "a source of no kind": FETCH.replace("registry", "radio"),
}
FOR_THE_INDEXER = ANYWHERE | {
    "an earlier version": OUTCOME.replace("outcome/1", "outcome/0"),
    "another queue's": FETCH,
    "S3's test event": S3_TEST_EVENT,
    "not a playlist's id": OUTCOME.replace(PLAYLIST, "../../registry"),
    "a time without a zone": OUTCOME.replace("Z", ""),
    "a status of no kind": OUTCOME.replace('"ok"', '"fine"'),
}


def a_render_request(**fields: Any) -> str:
    return json.dumps({"type": "render/1", "playlist_id": PLAYLIST, **fields})


FOR_THE_RENDERER = ANYWHERE | {
    "a later version": a_render_request(type="render/9"),
    "another queue's": FETCH,
    "not a playlist's id": a_render_request(playlist_id="../../registry"),
    "a page status that is none": a_render_request(page_status=[]),
    "records that are none": '{"Records": 7}',
    "records of nothing": '{"Records": [null]}',
    "records without an object": '{"Records": [{"s3": null}]}',
    "a key that is none": snapshot_created("7").replace('"7"', "7"),
    "no records": '{"Records": []}',
}
NOTHING_TO_RENDER = {
    "S3's test event": S3_TEST_EVENT,
    "another object's key": snapshot_created("snapshots/readme.json"),
    "a key of no playlist": snapshot_created("snapshots/nobody/20261001T040000Z.json"),
    "a snapshot that is gone": snapshot_created(snapshot_key(OTHER, RUN)),
}


def failed(*numbers: int) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": str(number)} for number in numbers]}


def named[T](poison: dict[str, T]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("poison", poison.values(), ids=poison.keys())


@named(FOR_THE_FETCHER)
def test_the_fetcher_sets_it_aside_and_its_lane_goes_on(handlers: Handlers, poison: str) -> None:
    answer = handlers.handle("fetcher", sqs_event([FETCH, poison, FETCH.replace(PLAYLIST, OTHER)]))

    assert answer == failed()
    assert handlers.pipeline.dead_letters.bodies == [poison]
    assert not handlers.pipeline.fetch_queue.held
    assert [json.loads(body)["playlist_id"] for body in handlers.pipeline.outcome_queue.bodies] == [
        PLAYLIST,
        OTHER,
    ]


@named(FOR_THE_RENDERER)
def test_the_renderer_gives_it_back_alone_until_it_is_a_dead_letter(
    handlers: Handlers, poison: str
) -> None:
    snapshot = a_snapshot(handlers)
    answer = handlers.handle("renderer", sqs_event([poison, snapshot_created(snapshot), poison]))

    assert answer == failed(0, 2)
    assert view_key("pretty", PLAYLIST, ".md") in handlers.pipeline.bucket.objects


@named(NOTHING_TO_RENDER)
def test_the_renderer_finishes_messages_about_no_snapshot(
    handlers: Handlers, poison: str, capsys: pytest.CaptureFixture[str]
) -> None:
    snapshot = a_snapshot(handlers)
    answer = handlers.handle("renderer", sqs_event([poison, snapshot_created(snapshot)]))

    assert answer == failed()
    assert capsys.readouterr().out.count("pages rendered") == 2
    assert view_key("pretty", PLAYLIST, ".md") in handlers.pipeline.bucket.objects


@named(FOR_THE_INDEXER)
def test_the_indexer_gives_it_back_alone_until_it_is_a_dead_letter(
    handlers: Handlers, poison: str
) -> None:
    answer = handlers.handle(
        "indexer", sqs_event([OUTCOME, poison, OUTCOME.replace(PLAYLIST, OTHER)])
    )

    assert answer == failed(1)
    assert decode_catalog(handlers.pipeline.bucket.objects[CATALOG]).entries.keys() == {
        PLAYLIST,
        OTHER,
    }


@named(
    {
        "null": None,
        "a number": 7,
        "a list": [],
        "a misspelt name": {"tiem": "2026-10-01T04:00:00Z"},
        "no time": {"time": "yesterday"},
        "a time without a zone": {"time": "2026-10-01T04:00:00"},
        "S3's test event": json.loads(S3_TEST_EVENT),
        "no records": {"Records": []},
        "records that are none": {"Records": 7},
        "records of nothing": {"Records": [None]},
        "records without an object": {"Records": [{"s3": None}]},
        "a message of a queue": load_event("fetch-batch.json"),
        "some of nothing": {"rebuild": "some"},
        "a rebuild of a link": {"rebuild": [PLAYLIST, "https://open.spotify.com/"]},
    }
)
def test_the_lister_fails_so_that_lambda_keeps_the_event(handlers: Handlers, poison: Any) -> None:
    with pytest.raises(ArchiveError):
        handlers.handle("lister", poison)

    assert not handlers.pipeline.fetch_queue.bodies
    assert not handlers.pipeline.render_queue.bodies
    assert not handlers.pipeline.outcome_queue.bodies


def test_the_lister_logs_a_bad_name_and_finishes_its_event(
    handlers: Handlers, capsys: pytest.CaptureFixture[str]
) -> None:
    event = load_event("registry-object-created.json")
    event["Records"][0]["s3"]["object"]["key"] = "registry/my+favourites"

    assert handlers.handle("lister", event) == {"entries": 1}
    assert "my favourites" in capsys.readouterr().out
    assert not handlers.pipeline.fetch_queue.bodies


def a_snapshot(handlers: Handlers) -> str:
    """Read a playlist, and return the key of its snapshot."""
    handlers.spotify.playlists[PLAYLIST] = a_reading(1, 2)
    handlers.handle("fetcher", sqs_event([FETCH]))
    return snapshot_key(PLAYLIST, RUN)
