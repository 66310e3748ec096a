"""Finds playlists with snapshots that are missing from the catalog.

This happens after the catalog was lost or replaced by an old copy, and after an import.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.keys import SNAPSHOTS, is_playlist_id
from playlist_archive.documents.messages import Latest
from playlist_archive.documents.playlist import Header
from playlist_archive.documents.snapshot import header_of
from playlist_archive.ports.bucket import Bucket, list_snapshots, read_newest
from playlist_archive.ports.clock import Clock
from playlist_archive.settings import LibraryMode
from playlist_archive.spotify.state import load_state

logger = logging.getLogger(__name__)

# Listing a large library and sending its messages take most of an invocation.
_TIME_FOR_THE_REST_SECONDS = 180


class Orphan(NamedTuple):
    """A playlist whose snapshots the catalog lacks: the newest one, `listed_at` that moment."""

    header: Header
    latest: Latest
    listed_at: datetime


def list_archived(bucket: Bucket) -> list[str]:
    """Return the ids of all playlists that have a folder of snapshots."""
    return [name for name in bucket.list_folders(SNAPSHOTS) if is_playlist_id(name)]


def find_orphans(
    bucket: Bucket, clock: Clock, catalog: Catalog, remaining_seconds: Callable[[], float]
) -> dict[str, Orphan]:
    """Return the newest snapshot of each playlist that has none in the catalog.

    Playlists for which the time was too short are left to the next run.
    """
    orphans: dict[str, Orphan] = {}
    for playlist_id in list_archived(bucket):
        entry = catalog.entries.get(playlist_id)
        if entry and entry.latest:
            continue
        if remaining_seconds() < _TIME_FOR_THE_REST_SECONDS:
            logger.warning("no time to look at every playlist that the catalog lacks")
            break
        if snapshot := find_newest(bucket, clock, playlist_id):
            orphans[playlist_id] = snapshot
    return orphans


def find_newest(bucket: Bucket, clock: Clock, playlist_id: str) -> Orphan | None:
    """Return the newest readable snapshot of a playlist, None if there is none."""
    listed_at = clock.now()
    listed = list(list_snapshots(bucket, playlist_id))
    snapshot = read_newest(bucket, listed)
    return Orphan(header_of(snapshot), Latest.of(snapshot), listed_at) if snapshot else None


def knows_library(bucket: Bucket, catalog: Catalog, mode: LibraryMode) -> bool:
    """Whether the catalog tells which playlists are archived from the library.

    It does if the newest run has listed them. Before the first run none is.
    """
    report, newest_run = catalog.report, load_state(bucket).latest_run
    if mode == "none" or report is None:
        return mode == "none" or newest_run is None
    return not report.failure and (newest_run is None or report.run >= newest_run)
