"""Dates the versions in files. A file has at most a day, and often not even that."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from playlist_archive.documents.keys import parse_snapshot_key, snapshot_key, snapshots_prefix
from playlist_archive.documents.snapshot import Snapshot, decode_stored
from playlist_archive.ports.bucket import Bucket
from playlist_archive_cli.dates import Date, parse_date
from playlist_archive_cli.errors import WrongUseError
from playlist_archive_cli.imports.found import FoundPlaylist
from playlist_archive_cli.imports.versions import PastVersion

_SECOND = timedelta(seconds=1)
TOO_NEW = "it names a later day than the date of the file"


def newest_day(found: Iterable[FoundPlaylist]) -> Date | None:
    """Return the newest day in the playlists, None if there is none.

    They are from one export, which is not older than that day. Nothing in it changed later, so all
    its playlists were the same at the end of that day.
    """
    named = [moment for one in found if (moment := one.not_before())]
    return parse_date(f"{max(named):%Y-%m-%d}") if named else None


def last_moment(date: Date, now: datetime) -> datetime:
    """Return the given moment, or the end of the given day, or now if that day is not over.

    Raises:
        WrongUseError: it is in the future.
    """
    now = now.astimezone(UTC).replace(microsecond=0)
    if datetime.fromisoformat(date.first) > now:
        raise WrongUseError(f"{date.text} lies in the future: say when it was, with --date")
    return min(datetime.fromisoformat(date.last), now)


def stored_on_that_day(bucket: Bucket, version: PastVersion) -> datetime | None:
    """Return the time of an equal snapshot from the same source on the version's day.

    Files of today get the present moment, which differs in a repeated import.
    """
    day = f"{snapshots_prefix(version.playlist_id or '')}{version.time:%Y%m%d}"
    for listed in bucket.list_objects(day):
        stored = bucket.get(listed.key)
        snapshot = decode_stored(listed.key, stored.body) if stored else None
        if snapshot and (snapshot.source, snapshot.rows) == (version.source, version.rows):
            return snapshot.time
    return None


def placed_in_its_day(bucket: Bucket, version: PastVersion) -> datetime:
    """Return the time of a version whose day only is known.

    This is the version's own time, the end of the day. But if the archive read a change on that
    day, and the version has the state before it, it is a second before that read. If a file from
    another source has the end of the day and the same songs, it is a second before that, too.
    """
    prefix = snapshots_prefix(version.playlist_id or "")
    times = sorted(
        time
        for listed in bucket.list_objects(prefix)
        if (parsed := parse_snapshot_key(listed.key)) and (time := parsed[1]) <= version.time
    )
    first = next((at for at, one in enumerate(times) if one.date() == version.time.date()), None)
    if first is None:
        return version.time
    songs, placed = _songs_of(version), version.time
    later = None
    for time in reversed(times[max(first - 1, 0) :]):
        key = snapshot_key(version.playlist_id or "", time)
        stored = bucket.get(key)
        snapshot = decode_stored(key, stored.body) if stored else None
        if snapshot and _songs_of(snapshot) == songs:
            if time != placed or snapshot.source == version.source:
                return later - _SECOND if later else placed
            placed -= _SECOND
        else:
            later = time
    return placed


def _songs_of(told: PastVersion | Snapshot) -> tuple[str, ...]:
    return tuple(row.item.uri for row in told.rows if row.item)
