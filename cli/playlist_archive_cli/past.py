"""What is known of a playlist on a date: the rule of `docs/documents.md`, "A state of any date".

The module `moments` of the site states the same rule.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from msgspec.structs import replace

from playlist_archive.documents.history import (
    History,
    HistoryOfYear,
    OlderChanges,
    PublishedChange,
    PublishedGap,
    PublishedSnapshot,
)
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.dates import Date
from playlist_archive_cli.published import PlaylistStatus

type Kind = Literal["before", "read", "gap", "unseen", "behind", "failing", "after", "unchanged"]


class State(NamedTuple):
    """What is known of a playlist on a date, or now.

    `snapshot` shows it as far as is known; before the archive began there is none. `gap` is told with
    the kind `gap`, and with `unseen` the change that may have been there already. `checked` is the
    last good read of all.
    """

    kind: Kind
    checked: Timestamp
    snapshot: PublishedSnapshot | None = None
    gap: PublishedGap | None = None
    unseen: PublishedChange | None = None


def state_at(history: History, status: PlaylistStatus | None, on: Date | None) -> State:
    """Return what is known of a playlist on a date; without one, now.

    The history has to reach back as far, as `reaching_back` makes it.
    """
    newest = history.last_snapshot
    checked = max(newest, (status and status.last_checked) or newest)
    shown = next((one for one in history.snapshots if on is None or one.time <= on.last), None)
    if shown is None:
        return State("before", checked)
    state = State("read", checked, shown)
    if on and on.first <= shown.time:
        return state
    if on and (gap := _gap_on(history, on)):
        return state._replace(kind="gap", gap=gap)
    if on and (change := _unseen_change(history, on)):
        return state._replace(kind="unseen", unseen=change)
    if shown.time < newest:
        return state._replace(kind="unchanged")
    return state._replace(kind=_since_newest(shown, checked, status, on))


def _since_newest(
    newest: PublishedSnapshot, checked: Timestamp, status: PlaylistStatus | None, on: Date | None
) -> Kind:
    """Say what is known since the newest snapshot."""
    if status and status.last_changed and status.last_changed > newest.time:
        return "behind"
    # A status that is older than a read says nothing any more.
    overtaken = status and not newest.source and newest.time > status.since
    if status and status.status != "ok" and not overtaken and (not on or on.last >= status.since):
        return "failing"
    if on is None:
        return "read"
    return "after" if on.first > checked else "unchanged"


def _gap_on(history: History, on: Date) -> PublishedGap | None:
    return next((gap for gap in history.gaps if gap.since <= on.last < gap.until), None)


def _unseen_change(history: History, on: Date) -> PublishedChange | None:
    """Return the change that came next, if it had perhaps happened by then."""
    later = [change for change in history.changes if change.time > on.last]
    return later[-1] if later and later[-1].after < on.first else None


def years_around(history: History, on: Date | None) -> list[OlderChanges]:
    """Return where the change may stand that came next after a date, besides the history itself."""
    if on is None or (history.changes and history.changes[-1].time <= on.last):
        return []
    # The year's changes may all have come before, and some years have none.
    later = [older for older in history.older if older.year >= int(on.last[:4])]
    return sorted(later, key=lambda older: older.year)[:2]


def reaching_back(history: History, years: Iterable[HistoryOfYear]) -> History:
    """Return the history with older changes; while it was read some may have joined those."""
    changes = list(history.changes)
    for year in sorted(years, key=lambda one: one.year, reverse=True):
        changes += older_than(year.changes, changes)
    return replace(history, changes=tuple(changes))


def older_than(
    changes: Iterable[PublishedChange], told: Sequence[PublishedChange]
) -> list[PublishedChange]:
    """Return the changes that are older than all that are told."""
    return [change for change in changes if not told or change.time < told[-1].time]
