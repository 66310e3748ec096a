"""Lambda: the real handlers in environments that are made, kept, killed and made again."""

import importlib.util
import os
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, TextIO
from unittest.mock import patch

from playlist_archive import queues, read_ahead
from tools.chaos.faults import Killed, Mischief
from tools.chaos.stack import FunctionShape

_FOLDER = Path(__file__).resolve().parents[2] / "functions"
_COLD_START_SECONDS = 1.5
_RECYCLED = 0.05


@dataclass(frozen=True)
class Context:
    """What a handler may ask Lambda for."""

    mischief: Mischief
    function_name: str
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:simulated"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.mischief.seconds_left() * 1000)


class OneAtATime(Executor):
    """Does at once what is submitted: threads would take turns that no seed repeats."""

    def __init__(self, _max_workers: int) -> None:
        pass

    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class SimulatedFunction:
    """One function with one environment; its output goes to `log`."""

    def __init__(self, shape: FunctionShape, mischief: Mischief, log: TextIO) -> None:
        self.shape = shape
        self.invocations = 0
        self.failed = 0
        self._mischief = mischief
        self._log = log
        self._app: ModuleType | None = None

    def invoke(self, event: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return what the handler answers, None if it fails or is killed."""
        self.invocations += 1
        if self._mischief.strike("function: environment recycled", _RECYCLED):
            self._app = None
        with (
            patch.dict(os.environ, self.shape.environment),
            patch.object(queues, "ThreadPoolExecutor", OneAtATime),
            patch.object(read_ahead, "ThreadPoolExecutor", OneAtATime),
            redirect_stdout(self._log),
            redirect_stderr(self._log),
            warnings.catch_warnings(action="ignore"),
            self._mischief.within(self.shape.timeout_seconds),
        ):
            try:
                if self._app is None:
                    self._mischief.pass_time(_COLD_START_SECONDS)
                    self._app = self._load()
                context = Context(self._mischief, self.shape.name)
                answer: Mapping[str, Any] = self._app.lambda_handler(event, context)
            except Killed:
                self._app = None
            except Exception as error:  # noqa: BLE001 - Lambda takes any error for a failure
                print(f"{self.shape.name} failed: {error!r}")
            else:
                return answer
        self.failed += 1
        return None

    def _load(self) -> ModuleType:
        """Run the function's module afresh, as a new environment does."""
        path = _FOLDER / self.shape.name / "app.py"
        spec = importlib.util.spec_from_file_location(f"simulated_{self.shape.name}", path)
        assert spec
        assert spec.loader
        app = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(app)
        return app
