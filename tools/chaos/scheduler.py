"""Schedules tasks on threads of their own, exactly one of which runs at any moment.

A task runs until it waits. Then the task or action that is due first runs; of two that are due at
the same time, the one that was scheduled first. So the order of all calls follows from their
durations, and a seed that draws the durations repeats the order.
"""

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Lock, Thread

from tools.chaos.clock import SimulatedClock

type Action = Callable[[], None]


class Killed(BaseException):
    """The task's environment was killed in the middle of its work."""


class Task:
    """Work that takes simulated time, and is killed at its `deadline`.

    Attributes:
        dead: whether it was killed; then it has no effect any more, not even in a `finally`.
        struck: whether an injected fault struck it.
    """

    def __init__(self, name: str, number: int, deadline: float) -> None:
        self.name = name
        self.number = number
        self.deadline = deadline
        self.dead = False
        self.struck = False
        self.ended = False
        self.error: BaseException | None = None
        self.baton = Lock()
        self.baton.acquire()

    def die(self) -> Killed:
        self.dead = True
        return Killed(self.name)


class Scheduler:
    """Moves the clock to the next task or action, and runs it.

    Attributes:
        current: the running task, None while an action outside of tasks runs.
    """

    def __init__(self, clock: SimulatedClock) -> None:
        self.current: Task | None = None
        self._clock = clock
        self._baton = Lock()
        self._baton.acquire()
        self._due: list[tuple[float, int, Task | Action]] = []
        self._numbers = count()
        self._tasks: dict[int, tuple[Task, Thread]] = {}

    @property
    def moment(self) -> float:
        return self._clock.moment

    def at(self, moment: float, action: Action) -> None:
        """Schedule an action outside of tasks."""
        self._arrange(max(moment, self._clock.moment), action)

    def start(self, name: str, seconds: float, body: Action) -> Task:
        """Start a task, which runs after everything else that is due now."""
        task = Task(name, next(self._numbers), self._clock.moment + seconds)

        def run() -> None:
            task.baton.acquire()
            try:
                if not task.dead:
                    body()
            except BaseException as error:  # noqa: BLE001 - the main thread raises it again
                task.error = error
            task.ended = True
            self._baton.release()

        thread = Thread(target=run, name=name, daemon=True)
        self._tasks[task.number] = task, thread
        thread.start()
        self._arrange(self._clock.moment, task)
        return task

    def wait(self, seconds: float) -> None:
        """Let the present task wait while others run; outside of tasks do nothing.

        Raises:
            Killed: the task has reached its deadline, or was killed before.
        """
        task = self.current
        if task is None:
            return
        if task.dead:
            raise task.die()
        wake = min(self._clock.moment + max(0.0, seconds), task.deadline)
        if self._due and self._due[0][0] <= wake:
            self._arrange(wake, task)
            self._baton.release()
            task.baton.acquire()
        else:
            self._clock.advance_to(wake)
        if task.dead or self._clock.moment >= task.deadline:
            raise task.die()

    def run_until(self, end: float) -> None:
        """Run everything that is due before `end`."""
        reached: list[bool] = []
        self._arrange(end, lambda: reached.append(True))
        while not reached:
            self._do_next()

    def settle(self) -> None:
        """Run until nothing is scheduled any more."""
        while self._due:
            self._do_next()

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Leave no thread behind, whatever happens."""
        try:
            yield
        finally:
            for task, _ in tuple(self._tasks.values()):
                task.dead = True
            while self._tasks:
                task, thread = next(iter(self._tasks.values()))
                while not task.ended:
                    self._hand_over(task)
                self._tasks.pop(task.number)
                thread.join()

    def _arrange(self, moment: float, what: Task | Action) -> None:
        heapq.heappush(self._due, (moment, next(self._numbers), what))

    def _do_next(self) -> None:
        moment, _, what = heapq.heappop(self._due)
        self._clock.advance_to(moment)
        if not isinstance(what, Task):
            what()
            return
        self._hand_over(what)
        if what.ended:
            _, thread = self._tasks.pop(what.number)
            thread.join()
            if what.error:
                raise what.error

    def _hand_over(self, task: Task) -> None:
        self.current = task
        task.baton.release()
        self._baton.acquire()
        self.current = None
