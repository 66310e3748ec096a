"""Tells the owner what has begun to concern them and what is over, each once, and sends digests.

What was told stands in the catalog and is written after it was sent: who dies between the two tells
it again. Before, an indexer notes there that it is telling, so that of two at once only one does.
A mail that cannot be sent stops nothing; the next batch tries again.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from playlist_archive.catalog_store import CatalogStore, StoredCatalog
from playlist_archive.documents.catalog import Catalog, Told
from playlist_archive.documents.concerns import Facts, news
from playlist_archive.documents.digests import DigestEvery, Span, changes_within, span_due
from playlist_archive.documents.recent_changes import RecentChanges
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.errors import ConflictError, StorageError
from playlist_archive.ports.bucket import ATTEMPTS
from playlist_archive.ports.topics import Topic
from playlist_archive.views.digest import digest
from playlist_archive.views.notice import Mail, notice

logger = logging.getLogger(__name__)

# An indexer that has not stored by then what it sent has died.
_LONGEST_TELLING = timedelta(minutes=3)


class Published(NamedTuple):
    """What the pages about all playlists were made from, whose own pages are behind, the changes."""

    newest: StoredCatalog
    state: SpotifyState
    damaged: frozenset[str]
    behind: frozenset[str]
    changes: RecentChanges


class Notifier:
    def __init__(self, store: CatalogStore, topic: Topic, digest_every: DigestEvery) -> None:
        self._store = store
        self._topic = topic
        self._digest_every = digest_every

    def tell(self, published: Published, now: datetime) -> None:
        """Send what is news and the digest that is due, then store that they were sent."""
        newest = published.newest
        for _ in range(ATTEMPTS):
            catalog = newest.catalog
            facts = Facts(catalog, published.state, published.damaged, published.behind, now)
            found = news(facts)
            pages_follow = bool(published.behind)
            span = span_due(catalog, self._digest_every, now, pages_follow=pages_follow)
            if found.told == catalog.told and span is None:
                return
            if catalog.telling and timedelta(0) <= now - catalog.telling < _LONGEST_TELLING:
                return
            mails = [notice(found, catalog)] if found else []
            mails += self._digest(span, published.changes, catalog) if span else []
            digested = span.until if span else catalog.digested
            try:
                claimed = self._store.put(replace(catalog, telling=now), newest.etag)
            except ConflictError:
                newest = self._store.read()
                continue
            if not self._send(mails):
                self._remember(claimed, catalog.told, catalog.digested)
                return
            if self._remember(claimed, found.told, digested):
                return
            # Another indexer has merged meanwhile, and left it to this one to tell what is new.
            newest = self._store.read()

    def _send(self, mails: Iterable[Mail]) -> bool:
        """Return whether all mails were sent."""
        try:
            for mail in mails:
                self._topic.publish(mail.subject, mail.text)
                logger.info("the owner was told: %s", mail.subject)
        except StorageError:
            logger.exception("the owner could not be told")
            return False
        return True

    def _digest(self, span: Span, document: RecentChanges, catalog: Catalog) -> list[Mail]:
        """Return the mail about a span, none at the beginning, nor of a day without changes."""
        changes = changes_within(span, document)
        if span.after is None or (self._digest_every == "daily" and not changes):
            return []
        return [digest(span, changes, document.playlists, catalog)]

    def _remember(
        self, newest: StoredCatalog, told: dict[str, Told], digested: datetime | None
    ) -> bool:
        """Store what was sent; return whether the catalog was still the one given."""
        for attempt in range(ATTEMPTS):
            sent = replace(newest.catalog, told=told, digested=digested, telling=None)
            try:
                self._store.put(sent, newest.etag)
            except ConflictError:
                newest = self._store.read()
            else:
                return attempt == 0
        return False
