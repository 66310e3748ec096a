"""Builds the envelopes of AWS's events; `events/` holds complete real ones."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

from tools.chaos.aws import S3Event
from tools.chaos.queues import Message


def wrap_messages(messages: Sequence[Message]) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": message.id,
                "receiptHandle": message.handle,
                "body": message.body,
                "attributes": {
                    "ApproximateReceiveCount": str(message.receives),
                    "SentTimestamp": str(int(message.sent * 1000)),
                    "MessageGroupId": message.group,
                },
                "messageAttributes": {},
                "eventSource": "aws:sqs",
            }
            for message in messages
        ]
    }


def wrap_s3_event(event: S3Event, moment: float) -> dict[str, Any]:
    time = datetime.fromtimestamp(moment, UTC)
    record = {
        "eventSource": "aws:s3",
        "eventTime": f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z",
        "eventName": f"{event.kind}:Simulated",
        "s3": {"object": {"key": quote_plus(event.key, safe="/")}},
    }
    return {"Records": [record]}


def wrap_failure(event: dict[str, Any]) -> str:
    """Return the message that Lambda sends to a failure destination for a failed event."""
    return json.dumps({"requestContext": {}, "requestPayload": event})


def unwrap_failure(dead_letter: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(dead_letter)["requestPayload"]
    return event
