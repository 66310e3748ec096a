"""Dead letters are listed, sent again and deleted as `make dead-letters` promises."""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from moto import mock_aws

from playlist_archive.documents.messages import (
    FetchRequest,
    Outcome,
    RenderRequest,
    RunReport,
    encode_message,
)
from playlist_archive_cli import frame, main
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.dead_letters import kept
from playlist_archive_cli.dead_letters.contents import Sender
from playlist_archive_cli.dead_letters.kept import (
    DeadLetter,
    DeadLetterQueue,
    open_dead_letter_queues,
)
from playlist_archive_cli.location import DeployedStack
from tests.support.builders import PLAYLIST, RUN

pytestmark = pytest.mark.contract

FETCH = encode_message(
    FetchRequest(playlist_id=PLAYLIST, run=RUN, source="registry", alias="Kitchen")
)
OUTCOME = encode_message(
    Outcome(playlist_id=PLAYLIST, run=RUN, at=RUN, status="not_found", reason="deleted")
)
RENDER = encode_message(RenderRequest(playlist_id=PLAYLIST))
S3_EVENT = json.dumps(
    {
        "Records": [
            {"eventTime": "2026-10-01T04:00:00Z", "s3": {"object": {"key": "snapshots/a%2Bb"}}}
        ]
    }
)
EVENT = {"time": "2026-10-01T04:00:00Z"}


def lambda_record(event: object, **other: object) -> str:
    """Return the record that Lambda sends to the destination of a failed event."""
    return json.dumps(
        {
            "version": "1.0",
            "timestamp": "2026-10-01T04:05:00.000Z",
            "requestContext": {
                "requestId": "2e1424d4-f796-459a-8184-9c92662be6d0",
                "functionArn": "arn:aws:lambda:eu-central-1:123456789012:function:lister:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": {
                "errorMessage": "reading state/spotify.json: SlowDown",
                "errorType": "StorageError",
                "stackTrace": [],
            },
            **other,
        }
    )


@dataclass
class FakeLambda:
    invocations: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, **arguments: Any) -> None:
        self.invocations.append(arguments)


class Stack:
    """Queues as in the template, and a lister that records its events."""

    def __init__(self) -> None:
        self.sqs: Any = boto3.client("sqs")
        self.functions = FakeLambda()
        self.outputs = {"ListerFunctionName": "the-lister"}
        for name in ("Lister", "Fetch", "Render", "Outcome"):
            for output in (f"{name}QueueUrl", f"{name}DeadLetterQueueUrl"):
                fifo = ".fifo" if name == "Fetch" else ""
                self.outputs[output] = self.sqs.create_queue(
                    QueueName=output + fifo, Attributes={"FifoQueue": "true"} if fifo else {}
                )["QueueUrl"]

    def give_up(self, sender: Sender, *bodies: str, group: str = "spotify", **other: Any) -> None:
        for number, body in enumerate(bodies):
            fifo = (
                {"MessageGroupId": group, "MessageDeduplicationId": f"{group}{number}"}
                if sender is Sender.FETCH
                else {}
            )
            self.sqs.send_message(
                QueueUrl=self.outputs[f"{sender.capitalize()}DeadLetterQueueUrl"],
                MessageBody=body,
                **fifo,
                **other,
            )

    def box(self, sender: Sender) -> DeadLetterQueue:
        [box] = [box for box in self.boxes() if box.sender is sender]
        return box

    def boxes(self) -> list[DeadLetterQueue]:
        return open_dead_letter_queues(self.client, self.outputs.__getitem__)

    def client(self, service: str) -> Any:
        return self.functions if service == "lambda" else self.sqs

    def received(self, sender: Sender) -> list[dict[str, Any]]:
        """Return the messages in a queue itself, not in its dead-letter queue."""
        messages: list[dict[str, Any]] = self.sqs.receive_message(
            QueueUrl=self.outputs[f"{sender.capitalize()}QueueUrl"],
            MaxNumberOfMessages=10,
            AttributeNames=["All"],
        ).get("Messages", [])
        return messages


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setattr(kept, "_WAIT_SECONDS", 0)
    with mock_aws():
        yield Stack()


def only(dead_letters: list[DeadLetter]) -> DeadLetter:
    [dead_letter] = dead_letters
    return dead_letter


@pytest.mark.parametrize(
    ("sender", "body", "about"),
    [
        (Sender.FETCH, FETCH, f"read {PLAYLIST} “Kitchen” for the run of 2026-10-01 04:00 UTC"),
        (Sender.RENDER, RENDER, f"write the pages of {PLAYLIST}"),
        (Sender.RENDER, S3_EVENT, "render snapshots/a+b"),
        (
            Sender.OUTCOME,
            OUTCOME,
            f"{PLAYLIST} was not found in the run of 2026-10-01 04:00 UTC: deleted",
        ),
        (
            Sender.OUTCOME,
            encode_message(RunReport(run=RUN, at=RUN, planned=1, unchanged=0)),
            "the report of the run of 2026-10-01 04:00 UTC",
        ),
        (Sender.LISTER, lambda_record(EVENT), json.dumps(EVENT, separators=(",", ":"))),
    ],
)
def test_a_dead_letter_shows_its_subject_and_can_be_sent_again(
    stack: Stack, sender: Sender, body: str, about: str
) -> None:
    stack.give_up(sender, body)
    dead_letter = only(stack.box(sender).read())

    assert dead_letter.contents.about == about
    assert dead_letter.contents.again is not None
    assert dead_letter.received == 1


@pytest.mark.parametrize(
    ("sender", "body", "about"),
    [
        (Sender.FETCH, "not json", "not JSON: not json"),
        (Sender.FETCH, "[" * 100_000, "nested too deeply: " + "[" * 40),
        (Sender.FETCH, FETCH.replace("fetch/1", "fetch/2"), "unknown version fetch/2"),
        (Sender.FETCH, OUTCOME, "outcome/1, which belongs to another queue"),
        (Sender.FETCH, '{"Event":"s3:TestEvent"}', "S3's test event"),
        (Sender.RENDER, '{"type":"render/9"}', "unknown version render/9"),
        (Sender.OUTCOME, "null", "not a message of this version: Expected `object`, got `null`"),
        (Sender.LISTER, "not json", "not JSON: not json"),
        (
            Sender.LISTER,
            lambda_record({"tiem": "now"}),
            '{"tiem":"now"}, which the lister does not know',
        ),
    ],
)
def test_poison_is_described_and_stays_when_the_rest_is_sent_again(
    stack: Stack, sender: Sender, body: str, about: str
) -> None:
    stack.give_up(sender, body)
    ((dead_letter, worth_it),) = stack.box(sender).redrive()

    assert dead_letter.contents.about == about
    assert not worth_it
    assert only(stack.box(sender).read()).id == dead_letter.id
    assert not stack.received(sender)
    assert not stack.functions.invocations


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (lambda_record(EVENT), "StorageError: reading state/spotify.json: SlowDown"),
        (
            lambda_record(
                EVENT, requestContext={"condition": "EventAgeExceeded"}, responsePayload=None
            ),
            "EventAgeExceeded",
        ),
    ],
)
def test_a_dead_letter_of_the_lister_shows_the_error(stack: Stack, body: str, why: str) -> None:
    stack.give_up(Sender.LISTER, body)

    assert only(stack.box(Sender.LISTER).read()).contents.why == why


def test_a_run_that_the_schedule_could_not_deliver_is_started_for_its_time(stack: Stack) -> None:
    texts = {
        "SCHEDULED_TIME": "2026-10-01T04:00:00Z",
        "ERROR_CODE": "AccessDeniedException",
        "ERROR_MESSAGE": "not authorized",
    }
    attributes = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}
    stack.give_up(Sender.LISTER, '{"FunctionName":"the-lister"}', MessageAttributes=attributes)
    ((dead_letter, _),) = stack.box(Sender.LISTER).redrive()

    assert dead_letter.contents.why == (
        "not delivered by the schedule: AccessDeniedException: not authorized"
    )
    assert json.loads(stack.functions.invocations[0]["Payload"]) == EVENT


def test_listing_dead_letters_changes_nothing(stack: Stack) -> None:
    for sender, body in ((Sender.FETCH, FETCH), (Sender.OUTCOME, OUTCOME)):
        stack.give_up(sender, body, "poison")
        first = [dead_letter.id for dead_letter in stack.box(sender).read()]
        second = [dead_letter.id for dead_letter in stack.box(sender).read()]

        assert len(first) == 2
        assert sorted(first) == sorted(second)


@pytest.mark.parametrize(
    ("sender", "body"),
    [(Sender.FETCH, FETCH), (Sender.RENDER, S3_EVENT), (Sender.OUTCOME, OUTCOME)],
)
def test_a_message_is_sent_again_as_it_was(stack: Stack, sender: Sender, body: str) -> None:
    stack.give_up(sender, body)
    ((_, worth_it),) = stack.box(sender).redrive()
    [message] = stack.received(sender)

    assert worth_it
    assert message["Body"] == body
    assert stack.box(sender).read() == []


def test_the_lister_is_called_with_the_event_and_not_waited_for(stack: Stack) -> None:
    stack.give_up(Sender.LISTER, lambda_record(EVENT))
    list(stack.box(Sender.LISTER).redrive())
    [invocation] = stack.functions.invocations

    assert invocation["FunctionName"] == "the-lister"
    assert invocation["InvocationType"] == "Event"
    assert json.loads(invocation["Payload"]) == EVENT
    assert stack.box(Sender.LISTER).read() == []


def test_reads_go_back_into_the_one_lane_in_their_order(stack: Stack) -> None:
    runs = [FETCH.replace("Kitchen", f"Kitchen {number}") for number in range(25)]
    stack.give_up(Sender.FETCH, *runs)
    stack.give_up(Sender.FETCH, "not json", group="poison")
    sent = [worth_it for _, worth_it in stack.box(Sender.FETCH).redrive()]
    first = stack.received(Sender.FETCH)

    assert sent.count(True) == 25
    assert [message["Body"] for message in first] == runs[: len(first)] != []
    assert {message["Attributes"]["MessageGroupId"] for message in first} == {"spotify"}
    assert only(stack.box(Sender.FETCH).read()).contents.again is None


def test_a_dead_letter_stays_when_it_could_not_be_sent(stack: Stack) -> None:
    stack.give_up(Sender.OUTCOME, OUTCOME)
    box = stack.box(Sender.OUTCOME)
    stack.sqs.delete_queue(QueueUrl=stack.outputs["OutcomeQueueUrl"])
    with pytest.raises(Exception, match="NonExistentQueue"):
        list(box.redrive())

    assert only(box.read()).contents.again == OUTCOME


def test_only_the_named_dead_letter_is_deleted_and_only_when_confirmed(stack: Stack) -> None:
    stack.give_up(Sender.RENDER, "not json", RENDER)
    box = stack.box(Sender.RENDER)
    poison, other = sorted(
        box.read(), key=lambda dead_letter: dead_letter.contents.again is not None
    )

    assert not box.delete("another", lambda _: True)
    assert box.delete(poison.id, lambda _: False)
    assert len(box.read()) == 2
    assert box.delete(poison.id, lambda _: True)
    assert only(box.read()).id == other.id


@pytest.fixture
def run(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs the verb and returns exit code, output and errors."""

    def run(*arguments: str, answer: str = "") -> tuple[int, str, str]:
        connection = Connection(DeployedStack("mine"), stack.client)
        connection.outputs = stack.outputs
        monkeypatch.setattr(frame, "open_connection", lambda _: connection)
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        code = main.run(["dead-letters", *arguments])
        return code, *capsys.readouterr()

    return run


def test_the_verb_lists_what_every_queue_holds(
    stack: Stack, run: Callable[..., tuple[int, str, str]]
) -> None:
    stack.give_up(Sender.FETCH, FETCH)
    stack.give_up(Sender.RENDER, "\x1b[2Jjunk")
    code, printed, _ = run()

    assert code == 0
    assert "fetch: 1\n" in printed
    assert "lister: nothing\n" in printed
    assert f"read {PLAYLIST}" in printed
    assert "\x1b" not in printed


def test_the_verb_says_what_it_sent_and_what_it_left(
    stack: Stack, run: Callable[..., tuple[int, str, str]]
) -> None:
    stack.give_up(Sender.RENDER, "junk", RENDER)
    code, printed, _ = run("--redrive", "render")

    assert code == 0
    assert "sent again" in printed
    assert "left: --delete " in printed
    assert "render: 1\n" in printed


def test_the_verb_asks_before_it_deletes(
    stack: Stack, run: Callable[..., tuple[int, str, str]]
) -> None:
    stack.give_up(Sender.RENDER, "junk")
    dead_letter = only(stack.box(Sender.RENDER).read())
    assert "kept" in run("--delete", dead_letter.id, answer="n\n")[1]
    assert stack.box(Sender.RENDER).read()
    code, printed, asked = run("--delete", dead_letter.id, answer="y\n")

    assert code == 0
    assert "deleted" in printed
    assert "not JSON: junk" in asked
    assert not stack.box(Sender.RENDER).read()


def test_a_deletion_that_nobody_confirms_does_not_happen(
    stack: Stack, run: Callable[..., tuple[int, str, str]]
) -> None:
    stack.give_up(Sender.RENDER, "junk")
    code, _, told = run("--delete", only(stack.box(Sender.RENDER).read()).id)

    assert code == 1
    assert told.endswith("playlist-archive: stopped\n")
    assert stack.box(Sender.RENDER).read()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--delete", "nobody"], 1),
        (["--redrive", "rubbish"], 2),
        (["--redrive", "fetch", "--delete", "x"], 2),
        (["rubbish"], 2),
    ],
)
def test_wrong_use_is_one_line(
    run: Callable[..., tuple[int, str, str]], arguments: list[str], code: int
) -> None:
    found, printed, told = run(*arguments)

    assert (found, printed) == (code, "")
    assert told.startswith("playlist-archive: ")
    assert told.count("\n") == 1


def test_programs_get_the_dead_letters_as_a_document(
    stack: Stack, run: Callable[..., tuple[int, str, str]]
) -> None:
    stack.give_up(Sender.OUTCOME, OUTCOME)
    [*_, outcome] = json.loads(run("--json")[1])["queues"]

    assert (outcome["queue"], outcome["count"]) == ("outcome", 1)
    assert outcome["dead_letters"][0]["about"].startswith(f"{PLAYLIST} was not found")
