"""Starts a run or a rebuild, and follows it to its end.

Other verbs call `run_now` and `rebuild_now`. The status document shows the progress of a run; only
the queues show whether the pages are written too.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from playlist_archive.documents.status import FIRST_READ_WAITS, NEXT_READ_WAITS, Status
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.published import ArchiveStatus, PlaylistStatus
from playlist_archive_cli.queues import Queues
from playlist_archive_cli.screen import tell

POLL_SECONDS = 2.0
# A message may still be in transit from S3 to a queue, or not be counted yet.
_QUIET_SECONDS = 4.0
# The fetcher may work for ten minutes without a visible change.
_PATIENCE_SECONDS = 900.0
# When the queues are known to be empty, no more progress is possible.
_PATIENCE_WITH_NOTHING_SECONDS = 120.0
_LONGEST_SECONDS = 7200.0
_WAITING = {FIRST_READ_WAITS, NEXT_READ_WAITS}


class NotRead(msgspec.Struct, frozen=True):
    id: str
    name: str
    status: Status
    reason: str


class RunEnd(msgspec.Struct, frozen=True):
    """The end of a run.

    `failure` says why the library could not be listed. `not_before` is set if Spotify asked for a
    pause; the run then continues by itself. `given_up` counts new dead letters by queue.
    `unfinished` says what was still missing when waiting ended.
    """

    run: Timestamp
    planned: int
    playlists: int = 0
    up_to_date: int = 0
    changed: int = 0
    not_read: list[NotRead] = []
    deferred: int = 0
    failure: str = ""
    not_before: Timestamp | None = None
    given_up: dict[str, int] = {}
    unfinished: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.not_read or self.failure or self.given_up or self.unfinished)


class RebuildEnd(msgspec.Struct, frozen=True):
    """The end of a rebuild; `watched` says whether the queue could be observed."""

    playlists: int
    watched: bool = True
    given_up: dict[str, int] = {}
    unfinished: str = ""

    @property
    def failed(self) -> bool:
        return bool(self.given_up or self.unfinished)


def run_now(connection: Connection) -> RunEnd:
    """Start a run as the schedule does, follow it to its end, and print its progress.

    Raises:
        CommandError: the run could not be started.
    """
    archive, queues = connection.archive, Queues(connection)
    before = archive.status_if_any()
    given_up = queues.given_up() or {}
    answer = invoke_lister(connection, {})
    run, planned = answer["run"], answer["planned"]
    tell(f"run {run}: {_counted(planned)} to read")
    end = RunEnd(run, planned)
    told = 0
    for sight in watch(archive, queues):
        status = sight.status
        if not _reported(status, run, before):
            end = RunEnd(run, planned, unfinished=sight.explain("the run has not reported"))
        else:
            assert status
            unread = [one.name or id_ for id_, one in status.playlists.items() if _awaits(one)]
            done = max(planned - len(unread), 0)
            if told < done:
                told = done
                tell(f"{done} of {planned} read")
            paused = is_paused(status, archive.clock.now())
            end = _end(run, planned, status, paused=paused)
            settled = sight.quiet(*(("Render", "Outcome") if paused else ()))
            if settled and (paused or not unread):
                break
            end = msgspec.structs.replace(
                end, unfinished=sight.explain(f"not read: {_name_some(unread)}" if unread else "")
            )
        if new := queues.given_up_since(given_up):
            return msgspec.structs.replace(end, given_up=new, unfinished="")
    return msgspec.structs.replace(end, given_up=queues.given_up_since(given_up))


def rebuild_now(connection: Connection, playlist_ids: Sequence[str] | None = None) -> RebuildEnd:
    """Rebuild the pages of these or of all playlists, and follow that to its end.

    Raises:
        CommandError: the rebuild could not be started.
    """
    archive, queues = connection.archive, Queues(connection)
    given_up = queues.given_up() or {}
    wanted = "all" if playlist_ids is None else list(playlist_ids)
    playlists = invoke_lister(connection, {"rebuild": wanted})["rebuilding"]
    tell(f"rebuilding {_counted(playlists)}")
    if queues.waiting() is None:
        return RebuildEnd(playlists, watched=False)
    unfinished, told = "", playlists
    for sight in watch(archive, queues):
        unfinished = "" if sight.quiet("Render", "Outcome") else sight.explain("")
        left = sight.waiting.get("Render", 0) if sight.waiting else 0
        if 0 < left < told:
            told = left
            tell(f"{_counted(left)} left")
        if not unfinished or queues.given_up_since(given_up):
            break
    new = queues.given_up_since(given_up)
    return RebuildEnd(playlists, given_up=new, unfinished="" if new else unfinished)


def invoke_lister(connection: Connection, event: Mapping[str, object]) -> dict[str, Any]:
    """Invoke the lister and return its answer.

    Raises:
        CommandError: it failed; its error is quoted.
    """
    return _invoke(connection, "lister", event)


def wake_indexer(connection: Connection) -> None:
    """Invoke the new indexer, which writes the site's shell if another version is stored.

    Raises:
        CommandError: it failed; its error is quoted.
    """
    _invoke(connection, "indexer", {"Records": []})


def _invoke(connection: Connection, name: str, event: Mapping[str, object]) -> dict[str, Any]:
    answer = connection.client("lambda").invoke(
        FunctionName=connection.output(f"{name.capitalize()}FunctionName"),
        Payload=json.dumps(event).encode(),
    )
    payload: dict[str, Any] = json.load(answer["Payload"])
    if "FunctionError" in answer:
        kind, message = payload.get("errorType", ""), payload.get("errorMessage", "")
        raise CommandError(f"the {name} failed: {kind}: {message}; see `playlist-archive logs`")
    return payload


class Sight(NamedTuple):
    """The state at one moment, and for how long the queues have been unchanged.

    `waiting` counts the messages of each queue, None if the caller may not read that.
    """

    status: ArchiveStatus | None
    waiting: Mapping[str, int] | None
    seconds: float

    def quiet(self, *names: str) -> bool:
        """Whether these queues, by default all, have been empty for a while or are not visible."""
        if self.waiting is None:
            return True
        counts = [self.waiting[name] for name in names or self.waiting]
        return not any(counts) and self.seconds >= _QUIET_SECONDS

    def explain(self, missing: str) -> str:
        """Return what is still missing."""
        held = ", ".join(f"{count} in {name}Queue" for name, count in (self.waiting or {}).items())
        return "; ".join(filter(None, (missing, held and f"messages: {held}")))


def watch(
    archive: Archive,
    queues: Queues,
    *,
    patience_seconds: float = _PATIENCE_SECONDS,
    patience_with_nothing_seconds: float = _PATIENCE_WITH_NOTHING_SECONDS,
) -> Iterator[Sight]:
    """Yield the state every few seconds, until there is no progress for too long, or two hours."""
    clock = archive.clock
    began = clock.monotonic()
    seen: object = None
    since = clock.monotonic()
    while True:
        status, waiting = archive.status_if_any(), queues.waiting()
        if (status, waiting) != seen:
            seen, since = (status, waiting), clock.monotonic()
        lasted = clock.monotonic() - since
        yield Sight(status, waiting, lasted)
        empty = waiting is not None and not any(waiting.values())
        patience = patience_with_nothing_seconds if empty else patience_seconds
        if lasted > patience or clock.monotonic() - began > _LONGEST_SECONDS:
            return
        clock.sleep(POLL_SECONDS)


def is_paused(status: ArchiveStatus, now: datetime) -> bool:
    """Whether a pause that Spotify asked for still lasts."""
    return status.not_before is not None and datetime.fromisoformat(status.not_before) > now


def awaits_its_turn(playlist: PlaylistStatus) -> bool:
    """Whether a playlist waits for its first read, or the first since it is archived again."""
    return playlist.status == "deferred" and playlist.reason in _WAITING


def _awaits(playlist: PlaylistStatus) -> bool:
    return playlist.overdue_since is not None or awaits_its_turn(playlist)


def _reported(status: ArchiveStatus | None, run: Timestamp, before: ArchiveStatus | None) -> bool:
    """Whether the status document is of the run, or of a later one that is new.

    The last run before may have had a future time, as in simulations.
    """
    if status is None or status.run is None:
        return False
    return status.run == run or (status.run > run and (before is None or before.run != status.run))


def _end(run: Timestamp, planned: int, status: ArchiveStatus, *, paused: bool) -> RunEnd:
    active = {id_: one for id_, one in status.playlists.items() if one.status != "retired"}
    return RunEnd(
        run,
        planned,
        playlists=len(active),
        up_to_date=status.up_to_date,
        changed=status.changed,
        not_read=[
            NotRead(id_, one.name or id_, one.status, one.reason)
            for id_, one in active.items()
            if one.status not in {"ok", "deferred"}
        ],
        deferred=sum(one.status == "deferred" for one in active.values()),
        failure="" if paused else status.failure,
        not_before=status.not_before if paused else None,
    )


def _counted(playlists: int) -> str:
    return f"{playlists} playlist{'' if playlists == 1 else 's'}"


def _name_some(names: Sequence[str]) -> str:
    first, more = names[:5], len(names) - 5
    return ", ".join([*first, f"and {more} more"] if more > 0 else first)
