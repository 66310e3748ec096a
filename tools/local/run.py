"""Runs the pipeline, and waits until each run has ended."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from playlist_archive.documents.timestamps import to_timestamp
from tools.local.errors import LocalStackError, StuckError
from tools.local.stack import Depth, Stack

_POLL_SECONDS = 0.1
# The last message may still be in transit from S3 to the queue.
_QUIET_SECONDS = 0.6
_STALL_SECONDS = 180.0
# S3 notifies the lister of an entry within a second; a cold start takes a few more.
_NOTICE_SECONDS = 60.0
_HARMLESS = {"ok", "retired"}


class Trouble(NamedTuple):
    """A playlist that has no good check, and why."""

    name: str
    status: str
    reason: str


@dataclass(frozen=True)
class Day:
    """The result of one run, from its status page.

    Attributes:
        checked: how many playlists are up to date.
        troubles: the playlists that fail.
        failure: why the library could not be listed, empty if nothing failed.
        not_before: the time until which Spotify asked to wait.
    """

    time: datetime
    checked: int
    changed: int
    troubles: tuple[Trouble, ...]
    failure: str
    not_before: str | None
    requests_within_24_hours: int
    seconds: float

    @classmethod
    def of_status(cls, time: datetime, status: dict[str, Any], seconds: float) -> "Day":
        """Read the status page's document."""
        return cls(
            time=time,
            checked=status["counts"].get("ok", 0),
            changed=status["changed"],
            troubles=tuple(
                Trouble(known["name"], known["status"], known["reason"])
                for known in status["playlists"].values()
                if known["status"] not in _HARMLESS
            ),
            failure=status["failure"],
            not_before=status["not_before"],
            requests_within_24_hours=status["requests_within_24_hours"],
            seconds=seconds,
        )

    @property
    def problem(self) -> str:
        """Why the run is no success, empty if it is one."""
        if self.failure:
            return self.failure
        if self.checked:
            return ""
        if self.troubles:
            name, status, reason = self.troubles[0]
            return f"no playlist could be read; {name}: {status}: {reason}"
        return (
            "there is no playlist to archive: the library lists none of your own, and none is "
            "registered"
        )


def archive_day(stack: Stack, day: datetime) -> Day:
    """Start the run of `day` and wait until it has ended.

    Raises:
        LocalStackError: a function failed or a queue makes no progress; the message names it.
    """
    began = time.monotonic()
    log_size = stack.engine.log_size
    stack.start_run(day)
    await_quiet(stack, log_size)
    status = stack.read_json("playlists/status.json")
    written_by = status.get("run", "none")
    if written_by != to_timestamp(day):
        raise LocalStackError(
            f"the status page is of the run {written_by}, not {day}; see {stack.engine.process.log}"
        )
    return Day.of_status(day, status, time.monotonic() - began)


def await_registration(stack: Stack, playlist_id: str, log_size: int) -> None:
    """Wait until the lister has handled a registry entry, and all its effects have ended.

    Raises:
        LocalStackError: S3 sends no event, a function failed, or a queue makes no progress.
    """
    deadline = time.monotonic() + _NOTICE_SECONDS
    while f'"entry":"{playlist_id}"' not in stack.engine.read_log(log_size):
        _check_functions(stack, log_size)
        if time.monotonic() > deadline:
            raise LocalStackError(
                f"the lister has not heard of the entry; see {stack.engine.process.log}"
            )
        time.sleep(_POLL_SECONDS)
    await_quiet(stack, log_size)


def await_quiet(stack: Stack, log_size: int) -> None:
    """Wait until the queues stay empty, or hold only requests that wait for Spotify.

    An error of a function after the first `log_size` bytes of the engine's log ends the wait.
    """
    depths: dict[str, Depth] = {}
    since = time.monotonic()
    while True:
        now = time.monotonic()
        before, depths = depths, stack.measure_queues()
        if depths != before:
            since = now
        _check_functions(stack, log_size)
        lasted = now - since
        if lasted > _QUIET_SECONDS and (_is_empty(depths) or _is_parked(stack, depths)):
            break
        if lasted > _STALL_SECONDS:
            stuck = ", ".join(f"{name}Queue: {depth}" for name, depth in depths.items())
            raise StuckError(
                f"nothing has moved for {lasted:.0f} s ({stuck}); see {stack.engine.process.log}"
            )
        time.sleep(_POLL_SECONDS)
    if dead := stack.count_dead_letters():
        given_up = ", ".join(f"{count} in {name}" for name, count in dead.items())
        raise LocalStackError(f"given up: {given_up}; see {stack.engine.process.log}")


def _check_functions(stack: Stack, log_size: int) -> None:
    if failures := stack.engine.read_failures(log_size):
        raise StuckError("\n".join([*failures, f"see {stack.engine.process.log}"]))


def _is_empty(depths: dict[str, Depth]) -> bool:
    return not any(depth.total for depth in depths.values())


def _is_parked(stack: Stack, depths: dict[str, Depth]) -> bool:
    """Whether only FetchQueue holds messages, and they wait because Spotify asked for a pause."""
    others = {name: depth for name, depth in depths.items() if name != "Fetch"}
    if not _is_empty(others) or not depths["Fetch"].total:
        return False
    not_before: str | None = stack.read_json("state/spotify.json").get("not_before")
    return not_before is not None and datetime.fromisoformat(not_before) > datetime.now(UTC)
