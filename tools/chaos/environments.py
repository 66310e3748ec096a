"""Lambda, simulated: the real handlers in environments that are created, kept warm and killed.

Several environments of a function may run at the same time. Each loads its own copy of the
handler's module. Module state of the package would be shared, but the package has none.
"""

import importlib.util
import os
import pkgutil
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import TextIOBase
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO
from unittest.mock import patch

import playlist_archive
from tools.chaos.clock import SimulatedClock
from tools.chaos.faults import Mischief
from tools.chaos.one_at_a_time import OneAtATime
from tools.chaos.scheduler import Killed, Scheduler
from tools.chaos.stack import FunctionShape

_FOLDER = Path(__file__).resolve().parents[2] / "functions"
_COLD_START_SECONDS = 1.5
_RECYCLED = 0.05

type Answer = Mapping[str, Any] | None
"""A handler's response; None if it failed or was killed."""


@dataclass(frozen=True)
class Context:
    """The context object that Lambda passes to a handler."""

    mischief: Mischief
    function_name: str
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:simulated"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.mischief.seconds_left() * 1000)


class Log(TextIOBase):
    """The functions' output; each line begins with its time and its author.

    A logger keeps its first stream, so all simulations share this one.
    """

    def __init__(self) -> None:
        self.mark: Callable[[], str] = str
        self.target: TextIO | None = None
        self._begun = False

    def write(self, text: str) -> int:
        if self.target:
            for line in text.splitlines(keepends=True):
                self.target.write(line if self._begun else f"{self.mark()} {line}")
                self._begun = not line.endswith("\n")
        return len(text)


_LOG = Log()


@contextmanager
def hosting(clock: SimulatedClock, scheduler: Scheduler, log: TextIO) -> Iterator[None]:
    """Set up this process for all environments; their output goes to `log`."""

    def mark() -> str:
        task = scheduler.current
        return f"{clock.now():%Y-%m-%dT%H:%M:%S.%f} {task.name if task else 'world'}"

    with ExitStack() as stack:
        stack.enter_context(patch.object(_LOG, "target", log))
        stack.enter_context(patch.object(_LOG, "mark", mark))
        stack.enter_context(patch.object(sys, "stdout", _LOG))
        stack.enter_context(patch.object(sys, "stderr", _LOG))
        stack.enter_context(warnings.catch_warnings(action="ignore"))
        for module in _package_modules():
            if hasattr(module, "ThreadPoolExecutor"):
                stack.enter_context(patch.object(module, "ThreadPoolExecutor", OneAtATime))
        yield


def _package_modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(playlist_archive.__path__, "playlist_archive."):
        yield importlib.import_module(found.name)


class Environment:
    """One process of a function that Lambda keeps warm."""

    def __init__(self, shape: FunctionShape) -> None:
        path = _FOLDER / shape.name / "app.py"
        spec = importlib.util.spec_from_file_location(f"simulated_{shape.name}", path)
        assert spec
        assert spec.loader
        self.app = importlib.util.module_from_spec(spec)
        # Environment variables belong to the process, so no other task may run until all are read.
        with patch.dict(os.environ, shape.environment):
            spec.loader.exec_module(self.app)
            self.app.assemble()


class SimulatedFunction:
    """One function with its environments.

    Attributes:
        begun: is called at the start of every invocation.
        broken: the failures of invocations that no injected fault had struck.
        struck: the invocations that an injected fault had struck, with their ends.
    """

    def __init__(self, shape: FunctionShape, scheduler: Scheduler, mischief: Mischief) -> None:
        self.shape = shape
        self.invocations = 0
        self.failed = 0
        self.at_work = 0
        self.begun: Callable[[], None] = lambda: None
        self.broken: list[str] = []
        self.struck: dict[str, float] = {}
        self._scheduler = scheduler
        self._mischief = mischief
        self._idle: list[Environment] = []
        self._numbers = count(1)

    def invoke(self, event: Mapping[str, Any], done: Callable[[Answer], None]) -> None:
        """Begin to handle the event; `done` is called with the answer in the same task."""
        name = f"{self.shape.name}-{next(self._numbers)}"
        self.invocations += 1
        self.at_work += 1
        self.begun()

        def handle() -> None:
            answer = None
            try:
                answer = self._handle(event)
            finally:
                task = self._scheduler.current
                if task and (task.struck or task.dead):
                    self.struck[name] = self._scheduler.moment
                self.at_work -= 1
                self.failed += answer is None
                done(answer)

        self._scheduler.start(name, self.shape.timeout_seconds, handle)

    def _handle(self, event: Mapping[str, Any]) -> Answer:
        environment = None
        try:
            environment = self._take() or self._make()
            context = Context(self._mischief, self.shape.name)
            answer: Mapping[str, Any] = environment.app.lambda_handler(event, context)
        except Killed:
            task = self._scheduler.current
            if task and self._mischief.seconds_left() <= 0:
                self._mischief.injected["function: timed out"] += 1
                self.note_failure("it timed out", event)
            print("killed")
            return None
        except Exception as error:  # noqa: BLE001 - Lambda takes any error for a failure
            print(f"failed: {error!r}")
            self.note_failure(repr(error), event)
            if environment:
                self._idle.append(environment)
            return None
        self._idle.append(environment)
        return answer

    def note_failure(self, what: str, event: object) -> None:
        """Record the failure of the present task, unless an injected fault had struck it."""
        task = self._scheduler.current
        if task and not task.struck:
            self.broken.append(f"{task.name} failed though nothing struck it: {what}; {event}")

    def _take(self) -> Environment | None:
        """Return an idle environment, None if a new one has to start."""
        if not self._idle:
            return None
        number = self._mischief.random.randrange(len(self._idle))
        environment = self._idle.pop(number)
        return (
            None
            if self._mischief.strike("function: environment recycled", _RECYCLED)
            else environment
        )

    def _make(self) -> Environment:
        self._mischief.pass_time(_COLD_START_SECONDS)
        return Environment(self.shape)
