"""Folds new snapshots into a playlist's ledger, and writes the pages that differ.

Two renderers may work on one playlist concurrently, and either may crash after any write. So the
ledger is written before the pages, with If-Match. Meanwhile the pages are read; those that differ
are then written. A renderer that wrote a page checks at the end whether the ledger has been
replaced, and if so starts again (docs/adr/0003-the-ledger-before-the-pages.md).
"""

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from playlist_archive.documents.content_types import JSON
from playlist_archive.documents.keys import (
    ledger_key,
    ledger_part_key,
    view_key,
)
from playlist_archive.documents.ledger import (
    Ledger,
    decode_ledger,
    encode_ledger,
    with_page_status,
)
from playlist_archive.documents.messages import (
    DamageReport,
    PagesWritten,
    RenderRequest,
    encode_message,
)
from playlist_archive.documents.render_jobs import RenderJob
from playlist_archive.documents.timestamps import (
    Timestamp,
    to_timestamp,
)
from playlist_archive.errors import UNREADABLE, ConflictError, OutOfTimeError, PartitionMissingError
from playlist_archive.ports.bucket import ATTEMPTS, Bucket, Stored, copy_damaged
from playlist_archive.ports.clock import Clock
from playlist_archive.ports.concurrency import Calls
from playlist_archive.ports.queues import Queue
from playlist_archive.renderer.fold_snapshots import Damaged, fold_snapshots, misses_snapshots
from playlist_archive.renderer.new_snapshots import NewSnapshots
from playlist_archive.renderer.page_writer import PageWriter
from playlist_archive.renderer.partition_store import PartitionStore, Settled
from playlist_archive.renderer.partition_writer import PartitionWriter

logger = logging.getLogger(__name__)

# Reserved at the end of an invocation for rendering, reading and writing the pages of the largest
# playlist.
SECONDS_FOR_PAGES = 60.0


class Rendered(NamedTuple):
    """The number of pages written, and the run that caused it, None if unknown."""

    written: int
    run: Timestamp | None = None


class Renderer:
    def __init__(
        self,
        *,
        bucket: Bucket,
        render_queue: Queue,
        outcome_queue: Queue,
        clock: Clock,
        pool: Executor,
    ) -> None:
        """Concurrent calls to the bucket are made in the `pool`."""
        self._bucket = bucket
        self._pool = pool
        self._render_queue = render_queue
        self._outcome_queue = outcome_queue
        self._clock = clock
        self._partition_store = PartitionStore(bucket)
        self._partition_writer = PartitionWriter(bucket, self._partition_store)
        self._writer = PageWriter(
            bucket=bucket,
            partition_store=self._partition_store,
            render_queue=render_queue,
            outcome_queue=outcome_queue,
            clock=clock,
        )

    def render(self, job: RenderJob, remaining_seconds: Callable[[], float]) -> Rendered:
        """Update a playlist as the job requests.

        Raises:
            ConflictError: other renderers wrote the same objects in all tries.
            OutOfTimeError: too little time is left to begin, or to begin again. The message has to
                fail and be redelivered, because only it says what to do.
        """
        playlist_id = job.request.playlist_id
        is_lost = False
        for _ in range(ATTEMPTS):
            if remaining_seconds() < SECONDS_FOR_PAGES:
                raise OutOfTimeError(f"too little time is left to render {playlist_id}")
            try:
                with Calls(self._pool) as calls:
                    return self._attempt(job, calls, remaining_seconds, anew=is_lost)
            except ConflictError as error:
                logger.info("another renderer was quicker: %s", error)
                is_lost = False
            except PartitionMissingError as error:
                logger.warning("%s: folding from the beginning", error)
                self._set_part_aside(job.request, error.year)
                is_lost = True
        raise ConflictError(f"the pages of {playlist_id} were written by others")

    def _attempt(
        self,
        job: RenderJob,
        calls: Calls,
        remaining_seconds: Callable[[], float],
        *,
        anew: bool,
    ) -> Rendered:
        """Try once; with `anew` fold all snapshots from the beginning.

        Raises:
            ConflictError: another renderer wrote meanwhile.
            PartitionMissingError: a needed yearly partition of the ledger is missing.
        """
        request, announced = job
        playlist_id = request.playlist_id
        snapshots = NewSnapshots(self._bucket, calls, playlist_id, announced)
        # An import announces thousands of snapshots, so this check comes before any other request.
        if request == RenderRequest(playlist_id=playlist_id) and snapshots.are_imported():
            logger.info("imported snapshots of %s wait for a rebuild", playlist_id)
            return Rendered(0)
        reading = calls.begin(self._bucket.get, ledger_key(playlist_id))
        snapshots.begin_list()
        stored = reading.result()
        known = _decode_ledger(playlist_id, stored)
        page_status, damaged = (known.page_status, False) if known else (None, True)
        fingerprint = known.fingerprint if known else ""
        last = known.last if known else None
        if known and (anew or request.rebuild or misses_snapshots(self._bucket, known, announced)):
            known = None  # not kept beside the one that is made anew: it may be large
        folded = fold_snapshots(
            self._bucket,
            self._partition_store,
            known,
            snapshots,
            time_ends=lambda: remaining_seconds() < SECONDS_FOR_PAGES,
        )
        if folded.ledger is None:
            logger.info("%s has no snapshot yet", playlist_id)
            if folded.damaged:
                self._report_damage(request, snapshots=True)
                self._set_aside(folded.damaged)
            return Rendered(0, _moment(request.run))
        ledger = replace(folded.ledger, page_status=page_status)
        if request.page_status:
            ledger = with_page_status(ledger, request.page_status)
        if damaged and stored:
            copy_damaged(self._bucket, ledger_key(playlist_id), stored.body, self._clock.now())
        forgotten = damaged and not request.page_status and self._had_pages(ledger)
        removed = (
            folded.finished
            and last is not None
            and ledger.last <= last
            and fingerprint != ledger.fingerprint
        )
        if (damaged and stored) or forgotten or removed or folded.damaged:
            # The indexer has to send the page status again, and to name the copies. The report
            # comes before the copy, because a renderer that finds a copy assumes that it was
            # reported.
            self._report_damage(request, snapshots=removed or bool(folded.damaged))
            self._set_aside(folded.damaged)
        run = folded.run or request.run
        settled = self._partition_store.settle(ledger, known)
        if not folded.finished:
            self._put_ledger(settled.ledger, stored)
            self._partition_writer.write_parts(settled, calls)
            self._go_on_later(replace(request, run=run, rebuild=False))
            return Rendered(0, _moment(run))
        written = self._publish(settled, stored, calls, all_of_them=request.rebuild or anew)
        revision = ledger.page_status.revision if ledger.page_status else 0
        self._tell(
            PagesWritten(playlist_id=playlist_id, last=ledger.last, run=run, revision=revision)
        )
        return Rendered(written, _moment(run))

    def _had_pages(self, ledger: Ledger) -> bool:
        """Whether a playlist without a ledger has been rendered before."""
        page = view_key("pretty", ledger.playlist_id, ".md")
        return ledger.last > ledger.first_read or self._bucket.get(page) is not None

    def _set_aside(self, damaged: Iterable[Damaged]) -> None:
        for one in damaged:
            copy_damaged(self._bucket, one.key, one.body, one.time)

    def _set_part_aside(self, request: RenderRequest, year: int) -> None:
        """Copy a damaged partition to `damaged/`, and report it to the indexer."""
        playlist_id = request.playlist_id
        damaged = self._partition_store.is_damaged(playlist_id, year)
        if damaged is not None:
            self._report_damage(request, snapshots=False)
            key = ledger_part_key(playlist_id, year)
            copy_damaged(self._bucket, key, damaged, self._clock.now())

    def _report_damage(self, request: RenderRequest, *, snapshots: bool) -> None:
        self._tell(
            DamageReport(
                playlist_id=request.playlist_id,
                at=self._clock.now(),
                snapshots=snapshots,
                run=request.run,
            )
        )

    def _tell(self, message: DamageReport | PagesWritten) -> None:
        """Send a message to the indexer."""
        self._outcome_queue.send([encode_message(message)])

    def _publish(
        self, settled: Settled, stored: Stored | None, calls: Calls, *, all_of_them: bool
    ) -> int:
        """Write the ledger, then each page and line that differs; return their number.

        Pages are read while the ledger is written. A page that differs then is replaced with
        If-Match. A page that is current then may still be overwritten by a renderer that has not
        seen this ledger, so it is compared again after the ledger is written. Yearly partitions and
        yearly pages are compared only after that, by their stamps.

        Raises:
            ConflictError: another wrote the ledger or a page meanwhile.
            PartitionMissingError: a needed yearly partition of the ledger is missing.
        """
        ledger = settled.ledger
        writes = self._writer.writes_of(settled)
        reading = {key: calls.begin(self._bucket.get, key) for key in sorted(writes)}
        etag = self._put_ledger(ledger, stored)
        is_new = stored is None or stored.etag != etag
        writing = [
            calls.begin(writes[key], found.result(), again=is_new) for key, found in reading.items()
        ]
        written = self._partition_writer.write_parts(settled, calls)
        written += sum([page.result() for page in writing])
        written += self._partition_writer.write_years(settled, calls, all_of_them=all_of_them)
        if written and not self._is_stored(ledger, etag):
            raise ConflictError(f"{ledger_key(ledger.playlist_id)} was written by another")
        return written

    def _put_ledger(self, ledger: Ledger, stored: Stored | None) -> str:
        """Write the ledger unless the same bytes are stored already; return its ETag.

        Raises:
            ConflictError: another ledger was written meanwhile.
        """
        key, body = ledger_key(ledger.playlist_id), encode_ledger(ledger)
        if stored is None:
            return self._bucket.put(key, body, JSON, replacing=None)
        if stored.body == body:
            return stored.etag
        return self._bucket.put(key, body, JSON, replacing=stored.etag)

    def _go_on_later(self, request: RenderRequest) -> None:
        """Send a message, so that another invocation continues from the ledger just written."""
        self._render_queue.send([encode_message(request)])
        logger.info("too little time is left: another message goes on")

    def _is_stored(self, ledger: Ledger, etag: str) -> bool:
        stored = self._bucket.get(ledger_key(ledger.playlist_id))
        return stored is not None and stored.etag == etag


def _decode_ledger(playlist_id: str, stored: Stored | None) -> Ledger | None:
    """Return the stored ledger, None if it is missing or unreadable."""
    if stored is None:
        return None
    try:
        ledger = decode_ledger(stored.body)
    except UNREADABLE as error:
        logger.warning("the ledger of %s cannot be read: %s", playlist_id, error)
        return None
    return ledger if ledger.playlist_id == playlist_id else None


def _moment(run: datetime | None) -> Timestamp | None:
    return to_timestamp(run) if run else None
