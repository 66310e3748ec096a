"""Tells the owner what has begun to concern them and what is over, each once.

What was told stands in the catalog and is written after it was sent: who dies between the two tells
it again. A mail that cannot be sent stops nothing; the next batch tries again.
"""

import logging
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from playlist_archive.catalog_store import CatalogStore, StoredCatalog
from playlist_archive.documents.concerns import Facts, news
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.errors import ConflictError, StorageError
from playlist_archive.ports.bucket import ATTEMPTS
from playlist_archive.ports.topics import Topic
from playlist_archive.views.notice import notice

logger = logging.getLogger(__name__)


class Published(NamedTuple):
    """What the pages about all playlists were made from, and whose own pages are behind."""

    newest: StoredCatalog
    state: SpotifyState
    damaged: frozenset[str]
    behind: frozenset[str]


class Notifier:
    def __init__(self, store: CatalogStore, topic: Topic) -> None:
        self._store = store
        self._topic = topic

    def tell(self, published: Published, now: datetime) -> None:
        """Send what is news, then store that it was told."""
        newest = published.newest
        for _ in range(ATTEMPTS):
            facts = Facts(newest.catalog, published.state, published.damaged, published.behind, now)
            found = news(facts)
            if found.told == newest.catalog.told:
                return
            if self._store.is_stored(newest.etag):
                break
            newest = self._store.read()
        else:
            return
        if found:
            mail = notice(found, newest.catalog)
            try:
                self._topic.publish(mail.subject, mail.text)
            except StorageError:
                logger.exception("the owner could not be told")
                return
            logger.info("the owner was told: %s", mail.subject)
        for _ in range(ATTEMPTS):
            try:
                self._store.put(replace(newest.catalog, told=found.told), newest.etag)
            except ConflictError:
                newest = self._store.read()
            else:
                return
