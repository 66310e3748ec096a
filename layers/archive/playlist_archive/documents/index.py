"""The index document of all playlists (`docs/documents.md`)."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime
from typing import Self

import msgspec
from msgspec import UNSET, Raw, UnsetType

from playlist_archive.documents.history import Counts, History, PublishedChange, PublishedSnapshot
from playlist_archive.documents.json_by_line import encode_by_line
from playlist_archive.documents.playlist import Owner
from playlist_archive.documents.status import Status
from playlist_archive.documents.timestamps import Timestamp, check_timestamp

SCHEMA = 1
MOST_SIZES = 30


class LastChange(msgspec.Struct, frozen=True, gc=False):
    """It happened later than `after`, and not later than `until`."""

    time: Timestamp
    after: Timestamp
    until: Timestamp
    counts: Counts

    @classmethod
    def of(cls, change: PublishedChange) -> Self:
        return cls(change.time, change.after, change.until, change.counts)


class Summary(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The part of an index entry that is derived from the playlist's history.

    `size` and `sizes` (the `sizes_over_time`) stay encoded, because they are only copied from a
    history to the index, and there may be a hundred thousand.
    """

    first_snapshot: Timestamp
    last_snapshot: Timestamp
    size: Raw
    sizes: Raw
    last_change: LastChange | None


class IndexEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A playlist's data from the catalog, with the `Summary` of its history if it has one."""

    id: str
    name: str
    url: str = ""
    owner: Owner | None = None
    status: Status
    since: Timestamp
    reason: str = ""
    page: str = ""
    history: str = ""
    first_snapshot: Timestamp = ""
    last_snapshot: Timestamp = ""
    size: Raw | UnsetType = UNSET
    sizes: Raw | UnsetType = UNSET
    last_change: LastChange | None = None


class Index(msgspec.Struct, frozen=True, kw_only=True, tag_field="schema", tag=SCHEMA):
    """All playlists in the order of the index page."""

    playlists: tuple[IndexEntry, ...]


class _Told(msgspec.Struct, frozen=True, gc=False):
    """The fields of a stored index entry that come from a history; the others are the catalog's."""

    id: str
    first_snapshot: Timestamp = ""
    last_snapshot: Timestamp = ""
    size: Raw | UnsetType = UNSET
    sizes: Raw | UnsetType = UNSET
    last_change: LastChange | None = None


class _ToldIndex(msgspec.Struct, frozen=True, tag_field="schema", tag=SCHEMA):
    playlists: tuple[_Told, ...]


def encode_index(document: Index) -> bytes:
    return encode_by_line(SCHEMA, document)


def decode_summaries(document: bytes) -> dict[str, Summary]:
    """Return the summaries in a stored index, by playlist id.

    Raises:
        UNREADABLE (`errors`): the document is no index.
    """
    summaries: dict[str, Summary] = {}
    for entry in msgspec.json.decode(document, type=_ToldIndex).playlists:
        if entry.size is UNSET or entry.sizes is UNSET:
            continue
        if entry.last_change:
            check_timestamp(entry.last_change.time)
        summaries[entry.id] = Summary(
            first_snapshot=entry.first_snapshot,
            last_snapshot=entry.last_snapshot,
            size=entry.size,
            sizes=entry.sizes,
            last_change=entry.last_change,
        )
    return summaries


def summarize(history: History) -> Summary:
    """Return the summary of a history for the index.

    Raises:
        UNREADABLE (`errors`): a time in the history is none.
    """
    for time in (history.first_snapshot, *(one.time for one in history.snapshots)):
        check_timestamp(time)
    sizes = [(one.time, one.rows) for one in sizes_over_time(history.snapshots)]
    return Summary(
        first_snapshot=history.first_snapshot,
        last_snapshot=history.last_snapshot,
        size=Raw(msgspec.json.encode(history.size)),
        sizes=Raw(msgspec.json.encode(sizes)),
        last_change=LastChange.of(history.changes[0]) if history.changes else None,
    )


def sizes_over_time(newest_first: Sequence[PublishedSnapshot]) -> list[PublishedSnapshot]:
    """Sample at most thirty snapshots that show how a playlist grew, newest first.

    If there are more, the samples are taken at thirty moments, evenly spaced from the first
    snapshot to the newest.
    """
    if len(newest_first) <= MOST_SIZES:
        return list(newest_first)
    oldest_first = newest_first[::-1]
    times = [datetime.fromisoformat(one.time) for one in oldest_first]
    first, last = times[0], times[-1]
    steps = MOST_SIZES - 1
    in_force = {
        bisect_right(times, first + (last - first) * number / steps) - 1 for number in range(steps)
    }
    chosen = sorted(in_force | {len(times) - 1}, reverse=True)
    return [oldest_first[number] for number in chosen]
