"""What has to be said about a playlist that is shown as it was on a date."""

import msgspec

from playlist_archive.documents.history import History, PublishedGap
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.status import spell_status
from playlist_archive.documents.timestamps import Timestamp, to_timestamp
from playlist_archive.views.wording import source_in_words
from playlist_archive_cli.dates import Date, spell_day, spell_exactly
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.past import State, state_at
from playlist_archive_cli.published import PlaylistStatus

_FROM_BEFORE = "this is what the last good read before found"


class NotArchivedYetError(CommandError):
    """The date lies before the first snapshot; the message says when the archive begins."""


class NeverReadError(CommandError):
    """There is no snapshot of the playlist at all; the message says why."""


class Past(msgspec.Struct, frozen=True):
    """The snapshot that shows a playlist on a date, and remarks for whoever takes it for more."""

    snapshot: Timestamp
    remarks: list[str]


def look_back(history: History, status: PlaylistStatus | None, on: Date | None) -> Past:
    """Return how a playlist was at the end of a day or at a moment, or how it is now.

    Raises:
        NotArchivedYetError: there is no snapshot from so early.
    """
    state, name = state_at(history, status, on), history.playlist.name
    if state.snapshot is None:
        begins = history.first_snapshot
        when = spell_day(begins) if on is None or on.is_day else spell_exactly(begins)
        raise NotArchivedYetError(
            f"the archive of “{name}” begins on {when}: there is nothing from before"
        )
    remark = _remark(name, state, status, on)
    return Past(state.snapshot.time, [remark] if remark else [])


def require_history(history: History | None, name: str, status: PlaylistStatus | None) -> History:
    """Return the history.

    Raises:
        NeverReadError: there is none, for the playlist was never read.
        CommandError: there is none though there is a snapshot.
    """
    if history is not None:
        return history
    if status and status.last_changed:
        raise CommandError(
            f"the history of “{name}” is missing, though there is a snapshot of "
            f"{spell_exactly(status.last_changed)}; a rebuild may help"
        )
    why = f": {spell_status(status.status)}, {status.reason}" if status and status.reason else ""
    raise NeverReadError(f"“{name}” was never read{why}")


def spell_time(snapshot: Snapshot) -> str:
    """Say of when a snapshot is, as exactly as its source does."""
    time = to_timestamp(snapshot.time)
    return spell_day(time) if snapshot.precision == "day" else spell_exactly(time)


def spell_origin(snapshot: Snapshot) -> str:
    """Say when a snapshot was read, or where it comes from."""
    if not snapshot.source:
        return f"as read on {spell_time(snapshot)}"
    return f"as of {spell_time(snapshot)}, imported from {source_in_words(snapshot.source)}"


def remarks_since(history: History, status: PlaylistStatus | None, since: Date | None) -> list[str]:
    """Return what has to be said beside the changes of a playlist since a date."""
    name, begins = history.playlist.name, history.first_snapshot
    state = state_at(history, status, None)
    remarks = []
    if since and since.last < begins:
        remarks.append(f"the archive of “{name}” begins on {spell_day(begins)}")
    if state.kind == "behind" and status and status.last_changed:
        remarks.append(f"{_newer(name, status.last_changed)}: what it changed is not told")
    if state.kind == "failing" and status:
        remarks.append(f"{_unread(name, status)}: what changed since is not known")
    elif since and since.first > state.checked:
        remarks.append(_too_late(name, since, state.checked))
    return remarks


def _remark(name: str, state: State, status: PlaylistStatus | None, on: Date | None) -> str:
    gap, change = state.gap, state.unseen
    if gap:
        return f"{_missed(name, gap)}: {_FROM_BEFORE}"
    if change:
        between = f"between {spell_exactly(change.after)} and {spell_exactly(change.until)}"
        return f"nothing says how “{name}” was then, it changed {between}: {_FROM_BEFORE}"
    if state.kind == "behind" and status and status.last_changed:
        return f"{_newer(name, status.last_changed)}: {_FROM_BEFORE}"
    if state.kind == "failing" and status:
        checked = spell_day(state.checked)
        return f"{_unread(name, status)}: this is the last good read, of {checked}"
    if state.kind == "after" and on:
        return _too_late(name, on, state.checked)
    return ""


def _missed(name: str, gap: PublishedGap) -> str:
    when = f"on {gap.first}" if gap.first == gap.last else f"from {gap.first} to {gap.last}"
    what = "was not archived" if gap.status == "retired" else "could not be read"
    return f"“{name}” {what} {when}{_why(gap.reason)}"


def _newer(name: str, time: Timestamp) -> str:
    return (
        f"“{name}” has a newer snapshot, of {spell_exactly(time)}, which its pages do not show: "
        "they are not written yet, or it cannot be read"
    )


def _unread(name: str, status: PlaylistStatus) -> str:
    verb = "has been retired" if status.status == "retired" else "has not been read"
    return f"“{name}” {verb} since {spell_day(status.since)}{_why(status.reason)}"


def _too_late(name: str, on: Date, checked: Timestamp) -> str:
    return f"{on.text} is later than the last good read of “{name}”, of {spell_day(checked)}"


def _why(reason: str) -> str:
    return f" ({reason})" if reason else ""
