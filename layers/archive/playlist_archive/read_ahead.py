"""Reading many objects one after the other, a few of them ahead."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor

from playlist_archive.bucket import Bucket, Stored

READS_AHEAD = 8


def read_ahead(bucket: Bucket, keys: Iterable[str]) -> Generator[tuple[str, Stored | None]]:
    """Yield each key with its object, in the order of the keys.

    At most `READS_AHEAD` objects are read or wait to be yielded at a time, however many keys there
    are. Close the iterator where it is not read to its end.
    """
    waiting: deque[tuple[str, Future[Stored | None]]] = deque()
    with ThreadPoolExecutor(READS_AHEAD) as executor:
        for key in keys:
            waiting.append((key, executor.submit(bucket.get, key)))
            if len(waiting) == READS_AHEAD:
                yield _wait_for_first(waiting)
        while waiting:
            yield _wait_for_first(waiting)


def _wait_for_first(
    waiting: deque[tuple[str, Future[Stored | None]]],
) -> tuple[str, Stored | None]:
    key, reading = waiting.popleft()
    return key, reading.result()
