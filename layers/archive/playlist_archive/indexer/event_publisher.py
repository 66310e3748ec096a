"""Publishes each change as an event on EventBridge."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from playlist_archive.documents.catalog import EventsSent
from playlist_archive.documents.change_events import (
    ChangeEvent,
    after_publishing,
    begin_events,
    changes_due,
    encode_event,
)
from playlist_archive.documents.recent_changes import RecentChange, RecentChanges
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive.indexer.notifier import Published, Sending
from playlist_archive.ports.event_bus import LARGEST_DETAIL, EventBus

logger = logging.getLogger(__name__)

# The most events that one batch sends; the others wait for the next batch.
MOST_EVENTS = 1000


class EventPublisher:
    """Publishes due events, or without a `bus` clears the record of published changes."""

    def __init__(self, bus: EventBus | None) -> None:
        self._bus = bus

    def due(self, published: Published, now: datetime) -> Sending | None:
        catalog, followed = published.newest.catalog, published.followed
        if self._bus is None:
            return (lambda: {"events": None}) if catalog.events else None
        begun = begin_events(catalog, followed.newest_before, now)
        if begun is None:
            return None
        due, shown = changes_due(begun, followed.changes), followed.shown()
        if not due and after_publishing(begun, due, set(), shown) == catalog.events:
            return None
        return partial(self._publish, self._bus, begun, due, followed.changes, shown)

    def _publish(
        self,
        bus: EventBus,
        begun: EventsSent,
        due: Sequence[RecentChange],
        document: RecentChanges,
        shown: Mapping[str, Timestamp],
    ) -> Mapping[str, Any]:
        playlists = {playlist.id: playlist for playlist in document.playlists}
        events = [ChangeEvent.of(change, playlists[change.playlist]) for change in due]
        taken = bus.publish(
            {event.id: encode_event(event, LARGEST_DETAIL) for event in events[:MOST_EVENTS]}
        )
        if due:
            logger.info("%s of %s events were published", len(taken), len(due))
        return {"events": after_publishing(begun, due, taken, shown)}
