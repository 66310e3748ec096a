"""A playlist as a file has it, before it is known which of the archive's it is."""

from datetime import UTC, datetime
from typing import NamedTuple

from playlist_archive.documents.playlist import HeaderField, Row
from playlist_archive.documents.snapshot import Precision
from playlist_archive.documents.timestamps import FIRST_YEAR, LAST_YEAR
from playlist_archive_cli.imports.versions import PastVersion, Source

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FoundPlaylist(NamedTuple):
    """A playlist as a file has it.

    `playlist_id` is known only if it stands in the name of the file. `called` are the names that
    fit it, as the source spells them. `modified` is the newest day on which the file says that it
    changed. `of_a_day` is false if it may have the songs of many days, so that only its name tells
    which playlist it is.
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
        """Return the newest moment that the file names, so it is not older."""
        named = [self.modified, *(row.added_at for row in self.rows)]
        return max((moment for moment in named if moment), default=None)

    def version(
        self, playlist_id: str, time: datetime, precision: Precision = "second"
    ) -> PastVersion:
        """Return it as a version of one of the archive's playlists."""
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
    """Return the moment that a file gives, in UTC; None where it is none, or Spotify's for unknown."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    if moment == _EPOCH or not FIRST_YEAR <= moment.year < LAST_YEAR:
        return None
    return moment.astimezone(UTC)
