"""Which songs were removed more than a year ago and are kept in separate documents.

So the main documents of a playlist do not grow with the years. The year is counted back from the
playlist's newest change and never from today, because documents depend only on the snapshots. Songs
move once a month, because each move rewrites these documents.
"""

from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.timestamps import Timestamp, in_utc

MOST_SONGS = 5_000

_NEVER: Timestamp = "9999-99-99"


def long_ago(ledger: Ledger) -> Timestamp:
    """Return the moment before which a removal is old: a year before the newest change's month."""
    newest = in_utc(ledger.changes[-1].time if ledger.changes else ledger.first_read)
    return f"{newest.year - 1:04}-{newest.month:02}-01T00:00:00Z"


def is_long(ledger: Ledger) -> bool:
    """Return whether the playlist ever had so many songs that its old removals are separate."""
    return ledger.songs_ever > MOST_SONGS


def went_long_ago(ledger: Ledger) -> dict[int, int]:
    """Return the songs removed more than a year ago, by their numbers, with the year of removal.

    It is the year of the first snapshot without the song; after several removals, the last such
    year.
    """
    before = long_ago(ledger)
    if ledger.snapshots[0].time >= before:
        return {}
    went: dict[int, Timestamp] = {}
    for occurrence in ledger.occurrences.values():
        gone = occurrence.intervals[-1].first_missing or _NEVER
        went[occurrence.item] = max(went.get(occurrence.item, ""), gone)
    return {item: int(moment[:4]) for item, moment in went.items() if moment < before}


def years_long_ago(ledger: Ledger) -> list[int]:
    """Return the years that have separate documents, newest first, even if they are empty.

    These are all years with a snapshot. A late older snapshot may move songs from one year to
    another, and the former year's document must then be rewritten.
    """
    before = long_ago(ledger)
    return sorted(
        {int(one.time[:4]) for one in ledger.snapshots if one.time < before}, reverse=True
    )
