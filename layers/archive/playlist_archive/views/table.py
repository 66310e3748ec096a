"""The stays of a playlist's songs as a table, by the year in which they began."""

from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.stays import encode_table, stay_lines


def table_years(ledger: Ledger) -> list[int]:
    """Return the years that have a file: each with a snapshot, even where no stay began in it.

    An older snapshot that comes late may move stays out of a year, whose file must not keep them.
    """
    return sorted({int(one.time[:4]) for one in ledger.snapshots})


def table_file(ledger: Ledger, year: int) -> bytes:
    return encode_table([line for began, _, line in stay_lines(ledger) if began == year])


def table_files(ledger: Ledger) -> dict[int, bytes]:
    """Return the file of each year."""
    lines: dict[int, list[bytes]] = {year: [] for year in table_years(ledger)}
    for began, _, line in stay_lines(ledger):
        lines[began].append(line)
    return {year: encode_table(some) for year, some in lines.items()}
