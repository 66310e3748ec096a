"""SQS, simulated: visibility, groups, deduplication, retention and dead letters."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random

from tools.chaos.clock import SimulatedClock
from tools.chaos.stack import QueueShape

_DEDUPLICATION_SECONDS = 300


@dataclass(frozen=True)
class Message:
    """A message; `number` gives the order of sending, `visible` the time of the next receive."""

    number: int
    body: str
    sent: float
    visible: float
    group: str = ""
    receives: int = 0

    @property
    def id(self) -> str:
        return f"{self.number:08}"

    @property
    def handle(self) -> str:
        return f"{self.number:08}-{self.receives}"


class SimulatedQueue:
    """A queue; a standard queue delivers its messages in any order.

    Attributes:
        give_up: is called with a message that was received too often.
        loses: decides whether a message is lost on its way.
        changed: is called when a message may have become receivable earlier than before.
        sent: all messages ever sent, with their times.
        expired: the bodies of messages that exceeded the retention period.
    """

    def __init__(self, shape: QueueShape, clock: SimulatedClock, random: Random) -> None:
        self.shape = shape
        self.give_up: Callable[[str, str], None] = lambda _body, _group: None
        self.loses: Callable[[str], bool] = lambda _body: False
        self.changed: Callable[[], None] = lambda: None
        self.sent: list[tuple[float, str]] = []
        self.expired: list[str] = []
        self._clock = clock
        self._random = random
        self._messages: dict[int, Message] = {}
        self._recent: dict[str, float] = {}

    def __len__(self) -> int:
        self._expire()
        return len(self._messages)

    def __iter__(self) -> Iterator[Message]:
        return iter(tuple(self._messages.values()))

    def send(self, body: str, group: str = "", deduplication_id: str = "") -> None:
        now = self._clock.moment
        if deduplication_id:
            if now - self._recent.get(deduplication_id, float("-inf")) < _DEDUPLICATION_SECONDS:
                return
            self._recent[deduplication_id] = now
        self.sent.append((now, body))
        if self.loses(body):
            return
        number = len(self.sent)
        self._messages[number] = Message(number, body, now, now, group)
        self.changed()

    def ready_at(self) -> float | None:
        """Return the time from which a message can be received, None if the queue is empty."""
        self._expire()
        if not self.shape.fifo:
            return min((message.visible for message in self._messages.values()), default=None)
        return min(self._groups().values(), default=None)

    def receive(self, limit: int) -> list[Message]:
        now = self._clock.moment
        self._expire()
        visible = [message for message in self._messages.values() if message.visible <= now]
        if self.shape.fifo:
            groups = self._groups()
            visible = [message for message in visible if groups[message.group] <= now]
        else:
            self._random.shuffle(visible)
        received = []
        for message in visible[:limit]:
            if self.shape.dead_letters and message.receives >= self.shape.most_receives:
                del self._messages[message.number]
                self.give_up(message.body, message.group)
                continue
            taken = replace(
                message,
                receives=message.receives + 1,
                visible=now + self.shape.visibility_seconds,
            )
            self._messages[message.number] = taken
            received.append(taken)
        return received

    def hold(self, handle: str, seconds: int) -> None:
        """Hide a message for so long, unless it has been received again."""
        message = self._messages.get(int(handle.partition("-")[0]))
        if message and message.handle == handle:
            visible = self._clock.moment + seconds
            self._messages[message.number] = replace(message, visible=visible)
            self.changed()

    def delete(self, message: Message) -> None:
        """Delete a received message, unless it is visible again or was received again."""
        present = self._messages.get(message.number)
        if present and present.handle == message.handle and present.visible > self._clock.moment:
            self.drop(message)

    def drop(self, message: Message) -> None:
        """Remove a message, whether it is in flight or not."""
        self._messages.pop(message.number, None)
        self.changed()

    def _groups(self) -> dict[str, float]:
        """Return when each group can be received: when all of its messages are visible."""
        ready: dict[str, float] = {}
        for message in self._messages.values():
            ready[message.group] = max(message.visible, ready.get(message.group, 0))
        return ready

    def _expire(self) -> None:
        oldest = self._clock.moment - self.shape.retention_seconds
        for message in [it for it in self._messages.values() if it.sent < oldest]:
            del self._messages[message.number]
            self.expired.append(message.body)
