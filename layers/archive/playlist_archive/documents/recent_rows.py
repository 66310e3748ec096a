"""What a fold keeps of the last snapshot's rows, to recognise unchanged rows."""

from datetime import datetime
from typing import NamedTuple, Self

from playlist_archive.documents.playlist import Row
from playlist_archive.documents.timestamps import Timestamp, to_timestamp


class Dated(NamedTuple):
    """When a row was added, according to Spotify and to the ledger."""

    added_at: datetime | None
    moment: Timestamp | None

    @classmethod
    def of(cls, row: Row) -> Self:
        return cls(row.added_at, to_timestamp(row.added_at) if row.added_at else None)

    @classmethod
    def at(cls, moment: Timestamp | None) -> Self:
        return cls(datetime.fromisoformat(moment) if moment else None, moment)


class Place(NamedTuple):
    """A row of the last snapshot whose song has only one row, and its occurrence."""

    row: Row
    occurrence: int
