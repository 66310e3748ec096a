"""The table of a playlist's stays, by the year in which they began."""

from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.stays import encode_table, stay_lines


def table_years(ledger: Ledger) -> list[int]:
    """Return the years that have a file: all years with a snapshot, even without a new stay.

    A late older snapshot may move stays out of a year, whose file must then be rewritten.
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
