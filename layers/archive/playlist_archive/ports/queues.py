"""The queues: sends messages, and hides received ones for a while."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import batched
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from playlist_archive.errors import StorageError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH = 10
# Sent one request at a time, a hundred thousand messages in batches of ten would take minutes.
_REQUESTS_AT_ONCE = 8


# The only message group in FetchQueue, so that one fetcher runs at a time. Spotify limits requests
# per developer account, so more fetchers would not help.
FETCH_GROUP = "spotify"


class FifoAttributes(NamedTuple):
    """A message's group and deduplication id in a FIFO queue."""

    group: str
    deduplication_id: str


class Queue(Protocol):
    """A queue; every method raises `StorageError` if SQS fails or refuses a message."""

    def send(self, bodies: Iterable[str]) -> None: ...

    def send_in_order(self, messages: Iterable[tuple[str, FifoAttributes]]) -> None:
        """Send messages to a FIFO queue, in their order."""
        ...

    def hold(self, receipt_handles: Iterable[str], seconds: int) -> None:
        """Hide received messages for `seconds` (at most 12 hours)."""
        ...


class SqsQueue:
    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, bodies: Iterable[str]) -> None:
        send = partial(self._request, "send_message_batch")
        batches = batched(({"MessageBody": body} for body in bodies), _BATCH, strict=False)
        with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as executor:
            for some in batched(batches, _REQUESTS_AT_ONCE, strict=False):
                list(executor.map(send, some))

    def send_in_order(self, messages: Iterable[tuple[str, FifoAttributes]]) -> None:
        self._in_batches(
            "send_message_batch",
            (
                {
                    "MessageBody": body,
                    "MessageGroupId": fifo.group,
                    "MessageDeduplicationId": fifo.deduplication_id,
                }
                for body, fifo in messages
            ),
        )

    def hold(self, receipt_handles: Iterable[str], seconds: int) -> None:
        self._in_batches(
            "change_message_visibility_batch",
            ({"ReceiptHandle": handle, "VisibilityTimeout": seconds} for handle in receipt_handles),
        )

    def _in_batches(self, operation: str, entries: Iterable[dict[str, Any]]) -> None:
        for batch in batched(entries, _BATCH, strict=False):
            self._request(operation, batch)

    def _request(self, operation: str, batch: Sequence[dict[str, Any]]) -> None:
        numbered = [{"Id": str(number), **entry} for number, entry in enumerate(batch)]
        try:
            answer = getattr(self._client, operation)(QueueUrl=self._url, Entries=numbered)
        except (BotoCoreError, ClientError) as error:
            raise StorageError(f"{operation}: {error}") from error
        if failed := answer.get("Failed"):
            reasons = sorted({failure.get("Message", failure["Code"]) for failure in failed})
            raise StorageError(f"{operation}: {len(failed)} refused: {'; '.join(reasons)}")
