"""The document of the recent changes of all playlists (`docs/documents.md`).

It covers the thirty days before the newest change that is not ahead of the clock. So it depends
only on the histories, and a snapshot from a wrong clock hides nothing. It is updated from the
histories of the playlists that changed. `Known` has the contents of the stored documents, and finds
the playlists whose histories have to be read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from itertools import groupby
from typing import NamedTuple, Self

import msgspec

from playlist_archive.documents.history import (
    History,
    HistoryOfYear,
    PublishedChange,
    PublishedPlaylist,
)
from playlist_archive.documents.index import LastChange, Summary
from playlist_archive.documents.json_by_line import encode_by_line
from playlist_archive.documents.timestamps import (
    Timestamp,
    check_timestamp,
    earlier,
    to_timestamp,
)

SCHEMA = 1
_WINDOW = timedelta(days=30)


class RecentChange(PublishedChange, frozen=True, omit_defaults=True, kw_only=True):
    """A change of one playlist; `moved` is always empty, and only counted.

    `source` is the source of the snapshot that first showed it, empty if that was read live.
    """

    playlist: str
    source: str = ""


class RecentChanges(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag=SCHEMA):
    """The changes from `since` on, newest first, and the names of their playlists.

    `until` is the time of the newest change, `since` thirty days before the newest one that is not
    ahead of the clock; both are None before the first one.
    """

    since: Timestamp | None
    until: Timestamp | None
    playlists: tuple[PublishedPlaylist, ...]
    changes: tuple[RecentChange, ...]


def encode_recent_changes(document: RecentChanges) -> bytes:
    return encode_by_line(SCHEMA, document)


def decode_recent_changes(body: bytes) -> RecentChanges:
    """Read a document of this schema version.

    Raises:
        UNREADABLE (`errors`): it is no document of changes.
    """
    document = msgspec.json.decode(body, type=RecentChanges)
    named = {playlist.id for playlist in document.playlists}
    start = window_start(document.until)
    if (document.since is None) != (start is None) or (document.since or "") > (start or ""):
        raise ValueError(f"{document.since} is not thirty days before {document.until}")
    if any(change.playlist not in named for change in document.changes):
        raise ValueError("a change names no playlist")
    for change in document.changes:
        _check_times(change)
    return document


def _check_times(change: PublishedChange) -> None:
    for time in (change.time, change.after, change.until):
        check_timestamp(time)


def window_start(newest: Timestamp | None) -> Timestamp | None:
    """Return the moment thirty days before the newest change, None without a change."""
    if newest is None:
        return None
    return to_timestamp(earlier(datetime.fromisoformat(newest), _WINDOW))


def newest_present(times: Iterable[Timestamp], ahead: Timestamp) -> Timestamp | None:
    """Return the newest time that is not `ahead` of the clock, None if there is none."""
    return max((time for time in times if time <= ahead), default=None)


def years_within(history: History, ahead: Timestamp) -> list[int]:
    """Return the years whose documents may hold changes in the thirty days of a playlist.

    The thirty days end with the playlist's own newest change that is not later than `ahead`. The
    newest changes are in the main document. If all of them are within the thirty days, older ones
    may be, too.
    """
    start = window_start(newest_present((change.time for change in history.changes), ahead))
    if start is None:
        return [older.year for older in history.older]
    if history.changes[-1].time < start:
        return []
    first = datetime.fromisoformat(start).year
    return [older.year for older in history.older if older.year >= first]


def recent_changes_of(
    history: History, years: Iterable[HistoryOfYear], ahead: Timestamp
) -> tuple[RecentChange, ...]:
    """Return a playlist's changes since thirty days before its own newest one, newest first.

    Changes later than `ahead` do not move these thirty days.

    Raises:
        UNREADABLE (`errors`): a time in a document is invalid.
    """
    if not history.changes:
        return ()
    older = [change for year in years for change in year.changes]
    changes = {change.time: change for change in (*older, *history.changes)}
    for change in changes.values():
        _check_times(change)
    start = window_start(newest_present(changes, ahead))
    sources = {one.time: one.source for one in history.snapshots}
    return tuple(
        _without_moves(history.playlist.id, changes[time], sources.get(time, ""))
        for time in sorted(changes, reverse=True)
        if start is None or time >= start
    )


def _without_moves(playlist_id: str, change: PublishedChange, source: str) -> RecentChange:
    fields = msgspec.structs.asdict(change) | {"moved": ()}
    return RecentChange(playlist=playlist_id, source=source, **fields)


class HistoryExtract(NamedTuple):
    """The extract of a history: its summary, and the changes in its last thirty days."""

    summary: Summary
    recent: Sequence[RecentChange]


class Known(NamedTuple):
    """The contents of the documents about all playlists, by playlist.

    The `recent` changes are complete from `since` on, which is None if none are known. Changes
    later than `ahead` are from a wrong clock or a forced run, and do not move the thirty days.
    `unrendered` are playlists that were looked up and have no history.
    """

    summaries: Mapping[str, Summary]
    recent: Mapping[str, Sequence[RecentChange]]
    since: Timestamp | None
    ahead: Timestamp
    unrendered: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls, summaries: Mapping[str, Summary], document: RecentChanges | None, ahead: Timestamp
    ) -> Self:
        if document is None:
            return cls(summaries, {}, None, ahead)
        ordered = sorted(document.changes, key=lambda change: (change.playlist, change.time))
        recent = {
            playlist_id: tuple(changes)[::-1]
            for playlist_id, changes in groupby(ordered, key=lambda change: change.playlist)
        }
        return cls(summaries, recent, document.since, ahead)

    def only(self, playlists: AbstractSet[str]) -> "Known":
        """Return the contents about these playlists."""
        return self._replace(
            summaries={id_: one for id_, one in self.summaries.items() if id_ in playlists},
            recent={id_: changes for id_, changes in self.recent.items() if id_ in playlists},
        )

    def with_told(self, told: Mapping[str, HistoryExtract | None]) -> "Known":
        """Return it with extracts of histories; a playlist without a history (None) is removed."""
        present = {id_: one for id_, one in told.items() if one}
        known = self.only((self.summaries.keys() | self.recent.keys()) - told.keys())
        return known._replace(
            summaries={**known.summaries, **{id_: one.summary for id_, one in present.items()}},
            recent={**known.recent, **{id_: one.recent for id_, one in present.items()}},
            unrendered=self.unrendered.union(told) - present.keys(),
        )

    def without_recent(self, playlists: AbstractSet[str]) -> "Known":
        """Return it without these playlists' recent changes, which makes them outdated."""
        recent = {id_: changes for id_, changes in self.recent.items() if id_ not in playlists}
        return self._replace(recent=recent)

    def window(self) -> tuple[Timestamp | None, Timestamp | None]:
        """Return when the recent changes begin, and the time of the newest one.

        While a lost index is being rebuilt, the recent changes may be newer than the index.
        """
        last = {one.last_change.time for one in self.summaries.values() if one.last_change}
        unread = {
            changes[0].time
            for playlist_id, changes in self.recent.items()
            if playlist_id not in self.summaries
        }
        until = max(last | unread, default=None)
        if until is None or until <= self.ahead:
            return window_start(until), until
        times = {change.time for changes in self.recent.values() for change in changes}
        return window_start(newest_present(last | times, self.ahead) or until), until

    def outdated(self, latest: Mapping[str, Timestamp]) -> Iterator[str]:
        """Yield the playlists whose history has to be read; `latest` has their newest snapshots.

        Their summary is missing or of another snapshot, or their recent changes do not match it.
        """
        since, _ = self.window()
        for playlist_id, time in latest.items():
            summary = self.summaries.get(playlist_id)
            if (
                summary is None
                or summary.last_snapshot != time
                or not self._tells_last_change(playlist_id, summary.last_change, since)
            ):
                yield playlist_id

    def behind(self, latest: Mapping[str, Timestamp]) -> Iterator[str]:
        """Yield the playlists whose history is missing, or ends before their newest snapshot."""
        for playlist_id, time in latest.items():
            summary = self.summaries.get(playlist_id)
            if playlist_id in self.unrendered or (summary and summary.last_snapshot < time):
                yield playlist_id

    def shown(self, latest: Mapping[str, Timestamp]) -> dict[str, Timestamp]:
        """Return the newest snapshot of each playlist whose history need not be read."""
        outdated = set(self.outdated(latest))
        return {
            playlist_id: time for playlist_id, time in latest.items() if playlist_id not in outdated
        }

    def _tells_last_change(
        self, playlist_id: str, last: LastChange | None, since: Timestamp | None
    ) -> bool:
        if since is None:
            return True
        newest = next(iter(self.recent.get(playlist_id, ())), None)
        told = LastChange.of(newest) if newest and newest.time >= since else None
        return told == (last if last and last.time >= since else None)

    def cut_short(self) -> Iterator[str]:
        """Yield the playlists whose older changes are missing because the thirty days moved back.

        This happens if the newest change is no longer in its history, because its snapshot was
        damaged or removed.
        """
        since, _ = self.window()
        if since is None or self.since is None or since >= self.since:
            return
        for playlist_id, summary in self.summaries.items():
            if summary.last_change and summary.last_change.time >= since:
                yield playlist_id

    def document(self, playlists: Mapping[str, PublishedPlaylist]) -> RecentChanges:
        """Return the document of recent changes; `playlists` has the names of the playlists."""
        since, until = self.window()
        changes = sorted(
            [
                change
                for changes in self.recent.values()
                for change in changes
                if since is not None and change.time >= since
            ],
            key=lambda change: (change.time, change.playlist),
            reverse=True,
        )
        named = sorted({change.playlist for change in changes})
        return RecentChanges(
            since=since,
            until=until,
            playlists=tuple([playlists[playlist_id] for playlist_id in named]),
            changes=tuple(changes),
        )
