"""Merges outcomes into the catalog and writes the pages about all playlists.

The catalog is written first, on the condition that it is still the one that was read. What follows
from it, pages and messages to the renderer, is made from the written catalog and compared with it
once more at the end: so the last one to write always leaves what the newest catalog says.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from playlist_archive import catalog as catalogs
from playlist_archive.bucket import Bucket, update
from playlist_archive.catalog import Catalog, decode_catalog, encode_catalog
from playlist_archive.clock import Clock
from playlist_archive.content_types import JSON
from playlist_archive.errors import ConflictError
from playlist_archive.keys import CATALOG, followers_key
from playlist_archive.messages import Outcome, RenderRequest, RunReport, encode_message
from playlist_archive.queues import Queue
from playlist_archive.spotify.state import SpotifyState, load_state
from playlist_archive.views.site import render_site

logger = logging.getLogger(__name__)

_ATTEMPTS = 8


class Indexed(NamedTuple):
    """How matters stand after a batch; `failing` counts the playlists whose status is not ok."""

    revision: int
    failing: int
    hours_parked: float
    requests_within_a_day: int


class Indexer:
    def __init__(self, *, bucket: Bucket, render_queue: Queue, clock: Clock) -> None:
        self._bucket = bucket
        self._render_queue = render_queue
        self._clock = clock

    def index(self, messages: Sequence[Outcome | RunReport]) -> Indexed:
        """Merge the messages and bring everything up to date that tells of them."""
        state = load_state(self._bucket)
        self._write_followers(messages)
        for _ in range(_ATTEMPTS):
            try:
                merged, etag = self._merge(messages, state)
                merged, etag = self._announce(merged, etag)
            except ConflictError:
                continue
            self._write_site(merged, state)
            if self._is_newest(etag):
                return _summarize(merged, state, self._clock.now())
        raise ConflictError("the catalog was written by others all the time")

    def _merge(
        self, messages: Iterable[Outcome | RunReport], state: SpotifyState
    ) -> tuple[Catalog, str]:
        """Return the merged catalog and its ETag."""
        known, etag = self._read()
        merged = catalogs.merge(known, messages)
        merged = catalogs.merge(merged, defer_unread(merged, state, self._clock.now()))
        if etag and merged == known:
            return known, etag
        return merged, self._put(merged, etag)

    def _read(self) -> tuple[Catalog, str | None]:
        """Return the stored catalog and its ETag, but not its text: it may fill half the memory."""
        stored = self._bucket.get(CATALOG)
        return (decode_catalog(stored.body), stored.etag) if stored else (Catalog(), None)

    def _announce(self, catalog: Catalog, etag: str) -> tuple[Catalog, str]:
        """Tell the renderer every standing that it may not know, then note that it was told.

        Only what the written catalog says is told, and what a crash left untold is told next time.
        """
        untold = list(catalog.unannounced())
        if not untold:
            return catalog, etag
        self._render_queue.send(
            encode_message(
                RenderRequest(
                    playlist_id=playlist_id,
                    run=catalog.entries[playlist_id].run,
                    standing=standing,
                )
            )
            for playlist_id, standing in untold
        )
        told = catalogs.announced(catalog)
        return told, self._put(told, etag)

    def _put(self, catalog: Catalog, etag: str | None) -> str:
        return self._bucket.put(CATALOG, encode_catalog(catalog), JSON, replacing=etag)

    def _is_newest(self, etag: str) -> bool:
        return [found.etag for found in self._bucket.list_objects(CATALOG)] == [etag]

    def _write_site(self, catalog: Catalog, state: SpotifyState) -> None:
        for key, page in render_site(catalog, state).items():
            update(self._bucket, key, page.content_type, _always(page.body))

    def _write_followers(self, messages: Iterable[Outcome | RunReport]) -> None:
        """Note the numbers that this batch read; no number is noted for what was not read."""
        numbers: dict[str, dict[str, int]] = {}
        for message in messages:
            match message:
                case Outcome(status="ok", header=header) if header and header.followers is not None:
                    days = numbers.setdefault(message.playlist_id, {})
                    days[f"{message.run:%Y-%m-%d}"] = header.followers
        for playlist_id, days in numbers.items():
            update(self._bucket, followers_key(playlist_id), JSON, _adding(days))


def _summarize(catalog: Catalog, state: SpotifyState, now: datetime) -> Indexed:
    return Indexed(
        revision=catalog.revision,
        failing=sum(entry.status != "ok" for _, entry in catalog.active()),
        hours_parked=state.hours_parked(now),
        requests_within_a_day=state.requests_within_a_day(now),
    )


def defer_unread(catalog: Catalog, state: SpotifyState, now: datetime) -> list[Outcome]:
    """Return what a stopped lane means for the playlists that still wait in it."""
    run = state.latest_run
    if run is None or state.parked_at is None or not state.parked(now):
        return []
    return [
        Outcome(
            playlist_id=playlist_id,
            run=run,
            at=state.parked_at,
            status="deferred",
            reason=state.reason,
        )
        for playlist_id, entry in catalog.active()
        # These two are not asked for in every run.
        if entry.run < run and entry.status not in {"forbidden", "not_found"}
    ]


def _always(body: bytes) -> Callable[[bytes | None], bytes]:
    return lambda _: body


def _adding(days: dict[str, int]) -> Callable[[bytes | None], bytes]:
    def add(stored: bytes | None) -> bytes:
        known = msgspec.json.decode(stored, type=dict[str, int]) if stored else {}
        series = msgspec.json.encode(dict(sorted({**known, **days}.items())))
        return msgspec.json.format(series, indent=2) + b"\n"

    return add
