"""Shows the progress of a long step: a spinner in a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)

# Without output for 20 seconds, a process behind a pipe looks dead.
_INTERVAL_SECONDS = 10.0


@contextmanager
def progress(step: str, *, announced: bool = True) -> Iterator[None]:
    """Show that `step` is running; with `announced` at once, otherwise only if it takes long."""
    if console.is_terminal:
        with console.status(step):
            yield
        return
    if announced:
        _tell(f"{step} ...")
    began, ended = time.monotonic(), Event()

    def tell_duration() -> None:
        _tell(f"{step} ... {time.monotonic() - began:.0f} s")

    thread = Thread(target=beat, args=(ended.wait, tell_duration), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def beat(ended: Callable[[float], bool], tell: Callable[[], object]) -> None:
    """Call `tell` from time to time, until `ended`, which waits some seconds, returns true."""
    while not ended(_INTERVAL_SECONDS):
        tell()


def _tell(line: str) -> None:
    console.print(line, markup=False)
