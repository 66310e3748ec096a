"""A playlist in a file, before it is matched with the archive's playlists."""

from datetime import UTC, datetime
from typing import NamedTuple

from playlist_archive.documents.playlist import HeaderField, Row
from playlist_archive.documents.snapshot import Precision
from playlist_archive.documents.timestamps import FIRST_YEAR, LAST_YEAR
from playlist_archive_cli.imports.versions import PastVersion, Source

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FoundPlaylist(NamedTuple):
    """A playlist in a file.

    `playlist_id` is known only if the file's name has it. `called` are its possible names, as
    spelled by the source. `modified` is the newest day of a change in the file. `of_a_day` is false
    if it may have songs of many days; then only its name can match it.
    """

    source: Source
    reference: str
    name: str
    called: frozenset[str]
    rows: tuple[Row, ...]
    description: str = ""
    followers: int | None = None
    unknown: tuple[HeaderField, ...] = ()
    modified: datetime | None = None
    of_a_day: bool = True
    playlist_id: str | None = None

    def songs(self) -> frozenset[str]:
        """Return the URIs of its rows."""
        return frozenset(row.item.uri for row in self.rows if row.item)

    def not_before(self) -> datetime | None:
        """Return the newest moment in the file; the file is not older than that."""
        named = [self.modified, *(row.added_at for row in self.rows)]
        return max((moment for moment in named if moment), default=None)

    def version(
        self, playlist_id: str, time: datetime, precision: Precision = "second"
    ) -> PastVersion:
        """Return it as a version of a playlist in the archive."""
        return PastVersion(
            playlist_id=playlist_id,
            time=time,
            source=self.source,
            reference=self.reference,
            precision=precision,
            name=self.name,
            description=self.description,
            followers=self.followers,
            unknown=self.unknown,
            rows=self.rows,
        )


def parse_moment(text: str) -> datetime | None:
    """Return a file's moment in UTC, None if it is invalid or Spotify's value for unknown."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if moment == _EPOCH or not FIRST_YEAR <= moment.year < LAST_YEAR:
        return None
    return moment.astimezone(UTC)
