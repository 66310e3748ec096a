"""Writes the yearly partitions of a ledger, and the yearly pages made from them.

Most of them do not change on most days, and reading them takes long. So each is stored with a
stamp, a digest of its inputs, and is compared by that.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from playlist_archive.documents.content_types import JSON
from playlist_archive.documents.keys import ledger_part_key
from playlist_archive.errors import PartitionMissingError
from playlist_archive.ports.bucket import Bucket, Described
from playlist_archive.ports.concurrency import Calls
from playlist_archive.renderer.partition_store import PartitionStore, Settled
from playlist_archive.views.item_texts import ItemTexts
from playlist_archive.views.page import Page
from playlist_archive.views.yearly_pages import OfYear, list_of_years, render_year

logger = logging.getLogger(__name__)

_STAMP = "stamp"


class _Found(NamedTuple):
    key: str
    etag: str | None
    is_right: bool


class PartitionWriter:
    def __init__(self, bucket: Bucket, partition_store: PartitionStore) -> None:
        self._bucket = bucket
        self._partition_store = partition_store

    def write_parts(self, settled: Settled, calls: Calls) -> int:
        """Write the partitions that differ from their digests in the ledger; return their number.

        Raises:
            ConflictError: another renderer of this playlist wrote one meanwhile.
            PartitionMissingError: a partition is missing and its contents are not in memory.
        """
        ledger, written = settled.ledger, 0
        stamps = {
            ledger_part_key(ledger.playlist_id, year): part.digest
            for year, part in ledger.put_away.items()
        }
        for year, found in zip(ledger.put_away, self._compare(stamps, calls), strict=True):
            if found.is_right:
                continue
            if year not in settled.parts:
                raise PartitionMissingError(found.key, year)
            self._put(found, Page(settled.parts[year], JSON), stamps[found.key])
            written += 1
        return written

    def write_years(self, settled: Settled, calls: Calls, *, all_of_them: bool) -> int:
        """Write the yearly pages that are outdated, or all; return their number.

        Raises:
            ConflictError: another renderer of this playlist wrote one meanwhile.
            PartitionMissingError: a needed partition is missing, or does not have its digest in the ledger.
        """
        if not settled.ledger.put_away:
            return 0
        # Newest first: the partitions that older years need include those that newer years need.
        of_years = sorted(
            list_of_years(settled.ledger, settled.sums), key=lambda one: one.year, reverse=True
        )
        stamps = {key: one.stamp for one in of_years for key in one.keys}
        comparing = self._compare(stamps, calls)
        whole, written = settled.whole, 0
        for one in of_years:
            compared = [found for _, found in zip(one.keys, comparing, strict=False)]
            wrong = [found for found in compared if all_of_them or not found.is_right]
            if wrong:
                whole = self._partition_store.recall(whole, one.needs)
                pages = render_year(whole, one.view, one.year, ItemTexts(whole.items))
                written += self._write_wrong(one, wrong, pages)
        return written

    def _write_wrong(self, one: OfYear, wrong: list[_Found], pages: Mapping[str, Page]) -> int:
        written = 0
        for found in wrong:
            if found.is_right:
                stored = self._bucket.get(found.key)
                if stored and stored.body == pages[found.key].body:
                    continue
            self._put(found, pages[found.key], one.stamp)
            written += 1
        return written

    def _compare(self, stamps: Mapping[str, str], calls: Calls) -> Iterator[_Found]:
        describing = {key: calls.begin(self._bucket.describe, key) for key in stamps}
        for key, described in describing.items():
            found: Described | None = described.result()
            is_right = found is not None and found.metadata.get(_STAMP) == stamps[key]
            yield _Found(key, found.etag if found else None, is_right)

    def _put(self, found: _Found, page: Page, stamp: str) -> None:
        self._bucket.put(
            found.key,
            page.body,
            page.content_type,
            replacing=found.etag,
            metadata={_STAMP: stamp},
        )
