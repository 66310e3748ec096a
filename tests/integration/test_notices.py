"""What the indexer tells arrives at the topic of a deployed stack that has an address."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from tools.local.processes import stop_all
from tools.local.run import archive_day
from tools.local.simulation import Simulation
from tools.local.workspace import Workspace

pytestmark = pytest.mark.integration

NOBODY_S = "0000000000000000000009"

type Mail = tuple[str, str]


class Mailed(NamedTuple):
    """A stack of its own, for its days lie elsewhere, and what a subscriber to its topic gets."""

    simulation: Simulation
    receive: Callable[[], list[Mail]]
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
    sqs, sns = stack._client("sqs"), stack._client("sns")
    topic = stack.read_environments()["IndexerFunction"]["ALARM_TOPIC_ARN"]
    url = sqs.create_queue(QueueName="owner")["QueueUrl"]
    got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    arn = got["Attributes"]["QueueArn"]
    admitted = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [admitted]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    subscribed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]

    def receive() -> list[Mail]:
        mails: list[Mail] = []
        for message in sqs.receive_message(QueueUrl=url).get("Messages", ()):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            body = json.loads(message["Body"])
            mails.append((body["Subject"], body["Message"]))
        return mails

    return Mailed(simulation, receive, {it["Protocol"] for it in subscribed})


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


def test_a_digest_of_a_week_arrives_with_the_songs_that_came_and_went(mailed: Mailed) -> None:
    simulation, now = mailed.simulation, datetime.now(UTC).replace(microsecond=0)
    for run, day in ((now - timedelta(days=8), "2026-03-01"), (now, "2026-03-20")):
        simulation.stand_in.control.set_date(day)
        archive_day(simulation.stack, run)

    subject, text = await_mail(mailed, lambda mail: " added, " in mail[0])

    assert "removed in" in subject
    assert "  + " in text
    assert "Not read:" in text
