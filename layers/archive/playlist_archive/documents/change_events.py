"""The event about a change for other programs, and which changes are due (`docs/events.md`).

Each change that was read live causes one event. For each playlist the catalog keeps the newest
snapshot that needs no further event, so a rebuild and an import cause none. If the catalog was
lost, events begin with the present run, and after the newest change that was known.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Self

import msgspec

from playlist_archive.documents.catalog import Catalog, EventsSent
from playlist_archive.documents.history import (
    PublishedChange,
    PublishedPlaylist,
    change_id,
)
from playlist_archive.documents.keys import view_key
from playlist_archive.documents.recent_changes import RecentChange, RecentChanges
from playlist_archive.documents.runs import FURTHEST_AHEAD
from playlist_archive.documents.timestamps import Timestamp, to_timestamp

SCHEMA = 1
# The most songs that an event lists.
MOST_SONGS = 100
_LONGEST_TEXT = 1000
_SECOND = timedelta(seconds=1)


class ChangeEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag=SCHEMA):
    """The detail of an event.

    `history` is the key of the document with the whole `change`. If that is too long, the event is
    not `complete`: it has only times and counts.
    """

    id: str
    playlist: PublishedPlaylist
    history: str
    complete: bool
    change: PublishedChange

    @classmethod
    def of(cls, change: RecentChange, playlist: PublishedPlaylist) -> Self:
        fields = {
            name: value
            for name, value in msgspec.structs.asdict(change).items()
            if name in PublishedChange.__struct_fields__
        }
        return cls(
            id=change_id(playlist.id, change.time),
            playlist=playlist,
            history=view_key("history", playlist.id, ".json"),
            complete=True,
            change=PublishedChange(**fields),
        )

    def counted(self) -> Self:
        """Return the event with times and counts only."""
        change, playlist = self.change, self.playlist
        return msgspec.structs.replace(
            self,
            complete=False,
            playlist=PublishedPlaylist(
                playlist.id,
                playlist.name[:_LONGEST_TEXT],
                playlist.url if len(playlist.url) <= _LONGEST_TEXT else "",
            ),
            change=PublishedChange(
                time=change.time, after=change.after, until=change.until, counts=change.counts
            ),
        )


def encode_event(event: ChangeEvent, largest: int) -> str:
    """Return the event as JSON, without songs if there are too many or it is too large."""
    if _count_songs(event.change) <= MOST_SONGS:
        detail = msgspec.json.encode(event)
        if len(detail) <= largest:
            return detail.decode()
    return msgspec.json.encode(event.counted()).decode()


def _count_songs(change: PublishedChange) -> int:
    lists = (
        change.added,
        change.readded,
        change.removed,
        change.unavailable,
        change.available,
        change.renamed,
    )
    return sum(map(len, lists))


def begin_events(
    catalog: Catalog, newest_before: Timestamp | None, now: datetime
) -> EventsSent | None:
    """Return which changes count as published, None if no run is known to begin with.

    After a wrong clock, events begin anew. If only one playlist's snapshots were dated ahead, only
    its events begin anew, once these snapshots are deleted.
    """
    present, sent = to_timestamp(now), catalog.events
    if not catalog.runs:
        return sent if sent and sent.after <= present else None
    before_run = to_timestamp(catalog.runs[-1].moment_time - _SECOND)
    if sent and sent.after <= present:
        return _without_deleted(sent, catalog, before_run, now + FURTHEST_AHEAD)
    known = newest_before if newest_before and newest_before <= present else before_run
    return EventsSent(max(before_run, known))


def _without_deleted(
    sent: EventsSent, catalog: Catalog, before_run: Timestamp, ahead: datetime
) -> EventsSent:
    """Return which changes are published, after snapshots dated `ahead` were possibly deleted.

    Present changes are all earlier than these snapshots.
    """
    deleted = {
        playlist_id
        for playlist_id, time in sent.shown.items()
        if time > to_timestamp(ahead)
        and (entry := catalog.entries.get(playlist_id))
        and entry.latest
        and entry.latest.time <= ahead
    }
    if not deleted:
        return sent
    return EventsSent(sent.after, {**sent.shown, **dict.fromkeys(deleted, before_run)})


def changes_due(sent: EventsSent, document: RecentChanges) -> list[RecentChange]:
    """Return the changes that have no event yet, oldest first."""
    return [
        change
        for change in reversed(document.changes)
        if not change.source and change.time > max(sent.after, sent.shown.get(change.playlist, ""))
    ]


def after_publishing(
    sent: EventsSent,
    due: Sequence[RecentChange],
    taken: AbstractSet[str],
    newest: Mapping[str, Timestamp],
) -> EventsSent:
    """Return which changes are published after the bus has accepted the events `taken`.

    `newest` has the newest snapshots of the playlists whose changes were all considered. If an
    event was not accepted, it is due again, and so are the later changes of the same playlist.
    """
    shown = dict(sent.shown)
    waiting: set[str] = set()
    for change in due:
        if change_id(change.playlist, change.time) not in taken:
            waiting.add(change.playlist)
        elif change.playlist not in waiting:
            shown[change.playlist] = max(change.time, shown.get(change.playlist, ""))
    for playlist_id, time in newest.items():
        if playlist_id not in waiting:
            shown[playlist_id] = max(time, shown.get(playlist_id, ""))
    return EventsSent(sent.after, shown)
