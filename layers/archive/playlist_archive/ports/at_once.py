"""Calls that go on at once, all of which have ended before anything else is decided."""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any, Self

# botocore keeps ten connections for each client, which threads may share.
CALLS_AT_ONCE = 8


def open_pool() -> Executor:
    """Return threads that stay for the next calls."""
    return ThreadPoolExecutor(CALLS_AT_ONCE)


class Calls:
    """Calls that a block begins; when it is left none goes on, whatever happened.

    Those whose turn has not come are not made any more. An error is raised where the result is
    asked for, and nowhere if nobody asks.
    """

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._going_on: set[Future[Any]] = set()

    def begin[**P, T](self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin a call; it must begin no other one itself, for it would wait for its own place."""
        begun = self._pool.submit(call, *args, **kwargs)
        self._going_on.add(begun)
        # What has ended is not kept: it may hold a large object.
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
