"""Reads and folds the snapshots that a ledger lacks."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import NamedTuple

import msgspec

from playlist_archive.documents.fold import Fold
from playlist_archive.documents.keys import damaged_key, parse_snapshot_key
from playlist_archive.documents.ledger import Ledger, fingerprint_of
from playlist_archive.documents.ledger_partitions import PartitionedSongs
from playlist_archive.documents.snapshot import decode_stored
from playlist_archive.documents.timestamps import FIRST_YEAR, LAST_YEAR, Time
from playlist_archive.ports.bucket import Bucket, Stored, list_snapshots
from playlist_archive.renderer.new_snapshots import NewSnapshots
from playlist_archive.renderer.partition_store import PartitionStore

logger = logging.getLogger(__name__)


class Damaged(NamedTuple):
    """An unreadable snapshot that has no copy in `damaged/` yet."""

    key: str
    body: bytes
    time: datetime


class Folded(NamedTuple):
    """The result of folding; `run` is the run of the newest folded snapshot."""

    ledger: Ledger | None
    run: datetime | None
    damaged: list[Damaged]
    finished: bool


def misses_snapshots(bucket: Bucket, ledger: Ledger, announced: Sequence[datetime]) -> bool:
    """Return whether the ledger has to be rebuilt because of snapshots that were announced late.

    The ledger must hold exactly the stored snapshots up to its last one. A ledger without a
    fingerprint is from an earlier version of the code, and its snapshots are unknown.
    """
    if not ledger.fingerprint:
        return True
    if all(time > ledger.last for time in announced):
        return False
    listed = (time for _, time in list_snapshots(bucket, ledger.playlist_id))
    times = takewhile(lambda time: time <= ledger.last, listed)
    if fingerprint_of(times) == ledger.fingerprint:
        return False
    logger.info(
        "the snapshots of %s are not those of its ledger: folding from the beginning",
        ledger.playlist_id,
    )
    return True


def fold_snapshots(
    bucket: Bucket,
    partition_store: PartitionStore,
    ledger: Ledger | None,
    snapshots: NewSnapshots,
    time_ends: Callable[[], bool],
) -> Folded:
    """Fold all snapshots after the ledger's last one, until the time is over.

    At least one is folded, so that each invocation makes progress.

    Raises:
        PartitionMissingError: a song was added again whose yearly partition is missing.
    """
    folding = Fold(ledger)
    away = PartitionedSongs(ledger) if ledger and ledger.put_away else None
    skipped: list[datetime] = []
    run: datetime | None = None
    damaged: list[Damaged] = []
    for key, stored in snapshots.after(ledger.last if ledger else None):
        parsed = parse_snapshot_key(key)
        if parsed is None or stored is None:
            continue
        _, time = parsed
        snapshot = decode_stored(key, stored.body)
        if snapshot is None:
            if bucket.get(damaged_key(key, time)) is None:
                damaged.append(Damaged(key, stored.body, time))
            skipped.append(time)
            continue
        if away and (years := away.years_of(snapshot)) and (known := folding.ledger()):
            known = partition_store.recall(known, years)
            folding, away = Fold(known), PartitionedSongs(known)
        folding.add(snapshot, skipped)
        run = _run_of(stored)
        skipped.clear()
        if time_ends():
            return Folded(folding.ledger(), run, damaged, finished=False)
    return Folded(folding.ledger(), run, damaged, finished=True)


def _run_of(stored: Stored) -> datetime | None:
    """Return the run that wrote a snapshot, None if its metadata names no plausible one."""
    try:
        run = msgspec.convert(stored.metadata.get("run"), Time)
    except msgspec.ValidationError:
        return None
    return run if FIRST_YEAR <= run.year <= LAST_YEAR else None
