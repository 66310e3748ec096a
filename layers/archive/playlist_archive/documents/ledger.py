"""The ledger: what all snapshots of one playlist come to, as a document. `fold` makes it.

A page is rendered from the ledger alone, so it holds every song that ever was in the playlist, the
intervals in which it was there, the playlist as it is now, and what changed when. Where that is
very much, `put_away` takes what is long past out of it, into parts by year.
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
    """One uninterrupted stay of an occurrence.

    `seen` is the first run that saw it, `added_at` the date that Spotify gave for it then, or an
    older one that Spotify gave later. It was removed after `last_seen`, the last good check that
    saw it, and before `first_missing`, the first that did not; both are None while it is there.
    Until then the ledger's row says who added it, and afterwards `added_by` does.
    """

    seen: Timestamp
    added_at: Timestamp | None = None
    last_seen: Timestamp | None = None
    first_missing: Timestamp | None = None
    added_by: str = ""


class Occurrence(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The `nth` row (from 0) of `items[item]`, and when it was there, oldest first."""

    item: int
    nth: int
    intervals: tuple[Interval, ...]


class LedgerRow(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """A row of the playlist as it is now.

    `occurrence` is None where nobody knows what stands there. With `hidden` Spotify no longer says
    what stands there, and the occurrence is what stood there before.
    """

    occurrence: int | None
    added_at: Timestamp | None = None
    added_by: str = ""
    hidden: bool = False


class FoldedSnapshot(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """What is kept of a snapshot: its time, how many rows it has, and its source."""

    time: Timestamp
    rows: int
    source: str = ""


class Gap(NamedTuple):
    """From the `first` run that could not read the playlist to a day before it was read again.

    Where the run that missed it last was later than that, on the very day of the read, it is the end.
    """

    first: datetime
    last: datetime
    status: Status
    reason: str


class Sums(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Digests of what the documents of a year tell, by year; `year_sums` makes them.

    Those of a ledger and of its parts add up, so that putting away changes nothing.
    """

    songs: dict[int, int] = {}
    texts: dict[int, int] = {}
    stays: dict[int, int] = {}


class PutAway(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is known of a part without reading it.

    `digest` is that of its bytes, `archive` that of its changes, and `uris` tells which songs may
    be in it.
    """

    digest: str
    items: int
    occurrences: int
    changes: int
    archive: str
    uris: str
    sums: Sums


class GoneLines(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Digests of a playlist's lines of the songs that went long ago, and the sum of those songs."""

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
    """Everything that the pages of one playlist tell.

    `first_read` and `last` are the times of the oldest and the newest of the `snapshots`, and
    `fingerprint` is that of the times of all of them; `header`, `rows` and the texts of `items` are
    as new as is known. `items` and `occurrences` have numbers, in the order in which they first came.
    `first_songs` says how many songs the first snapshot had in so many rows. `changes` are the
    newest, oldest first, at most a hundred; those before them were archived in `years`, fifty at
    once, and `former_names` are those of them that changed a name. What is long past stands in
    parts of its own, of which `put_away` tells, and in no other field; `gone` are the lines of the
    songs among it. `page_status` does not come from snapshots: a fold leaves it as it is.
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
    put_away: dict[int, PutAway] = {}
    gone: GoneLines | None = None
    page_status: PageStatus | None = None

    @property
    def original_name(self) -> str:
        """The owner's alias, else Spotify's name, else (Spotify allows blank ones) the id."""
        alias = self.page_status.alias if self.page_status else ""
        return name_playlist(alias, self.header.name, self.playlist_id)

    @property
    def unique_name(self) -> str:
        """The name in the index, unless it was made from a name that is no longer the newest."""
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
        """How many changes of each year were archived, where there are any."""
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
        """The times since the first snapshot in which it was not read, oldest first."""
        periods = self.page_status.gaps if self.page_status else ()
        gaps = [
            Gap(one.first, _last_missed(one, one.until), one.status, one.reason)
            for one in periods
            if one.until
        ]
        # The first snapshot may have been imported into the middle of one.
        first = self.first_read
        return [gap._replace(first=max(gap.first, first)) for gap in gaps if gap.last > first]

    @property
    def _fresh_page_status(self) -> PageStatus | None:
        """The page status if its numbers are at least as new as the newest snapshot."""
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
        ValueError: the document is not a ledger, or it contradicts itself. Where a field is wrong
            it is a `msgspec.ValidationError` whose message names the field.
        RecursionError: the document is nested too deeply.
    """
    ledger = _LEDGERS.decode(document)
    if not _is_consistent(ledger):
        raise ValueError("the ledger contradicts itself")
    return ledger


def _is_consistent(ledger: Ledger) -> bool:
    """Say whether everything that the ledger points to is there."""
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
    """Return what becomes of the fingerprint `before` when snapshots of these times are added.

    Two ledgers have the same fingerprint when they hold snapshots of the same times.
    """
    fingerprint = before
    for time in times:
        link = f"{fingerprint} {to_timestamp(time)}".encode()
        fingerprint = sha256(link).hexdigest()[:_FINGERPRINT_LENGTH]
    return fingerprint


def item_line(item: Item) -> str:
    """Return what the plain page says about an item: its title, artists and album."""
    return (
        f"{item.name} -- {', '.join(artist.name for artist in item.artists)} -- {item.album.name}"
    )


def _last_missed(stretch: StatusPeriod, until: datetime) -> datetime:
    """Return until when a stretch missed the playlist: its last run, or a day before `until`.

    What is gone is asked for once a week, so the days after the last run are missed as well.
    """
    return max(stretch.last or stretch.first, earlier(until, _DAY))
