"""Sends notices, digests and events, each at least once and seldom twice.

The catalog records what was sent, after sending. An indexer that crashes in between causes a
repetition. Before sending, an indexer marks in the catalog that it is sending, so that of two
concurrent indexers only one sends. A failure in one channel stops neither the batch nor the other
channels; the next batch tries that channel again.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.errors import ConflictError
from playlist_archive.indexer.catalog_store import CatalogStore, StoredCatalog
from playlist_archive.indexer.shared_documents import Followed
from playlist_archive.ports.bucket import ATTEMPTS

logger = logging.getLogger(__name__)

# An indexer that has not recorded its sending by then has crashed.
_LONGEST_TELLING = timedelta(minutes=3)

type Sending = Callable[[], Mapping[str, Any]]
"""Sends what is due and returns the fields of the catalog that say so; none if it failed."""


class Published(NamedTuple):
    """The data that the overview pages were made from, and the result."""

    newest: StoredCatalog
    state: SpotifyState
    damaged: frozenset[str]
    followed: Followed


class Channel(Protocol):
    def due(self, published: Published, now: datetime) -> Sending | None:
        """Return a function that sends what is due, None if there is nothing to send or record."""
        ...


class Notifier:
    def __init__(self, store: CatalogStore, channels: Sequence[Channel]) -> None:
        self._store = store
        self._channels = channels

    def tell(self, published: Published, now: datetime) -> bool:
        """Send what is due, then record it; return whether everything is sent.

        It is False if another indexer has merged meanwhile and left its sending to this one.
        """
        found = [_find_due(channel, published, now) for channel in self._channels]
        sendings = [sending for sending in found if sending]
        catalog, etag = published.newest
        if not sendings:
            return True
        if catalog.telling and timedelta(0) <= now - catalog.telling < _LONGEST_TELLING:
            return True
        try:
            claimed = self._store.put(replace(catalog, telling=now), etag)
        except ConflictError:
            return False
        sent: dict[str, Any] = {}
        for send in sendings:
            sent |= _send(send)
        return self._remember(claimed, sent) or not sent

    def _remember(self, newest: StoredCatalog, sent: Mapping[str, Any]) -> bool:
        """Record what was sent; return whether the catalog was unchanged."""
        for attempt in range(ATTEMPTS):
            try:
                self._store.put(replace(newest.catalog, **sent, telling=None), newest.etag)
            except ConflictError:
                newest = self._store.read()
            else:
                return attempt == 0
        return False


# A bug in one channel must not prevent recording what the others have sent.


def _find_due(channel: Channel, published: Published, now: datetime) -> Sending | None:
    try:
        return channel.due(published, now)
    except Exception:
        logger.exception("%s cannot say what is due", type(channel).__name__)
        return None


def _send(send: Sending) -> Mapping[str, Any]:
    try:
        return send()
    except Exception:
        logger.exception("something was not sent")
        return {}
