"""Services that are killed before a call, and services that alternate call by call."""

from collections.abc import Callable, Iterable, Sequence
from queue import SimpleQueue
from random import Random
from threading import Thread

from tests.support.fakes import FakeBucket, FakeQueue

type Play = Callable[[FakeBucket, FakeQueue], object]
"""Lets a service do its work with its own view of what all services share."""


class Death(BaseException):
    """The function was killed."""


class BucketView(FakeBucket):
    """The shared bucket for one service, which calls `ask` before each call."""

    def __init__(self, shared: FakeBucket, ask: Callable[[], None]) -> None:
        super().__init__()
        self.objects, self.types, self.metadata = shared.objects, shared.types, shared.metadata
        self.cache_control = shared.cache_control
        self.before = lambda operation, key: ask()


class QueueView(FakeQueue):
    """The shared queue for one service, which calls `ask` before each message."""

    def __init__(self, shared: FakeQueue, ask: Callable[[], None]) -> None:
        super().__init__()
        self.bodies = shared.bodies
        self._ask = ask

    def send(self, bodies: Iterable[str]) -> None:
        for body in bodies:
            self._ask()
            self.bodies.append(body)


def play_until(bucket: FakeBucket, queue: FakeQueue, play: Play, *, calls: int) -> bool:
    """Kill a service before its call number `calls`; return whether it ended earlier."""
    left = iter(range(calls))

    def die_at_last() -> None:
        if next(left, None) is None:
            raise Death

    try:
        play(BucketView(bucket, die_at_last), QueueView(queue, die_at_last))
    except Death:
        return False
    return True


class Actor:
    """A service on a thread of its own that makes one call for each `step`."""

    def __init__(self, bucket: FakeBucket, queue: FakeQueue, play: Play) -> None:
        self._permits: SimpleQueue[bool] = SimpleQueue()
        self._stops: SimpleQueue[bool] = SimpleQueue()
        self.done = self.died = False
        self.error: Exception | None = None
        views = BucketView(bucket, self._wait), QueueView(queue, self._wait)
        Thread(target=self._play, args=(play, *views), daemon=True).start()
        self._stops.get(timeout=5)

    def step(self, *, die: bool = False) -> None:
        if not self.done:
            self._permits.put(not die)
            self._stops.get(timeout=5)
        if self.error:
            raise self.error

    def _wait(self) -> None:
        self._stops.put(True)
        if not self._permits.get(timeout=5):
            raise Death

    def _play(self, play: Play, bucket: FakeBucket, queue: FakeQueue) -> None:
        try:
            play(bucket, queue)
        except Death:
            self.died = True
        except Exception as error:  # noqa: BLE001 - it is raised again by `step`
            self.error = error
        self.done = True
        self._stops.put(True)


def act_at_once[Work](
    works: Iterable[Work],
    start: Callable[[Work], Actor],
    chance: Random,
    *,
    actors: int,
    deaths: float,
    bursts: Sequence[int] = (1,),
) -> None:
    """Have several actors do their works at once, and now and then kill the one whose turn it is.

    A turn is as many calls as one of the `bursts`; `deaths` is the probability that a call is the
    last one of its actor. The work of one that was killed comes again after the others.
    """
    waiting = list(works)
    acting: dict[int, tuple[Work, Actor]] = {}
    while waiting or acting:
        for place in range(actors):
            if place not in acting and waiting:
                work = waiting.pop(0)
                acting[place] = work, start(work)
        place = chance.choice(sorted(acting))
        work, actor = acting[place]
        for _ in range(chance.choice(bursts)):
            actor.step(die=chance.random() < deaths)
        if actor.done:
            del acting[place]
            if actor.died:
                waiting.append(work)
