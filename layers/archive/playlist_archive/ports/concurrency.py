"""Concurrent calls to outside systems; none continues after its `with` block."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, Self

# Fewer than the ten connections in the pool of each botocore client, which threads may share.
CALLS_AT_ONCE = 8


def open_pool() -> Executor:
    """Return a thread pool for one `Calls` after the other."""
    return ThreadPoolExecutor(CALLS_AT_ONCE)


class Calls:
    """A context manager for concurrent calls; none continues after the block.

    At the end of the block, calls that have not started are cancelled, and the others are awaited.
    The error of a call is raised only when its result is read.
    """

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._going_on: set[Future[Any]] = set()

    def begin[**P, T](self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin a call. The call must not begin another one, or both may wait forever."""
        begun = self._pool.submit(call, *args, **kwargs)
        self._going_on.add(begun)
        # A finished call is not kept, because its result may be large.
        begun.add_done_callback(self._going_on.discard)
        return begun

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        going_on = tuple(self._going_on)
        for call in going_on:
            call.cancel()
        wait(going_on)
