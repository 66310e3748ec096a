"""Reads the dead-letter queues; removes a message only after a redrive or the owner's consent."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any

from playlist_archive.ports.queues import FETCH_GROUP, FifoAttributes, SqsQueue
from playlist_archive_cli.dead_letters.contents import Contents, Sender, read_contents

# How long a dead letter is hidden from others while it is handled here.
_HIDDEN_SECONDS = 120
# With a wait SQS asks all its servers (long polling).
_WAIT_SECONDS = 1


@dataclass(frozen=True)
class DeadLetter:
    id: str
    receipt_handle: str
    sent: datetime
    received: int
    contents: Contents


class DeadLetterQueue:
    """One dead-letter queue."""

    def __init__(
        self, sqs: Any, sender: Sender, url: str, send_again: Callable[[DeadLetter], object]
    ) -> None:
        self.sender = sender
        self._sqs = sqs
        self._url = url
        self._send_again = send_again
        self._hidden: set[str] = set()

    def count(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)
        return sum(int(counts["Attributes"][name]) for name in names)

    def read(self) -> list[DeadLetter]:
        """Return its dead letters; of a FIFO queue only the first ten of each message group."""
        with self._received() as dead_letters:
            return list(dead_letters)

    def redrive(self) -> Iterator[tuple[DeadLetter, bool]]:
        """Redrive dead letters, except hopeless ones; yield each and whether it was sent."""
        count = self.count()
        with self._received() as dead_letters:
            # At most `count`, because a message that fails at once would be sent again and again.
            for dead_letter in islice(dead_letters, count):
                worth_it = dead_letter.contents.again is not None
                if worth_it:
                    self._send_again(dead_letter)
                    self._remove(dead_letter)
                yield dead_letter, worth_it

    def delete(self, message_id: str, confirm: Callable[[DeadLetter], bool]) -> bool:
        """Delete a dead letter if `confirm` agrees; return whether it was found."""
        with self._received() as dead_letters:
            for dead_letter in dead_letters:
                if dead_letter.id == message_id:
                    if confirm(dead_letter):
                        self._remove(dead_letter)
                    return True
        return False

    @contextmanager
    def _received(self) -> Iterator[Iterable[DeadLetter]]:
        """Yield the received messages; afterwards make the remaining ones visible again."""
        try:
            yield self._receive_all()
        finally:
            while self._hidden:
                self._show(self._hidden.pop())

    def _receive_all(self) -> Iterator[DeadLetter]:
        while messages := self._receive():
            self._hidden |= {message["ReceiptHandle"] for message in messages}
            for message in messages:
                yield _open(self.sender, message)

    def _receive(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self._sqs.receive_message(
            QueueUrl=self._url,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
            MaxNumberOfMessages=10,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=_WAIT_SECONDS,
        ).get("Messages", [])
        return messages

    def _remove(self, dead_letter: DeadLetter) -> None:
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=dead_letter.receipt_handle)
        self._hidden.remove(dead_letter.receipt_handle)

    def _show(self, receipt_handle: str) -> None:
        self._sqs.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=0
        )


def open_dead_letter_queues(
    open_client: Callable[[str], Any], output: Callable[[str], str]
) -> list[DeadLetterQueue]:
    """Return the dead-letter queues of the stack whose outputs `output` returns by name."""
    sqs = open_client("sqs")

    def invoke_lister(dead_letter: DeadLetter) -> None:
        open_client("lambda").invoke(
            FunctionName=output("ListerFunctionName"),
            InvocationType="Event",
            Payload=(dead_letter.contents.again or "").encode(),
        )

    def send(sender: Sender, dead_letter: DeadLetter) -> None:
        queue = SqsQueue(sqs, output(f"{sender.capitalize()}QueueUrl"))
        body = dead_letter.contents.again or ""
        if sender is Sender.FETCH:
            # In FetchQueue all messages share one group; in this dead-letter queue poison messages
            # have their own.
            queue.send_in_order([(body, FifoAttributes(FETCH_GROUP, dead_letter.id))])
        else:
            queue.send([body])

    return [
        DeadLetterQueue(
            sqs,
            sender,
            output(f"{sender.capitalize()}DeadLetterQueueUrl"),
            invoke_lister if sender is Sender.LISTER else partial(send, sender),
        )
        for sender in Sender
    ]


def _open(sender: Sender, message: Mapping[str, Any]) -> DeadLetter:
    attributes = message["Attributes"]
    return DeadLetter(
        id=message["MessageId"],
        receipt_handle=message["ReceiptHandle"],
        sent=datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC),
        received=int(attributes["ApproximateReceiveCount"]),
        contents=read_contents(sender, message),
    )
