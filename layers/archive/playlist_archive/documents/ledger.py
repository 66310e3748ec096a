"""The ledger: all snapshots of one playlist, folded into one document by `fold`.

Pages are rendered only from the ledger. So it holds every song that was ever in the playlist, the
intervals in which it was there, the playlist's present rows, and all changes. In large ledgers,
`put_away` moves old songs and changes into yearly partitions.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from playlist_archive.documents.changes import (
    ArchivedChanges,
    Change,
    Names,
    named_items,
    named_occurrences,
)
from playlist_archive.documents.names import name_playlist
from playlist_archive.documents.playlist import Header, Item
from playlist_archive.documents.status import PageStatus, Status, StatusPeriod
from playlist_archive.documents.timestamps import Time, Timestamp, earlier, to_timestamp

SCHEMA = 1

_FINGERPRINT_LENGTH = 16
_DAY = timedelta(days=1)


class Interval(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """One time span during which an occurrence was in the playlist.

    `seen` is the first run that found it; `added_at` is Spotify's date then, or an older date that
    Spotify gave later. It was removed after `last_seen`, the last good check that found it, and
    before `first_missing`, the first that did not; both are None while it is there. After the
    removal `added_by` says who added it; before that the ledger's row does.
    """

    seen: Timestamp
    added_at: Timestamp | None = None
    last_seen: Timestamp | None = None
    first_missing: Timestamp | None = None
    added_by: str = ""


class Occurrence(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The `nth` row (from 0) of `items[item]`, and its intervals, oldest first."""

    item: int
    nth: int
    intervals: tuple[Interval, ...]


class LedgerRow(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """A present row of the playlist.

    `occurrence` is None if the row's song is unknown. `hidden` says that Spotify no longer names
    the song; the occurrence is then the one that was there before.
    """

    occurrence: int | None
    added_at: Timestamp | None = None
    added_by: str = ""
    hidden: bool = False


class FoldedSnapshot(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """The ledger's record of a snapshot: its time, number of rows, and source."""

    time: Timestamp
    rows: int
    source: str = ""


class Gap(NamedTuple):
    """A gap, from the `first` run that could not read the playlist to the day before the next read.

    If the last run that missed it was on the day of that read, the gap ends with that run.
    `until` is the run that read it again.
    """

    first: datetime
    last: datetime
    until: datetime
    status: Status
    reason: str


class Sums(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Digests of the contents of the yearly documents, by year; `year_sums` computes them.

    The sums of a ledger and of its partitions add up, so moving songs to a partition changes
    nothing.
    """

    songs: dict[int, int] = {}
    texts: dict[int, int] = {}
    stays: dict[int, int] = {}


class PartitionSummary(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The ledger's summary of a yearly partition.

    `digest` is the digest of its bytes, `archive` that of its changes, and `uris` shows which songs
    may be in it.
    """

    digest: str
    items: int
    occurrences: int
    changes: int
    archive: str
    uris: str
    sums: Sums


class GoneLines(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Digests of a playlist's lines of songs removed more than a year ago, and their sum."""

    sum: int
    titles: str
    ids: str


class Ledger(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="schema",
    tag=SCHEMA,
):
    """All data for the pages of one playlist.

    `first_read` and `last` are the times of the oldest and the newest of the `snapshots`;
    `fingerprint` is a digest of the times of all of them. `header`, `rows` and the texts of `items`
    are the newest known ones. `items` and `occurrences` are numbered in the order of their first
    appearance. `first_songs` says how many songs the first snapshot had in one row, in two, and so
    on. `changes` are the newest, at most a hundred, oldest first. Older changes are archived in
    `years`, fifty at once; those of names are also in `former_names`. `put_away` summarises the
    yearly partitions; their contents are in no other field. `gone` are digests of the lines of
    songs removed more than a year ago. `page_status` does not come from snapshots: a fold does not
    change it.
    """

    playlist_id: str
    first_read: Time
    last: Time
    snapshots: tuple[FoldedSnapshot, ...] = ()
    fingerprint: str = ""
    header: Header
    items: dict[int, Item] = {}
    occurrences: dict[int, Occurrence] = {}
    first_songs: dict[int, int] = {}
    rows: tuple[LedgerRow, ...] = ()
    changes: tuple[Change, ...] = ()
    former_names: tuple[Change, ...] = ()
    years: dict[int, tuple[ArchivedChanges, ...]] = {}
    put_away: dict[int, PartitionSummary] = {}
    gone: GoneLines | None = None
    page_status: PageStatus | None = None

    @property
    def original_name(self) -> str:
        """The owner's alias, or Spotify's name, or (because that may be blank) the id."""
        alias = self.page_status.alias if self.page_status else ""
        return name_playlist(alias, self.header.name, self.playlist_id)

    @property
    def unique_name(self) -> str:
        """The name in the index, unless that was made from an outdated name."""
        if self.page_status and self.page_status.name == self.original_name:
            return self.page_status.unique_name
        return self.original_name

    @property
    def songs_ever(self) -> int:
        return len(self.items) + sum([part.items for part in self.put_away.values()])

    @property
    def occurrences_ever(self) -> int:
        return len(self.occurrences) + sum([part.occurrences for part in self.put_away.values()])

    @property
    def archived_counts(self) -> dict[int, int]:
        """The number of archived changes by year."""
        counts = {year: part.changes for year, part in self.put_away.items() if part.changes}
        for year, parts in self.years.items():
            counts[year] = counts.get(year, 0) + sum([part.count for part in parts])
        return counts

    @property
    def names(self) -> Names:
        return Names(self.header.name, self.header.description, self.header.owner)

    @property
    def followers(self) -> int | None:
        page_status = self._fresh_page_status
        return page_status.followers if page_status else self.header.followers

    @property
    def snapshot_id(self) -> str:
        page_status = self._fresh_page_status
        return (page_status.snapshot_id if page_status else "") or self.header.snapshot_id

    @property
    def gaps(self) -> list[Gap]:
        """The gaps since the first snapshot, oldest first."""
        periods = self.page_status.gaps if self.page_status else ()
        gaps = [
            Gap(one.first, _last_missed(one, one.until), one.until, one.status, one.reason)
            for one in periods
            if one.until
        ]
        # The first snapshot may have been imported into a gap.
        first = self.first_read
        return [gap._replace(first=max(gap.first, first)) for gap in gaps if gap.last > first]

    @property
    def _fresh_page_status(self) -> PageStatus | None:
        """The page status, if its numbers are at least as new as the newest snapshot."""
        if (
            self.page_status
            and self.page_status.snapshot
            and self.page_status.snapshot >= self.last
        ):
            return self.page_status
        return None


_LEDGERS = msgspec.json.Decoder(Ledger)


def encode_ledger(ledger: Ledger) -> bytes:
    return msgspec.json.encode(ledger)


def decode_ledger(document: bytes) -> Ledger:
    """Read a document of this schema version.

    Raises:
        ValueError: the document is not a ledger, or it contradicts itself. If a field is wrong, it
            is a `msgspec.ValidationError` whose message names the field.
        RecursionError: the document is nested too deeply.
    """
    ledger = _LEDGERS.decode(document)
    if not _is_consistent(ledger):
        raise ValueError("the ledger contradicts itself")
    return ledger


def _is_consistent(ledger: Ledger) -> bool:
    """Return whether everything that the ledger refers to exists."""
    items, occurrences = ledger.items.keys(), ledger.occurrences.keys()
    archived = [
        change for year in ledger.years.values() for old in year for change in old.changes()
    ]
    changes = (*archived, *ledger.changes)
    return (
        all(number in range(ledger.songs_ever) for number in items)
        and all(number in range(ledger.occurrences_ever) for number in occurrences)
        and {occurrence.item for occurrence in ledger.occurrences.values()} == items
        and all(occurrence.intervals for occurrence in ledger.occurrences.values())
        and all(row.occurrence is None or row.occurrence in occurrences for row in ledger.rows)
        and all(index in occurrences for change in changes for index in named_occurrences(change))
        and all(index in items for change in changes for index in named_items(change))
        and bool(ledger.changes or not (ledger.years or ledger.put_away))
        and bool(ledger.snapshots)
        and ledger.snapshots[0].time == to_timestamp(ledger.first_read)
        and ledger.snapshots[-1].time == to_timestamp(ledger.last)
    )


def with_page_status(ledger: Ledger, page_status: PageStatus) -> Ledger:
    """Return the ledger with the newer of its own and the given page status."""
    if ledger.page_status and ledger.page_status.revision >= page_status.revision:
        return ledger
    return replace(ledger, page_status=page_status)


def fingerprint_of(times: Iterable[datetime], before: str = "") -> str:
    """Return the fingerprint `before`, updated with snapshots of these times.

    Two ledgers have the same fingerprint when they hold snapshots of the same times.
    """
    fingerprint = before
    for time in times:
        link = f"{fingerprint} {to_timestamp(time)}".encode()
        fingerprint = sha256(link).hexdigest()[:_FINGERPRINT_LENGTH]
    return fingerprint


def item_line(item: Item) -> str:
    """Return an item's line on the plain page: its title, artists and album."""
    return (
        f"{item.name} -- {', '.join(artist.name for artist in item.artists)} -- {item.album.name}"
    )


def _last_missed(stretch: StatusPeriod, until: datetime) -> datetime:
    """Return the end of a gap: its last run, or the day before `until`.

    A missing playlist is requested once a week, so the days after the last run belong to the gap.
    """
    return max(stretch.last or stretch.first, earlier(until, _DAY))
