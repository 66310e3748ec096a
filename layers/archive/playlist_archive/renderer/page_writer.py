"""Writes the pages of a playlist, and its lines in the shared song lists."""

import logging
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import NamedTuple, Protocol, Self

from playlist_archive.documents.content_types import JSON
from playlist_archive.documents.keys import (
    LEDGERS,
    parse_ledger_key,
    song_ids_key,
    songs_key,
    songs_part,
)
from playlist_archive.documents.ledger_partitions import digest_of
from playlist_archive.documents.messages import DamageReport, RenderRequest, encode_message
from playlist_archive.documents.old_removals import years_long_ago
from playlist_archive.documents.songs import Lines, decode_lines, encode_lines
from playlist_archive.errors import UNREADABLE, ConflictError
from playlist_archive.ports.bucket import ATTEMPTS, Bucket, Stored, copy_damaged
from playlist_archive.ports.clock import Clock
from playlist_archive.ports.queues import Queue
from playlist_archive.renderer.partition_store import PartitionStore, Settled
from playlist_archive.views import (
    Page,
    newest_lines,
    newest_pages,
    render_lines,
    render_pages,
)

logger = logging.getLogger(__name__)


class Write(Protocol):
    def __call__(self, found: Stored | None, *, again: bool) -> bool:
        """Write the object if it differs from the `found` one; return whether it was written.

        With `again`, an object that was found current is read and compared once more.
        """
        ...


class Line(NamedTuple):
    """A playlist's line in a shared document; it is rendered only if it has changed."""

    digest: str
    make: Callable[[], bytes]

    @classmethod
    def of(cls, line: bytes) -> Self:
        return cls(digest_of(line), lambda: line)


class PageWriter:
    def __init__(
        self,
        *,
        bucket: Bucket,
        partition_store: PartitionStore,
        render_queue: Queue,
        outcome_queue: Queue,
        clock: Clock,
    ) -> None:
        self._partition_store = partition_store
        self._bucket = bucket
        self._render_queue = render_queue
        self._outcome_queue = outcome_queue
        self._clock = clock

    def writes_of(self, settled: Settled) -> dict[str, Write]:
        """Return a writer for each of the ledger's pages and lines, by its key.

        Yearly pages, which are made from partitions, are not included.
        """
        ledger = settled.ledger
        pages = newest_pages(ledger) if ledger.put_away else render_pages(ledger)
        return {
            **{key: partial(self._write_page, key, page) for key, page in pages.items()},
            **{
                key: partial(self._write_line, key, ledger.playlist_id, line)
                for key, line in self._lines(settled).items()
            },
        }

    def _lines(self, settled: Settled) -> dict[str, Line]:
        ledger = settled.ledger
        if not ledger.gone or not years_long_ago(ledger):
            return {key: Line.of(line) for key, line in render_lines(ledger).items()}
        make = cache(lambda: self._partition_store.gone_lines(settled))
        return {
            **{key: Line.of(line) for key, line in newest_lines(ledger).items()},
            songs_key(ledger.playlist_id, gone=True): Line(ledger.gone.titles, lambda: make()[0]),
            song_ids_key(ledger.playlist_id, gone=True): Line(ledger.gone.ids, lambda: make()[1]),
        }

    def _write_page(self, key: str, page: Page, found: Stored | None, *, again: bool) -> bool:
        """Write a page unless the same bytes are stored already.

        Raises:
            ConflictError: another renderer of this playlist wrote it meanwhile.
        """
        if again and found and found.body == page.body:
            found = self._bucket.get(key)
        if found and found.body == page.body:
            return False
        replacing = found.etag if found else None
        self._bucket.put(key, page.body, page.content_type, replacing=replacing)
        return True

    def _write_line(
        self, key: str, playlist_id: str, line: Line, found: Stored | None, *, again: bool
    ) -> bool:
        """Write the playlist's line into a partition of a song list unless it is there already.

        If the partition was written meanwhile, most likely by another playlist's renderer, it is
        read again.

        Raises:
            ConflictError: others wrote the partition in all tries.
        """
        for _ in range(ATTEMPTS):
            lines = self._read(key, playlist_id, found)
            there = lines.good.get(playlist_id)
            is_right = there is not None and digest_of(there) == line.digest
            body = encode_lines(
                lines.good if is_right else {**lines.good, playlist_id: line.make()}
            )
            if found is None or found.body != body:
                # Request the renders first: a renderer that finds the partition written requests
                # none.
                self._ask_for(lines.lost - {playlist_id})
                try:
                    self._bucket.put(key, body, JSON, replacing=found.etag if found else None)
                except ConflictError:
                    logger.info("another renderer was quicker to write %s", key)
                else:
                    return True
            elif not again:
                return False
            found, again = self._bucket.get(key), False
        raise ConflictError(f"{key} was written by others {ATTEMPTS} times in a row")

    def _read(self, key: str, playlist_id: str, found: Stored | None) -> Lines:
        """Return the lines of a partition; all are lost if it is missing or unreadable.

        An unreadable partition is copied to `damaged/` and reported to the indexer, which names the
        copy.
        """
        part = songs_part(playlist_id)
        if found:
            try:
                return decode_lines(found.body, part)
            except UNREADABLE as error:
                logger.warning("%s cannot be read: %s", key, error)
            now = self._clock.now()
            copy_damaged(self._bucket, key, found.body, now)
            report = DamageReport(playlist_id=playlist_id, at=now)
            self._outcome_queue.send([encode_message(report)])
        ledgers = self._bucket.list_objects(LEDGERS)
        archived = filter(None, (parse_ledger_key(listed.key) for listed in ledgers))
        return Lines({}, frozenset(other for other in archived if songs_part(other) == part))

    def _ask_for(self, playlists: Iterable[str]) -> None:
        """Request renders of these playlists, which write their lines."""
        requests = [RenderRequest(playlist_id=playlist_id) for playlist_id in sorted(playlists)]
        if requests:
            self._render_queue.send(map(encode_message, requests))
