"""Writes the site's shell into the bucket, if that has none or another version.

Assets are written first and the page last, so that a loaded page finds all its assets. Old assets
stay for open pages. During a deployment, indexers of two versions may each write their shell. Each
does so once in its lifetime, so the shell of the last one to start remains. After that, `deploy`
invokes the new indexer, which compares the shell again.
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
        """`files` are the shell's files by name; if there are none, nothing is published."""
        self._bucket = bucket
        self._files = files
        self._published = False

    def publish(self, *, anew: bool) -> None:
        """Write the files that the bucket lacks, once in this process, or again with `anew`.

        Raises:
            ConflictError: another indexer wrote the shell meanwhile.
            SiteError: the shell's files are inconsistent.
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
