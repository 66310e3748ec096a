"""Folds snapshots into a playlist's ledger and writes the pages that changed.

Two renderers may work on one playlist at once, and either may die after any write. The ledger is
written last and on the condition that it is still the one that was read, so only one of two wins;
whoever cannot be sure of what stands in the bucket compares every page with it.
"""

import logging
from hashlib import sha256
from typing import NamedTuple

import msgspec

from playlist_archive.bucket import Bucket, Stored
from playlist_archive.content_types import JSON
from playlist_archive.errors import ConflictError, OutOfOrderError
from playlist_archive.keys import format_run, ledger_key, parse_snapshot_key, snapshots_prefix
from playlist_archive.ledger import (
    Ledger,
    PageRecord,
    decode_ledger,
    encode_ledger,
    fold,
    fold_all,
    with_standing,
)
from playlist_archive.messages import RenderRequest, Standing
from playlist_archive.snapshot import Snapshot, decode_snapshot
from playlist_archive.views import Page, render_pages

logger = logging.getLogger(__name__)

_ATTEMPTS = 8


class Rendered(NamedTuple):
    """How many pages were written, and for which run as far as that is known."""

    written: int
    run: str | None = None


class Renderer:
    def __init__(self, *, bucket: Bucket) -> None:
        self._bucket = bucket

    def render_snapshot(self, key: str, *, again: bool) -> Rendered:
        """Fold the snapshot behind `key` and write the pages that changed.

        `again` says that an earlier delivery may have died half-way. A key that is no snapshot's
        is ignored.
        """
        parsed = parse_snapshot_key(key)
        stored = self._bucket.get(key) if parsed else None
        if parsed is None or stored is None:
            logger.info("%s is no snapshot", key)
            return Rendered(0)
        snapshot = decode_snapshot(stored.body)
        written = self._render(parsed[0], snapshot=snapshot, doubtful=again)
        return Rendered(written, stored.metadata.get("run"))

    def render_request(self, request: RenderRequest, *, again: bool) -> Rendered:
        """Write a playlist's pages as the request says."""
        written = self._render(
            request.playlist_id,
            standing=request.standing,
            rebuild=request.rebuild,
            doubtful=again or request.rebuild,
        )
        return Rendered(written, format_run(request.run) if request.run else None)

    def _render(
        self,
        playlist_id: str,
        *,
        snapshot: Snapshot | None = None,
        standing: Standing | None = None,
        rebuild: bool = False,
        doubtful: bool,
    ) -> int:
        for _ in range(_ATTEMPTS):
            stored = self._bucket.get(ledger_key(playlist_id))
            ledger = decode_ledger(stored.body) if stored else None
            folded = self._fold(playlist_id, ledger, snapshot, rebuild=rebuild)
            if folded is None:
                logger.info("%s has no snapshot yet", playlist_id)
                return 0
            if standing is not None:
                folded = with_standing(folded, standing)
            try:
                return self._write(stored, ledger, folded, doubtful=doubtful)
            except ConflictError as error:
                logger.info("another renderer was quicker: %s", error)
                doubtful = True
        raise ConflictError(f"the pages of {playlist_id} were written by others all the time")

    def _fold(
        self,
        playlist_id: str,
        ledger: Ledger | None,
        snapshot: Snapshot | None,
        *,
        rebuild: bool,
    ) -> Ledger | None:
        """Return the ledger with the snapshot in it, None where nothing was ever read.

        Without a ledger all snapshots are folded: the first one's event may be late.
        """
        if ledger is not None and not rebuild:
            try:
                return fold(ledger, snapshot) if snapshot else ledger
            except OutOfOrderError as error:
                logger.info("%s: folding %s from the beginning", error, playlist_id)
        snapshots = self._snapshots(playlist_id)
        folded = fold_all(snapshots) if snapshots else None
        if folded is not None and ledger is not None:
            return msgspec.structs.replace(
                folded,
                standing=ledger.standing,
                pages=ledger.pages,
                repairs=ledger.repairs,
            )
        return folded

    def _snapshots(self, playlist_id: str) -> list[Snapshot]:
        stored = (
            self._bucket.get(listed.key)
            for listed in self._bucket.list_objects(snapshots_prefix(playlist_id))
            if parse_snapshot_key(listed.key)
        )
        return [decode_snapshot(found.body) for found in stored if found]

    def _write(
        self, stored: Stored | None, before: Ledger | None, ledger: Ledger, *, doubtful: bool
    ) -> int:
        """Write the pages, then the ledger; raises `ConflictError` if another wrote meanwhile.

        `before` is the ledger that is stored.
        """
        records = dict(ledger.pages)
        written = 0
        pages = render_pages(ledger, None if doubtful else before)
        for key, page in sorted(pages.items()):
            record, digest = records.get(key), page_digest(page)
            if doubtful:
                etag, changed = self._make_sure(key, page)
            elif record is None or record.sha256 != digest:
                etag, changed = self._put(key, page, record.etag if record else None), True
            else:
                continue
            records[key] = PageRecord(digest, etag)
            written += changed
        ledger = msgspec.structs.replace(ledger, pages=records)
        body = encode_ledger(ledger)
        if written and stored and stored.body == body:
            # Whoever read the ledger before must not take the pages for its own.
            body = encode_ledger(msgspec.structs.replace(ledger, repairs=ledger.repairs + 1))
        if stored is None or stored.body != body:
            key = ledger_key(ledger.playlist_id)
            self._bucket.put(key, body, JSON, replacing=stored.etag if stored else None)
        return written

    def _make_sure(self, key: str, page: Page) -> tuple[str, bool]:
        """Write the page unless it stands in the bucket; return its ETag, and whether it did not."""
        found = self._bucket.get(key)
        if found and found.body == page.body:
            return found.etag, False
        return self._put(key, page, found.etag if found else None), True

    def _put(self, key: str, page: Page, replacing: str | None) -> str:
        return self._bucket.put(key, page.body, page.content_type, replacing=replacing)


def page_digest(page: Page) -> str:
    return sha256(page.body).hexdigest()
