"""Writes the site's shell into the bucket where another version of it is stored, or none.

Assets are written first and the page that names them last, so that whoever loads a page finds all
that it names. Old assets stay for pages that are open. During a deployment indexers of two versions
may each write theirs. Each does so once in its life, so the last one to begin has the last word;
and `deploy` has the new one look again when the old one is gone.
"""

import logging
from collections.abc import Mapping

from playlist_archive.documents.content_types import ASK_EACH_TIME, KEEP_FOR_EVER
from playlist_archive.documents.keys import SITE
from playlist_archive.ports.bucket import Bucket
from playlist_archive.shell.assets import SITE_INDEX, content_type_of, publish_as

logger = logging.getLogger(__name__)


class SitePublisher:
    def __init__(self, bucket: Bucket, files: Mapping[str, bytes]) -> None:
        """The `files` are the shell's by name; without any nothing is published."""
        self._bucket = bucket
        self._files = files
        self._published = False

    def publish(self, *, anew: bool) -> None:
        """Write what the bucket lacks of the shell, unless that was done before and not `anew`.

        Raises:
            ConflictError: another indexer wrote the shell meanwhile.
            SiteError: the shell's files do not fit together.
        """
        if not self._files or (self._published and not anew):
            return
        objects = publish_as(self._files)
        shell = self._bucket.get(SITE_INDEX)
        is_stored = shell is not None and shell.body == objects[SITE_INDEX]
        if anew or not is_stored:
            present = {listed.key for listed in self._bucket.list_objects(SITE)}
            for key in objects.keys() - present - {SITE_INDEX}:
                self._bucket.put(
                    key,
                    objects[key],
                    content_type_of(key),
                    replacing=None,
                    cache_control=KEEP_FOR_EVER,
                )
        if not is_stored:
            self._bucket.put(
                SITE_INDEX,
                objects[SITE_INDEX],
                content_type_of(SITE_INDEX),
                replacing=shell.etag if shell else None,
                cache_control=ASK_EACH_TIME,
            )
            logger.info("the site's shell was written: %s files", len(objects))
        self._published = True
