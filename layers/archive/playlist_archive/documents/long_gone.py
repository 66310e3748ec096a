"""Which songs went so long ago that they stand in documents of their own.

A first look at a playlist should not take longer with the years, so what went long ago is kept
apart. Years are counted back from the playlist's newest change and never from today: what a
document says follows from the snapshots. Songs join those that went long ago once a month, because
each time their documents are written again.
"""

from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.timestamps import Timestamp, in_utc

MOST_SONGS = 5_000

_NEVER: Timestamp = "9999-99-99"


def long_ago(ledger: Ledger) -> Timestamp:
    """Return before which moment a song must have gone: a year before the newest change's month."""
    newest = in_utc(ledger.changes[-1].time if ledger.changes else ledger.first_read)
    return f"{newest.year - 1:04}-{newest.month:02}-01T00:00:00Z"


def is_long(ledger: Ledger) -> bool:
    """Say whether so many songs ever were in the playlist that those long gone stand apart."""
    return ledger.songs_ever > MOST_SONGS


def went_long_ago(ledger: Ledger) -> dict[int, int]:
    """Return each song that went long ago, by its place in the ledger, with the year when it went.

    It is the year of the first snapshot without the song, and the last such year if it came back.
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
    """Return the years that have documents of their own, newest first, be they ever so empty.

    These are all with a snapshot. An older snapshot that comes late may move songs from one year to
    another, and the one that is left must not keep them.
    """
    before = long_ago(ledger)
    return sorted(
        {int(one.time[:4]) for one in ledger.snapshots if one.time < before}, reverse=True
    )
