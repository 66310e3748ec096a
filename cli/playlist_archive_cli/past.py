"""Finds the snapshot that shows a playlist on a date, with remarks about its limits."""

import msgspec

from playlist_archive.documents.history import (
    History,
    PublishedChange,
    PublishedGap,
    PublishedSnapshot,
)
from playlist_archive.documents.status import spell_status
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.dates import Date, spell_day, spell_moment
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.published import PlaylistStatus


class NotArchivedYetError(CommandError):
    """The date is before the first snapshot; the message says when the archive begins."""


class NeverReadError(CommandError):
    """There is no snapshot of the playlist at all; the message says why."""


class Past(msgspec.Struct, frozen=True):
    """The snapshot that shows a playlist on a date, and remarks about its limits."""

    snapshot: Timestamp
    gap: PublishedGap | None
    remarks: list[str]


def look_back(history: History, status: PlaylistStatus | None, on: Date | None) -> Past:
    """Return how a playlist was at the end of a day or at a moment, or how it is now.

    It is the newest snapshot that is not later. If the playlist was not read on that day, the
    remarks say so.

    Raises:
        NotArchivedYetError: there is no snapshot from so early.
    """
    shown = snapshot_on(history, on)
    gap = _gap_on(history, shown, on) if on else None
    remarks = []
    if gap:
        when = f"on {gap.first}" if gap.first == gap.last else f"from {gap.first} to {gap.last}"
        why = f" ({gap.reason})" if gap.reason else ""
        remarks.append(
            f"“{history.playlist.name}” was not read {when}{why}: this is the last good read before"
        )
    elif on and (change := _unseen_change(history, on)):
        remarks.append(
            f"nothing says how “{history.playlist.name}” was then: it changed between "
            f"{spell_moment(change.after)} and {spell_moment(change.until)}. "
            "This is the last good read before"
        )
    elif status and shown.time == history.last_snapshot:
        remarks += _remark_on_now(history.playlist.name, status, on)
    return Past(shown.time, gap, remarks)


def snapshot_on(history: History, on: Date | None) -> PublishedSnapshot:
    """Return the newest snapshot that is not later than a date; without one the newest.

    Raises:
        NotArchivedYetError: all are later.
    """
    for snapshot in history.snapshots:
        if on is None or snapshot.time <= on.last:
            return snapshot
    begins = history.first_snapshot
    when = spell_day(begins) if on is None or on.is_day else spell_moment(begins)
    raise NotArchivedYetError(
        f"the archive of “{history.playlist.name}” begins on {when}: there is nothing from before"
    )


def require_history(history: History | None, name: str, status: PlaylistStatus | None) -> History:
    """Return the history.

    Raises:
        NeverReadError: there is none.
    """
    if history is not None:
        return history
    why = f": {spell_status(status.status)}, {status.reason}" if status and status.reason else ""
    raise NeverReadError(f"“{name}” was never read{why}")


def _gap_on(history: History, shown: PublishedSnapshot, on: Date) -> PublishedGap | None:
    day = spell_day(on.last)
    if spell_day(shown.time) == day:
        return None
    return next((gap for gap in history.gaps if gap.first <= day <= gap.last), None)


def _unseen_change(history: History, on: Date) -> PublishedChange | None:
    """Return the change that had perhaps happened by then, because no run looked on that date.

    It is known of those changes that the history's main document has.
    """
    later = [change for change in history.changes if change.time > on.last]
    return later[-1] if later and later[-1].after < on.first else None


def _remark_on_now(name: str, status: PlaylistStatus, on: Date | None) -> list[str]:
    checked = f", of {spell_day(status.last_checked)}" if status.last_checked else ""
    if status.status != "ok" and (on is None or on.last >= status.since):
        verb = "has been retired" if status.status == "retired" else "has not been read"
        why = f" ({status.reason})" if status.reason else ""
        since = spell_day(status.since)
        return [f"“{name}” {verb} since {since}{why}: this is the last good read{checked}"]
    if on and status.last_checked and on.first > status.last_checked:
        return [f"{on.text} is later than the last good read of “{name}”{checked}"]
    return []
