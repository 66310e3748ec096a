"""One command of the local archive at a time."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.local.errors import LocalStackError

_PATIENCE_SECONDS = 60.0


@contextmanager
def only_one(command: str, path: Path) -> Iterator[None]:
    """Hold the lock at `path`, which ends with the process, however that ends.

    Raises:
        LocalStackError: another command holds it; the message names that one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _read_holder(path)
            named = f"`make {holder[0]}` (process {holder[1]})" if holder else "another command"
            raise LocalStackError(
                f"{named} is running already: wait until it ends, or end it with `make stop`"
            ) from None
        file.truncate(0)
        file.write(f"{command} {os.getpid()}")
        file.flush()
        yield
        file.truncate(0)


def end_holder(path: Path) -> None:
    """End the command that holds the lock at `path`, if there is one, and wait for its end."""
    if not path.exists():
        return
    deadline = time.monotonic() + _PATIENCE_SECONDS
    asked = False
    with path.open("a+") as file:
        while time.monotonic() < deadline:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not asked and (holder := _read_holder(path)):
                    os.kill(holder[1], signal.SIGTERM)
                    asked = True
                time.sleep(0.1)
            else:
                return
    raise LocalStackError(f"the command that holds {path} does not end")


def _read_holder(path: Path) -> tuple[str, int] | None:
    command, _, pid = path.read_text().partition(" ")
    return (command, int(pid)) if pid.isdigit() else None
