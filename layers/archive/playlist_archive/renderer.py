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
from playlist_archive.keys import ledger_key, parse_snapshot_key, snapshots_prefix
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
from playlist_archive.moments import to_moment
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
        written = self._render(parsed[0], snapshot=snapshot, meddled=again)
        return Rendered(written, stored.metadata.get("run"))

    def render_request(self, request: RenderRequest, *, again: bool) -> Rendered:
        """Write a playlist's pages as the request says."""
        written = self._render(
            request.playlist_id,
            standing=request.standing,
            rebuild=request.rebuild,
            meddled=again,
        )
        return Rendered(written, to_moment(request.run) if request.run else None)

    def _render(
        self,
        playlist_id: str,
        *,
        snapshot: Snapshot | None = None,
        standing: Standing | None = None,
        rebuild: bool = False,
        meddled: bool,
    ) -> int:
        """Fold, render and write; `meddled` says that an attempt may have left pages of its own."""
        for _ in range(_ATTEMPTS):
            stored = self._bucket.get(ledger_key(playlist_id))
            ledger = _decode_known(stored, rebuild=rebuild)
            folded = self._fold(playlist_id, ledger, snapshot, rebuild=rebuild)
            if folded is None:
                logger.info("%s has no snapshot yet", playlist_id)
                return 0
            if standing is not None:
                folded = with_standing(folded, standing)
            try:
                if meddled or rebuild:
                    return self._mend(stored, folded, meddled=meddled)
                return self._write(stored, ledger, folded)
            except ConflictError as error:
                logger.info("another renderer was quicker: %s", error)
                meddled = True
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

    def _write(self, stored: Stored | None, before: Ledger | None, ledger: Ledger) -> int:
        """Write the pages that differ from those of the stored ledger `before`, then the ledger.

        Raises:
            ConflictError: another wrote meanwhile.
        """
        records = dict(ledger.pages)
        written = 0
        for key, page in sorted(render_pages(ledger, before).items()):
            record, digest = records.get(key), page_digest(page)
            if record is None or record.sha256 != digest:
                etag = self._put(key, page, record.etag if record else None)
                records[key] = PageRecord(digest, etag)
                written += 1
        ledger = msgspec.structs.replace(ledger, pages=records)
        if stored is None or stored.body != encode_ledger(ledger):
            self._put_ledger(ledger, stored)
        return written

    def _mend(self, stored: Stored | None, ledger: Ledger, *, meddled: bool) -> int:
        """Write the pages that do not stand so in the bucket, then the ledger.

        Raises:
            ConflictError: another wrote meanwhile.
        """
        records = dict(ledger.pages)
        written = 0
        for key, page in sorted(render_pages(ledger).items()):
            found = self._bucket.get(key)
            if found and found.body == page.body:
                etag = found.etag
            else:
                etag = self._put(key, page, found.etag if found else None)
                written += 1
            records[key] = PageRecord(page_digest(page), etag)
        ledger = msgspec.structs.replace(ledger, pages=records)
        if stored and stored.body == encode_ledger(ledger):
            if not (written or meddled):
                return 0
            # Whoever read the ledger before must not take the pages for its own.
            ledger = msgspec.structs.replace(ledger, repairs=ledger.repairs + 1)
        self._put_ledger(ledger, stored)
        return written

    def _put_ledger(self, ledger: Ledger, stored: Stored | None) -> None:
        key, replacing = ledger_key(ledger.playlist_id), stored.etag if stored else None
        self._bucket.put(key, encode_ledger(ledger), JSON, replacing=replacing)

    def _put(self, key: str, page: Page, replacing: str | None) -> str:
        return self._bucket.put(key, page.body, page.content_type, replacing=replacing)


def _decode_known(stored: Stored | None, *, rebuild: bool) -> Ledger | None:
    """Read the stored ledger; a rebuild does without one of another schema, or a damaged one."""
    try:
        return decode_ledger(stored.body) if stored else None
    except msgspec.DecodeError:
        if rebuild:
            return None
        raise


def page_digest(page: Page) -> str:
    return sha256(page.body).hexdigest()
