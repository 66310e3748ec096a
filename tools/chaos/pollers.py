"""Lambda's pollers, simulated: each passes batches of messages from a queue to a function."""

from collections.abc import Callable, Sequence

from tools.chaos.clock import SimulatedClock
from tools.chaos.envelopes import wrap_messages
from tools.chaos.environments import Answer, SimulatedFunction
from tools.chaos.faults import Mischief
from tools.chaos.queues import Message, SimulatedQueue
from tools.chaos.scheduler import Scheduler

POISON = "no message of this archive"

_UNDELETED, _TWICE, _SPLIT = 0.02, 0.03, 0.3


class Poller:
    """Feeds one function from its queue.

    Attributes:
        stands_still: whether the poller is paused.
        may_not_give_back: whether a message that the function returns counts as its failure.
        handled: is called with every message that the function handled, and when it received it.
    """

    def __init__(
        self,
        function: SimulatedFunction,
        queue: SimulatedQueue,
        clock: SimulatedClock,
        scheduler: Scheduler,
        mischief: Mischief,
    ) -> None:
        assert function.shape.source
        self.handled: Callable[[Message, float], None] = lambda _message, _since: None
        self.may_not_give_back = True
        self._stands_still = False
        self._source = function.shape.source
        self._function = function
        self._queue = queue
        self._clock = clock
        self._scheduler = scheduler
        self._mischief = mischief
        self._next: float | None = None
        queue.changed = self._arrange

    @property
    def stands_still(self) -> bool:
        return self._stands_still

    @stands_still.setter
    def stands_still(self, value: bool) -> None:
        self._stands_still = value
        self._arrange()

    def _arrange(self) -> None:
        """Schedule the next poll for when a message and the function are ready."""
        ready = self._queue.ready_at()
        if ready is None or self._stands_still or self._function.at_work >= self._source.at_once:
            return
        moment = max(self._clock.moment, ready + self._source.window_seconds)
        if self._next is None or moment < self._next:
            self._next = moment
            self._scheduler.at(moment, lambda: self._poll(moment))

    def _poll(self, moment: float) -> None:
        if moment != self._next:
            return  # an earlier poll was scheduled since
        self._next = None
        if self._stands_still or self._function.at_work >= self._source.at_once:
            return
        messages = self._take()
        if messages:
            since = self._clock.moment
            self._function.invoke(
                wrap_messages(messages), lambda answer: self._end(messages, since, answer)
            )
        self._arrange()

    def _take(self) -> list[Message]:
        limit = self._source.batch_size
        # A standard queue is spread over servers, and one poll asks only some of them.
        waiting = len(self._queue)
        if not self._queue.shape.fifo and self._mischief.strike("SQS: batch split", _SPLIT):
            limit = min(limit, self._mischief.random.randint(1, max(1, waiting)))
        messages = self._queue.receive(limit)
        if not self._queue.shape.fifo:
            for message in messages:
                if self._mischief.strike("SQS: delivered twice at once", _TWICE):
                    self._queue.hold(message.handle, self._mischief.random.randint(0, 5))
        return messages

    def _end(self, messages: Sequence[Message], since: float, answer: Answer) -> None:
        if answer is not None:
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            for message in messages:
                if message.id in failed:
                    if message.body != POISON and self.may_not_give_back:
                        self._function.note_failure("it gave a message back", message.body)
                    continue
                self.handled(message, since)
                if not self._mischief.strike("SQS: delivered again", _UNDELETED):
                    self._queue.delete(message)
        self._arrange()
