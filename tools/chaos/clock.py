"""Simulated time: a wait moves the clock and takes no real time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import patch

from playlist_archive.ports.clock import SystemClock


class SimulatedClock:
    """The simulated clock; `moment` is in seconds since the epoch."""

    def __init__(self, start: datetime) -> None:
        self.moment = start.timestamp()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.moment, UTC)

    def advance_to(self, moment: float) -> None:
        self.moment = max(self.moment, moment)


@contextmanager
def govern_time(clock: SimulatedClock, wait: Callable[[float], None]) -> Iterator[None]:
    """Make `clock` the time of the package, of its retries and of botocore's."""
    time = SimpleNamespace(sleep=wait, monotonic=lambda: clock.moment, time=lambda: clock.moment)
    with ExitStack() as stack:
        for patched in (
            patch.object(SystemClock, "now", lambda _: clock.now().replace(microsecond=0)),
            patch.object(SystemClock, "monotonic", lambda _: clock.moment),
            patch.object(SystemClock, "sleep", lambda _, seconds: wait(seconds)),
            patch("botocore.endpoint.time", time),
            patch("tenacity.time", time),
            patch("tenacity.nap.time", time),
        ):
            stack.enter_context(patched)
        yield
