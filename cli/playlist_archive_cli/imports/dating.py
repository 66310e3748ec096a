"""When a playlist was as a file has it. A file tells no more than a day, and often not even that."""

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
    """Return the newest day that playlists name, None if they name none.

    They are from one export, which is not older. Nothing of what it holds changed later, so all was
    the same at the end of that day.
    """
    named = [moment for one in found if (moment := one.not_before())]
    return parse_date(f"{max(named):%Y-%m-%d}") if named else None


def last_moment(date: Date, now: datetime) -> datetime:
    """Return the end of a day, the present moment if it is not over, or the moment that is meant.

    Raises:
        WrongUseError: it lies in the future.
    """
    now = now.astimezone(UTC).replace(microsecond=0)
    if datetime.fromisoformat(date.first) > now:
        raise WrongUseError(f"{date.text} lies in the future: say when it was, with --date")
    return min(datetime.fromisoformat(date.last), now)


def stored_on_that_day(bucket: Bucket, version: PastVersion) -> datetime | None:
    """Return the time of a snapshot of the version's day that is from the same source and the same.

    Today's files get the present moment, which is another one when they are imported again.
    """
    day = f"{snapshots_prefix(version.playlist_id or '')}{version.time:%Y%m%d}"
    for listed in bucket.list_objects(day):
        stored = bucket.get(listed.key)
        snapshot = decode_stored(listed.key, stored.body) if stored else None
        if snapshot and (snapshot.source, snapshot.rows) == (version.source, version.rows):
            return snapshot.time
    return None


def placed_in_its_day(bucket: Bucket, version: PastVersion) -> datetime:
    """Return the time of a version of which only the day is known.

    It is the one that the version has, the end of the day, unless it is as the playlist was before
    the archive read something else on that day. It is a second before that read then.
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
    songs = _songs_of(version)
    later = None
    for time in reversed(times[max(first - 1, 0) :]):
        key = snapshot_key(version.playlist_id or "", time)
        stored = bucket.get(key)
        snapshot = decode_stored(key, stored.body) if stored else None
        if snapshot and _songs_of(snapshot) == songs:
            return later - _SECOND if later else version.time
        later = time
    return version.time


def _songs_of(told: PastVersion | Snapshot) -> tuple[str, ...]:
    return tuple(row.item.uri for row in told.rows if row.item)
