"""Mails the owner what has begun to concern them and what is over, and the digests."""

import logging
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.concerns import Facts, news
from playlist_archive.documents.digests import DigestEvery, Span, changes_within, span_due
from playlist_archive.documents.recent_changes import RecentChanges
from playlist_archive.errors import StorageError
from playlist_archive.notifier import Published, Sending
from playlist_archive.ports.topics import Topic
from playlist_archive.views.digest import digest
from playlist_archive.views.notice import Mail, notice

logger = logging.getLogger(__name__)


class Mailer:
    def __init__(self, topic: Topic, digest_every: DigestEvery) -> None:
        self._topic = topic
        self._digest_every = digest_every

    def due(self, published: Published, now: datetime) -> Sending | None:
        catalog, behind = published.newest.catalog, published.followed.behind
        found = news(Facts(catalog, published.state, published.damaged, behind, now))
        span = span_due(catalog, self._digest_every, now, pages_follow=bool(behind))
        if found.told == catalog.told and span is None:
            return None
        mails = [notice(found, catalog)] if found else []
        mails += self._digest(span, published.followed.changes, catalog) if span else []
        digested = span.until if span else catalog.digested
        return partial(self._send, mails, {"told": found.told, "digested": digested})

    def _send(self, mails: list[Mail], sent: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is `sent` once all mails have left."""
        try:
            for mail in mails:
                self._topic.publish(mail.subject, mail.text)
                logger.info("the owner was told: %s", mail.subject)
        except StorageError:
            logger.exception("the owner could not be told")
            return {}
        return sent

    def _digest(self, span: Span, document: RecentChanges, catalog: Catalog) -> list[Mail]:
        """Return the mail about a span, none at the beginning, nor of a day without changes."""
        changes = changes_within(span, document)
        if span.after is None or (self._digest_every == "daily" and not changes):
            return []
        return [digest(span, changes, document.playlists, catalog)]
