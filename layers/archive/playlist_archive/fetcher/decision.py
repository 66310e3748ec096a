"""Decides what a reading means: a snapshot to write, a loss to hold, or nothing new."""

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from playlist_archive.documents.messages import FetchRequest, Held, Latest
from playlist_archive.documents.playlist import Header
from playlist_archive.documents.snapshot import Snapshot, loses_much
from playlist_archive.ports.spotify import Reading


class Changed(NamedTuple):
    """The playlist changed: `snapshot` has to be written; `latest` describes it for the catalog."""

    snapshot: Snapshot
    latest: Latest


class Unchanged(NamedTuple):
    """The reading equals the newest snapshot.

    Attributes:
        read: whether all rows were read again.
        written: whether an earlier try of the same run wrote that snapshot.
    """

    read: bool
    written: bool = False


def decide(
    request: FetchRequest, reading: Reading, newest: Latest | None, read_at: datetime
) -> Changed | Held | Unchanged:
    """Decide what a reading means; `newest` is the newest snapshot, None before the first.

    A great loss is held until a later run loses as much.
    """
    if reading.rows is None:
        return Unchanged(read=False)
    time = name_snapshot(request, read_at, newest)
    checked = last_known(request, reading.header)
    snapshot = Snapshot(
        playlist_id=request.playlist_id,
        time=time,
        read_at=read_at,
        previous_check=checked if checked and checked < time else None,
        rows=reading.rows,
        **msgspec.structs.asdict(reading.header),
    )
    found = Latest.of(snapshot)
    if newest and newest.content == found.content:
        return Unchanged(
            read=reading.whole, written=newest.time >= run_of_read(request.run, read_at, newest)
        )
    if newest and loses_much(newest.rows, found.rows) and not _is_confirmed(request, found):
        return _first_held(request, found)
    return Changed(snapshot, found)


def last_known(request: FetchRequest, header: Header) -> datetime | None:
    """Return the last run that is known to be before the change.

    This is the last good check. But the version does not cover the songs' own data: if the version
    and the header are unchanged, the songs changed at any time since the last full read.
    """
    read, known = request.last_read, request.header
    if read is None or read.snapshot_id != header.snapshot_id:
        return request.checked
    return read.run if known is None or header.describes_as(known) else request.checked


def run_of_read(run: datetime, read_at: datetime, newest: Latest | None) -> datetime:
    """Return the run to which a read belongs.

    If the playlist was read for a later run meanwhile, a late request belongs to no run. The time
    of reading then replaces the run's time, as for a registration.
    """
    overtaken = newest is not None and run < newest.time <= read_at
    return read_at if overtaken else run


def name_snapshot(request: FetchRequest, read_at: datetime, newest: Latest | None) -> datetime:
    """Return the time that names a snapshot, which is later than that of every earlier read.

    This is the run's time, if it is later than the newest snapshot and the last good check.
    Otherwise it is the time of reading, or a second after the newest snapshot if that is later.
    """
    run, checked = request.run, request.checked
    if (newest is None or newest.time < run) and (checked is None or checked < run):
        return run
    return max(read_at, newest.time + timedelta(seconds=1)) if newest else read_at


def _is_confirmed(request: FetchRequest, found: Latest) -> bool:
    """Whether a later run has again lost about as many rows as the run that was held."""
    held = request.held
    return (
        held is not None
        and not request.registration
        and held.run < request.run
        and not loses_much(held.rows, found.rows)
        and not loses_much(found.rows, held.rows)
    )


def _first_held(request: FetchRequest, found: Latest) -> Held:
    """Return the loss that a later run has to confirm; a registration does not postpone that."""
    held = request.held
    run = held.run if held and (request.registration or held.run == request.run) else request.run
    return Held(run, found.rows)
