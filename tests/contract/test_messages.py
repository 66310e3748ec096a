"""The examples in `events/` are sent by one function and understood by the next one."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from playlist_archive.documents.keys import parse_snapshot_key
from playlist_archive.documents.messages import (
    Message,
    decode_fetch_request,
    decode_outcome,
    decode_render_request,
    encode_message,
)
from playlist_archive.events import (
    RebuildEvent,
    RegistryEvent,
    RunEvent,
    parse_lister_event,
    parse_outcomes,
    parse_render_body,
)

pytestmark = pytest.mark.contract

EVENTS = Path(__file__).parents[2] / "events"


def load(name: str) -> dict[str, object]:
    event: dict[str, object] = json.loads((EVENTS / name).read_text(encoding="utf-8"))
    return event


def bodies(name: str) -> list[str]:
    records = load(name)["Records"]
    assert isinstance(records, list)
    return [record["body"] for record in records]


@pytest.mark.parametrize(
    ("name", "decode"),
    [
        ("fetch-batch.json", decode_fetch_request),
        ("render-request.json", decode_render_request),
        ("outcomes.json", decode_outcome),
    ],
)
def test_every_sent_message_is_understood(name: str, decode: Callable[[str], Message]) -> None:
    for body in bodies(name):
        assert msgspec.json.decode(encode_message(decode(body))) == msgspec.json.decode(body)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("schedule-daily-run.json", RunEvent),
        ("simulated-run.json", RunEvent),
        ("registry-object-created.json", RegistryEvent),
        ("registry-object-removed.json", RegistryEvent),
        ("rebuild-all.json", RebuildEvent),
        ("rebuild-some.json", RebuildEvent),
    ],
)
def test_the_lister_understands_its_events(name: str, kind: type) -> None:
    assert isinstance(parse_lister_event(load(name)), kind)


def test_after_a_deployment_the_indexer_gets_a_batch_without_messages() -> None:
    assert parse_outcomes(load("after-deployment.json")) == ([], {})


def test_the_renderer_finds_the_snapshot_in_the_event_of_s3() -> None:
    for body in bodies("snapshot-created.json"):
        request, keys = parse_render_body(body)
        assert request is None
        assert keys
        assert all(map(parse_snapshot_key, keys))
