"""Every song that ever was in the playlist, when it was added and when removed."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import repeat

import msgspec

from playlist_archive.ledger import Interval, Ledger
from playlist_archive.snapshot import Item
from playlist_archive.views import wording
from playlist_archive.views.cells import item_cells
from playlist_archive.views.heading import description, heading
from playlist_archive.views.twins import Json, encode_twin, item_entry


class Song(msgspec.Struct, frozen=True):
    """A row: one item, however often it is or was there.

    `added` is the oldest date known. With `asterisk` it is only that of the first snapshot, which
    held the song already. `removed` is the day of the first snapshot without it, None while it is
    there.
    """

    item: Item
    added: date
    asterisk: bool
    removed: date | None
    intervals: tuple[Interval, ...]


def songs(ledger: Ledger) -> list[Song]:
    """Return all songs, by title, artists and length."""
    stays: list[list[Interval]] = [[] for _ in ledger.items]
    for occurrence in ledger.occurrences:
        stays[occurrence.item] += occurrence.intervals
    everything = map(_song, repeat(ledger), ledger.items, stays)
    return sorted(everything, key=_order)


def cumulative_page(ledger: Ledger, rows: Sequence[Song]) -> str:
    """Return the page of all `songs` of the ledger."""
    first_read = wording.day(ledger.first_read)
    count = wording.counted(len(rows), "song")
    length = wording.total_length(sum(song.item.duration_ms for song in rows))
    lines = [
        *heading(ledger, "cumulative"),
        description(ledger),
        "",
        f"{count} - {length}",
        "",
        "| Title | Artist(s) | Album | Length | Added | Removed |",
        "|---|---|---|---|---|---|",
    ]
    for song in rows:
        asterisk = r"\*" if song.asterisk else ""
        removed = song.removed.isoformat() if song.removed else ""
        lines.append(
            f"| {item_cells(song.item)} | {song.added.isoformat()}{asterisk} | {removed} |"
        )
    lines += [
        "",
        rf"\*This playlist was first scraped on {first_read}. Prior content cannot be recovered.",
        "",
    ]
    return "\n".join(lines)


def cumulative_twin(ledger: Ledger, rows: Sequence[Song]) -> bytes:
    """Return what the page of all `songs` tells, with the intervals of each besides."""
    tracks: list[Json] = [
        item_entry(song.item)
        | {
            "date_added": song.added.isoformat(),
            "date_added_asterisk": song.asterisk,
            "date_removed": song.removed.isoformat() if song.removed else None,
            "intervals": [_interval_entry(interval) for interval in song.intervals],
        }
        for song in rows
    ]
    return encode_twin(
        {
            "date_first_scraped": wording.day(ledger.first_read),
            "description": ledger.header.description,
            "name": ledger.unique_name,
            "tracks": tracks,
            "url": ledger.header.url,
        }
    )


def _song(ledger: Ledger, item: Item, intervals: Sequence[Interval]) -> Song:
    added = min(_utc_day(stay.added_at or stay.seen) for stay in intervals)
    gone = [stay.first_missing for stay in intervals if stay.first_missing]
    return Song(
        item=item,
        added=added,
        asterisk=added == _utc_day(ledger.first_read)
        and any(stay.seen == ledger.first_read and not stay.added_at for stay in intervals),
        removed=_utc_day(max(gone)) if len(gone) == len(intervals) else None,
        intervals=tuple(intervals),
    )


def _order(song: Song) -> tuple[str, list[str], int, str]:
    item = song.item
    artists = [artist.name.lower() for artist in item.artists]
    return item.name.lower(), artists, item.duration_ms, item.uri


def _interval_entry(interval: Interval) -> dict[str, Json]:
    return {
        "added_at": interval.added_at,
        "first_missing": interval.first_missing,
        "first_seen": interval.seen,
        "last_seen": interval.last_seen,
    }


def _utc_day(time: datetime) -> date:
    return time.astimezone(UTC).date()
