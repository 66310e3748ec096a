"""What the indexer tells arrives at the topic of the deployed stack."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tools.local.simulation import Simulation

pytestmark = pytest.mark.integration

NOBODY_S = "0000000000000000000009"


def receive(sqs: Any, url: str) -> Iterator[tuple[str, str]]:
    """Yield subjects and texts as they arrive, for a minute."""
    for _ in range(60):
        for message in sqs.receive_message(QueueUrl=url).get("Messages", ()):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            body = json.loads(message["Body"])
            yield body["Subject"], body["Message"]
        time.sleep(1)


def test_a_playlist_that_nobody_finds_is_told_to_a_subscriber(simulation: Simulation) -> None:
    stack = simulation.stack
    sqs, sns = stack._client("sqs"), stack._client("sns")
    configuration = stack._client("lambda").get_function_configuration(
        FunctionName=stack.outputs["IndexerFunctionName"]
    )
    topic = configuration["Environment"]["Variables"]["ALARM_TOPIC_ARN"]
    url = sqs.create_queue(QueueName="owner")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"])
    subscribed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    stack.put(f"registry/{NOBODY_S}", "Nobody's\n")

    mails = receive(sqs, url)
    subject, text = next(mail for mail in mails if "Nobody's" in mail[1])

    assert {"email", "sqs"} <= {it["Protocol"] for it in subscribed}
    assert subject.startswith("Playlist archive: ")
    assert "cannot be read: not found" in text
    assert "What to do: " in text
