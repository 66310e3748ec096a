"""Updates the documents about all playlists that are made from their histories.

These are the index for programs, the recent changes, and the page and the feed made from these.
They are their own state: a batch of messages names the playlists with a new history, and the parts
about these playlists are replaced as a whole.

Two indexers may do that concurrently, and either may be killed after any write. Both documents are
read before any history, and written with If-Match. The changes are written first, because the index
records which histories are done. The page and the feed are compared with the stored ones. An
indexer that wrote one of them checks at the end whether the changes have been replaced.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor
from random import sample
from typing import NamedTuple

import msgspec

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.content_types import ATOM, JSON, TEXT
from playlist_archive.documents.history import History, HistoryOfYear, PublishedPlaylist
from playlist_archive.documents.index import decode_summaries, summarize
from playlist_archive.documents.keys import (
    ALL_FEED,
    CHANGES_JSON,
    CHANGES_PAGE,
    INDEX_JSON,
    view_key,
)
from playlist_archive.documents.recent_changes import (
    HistoryExtract,
    Known,
    RecentChanges,
    decode_recent_changes,
    encode_recent_changes,
    recent_changes_of,
    years_within,
)
from playlist_archive.documents.runs import FURTHEST_AHEAD
from playlist_archive.documents.timestamps import Timestamp, to_timestamp
from playlist_archive.errors import UNREADABLE, ConflictError
from playlist_archive.ports.bucket import Bucket, Stored, copy_damaged, is_stored
from playlist_archive.ports.clock import Clock
from playlist_archive.ports.concurrency import Calls
from playlist_archive.ports.read_ahead import read_ahead
from playlist_archive.views import Page
from playlist_archive.views.changes import all_feed, changes_page
from playlist_archive.views.index import index_json

logger = logging.getLogger(__name__)

# The most histories that one batch reads besides those that its messages name.
MOST_READ = 1000


class Followed(NamedTuple):
    """The recent changes as now published.

    Attributes:
        differed: whether a document was written.
        behind: the playlists whose pages are missing, or show an older snapshot than the newest.
        newest_before: the time of the newest change published before.
        known: the contents of the histories that were read.
        latest: the newest snapshot of each playlist.
    """

    differed: bool
    behind: frozenset[str]
    changes: RecentChanges
    newest_before: Timestamp | None
    known: Known
    latest: Mapping[str, Timestamp]

    def shown(self) -> dict[str, Timestamp]:
        """Return the newest snapshots of the playlists whose recent changes are all in `changes`."""
        return self.known.shown(self.latest)

    def rendered(self) -> dict[str, Timestamp]:
        """Return the newest snapshot on the pages of each playlist, as far as known."""
        return {id_: one.last_snapshot for id_, one in self.known.summaries.items()}


class SharedDocuments:
    def __init__(self, bucket: Bucket, clock: Clock, pool: Executor) -> None:
        self._bucket = bucket
        self._clock = clock
        self._pool = pool

    def follow(self, catalog: Catalog, written: AbstractSet[str]) -> Followed:
        """Update the documents.

        It reads the histories of the playlists `written`, and of playlists whose newest snapshot is
        missing from the documents.

        Raises:
            ConflictError: another indexer wrote meanwhile.
        """
        latest = {
            playlist_id: to_timestamp(entry.latest.time)
            for playlist_id, entry in catalog.entries.items()
            if entry.latest
        }
        index, summaries = self._load(INDEX_JSON, decode_summaries)
        stored, changes = self._load(CHANGES_JSON, decode_recent_changes)
        known = Known.of(summaries or {}, changes, self._ahead()).only(latest.keys())
        known = self._learn(known, latest, written)
        document = known.document(_called(catalog))
        etag = self._write(CHANGES_JSON, Page(encode_recent_changes(document), JSON), stored)
        new_index = Page(index_json(catalog, known.summaries), JSON)
        differed = self._write(INDEX_JSON, new_index, index) is not None or etag is not None
        for key, page in (
            (CHANGES_PAGE, Page(changes_page(document).encode(), TEXT)),
            (ALL_FEED, Page(all_feed(document), ATOM)),
        ):
            differed |= self._write(key, page, self._bucket.get(key)) is not None
        if differed and not is_stored(self._bucket, CHANGES_JSON, etag or (stored and stored.etag)):
            raise ConflictError(f"{CHANGES_JSON} was written by another")
        return Followed(
            differed,
            frozenset(known.behind(latest)),
            document,
            changes.until if changes else None,
            known,
            latest,
        )

    def _ahead(self) -> Timestamp:
        """Return the time after which snapshots are from a forced run or a wrong clock."""
        return to_timestamp(self._clock.now() + FURTHEST_AHEAD)

    def _load[T](self, key: str, decode: Callable[[bytes], T]) -> tuple[Stored | None, T | None]:
        """Return a stored document and its decoded contents, None if it is missing or damaged.

        A damaged document is copied to `damaged/`.
        """
        stored = self._bucket.get(key)
        if stored is None:
            return None, None
        try:
            return stored, decode(stored.body)
        except UNREADABLE:
            copy_damaged(self._bucket, key, stored.body, self._clock.now())
            return stored, None

    def _learn(
        self, known: Known, latest: Mapping[str, Timestamp], written: AbstractSet[str]
    ) -> Known:
        """Read the histories that are needed, and return the updated contents.

        One history may make another one needed. Beyond `MOST_READ`, a playlist waits for the next
        batch, which still finds that its history is needed.
        """
        read: set[str] = set()
        wanted = sorted(written & latest.keys())
        room = MOST_READ
        while True:
            known = known.with_told(self._read(wanted, known.ahead))
            read.update(wanted)
            cut_short = set(known.cut_short()) - read
            needed = sorted(cut_short.union(known.outdated(latest)) - read)
            # A random sample, so that playlists without a history do not always displace the
            # others.
            wanted = sample(needed, room) if len(needed) > room else needed
            if not wanted:
                return known.without_recent(cut_short)
            room -= len(wanted)

    def _read(
        self, playlists: Collection[str], ahead: Timestamp
    ) -> dict[str, HistoryExtract | None]:
        """Return the contents of each history, None if there is none.

        An unreadable history is skipped: what was published from it stays.
        """
        keys = {view_key("history", playlist_id, ".json"): playlist_id for playlist_id in playlists}
        told: dict[str, HistoryExtract | None] = {}
        with Calls(self._pool) as calls:
            for key, stored in read_ahead(lambda key: calls.begin(self._bucket.get, key), keys):
                playlist_id = keys[key]
                if stored is None:
                    told[playlist_id] = None
                    continue
                try:
                    told[playlist_id] = self._told(playlist_id, stored.body, ahead)
                except UNREADABLE as error:
                    logger.warning("%s cannot be read: %s", key, error)
        return told

    def _told(self, playlist_id: str, body: bytes, ahead: Timestamp) -> HistoryExtract:
        """Return the contents of a history.

        Raises:
            UNREADABLE (`errors`): the history or its older changes cannot be read.
        """
        history = msgspec.json.decode(body, type=History)
        if history.playlist.id != playlist_id:
            raise ValueError(f"it is that of {history.playlist.id}")
        years = list(self._years(history, ahead))
        return HistoryExtract(summarize(history), recent_changes_of(history, years, ahead))

    def _years(self, history: History, ahead: Timestamp) -> Iterator[HistoryOfYear]:
        changes_of = {older.year: older.changes for older in history.older}
        for year in years_within(history, ahead):
            stored = self._bucket.get(view_key("history", history.playlist.id, f"-{year}.json"))
            if stored is None:
                raise ValueError(f"its changes of {year} are missing")
            document = msgspec.json.decode(stored.body, type=HistoryOfYear)
            if len(document.changes) != changes_of[year]:
                raise ValueError(f"its changes of {year} are of another time")
            yield document

    def _write(self, key: str, page: Page, stored: Stored | None) -> str | None:
        """Write a document and return its ETag, None if the same bytes are stored already."""
        if stored and stored.body == page.body:
            return None
        replacing = stored.etag if stored else None
        return self._bucket.put(key, page.body, page.content_type, replacing=replacing)


def _called(catalog: Catalog) -> dict[str, PublishedPlaylist]:
    """Return each playlist's name in the index, and its Spotify URL."""
    return {
        playlist_id: PublishedPlaylist(
            playlist_id,
            entry.unique_name or playlist_id,
            entry.header.url if entry.header else "",
        )
        for playlist_id, entry in catalog.entries.items()
    }
