"""Tells the owner and other programs what is new, each thing once.

What was sent stands in the catalog and is written after it was sent: who dies between the two sends
it again. Before, an indexer notes there that it is telling, so that of two at once only one does.
What cannot be sent stops nothing, whatever the reason: neither the batch nor the other channels. The
next batch tries again.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from msgspec.structs import replace

from playlist_archive.catalog_store import CatalogStore, StoredCatalog
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.errors import ConflictError
from playlist_archive.ports.bucket import ATTEMPTS
from playlist_archive.shared_documents import Followed

logger = logging.getLogger(__name__)

# An indexer that has not stored by then what it sent has died.
_LONGEST_TELLING = timedelta(minutes=3)

type Sending = Callable[[], Mapping[str, Any]]
"""Sends what is due and returns the fields of the catalog that say so; none if it failed."""


class Published(NamedTuple):
    """What the pages about all playlists were made from, and what came of it."""

    newest: StoredCatalog
    state: SpotifyState
    damaged: frozenset[str]
    followed: Followed


class Channel(Protocol):
    def due(self, published: Published, now: datetime) -> Sending | None:
        """Return how to send what is due, None where nothing is and the catalog says so."""
        ...


class Notifier:
    def __init__(self, store: CatalogStore, channels: Sequence[Channel]) -> None:
        self._store = store
        self._channels = channels

    def tell(self, published: Published, now: datetime) -> bool:
        """Send what is due, then store that it was sent; return whether that was all.

        It was not if another indexer has merged meanwhile, and left it to this one to tell the rest.
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
        """Store what was sent; return whether the catalog was still the one given."""
        for attempt in range(ATTEMPTS):
            try:
                self._store.put(replace(newest.catalog, **sent, telling=None), newest.etag)
            except ConflictError:
                newest = self._store.read()
            else:
                return attempt == 0
        return False


# A mistake of ours in one channel must not keep what the others have sent from being stored.


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
