"""Keeps an import from running far ahead of the renderer, to which S3 announces each snapshot."""

from collections.abc import Mapping
from typing import Protocol

from playlist_archive.ports.clock import Clock

# A run's own pages wait behind these, for about a quarter of a minute.
MOST_WAITING = 1000
_PATIENCE_SECONDS = 60.0
_POLL_SECONDS = 1.0


class _Queues(Protocol):
    def waiting(self) -> Mapping[str, int] | None: ...


class Backpressure:
    def __init__(self, queues: _Queues, clock: Clock) -> None:
        self._queues = queues
        self._clock = clock
        self._ended = False

    def wait(self) -> None:
        """Wait until fewer than `MOST_WAITING` messages wait for the renderer.

        A renderer that works off none of them for a minute is not waited for, then or later. Nor is
        one whose queue the caller may not see.
        """
        least, since = None, self._clock.monotonic()
        while not self._ended:
            counts = self._queues.waiting()
            left = counts["Render"] if counts else 0
            if left < MOST_WAITING:
                return
            now = self._clock.monotonic()
            if least is None or left < least:
                least, since = left, now
            self._ended = now - since > _PATIENCE_SECONDS
            self._clock.sleep(_POLL_SECONDS)
