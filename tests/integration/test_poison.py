"""Poison ends in its receiver's dead-letter queue, and good dead letters can be sent again."""

from collections.abc import Iterator
from functools import partial

import pytest

from playlist_archive.documents.messages import (
    FetchRequest,
    Message,
    RenderRequest,
    RunReport,
    encode_message,
)
from playlist_archive_cli.dead_letters.contents import Sender
from playlist_archive_cli.dead_letters.kept import (
    DeadLetter,
    DeadLetterQueue,
    open_dead_letter_queues,
)
from tests.integration.test_local_stack import await_value
from tests.support.builders import OTHER, RUN
from tools.local.simulation import Simulation
from tools.local.stack import Stack

pytestmark = pytest.mark.integration

QUEUES = ("Fetch", "Render", "Outcome")
POISON = {
    Sender.FETCH: {"MessageBody": '{"type":"fetch/2"}'},
    Sender.RENDER: {"MessageBody": '{"type":"render/9"}'},
    Sender.OUTCOME: {"MessageBody": "[" * 100_000},
}
LONG_AGO = RUN.replace(year=2020)
# Messages of a run long ago, or about a playlist without snapshots, so that no page is written.
GOOD: dict[Sender, Message] = {
    Sender.FETCH: FetchRequest(playlist_id=OTHER, run=LONG_AGO, source="registry"),
    Sender.RENDER: RenderRequest(playlist_id=OTHER),
    Sender.OUTCOME: RunReport(run=LONG_AGO, at=LONG_AGO, planned=0, unchanged=0),
}


@pytest.fixture(scope="module")
def stack(simulation: Simulation) -> Iterator[Stack]:
    """Yield the stack with retries after one second; afterwards remove its dead letters."""
    stack = simulation.stack
    patient = {name: set_visibility(stack, name, "1") for name in QUEUES}
    yield stack
    for name, seconds in patient.items():
        set_visibility(stack, name, seconds)
    for dead_letter_queue in dead_letter_queues(stack):
        for dead_letter in dead_letter_queue.read():
            dead_letter_queue.delete(dead_letter.id, lambda _: True)
    assert stack.count_dead_letters() == {}


def set_visibility(stack: Stack, name: str, seconds: str) -> str:
    """Set a queue's visibility timeout, and return the former one."""
    sqs, url = stack._client("sqs"), stack.outputs[f"{name}QueueUrl"]
    attribute = "VisibilityTimeout"
    known = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[attribute])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={attribute: seconds})
    return str(known[attribute])


def dead_letter_queues(stack: Stack) -> list[DeadLetterQueue]:
    return open_dead_letter_queues(stack._client, stack.outputs.__getitem__)


def box(stack: Stack, sender: Sender) -> DeadLetterQueue:
    [found] = [
        dead_letter_queue
        for dead_letter_queue in dead_letter_queues(stack)
        if dead_letter_queue.sender is sender
    ]
    return found


def send(stack: Stack, output: str, **message: str) -> None:
    url = stack.outputs[output]
    if "Fetch" in output:
        message |= {"MessageGroupId": "spotify", "MessageDeduplicationId": output}
    stack._client("sqs").send_message(QueueUrl=url, **message)


def await_one_without_hope(dead_letter_queue: DeadLetterQueue, before: list[DeadLetter]) -> bool:
    """Wait for one more dead letter than `before`, one that cannot be sent again."""
    known = {dead_letter.id for dead_letter in before}

    def is_one_more(found: list[DeadLetter]) -> bool:
        return [
            dead_letter.contents.again for dead_letter in found if dead_letter.id not in known
        ] == [None]

    return await_value(dead_letter_queue.read, is_one_more)


def is_empty(count: int) -> bool:
    return count == 0


@pytest.mark.parametrize("sender", POISON)
def test_poison_in_a_queue_ends_in_its_dead_letter_queue(stack: Stack, sender: Sender) -> None:
    before = box(stack, sender).read()
    send(stack, f"{sender.capitalize()}QueueUrl", **POISON[sender])

    assert await_one_without_hope(box(stack, sender), before)
    assert await_value(partial(waiting, stack, sender), is_empty)


def test_poison_for_the_lister_ends_in_its_dead_letter_queue(stack: Stack) -> None:
    before = box(stack, Sender.LISTER).read()
    stack._client("lambda").invoke(
        FunctionName=stack.outputs["ListerFunctionName"],
        InvocationType="Event",
        Payload=b'{"tiem":"2026-03-01T04:00:00Z"}',
    )

    assert await_one_without_hope(box(stack, Sender.LISTER), before)


@pytest.mark.parametrize("sender", GOOD)
def test_a_good_message_is_handled_when_it_is_sent_again(stack: Stack, sender: Sender) -> None:
    before = box(stack, sender).count()
    body = encode_message(GOOD[sender])
    send(stack, f"{sender.capitalize()}DeadLetterQueueUrl", MessageBody=body)
    sent = [
        dead_letter.contents.again
        for dead_letter, worth_it in box(stack, sender).redrive()
        if worth_it
    ]

    assert sent == [body]
    assert await_value(partial(waiting, stack, sender), is_empty)
    assert box(stack, sender).count() == before


def waiting(stack: Stack, sender: Sender) -> int:
    return stack.measure_queues()[sender.capitalize()].total
