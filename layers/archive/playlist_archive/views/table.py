"""The stays of a playlist's songs as a table, by the year in which they began."""

from collections.abc import Iterator

from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.stays import StayOfSong, encode_stays


def table_files(ledger: Ledger) -> Iterator[tuple[str, bytes]]:
    """Yield a file for each year with a snapshot, even where no stay began in it.

    An older snapshot that comes late may move stays out of a year, whose file must not keep them.
    """
    years: dict[str, list[StayOfSong]] = {one.time[:4]: [] for one in ledger.snapshots}
    numbers = {row.occurrence: number for number, row in enumerate(ledger.rows)}
    for index, occurrence in enumerate(ledger.occurrences):
        item = ledger.items[occurrence.item]
        artists = tuple([artist.name for artist in item.artists])
        for stay in occurrence.intervals:
            number = None if stay.first_missing else numbers.get(index)
            years[stay.seen[:4]].append(
                StayOfSong(
                    playlist_id=ledger.playlist_id,
                    uri=item.uri,
                    name=item.name,
                    artists=artists,
                    isrc=item.isrc,
                    row=None if number is None else number + 1,
                    added_at=stay.added_at,
                    added_by=stay.added_by if number is None else ledger.rows[number].added_by,
                    first_seen=stay.seen,
                    last_seen=stay.last_seen,
                    first_missing=stay.first_missing,
                )
            )
    for year, stays in years.items():
        yield year, encode_stays(stays)
