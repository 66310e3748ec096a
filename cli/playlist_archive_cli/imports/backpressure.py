"""Limits how far an import runs ahead of the renderer, which gets an S3 event for each snapshot."""

from collections.abc import Mapping
from typing import Protocol

from playlist_archive.ports.clock import Clock

# Messages of a run wait behind these, for about fifteen seconds.
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

        If the renderer handles none of them for a minute, this stops waiting for good. It never
        waits if the caller may not read the queue's attributes.
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
