"""Mails notices (concerns that began or ended) and digests to the owner.

Notices and digests are two channels, so that a failure of one does not repeat the other. Without an
address each clears its record, so that old news are not mailed later.
"""

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from playlist_archive.documents.alerts import Facts, News, news
from playlist_archive.documents.digests import (
    DigestEvery,
    Span,
    changes_within,
    find_late,
    span_due,
)
from playlist_archive.errors import StorageError
from playlist_archive.indexer.notifier import Published, Sending
from playlist_archive.ports.topics import Topic
from playlist_archive.views.digest import digest
from playlist_archive.views.notice import Mail, notice

logger = logging.getLogger(__name__)


class Notices:
    def __init__(self, topic: Topic | None) -> None:
        self._topic = topic

    def due(self, published: Published, now: datetime) -> Sending | None:
        catalog = published.newest.catalog
        if self._topic is None:
            return (lambda: {"told": {}}) if catalog.told else None
        behind = published.followed.behind
        found = news(Facts(catalog, published.state, published.damaged, behind, now))
        if found.told == catalog.told:
            return None
        return partial(self._send, self._topic, found, published)

    def _send(self, topic: Topic, found: News, published: Published) -> Mapping[str, Any]:
        mail = notice(found, published.newest.catalog) if found else None
        return {"told": found.told} if mail is None or _mail(topic, mail) else {}


class Digests:
    def __init__(self, topic: Topic | None, every: DigestEvery) -> None:
        self._topic = topic
        self._every = every

    def due(self, published: Published, now: datetime) -> Sending | None:
        catalog = published.newest.catalog
        if self._topic is None or self._every == "none":
            return (lambda: {"digested": None, "undigested": {}}) if catalog.digested else None
        span = span_due(catalog, self._every, now, pages_follow=bool(published.followed.behind))
        return partial(self._send, self._topic, span, published) if span else None

    def _send(self, topic: Topic, span: Span, published: Published) -> Mapping[str, Any]:
        mail = self._compose(span, published)
        if mail is not None and not _mail(topic, mail):
            return {}
        rendered = published.followed.rendered()
        late = find_late(published.newest.catalog, span.until, rendered)
        return {"digested": span.until, "undigested": late}

    def _compose(self, span: Span, published: Published) -> Mail | None:
        """Return the digest of a span; None for the first span, and for a day without changes."""
        document = published.followed.changes
        changes = changes_within(span, document)
        if span.after is None or (self._every == "daily" and not changes):
            return None
        return digest(span, changes, document.playlists, published.newest.catalog)


def _mail(topic: Topic, mail: Mail) -> bool:
    """Send a mail; return whether that succeeded."""
    try:
        topic.publish(mail.subject, mail.text)
    except StorageError:
        logger.exception("the owner could not be told")
        return False
    logger.info("the owner was told: %s", mail.subject)
    return True
