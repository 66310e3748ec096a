"""The table of stays for SQL, one stay a line (`docs/sql.md`)."""

import gzip
from collections.abc import Iterable, Iterator

import msgspec

from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.timestamps import Timestamp

# The best level, 9, takes twice as long and saves 3% more.
_LEVEL = 6


class StayOfSong(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A row of the table: one time span during which a song was in a playlist.

    `row` is the song's present row, None after its removal.
    """

    playlist_id: str
    uri: str
    name: str
    artists: tuple[str, ...] = ()
    isrc: str = ""
    row: int | None = None
    added_at: Timestamp | None = None
    added_by: str = ""
    first_seen: Timestamp
    last_seen: Timestamp | None = None
    first_missing: Timestamp | None = None


def stay_lines(ledger: Ledger) -> Iterator[tuple[int, int, bytes]]:
    """Yield the line of each stay, with the year in which the stay began and its occurrence."""
    numbers = {row.occurrence: number for number, row in enumerate(ledger.rows)}
    encode = msgspec.json.Encoder().encode
    for index, occurrence in ledger.occurrences.items():
        item = ledger.items[occurrence.item]
        artists = tuple([artist.name for artist in item.artists])
        for stay in occurrence.intervals:
            number = None if stay.first_missing else numbers.get(index)
            line = StayOfSong(
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
            yield int(stay.seen[:4]), index, encode(line)


def encode_table(lines: Iterable[bytes]) -> bytes:
    """Return compressed JSON Lines; the same stays give the same bytes with the same zlib.

    The gzip header has neither a time nor a file name.
    """
    return gzip.compress(b"".join([b"%b\n" % line for line in lines]), _LEVEL, mtime=0)
