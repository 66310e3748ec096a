"""Reads many objects in order, and a few of them ahead."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future

from playlist_archive.ports.bucket import Stored

READS_AHEAD = 8


def read_ahead(
    begin: Callable[[str], Future[Stored | None]], keys: Iterable[str]
) -> Generator[tuple[str, Stored | None]]:
    """Yield each key with its object, in the order of `keys`; `begin` starts one read.

    At any time at most `READS_AHEAD` objects are being read or wait to be yielded.
    """
    waiting: deque[tuple[str, Future[Stored | None]]] = deque()
    for key in keys:
        waiting.append((key, begin(key)))
        if len(waiting) == READS_AHEAD:
            yield _wait_for_first(waiting)
    while waiting:
        yield _wait_for_first(waiting)


def _wait_for_first(
    waiting: deque[tuple[str, Future[Stored | None]]],
) -> tuple[str, Stored | None]:
    key, reading = waiting.popleft()
    return key, reading.result()
