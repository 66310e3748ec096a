"""Every song that ever was in the playlist, when it was added and when removed."""

from collections.abc import Sequence

import msgspec

from playlist_archive.ledger import Interval, Ledger
from playlist_archive.moments import Moment, to_moment
from playlist_archive.snapshot import Item
from playlist_archive.views import wording
from playlist_archive.views.cells import cells
from playlist_archive.views.heading import description, heading
from playlist_archive.views.twins import encode_twin, item_members


class Song(msgspec.Struct, frozen=True, gc=False):
    """A row: one item, however often it is or was there.

    `added` is the oldest day known. With `asterisk` it is only that of the first snapshot, which
    held the song already. `removed` is the day of the first snapshot without it, empty while it is
    there.
    """

    item: Item
    added: str
    asterisk: bool
    removed: str
    intervals: tuple[Interval, ...]


def songs(ledger: Ledger) -> list[Song]:
    """Return all songs, by title, artists and length."""
    stays: list[tuple[Interval, ...]] = [()] * len(ledger.items)
    for occurrence in ledger.occurrences:
        stays[occurrence.item] += occurrence.intervals
    first_read = to_moment(ledger.first_read)
    everything = [
        _song(item, intervals, first_read)
        for item, intervals in zip(ledger.items, stays, strict=True)
    ]
    return sorted(everything, key=_order)


def cumulative_page(ledger: Ledger, rows: Sequence[Song]) -> str:
    """Return the page of all `songs` of the ledger."""
    first_read = wording.day(ledger.first_read)
    count = wording.counted(len(rows), "song")
    length = wording.total_length(sum([song.item.duration_ms for song in rows]))
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
        title, artists, rest = cells(song.item)
        asterisk = r"\*" if song.asterisk else ""
        lines.append(f"| {title} | {artists} | {rest} | {song.added}{asterisk} | {song.removed} |")
    lines += [
        "",
        rf"\*This playlist was first scraped on {first_read}. Prior content cannot be recovered.",
        "",
    ]
    return "\n".join(lines)


def cumulative_twin(ledger: Ledger, rows: Sequence[Song]) -> bytes:
    """Return what the page of all `songs` tells, with the intervals of each besides."""
    tracks: list[str] = []
    for song in rows:
        credits_, duration, name, identity = item_members(song.item)
        asterisk = "true" if song.asterisk else "false"
        intervals = ",\n        ".join([_interval_entry(interval) for interval in song.intervals])
        tracks.append(f"""{credits_}      "date_added": "{song.added}",
      "date_added_asterisk": {asterisk},
      "date_removed": {_text_or_null(song.removed)},
{duration}      "intervals": [
        {intervals}
      ],
{name}{identity}""")
    document = {
        "date_first_scraped": wording.day(ledger.first_read),
        "description": ledger.header.description,
        "name": ledger.unique_name,
        "url": ledger.header.url,
    }
    return encode_twin(document, tracks=tracks)


def _song(item: Item, intervals: tuple[Interval, ...], first_read: Moment) -> Song:
    if len(intervals) == 1:
        (stay,) = intervals
        added = (stay.added_at or stay.seen)[:10]
        removed = stay.first_missing[:10] if stay.first_missing else ""
    else:
        added = min([(stay.added_at or stay.seen)[:10] for stay in intervals])
        gone = [stay.first_missing for stay in intervals if stay.first_missing]
        removed = max(gone)[:10] if len(gone) == len(intervals) else ""
    asterisk = added == first_read[:10] and any(
        stay.seen == first_read and not stay.added_at for stay in intervals
    )
    return Song(item, added, asterisk, removed, intervals)


def _order(song: Song) -> tuple[str, list[str], int, str]:
    item = song.item
    artists = [artist.name.lower() for artist in item.artists]
    return item.name.lower(), artists, item.duration_ms, item.uri


def _interval_entry(interval: Interval) -> str:
    return f"""{{
          "added_at": {_text_or_null(interval.added_at)},
          "first_missing": {_text_or_null(interval.first_missing)},
          "first_seen": "{interval.seen}",
          "last_seen": {_text_or_null(interval.last_seen)}
        }}"""


def _text_or_null(text: str | None) -> str:
    return f'"{text}"' if text else "null"
