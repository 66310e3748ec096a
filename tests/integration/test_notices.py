"""What the indexer tells arrives at the topic and on the event bus of a deployed stack."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest

from tools.local.processes import stop_all
from tools.local.run import archive_day
from tools.local.simulation import Simulation
from tools.local.stack import Stack
from tools.local.workspace import Workspace

pytestmark = pytest.mark.integration

NOBODY_S = "0000000000000000000009"

type Mail = tuple[str, str]


class Mailed(NamedTuple):
    """A stack of its own, for its days lie elsewhere.

    `receive` returns what a subscriber to its topic got since, `hear` the details of the events that a
    rule passed on.
    """

    simulation: Simulation
    receive: Callable[[], list[Mail]]
    hear: Callable[[], list[dict[str, Any]]]
    protocols: set[str]


@pytest.fixture(scope="module")
def mailed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailed]:
    workspace = Workspace(tmp_path_factory.mktemp("mailed"))
    try:
        simulation = Simulation.ensure(
            workspace, ["--since", "2026-03-01"], alarm_email="owner@example.com"
        )
        yield subscribe(simulation)
    finally:
        stop_all(workspace)


def subscribe(simulation: Simulation) -> Mailed:
    stack = simulation.stack
    sns, events = stack._client("sns"), stack._client("events")
    topic = stack.read_environments()["IndexerFunction"]["ALARM_TOPIC_ARN"]
    pattern = {"source": ["playlist-archive"], "detail-type": ["Playlist Changed"]}
    rule = events.put_rule(Name="changes", EventPattern=json.dumps(pattern))["RuleArn"]
    mails, arn = make_queue(stack, "owner", "sns.amazonaws.com", topic)
    heard, program = make_queue(stack, "program", "events.amazonaws.com", rule)
    events.put_targets(Rule="changes", Targets=[{"Id": "program", "Arn": program}])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    subscribed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]

    def receive() -> list[Mail]:
        return [(body["Subject"], body["Message"]) for body in mails()]

    return Mailed(simulation, receive, heard, {it["Protocol"] for it in subscribed})


type Take = Callable[[], list[dict[str, Any]]]


def make_queue(stack: Stack, name: str, service: str, source: str) -> tuple[Take, str]:
    """Make a queue that admits a service; return what takes its messages, and its ARN."""
    sqs = stack._client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = got["Attributes"]["QueueArn"]
    admitted = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [admitted]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    def take() -> list[dict[str, Any]]:
        bodies: list[dict[str, Any]] = []
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages", ()
        ):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            bodies.append(json.loads(message["Body"]))
        return bodies

    return take, arn


def await_mail(mailed: Mailed, is_wanted: Callable[[Mail], bool]) -> Mail:
    for _ in range(60):
        for mail in mailed.receive():
            if is_wanted(mail):
                return mail
        time.sleep(1)
    pytest.fail("no such mail came within a minute")


def test_the_owner_and_a_subscriber_are_told_of_a_playlist_that_nobody_finds(
    mailed: Mailed,
) -> None:
    mailed.simulation.stack.put(f"registry/{NOBODY_S}", "Nobody's\n")

    subject, text = await_mail(mailed, lambda mail: "Nobody's" in mail[1])

    assert mailed.protocols == {"email", "sqs"}
    assert subject.startswith("Playlist archive: ")
    assert "cannot be read: not found" in text
    assert "What to do: " in text


@pytest.fixture(scope="module")
def archived(mailed: Mailed) -> Mailed:
    """Return the stack after two runs a week apart, the second one of the present."""
    simulation, now = mailed.simulation, datetime.now(UTC).replace(microsecond=0)
    for run, day in ((now - timedelta(days=8), "2026-03-01"), (now, "2026-03-20")):
        simulation.stand_in.control.set_date(day)
        archive_day(simulation.stack, run)
    return mailed


def test_a_digest_of_a_week_arrives_with_the_songs_that_came_and_went(archived: Mailed) -> None:
    subject, text = await_mail(archived, lambda mail: " added, " in mail[0])

    assert "removed in" in subject
    assert "  + " in text
    assert "Not read:" in text


def test_a_program_hears_of_each_change_that_the_archive_tells(archived: Mailed) -> None:
    stack = archived.simulation.stack
    changes = stack.read_json("playlists/changes.json")["changes"]
    told = {(change["playlist"], change["time"]) for change in changes}
    heard: dict[tuple[str, str], dict[str, Any]] = {}
    for _ in range(60):
        for event in archived.hear():
            assert event["resources"] == [f"arn:aws:s3:::{stack.bucket}"]
            detail = event["detail"]
            heard[detail["playlist"]["id"], detail["change"]["time"]] = detail
        if heard.keys() >= told:
            break
        time.sleep(1)

    assert heard.keys() == told
    assert told
    for (playlist_id, _), detail in heard.items():
        feed = stack.read(f"playlists/feeds/{playlist_id}.atom").decode()
        assert f"<id>{detail['id']}</id>" in feed
        assert stack.read_json(detail["history"])["playlist"]["id"] == playlist_id
