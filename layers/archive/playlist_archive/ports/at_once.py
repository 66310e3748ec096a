"""Concurrent calls to outside systems, none of which outlives its block."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, Self

# Fewer than the ten connections that botocore keeps for each client, which threads may share.
CALLS_AT_ONCE = 8


def open_pool() -> Executor:
    """Return a pool of threads, which serves one `Calls` after the other."""
    return ThreadPoolExecutor(CALLS_AT_ONCE)


class Calls:
    """A context manager for concurrent calls; none of them runs on after the block.

    On leaving the block, calls that have not started are cancelled, and the others are waited for.
    The error of a call is raised only where its result is read.
    """

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._going_on: set[Future[Any]] = set()

    def begin[**P, T](self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin a call; it must not begin another one itself, or both may wait forever."""
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
