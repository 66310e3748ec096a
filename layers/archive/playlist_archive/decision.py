"""Decides what becomes of a reading: a snapshot, a loss that is held, or nothing new."""

from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from playlist_archive.documents.messages import FetchRequest, Held, Latest
from playlist_archive.documents.snapshot import Snapshot, loses_much
from playlist_archive.ports.spotify import Reading


class Kept(NamedTuple):
    """The reading changes the playlist: `snapshot` is to be written, and is then the newest."""

    snapshot: Snapshot
    latest: Latest


class Unchanged(NamedTuple):
    """The reading is what the newest snapshot says.

    `read` says that all rows were read, `written` that this very run wrote that snapshot before.
    """

    read: bool
    written: bool = False


def decide(
    request: FetchRequest, reading: Reading, newest: Latest | None, read_at: datetime
) -> Kept | Held | Unchanged:
    """Decide what becomes of a reading; `newest` is the newest snapshot, None before the first.

    A great loss is held: it counts when a later run loses as much.
    """
    if reading.rows is None:
        return Unchanged(read=False)
    time = name_snapshot(request, read_at, newest)
    checked = request.checked
    snapshot = Snapshot(
        playlist_id=request.playlist_id,
        time=time,
        read_at=read_at,
        previous_check=checked if checked and checked < time else None,
        rows=reading.rows,
        **msgspec.structs.asdict(reading.header),
    )
    found = Latest(time, snapshot.content_hash(), snapshot.known_rows())
    if newest and newest.content == found.content:
        return Unchanged(
            read=True, written=newest.time >= run_of_read(request.run, read_at, newest)
        )
    if newest and loses_much(newest.rows, found.rows) and not _is_confirmed(request, found):
        return _first_held(request, found)
    return Kept(snapshot, found)


def run_of_read(run: datetime, read_at: datetime, newest: Latest | None) -> datetime:
    """Return the run that a read belongs to.

    A request that was handled so late that the playlist has been read for a later one belongs to
    none: the moment of reading takes the run's place, as for a registration.
    """
    overtaken = newest is not None and run < newest.time <= read_at
    return read_at if overtaken else run


def name_snapshot(request: FetchRequest, read_at: datetime, newest: Latest | None) -> datetime:
    """Return the time that names a snapshot: later than that of every earlier read.

    It is the run's. Where that is not later than the newest snapshot, or than the last good check,
    it is the moment of reading, or a second after the newest snapshot.
    """
    run, checked = request.run, request.checked
    if (newest is None or newest.time < run) and (checked is None or checked < run):
        return run
    return max(read_at, newest.time + timedelta(seconds=1)) if newest else read_at


def _is_confirmed(request: FetchRequest, found: Latest) -> bool:
    """Whether a later run has again lost as much as the one that was held: not far more or less."""
    held = request.held
    return (
        held is not None
        and not request.registration
        and held.run < request.run
        and not loses_much(held.rows, found.rows)
        and not loses_much(found.rows, held.rows)
    )


def _first_held(request: FetchRequest, found: Latest) -> Held:
    """Return what the next run has to confirm: a registration does not put it off."""
    held = request.held
    run = held.run if held and (request.registration or held.run == request.run) else request.run
    return Held(run, found.rows)
