"""Counts the messages in the stack's queues, if the caller may read that."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from playlist_archive_cli.connection import Connection
from playlist_archive_cli.errors import is_refusal

WORK = ("Fetch", "Render", "Outcome")
_GIVEN_UP = ("Lister", *WORK)
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class Queues:
    """The queues of a stack; every count is None where the caller may not read their attributes."""

    def __init__(self, connection: Connection) -> None:
        self._sqs = connection.client("sqs")
        self._url = connection.output

    def waiting(self) -> Mapping[str, int] | None:
        """Count the messages of each queue, including those in flight."""
        return self._count({name: f"{name}QueueUrl" for name in WORK})

    def given_up(self) -> Mapping[str, int] | None:
        """Count the dead letters of each queue."""
        return self._count({name: f"{name}DeadLetterQueueUrl" for name in _GIVEN_UP})

    def given_up_since(self, before: Mapping[str, int]) -> dict[str, int]:
        """Count the dead letters added since `before`; none if that is unknown."""
        now = self.given_up() or {}
        return {
            f"{name}DeadLetterQueue": count - before.get(name, 0)
            for name, count in now.items()
            if count > before.get(name, 0)
        }

    def _count(self, outputs: Mapping[str, str]) -> Mapping[str, int] | None:
        try:
            return {name: self._measure(self._url(output)) for name, output in outputs.items()}
        except ClientError as error:
            if is_refusal(error):
                return None
            raise

    def _measure(self, url: str) -> int:
        answer: Any = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))
        return sum(int(answer["Attributes"][name]) for name in _COUNTS)
