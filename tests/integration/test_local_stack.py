"""The deployed template archives from end to end, under its own permissions."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.event_files import EVENTS, FUNCTIONS
from tools.local.simulation import Simulation
from tools.local.stack import Stack
from tools.stand_in.sample import LIGHTHOUSE

pytestmark = pytest.mark.integration

FIRST_RUN = datetime(2026, 3, 1, 4, tzinfo=UTC)


def test_two_days_leave_snapshots_and_views_of_every_playlist(simulation: Simulation) -> None:
    first, first_requests = simulation.archive_day(FIRST_RUN)
    second, second_requests = simulation.archive_day(FIRST_RUN + timedelta(days=1))
    keys = set(simulation.stack.list_keys())
    ok = [
        playlist_id
        for playlist_id, known in simulation.stack.read_json("playlists/status.json")[
            "playlists"
        ].items()
        if known["status"] == "ok"
    ]

    assert first.checked == len(ok) > 0
    assert first.troubles == second.troubles == ()
    assert 0 < second_requests < first_requests
    assert {f"playlists/pretty/{playlist_id}.md" for playlist_id in ok} <= keys
    assert {f"snapshots/{playlist_id}/20260301T040000Z.json" for playlist_id in ok} <= keys
    assert simulation.stack.count_dead_letters() == {}


def test_a_registry_object_has_its_playlist_read_at_once_and_its_deletion_retires_it(
    simulation: Simulation,
) -> None:
    stack = simulation.stack
    simulation.stand_in.control.set_app("older")
    stack.put(f"registry/{LIGHTHOUSE}", "The light\n")
    await_status(stack, LIGHTHOUSE, "ok")

    assert any(key.startswith(f"snapshots/{LIGHTHOUSE}/") for key in stack.list_keys())
    assert await_text(stack, f"playlists/pretty/{LIGHTHOUSE}.md", "[The light]")

    stack.delete(f"registry/{LIGHTHOUSE}")
    await_status(stack, LIGHTHOUSE, "retired")

    assert await_text(stack, f"playlists/pretty/{LIGHTHOUSE}.md", "no longer registered")
    simulation.stand_in.control.set_app("new")


def await_status(stack: Stack, playlist_id: str, status: str) -> None:
    def current() -> object:
        playlists = stack.read_json("playlists/status.json")["playlists"]
        return playlists.get(playlist_id, {}).get("status")

    assert await_value(current, lambda found: found == status)


def await_text(stack: Stack, key: str, text: str) -> bool:
    def current() -> str:
        return stack.read(key).decode()

    return await_value(current, lambda page: text in page)


def await_value[T](current: Callable[[], T], is_wanted: Callable[[T], bool]) -> bool:
    """Poll for half a minute; return whether the value came."""
    for _ in range(150):
        if is_wanted(current()):
            return True
        time.sleep(0.2)
    return False


def test_every_event_file_is_tried() -> None:
    assert {path.name for path in EVENTS.glob("*.json")} == set(FUNCTIONS)


@pytest.mark.parametrize(("name", "function"), FUNCTIONS.items())
def test_an_event_file_is_handled_by_its_deployed_function(
    simulation: Simulation, name: str, function: str
) -> None:
    stack = simulation.stack
    answer = stack._client("lambda").invoke(
        FunctionName=stack.outputs[f"{function}Name"], Payload=(EVENTS / name).read_bytes()
    )

    result = json.load(answer["Payload"])
    # Other tests with this stack wait for its days to end, and none may have dead letters then.
    stack._client("sqs").purge_queue(QueueUrl=stack.outputs["FetchDeadLetterQueueUrl"])
    assert "FunctionError" not in answer, result
    assert not result.get("batchItemFailures")
