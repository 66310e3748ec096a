"""An executor without threads."""

from collections.abc import Callable
from concurrent.futures import Executor, Future


class OneAtATime(Executor):
    """Runs each call on submission, because real threads would switch in an unrepeatable order."""

    def __init__(self, *_: object, **_options: object) -> None:
        pass

    def submit[**P, T](self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - whoever asks for the result gets it
            done.set_exception(error)
        return done
