"""Stores the plan of a restore in a file, so that it can continue after any interruption."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import typer

from playlist_archive.errors import UNREADABLE
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.restoring.plan import Plan
from playlist_archive_cli.stored_deployment import FOLDER

if sys.platform != "win32":
    import fcntl

_ONLY_THE_OWNER = 0o600


def plan_file(source: str) -> Path:
    """Return the path of a playlist's plan, among the user's settings."""
    return Path(typer.get_app_dir(FOLDER)) / "restores" / f"{source}.json"


@contextmanager
def hold(file: Path) -> Iterator[None]:
    """Lock out other restores of the same playlist until this one or its process ends.

    Windows has no such lock.

    Raises:
        CommandError: another restore has the lock.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    # The plan itself is replaced at each step, and a lock would stay with the old file.
    with file.with_suffix(".lock").open("a") as lock:
        if sys.platform != "win32":
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CommandError(
                    "another restore of this playlist is under way: wait until it ends"
                ) from None
        yield


def load_plan(file: Path) -> Plan | None:
    """Return the plan in a file, None if there is no such file.

    Raises:
        CommandError: the file cannot be read.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Plan)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, *UNREADABLE) as error:
        raise CommandError(f"{file} cannot be read ({error}): delete it to begin anew") from error


def save_plan(file: Path, plan: Plan) -> None:
    """Replace the file atomically, so that it always has a complete plan."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_THE_OWNER)
    with os.fdopen(descriptor, "wb") as written:
        written.write(msgspec.json.format(msgspec.json.encode(plan), indent=1) + b"\n")
        written.flush()
        os.fsync(descriptor)
    beside.replace(file)
