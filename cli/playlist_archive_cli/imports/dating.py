"""When a playlist was as a file has it. A file tells no more than a day, and often not even that."""

from collections.abc import Iterable
from datetime import UTC, datetime

from playlist_archive.documents.keys import snapshots_prefix
from playlist_archive.documents.snapshot import decode_stored
from playlist_archive.ports.bucket import Bucket
from playlist_archive_cli.dates import Date, parse_date
from playlist_archive_cli.errors import WrongUseError
from playlist_archive_cli.imports.found import FoundPlaylist
from playlist_archive_cli.imports.versions import PastVersion

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
