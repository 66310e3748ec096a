"""Merges outcomes into the catalog and writes the pages about all playlists.

Two indexers may run concurrently, and either may be killed after any write. The catalog is written
first, with If-Match. Messages to the renderer and all pages are made from the written catalog. An
indexer that wrote a page checks at the end whether the catalog has changed since, and if so
publishes the newest one. After that it sends notices and events. The site's shell comes last.
"""

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor
from datetime import datetime
from random import uniform
from typing import NamedTuple

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.digests import DigestEvery
from playlist_archive.documents.keys import DAMAGED, STATUS_JSON
from playlist_archive.documents.merge import merge, with_all_sent
from playlist_archive.documents.messages import (
    Outcome,
    OutcomeMessage,
    PagesWritten,
    RenderRequest,
    RunReport,
    encode_message,
)
from playlist_archive.documents.runs import FURTHEST_AHEAD
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.errors import ConflictError
from playlist_archive.indexer.catalog_store import CatalogStore, StoredCatalog
from playlist_archive.indexer.event_publisher import EventPublisher
from playlist_archive.indexer.follower_numbers import write_follower_numbers
from playlist_archive.indexer.mailer import Digests, Notices
from playlist_archive.indexer.notifier import Notifier, Published
from playlist_archive.indexer.shared_documents import SharedDocuments
from playlist_archive.ports.bucket import ATTEMPTS, NO_METADATA, Bucket, Stored
from playlist_archive.ports.clock import Clock
from playlist_archive.ports.event_bus import EventBus
from playlist_archive.ports.queues import Queue
from playlist_archive.ports.topics import Topic
from playlist_archive.shell.publisher import SitePublisher
from playlist_archive.spotify.state import load_state
from playlist_archive.views.overview import render_overview

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 2.0
# The function has two minutes, and a last attempt may need one of them.
_PATIENCE_SECONDS = 60.0
# The metadata key of the status document with the revision of its catalog.
_REVISION = "catalog-revision"


class Indexed(NamedTuple):
    """Figures of the archive after a batch of messages.

    Attributes:
        checked: the good checks in the batch.
        failing: the playlists whose status is not ok.
        overdue: the playlists that the last run should have read and did not.
    """

    revision: int
    checked: int
    failing: int
    overdue: int
    hours_parked: float
    requests_within_a_day: int


class Indexer:
    def __init__(
        self,
        *,
        bucket: Bucket,
        render_queue: Queue,
        clock: Clock,
        pool: Executor,
        topic: Topic | None = None,
        digest_every: DigestEvery = "none",
        event_bus: EventBus | None = None,
        site: SitePublisher | None = None,
    ) -> None:
        """Histories are read in the `pool`; without a `topic` no mails are sent."""
        self._bucket = bucket
        self._store = CatalogStore(bucket, clock)
        self._notifier = Notifier(
            self._store,
            [Notices(topic), Digests(topic, digest_every), EventPublisher(event_bus)],
        )
        self._site = site
        self._shared = SharedDocuments(bucket, clock, pool)
        self._render_queue = render_queue
        self._clock = clock

    def index(self, messages: Sequence[OutcomeMessage]) -> Indexed:
        """Merge the messages and update the pages about all playlists.

        After a deployment this is called without messages, and always compares the site's shell.

        Raises:
            ConflictError: other indexers wrote first in all tries.
        """
        until = self._clock.monotonic() + _PATIENCE_SECONDS
        found: list[Catalog] = []
        merged = self._retry(lambda: self._merge(messages, found), until)
        before, catalog = found[0], merged.catalog
        self._retry(
            lambda: write_follower_numbers(
                self._bucket, before, catalog, messages, self._clock.now()
            ),
            until,
        )
        written = {one.playlist_id for one in messages if isinstance(one, PagesWritten)}
        pending = [merged]
        published = self._retry(
            lambda: self._publish(
                pending.pop() if pending else self._store.read(), merged, written
            ),
            until,
        )
        for _ in range(ATTEMPTS):
            if self._notifier.tell(published, self._clock.now()):
                break
            published = self._retry(
                lambda: self._publish(self._store.read(), merged, frozenset()), until
            )
        if site := self._site:
            self._retry(lambda: site.publish(anew=not messages), until)
        checked = count_checks(messages, before, catalog)
        return _summarize(catalog, checked, published.state, self._clock.now())

    def _retry[T](self, work: Callable[[], T], until: float) -> T:
        """Repeat the work until no other indexer interferes, or until the monotonic time `until`.

        If messages arrive continuously, the other indexer may publish many small batches in the
        time that this one needs for a large batch.

        Raises:
            ConflictError: another indexer interfered in all tries.
        """
        pause = 0.0
        while True:
            # Random, because two indexers that retry at the same time would interfere again.
            self._clock.sleep(uniform(0, pause))  # noqa: S311 - no secret
            try:
                return work()
            except ConflictError as error:
                logger.info("another indexer was quicker: %s", error)
                if self._clock.monotonic() >= until:
                    raise ConflictError("other indexers wrote all the time") from error
            pause = min(pause + _PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS)

    def _merge(
        self,
        messages: Iterable[OutcomeMessage],
        found: list[Catalog],
    ) -> StoredCatalog:
        """Merge, write and announce the catalog; `found` receives the catalog before the merge.

        Raises:
            ConflictError: another indexer wrote the catalog meanwhile.
        """
        # Read before the catalog. So the catalog is older than it only if it was rolled back.
        status = self._bucket.get(STATUS_JSON)
        state = load_state(self._bucket)
        now = self._clock.now()
        stored, etag = self._store.read()
        known = stored.without_later(now + FURTHEST_AHEAD)
        found.append(known)
        # Higher than every earlier revision, including those of a lost catalog.
        revision = int(now.timestamp() * 1000)
        merged = merge(
            known,
            messages,
            revision=revision,
            announce_all=etag is not None and is_rolled_back(known, status),
        )
        merged = merge(merged, defer_unread(merged, state, now), revision=revision)
        if etag is not None and merged is stored:
            return self._announce(StoredCatalog(merged, etag))
        return self._announce(self._store.put(merged, etag))

    def _announce(self, merged: StoredCatalog) -> StoredCatalog:
        """Send the page statuses that were not sent yet, then store that they were sent.

        Only statuses of the written catalog are sent. Those that a crash left unsent are sent with
        the next batch.
        """
        catalog = merged.catalog
        unsent = list(catalog.unsent())
        if not unsent:
            return merged
        self._render_queue.send(
            encode_message(
                RenderRequest(
                    playlist_id=playlist_id,
                    run=catalog.entries[playlist_id].run,
                    page_status=page_status,
                )
            )
            for playlist_id, page_status in unsent
        )
        return self._store.put(with_all_sent(catalog), merged.etag)

    def _publish(
        self, newest: StoredCatalog, merged: StoredCatalog, written: AbstractSet[str]
    ) -> Published:
        """Write the pages that differ, and return the data that they were made from.

        Everything is made from the `newest` catalog, which includes the `merged` one, and from the
        histories of the playlists whose pages were `written`.

        Raises:
            ConflictError: another indexer wrote meanwhile, so these pages may be stale.
        """
        catalog, etag = newest
        if catalog.revision < merged.catalog.revision:
            raise ConflictError("the catalog that was merged is gone")
        followed = self._shared.follow(catalog, written)
        differed = followed.differed
        state = load_state(self._bucket)
        damaged = [listed.key for listed in self._bucket.list_objects(DAMAGED)]
        for key, page in render_overview(catalog, state, damaged).items():
            stored = self._bucket.get(key)
            metadata = {_REVISION: str(catalog.revision)} if key == STATUS_JSON else NO_METADATA
            if stored is None or (stored.body, stored.metadata) != (page.body, metadata):
                self._bucket.put(
                    key,
                    page.body,
                    page.content_type,
                    replacing=stored.etag if stored else None,
                    metadata=metadata,
                )
                differed = True
        if differed and not self._store.is_stored(etag):
            raise ConflictError("there is a newer catalog")
        return Published(newest, state, frozenset(damaged), followed)


def is_rolled_back(catalog: Catalog, status: Stored | None) -> bool:
    """Whether the catalog is older than the one that the status document was made from.

    A status document that is missing or has no revision counts as newer.
    """
    return status is None or not 0 <= _revision_of(status) <= catalog.revision


def _revision_of(status: Stored) -> int:
    """Return the revision of the catalog that a status document was made from, -1 if unknown."""
    revision = status.metadata.get(_REVISION, "")
    return int(revision) if re.fullmatch("[0-9]{1,18}", revision) else -1


def _summarize(catalog: Catalog, checked: int, state: SpotifyState, now: datetime) -> Indexed:
    return Indexed(
        revision=catalog.revision,
        checked=checked,
        failing=sum(entry.status != "ok" for _, entry in catalog.active()),
        overdue=len(catalog.overdue()),
        hours_parked=state.hours_parked(now),
        requests_within_a_day=state.requests_within_a_day(now),
    )


def count_checks(messages: Iterable[OutcomeMessage], before: Catalog, after: Catalog) -> int:
    """Count the good checks of a batch, changed or not.

    Playlists that the listing of the library proved unchanged count only when every other playlist
    of the run has an outcome. Otherwise they would hide that reading has stopped.
    """
    read = swept = 0
    reported = False
    for message in messages:
        match message:
            case Outcome(status="ok", header=header):
                read += header is not None
            case RunReport():
                reported = True
    if after.report and not after.overdue() and (reported or before.overdue()):
        swept = after.report.unchanged
    return read + swept


def defer_unread(catalog: Catalog, state: SpotifyState, now: datetime) -> list[Outcome]:
    """Return a `deferred` outcome for each playlist that waits during a pause.

    During a pause the fetcher does not handle the messages in FetchQueue. Another outcome of the same
    run may still be on its way, and outweighs this one.
    """
    run = state.latest_run
    if run is None or state.parked_at is None or not state.parked(now):
        return []
    if run > now + FURTHEST_AHEAD:  # from a simulation or a wrong clock
        return []
    return [
        Outcome(
            playlist_id=playlist_id,
            run=run,
            at=run,
            status="deferred",
            reason=state.reason,
        )
        for playlist_id, entry in catalog.active()
        # Playlists with these two statuses are not requested in every run.
        if entry.run < run and entry.status not in {"forbidden", "not_found"}
    ]
