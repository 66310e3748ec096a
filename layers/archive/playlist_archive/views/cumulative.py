"""Every song that ever was in the playlist, when it was added and when removed."""

from typing import NamedTuple

from playlist_archive.documents.ledger import Interval, Ledger
from playlist_archive.documents.playlist import Item
from playlist_archive.documents.timestamps import Timestamp, to_timestamp
from playlist_archive.views import wording
from playlist_archive.views.item_texts import ItemTexts
from playlist_archive.views.json_documents import encode_json_document, text
from playlist_archive.views.page_header import description, page_header


class _Song(NamedTuple):
    """A row: one item, by its place in the ledger, however often it is or was there.

    `added` is the oldest day known. With `asterisk` it is only that of the first snapshot, which
    held the song already. `removed` is the day of the first snapshot without it, empty while it is
    there.
    """

    item: int
    added: str
    asterisk: bool
    removed: str
    intervals: tuple[Interval, ...]


def cumulative_pages(ledger: Ledger, texts: ItemTexts) -> tuple[str, bytes]:
    """Return the page of all songs, by title, artists and length, and its JSON.

    The JSON holds the intervals of each song besides.
    """
    rows = _songs(ledger)
    first_read = wording.day(ledger.first_read)
    count = wording.counted(len(rows), "song")
    length = wording.total_length(sum([item.duration_ms for item in ledger.items]))
    lines = [
        *page_header(ledger, "cumulative"),
        description(ledger),
        "",
        f"{count} - {length}",
        "",
        "| Title | Artist(s) | Album | Length | Added | Removed |",
        "|---|---|---|---|---|---|",
    ]
    tracks: list[str] = []
    for item, added, has_asterisk, removed, intervals in rows:
        title, artists, rest = texts.song_columns(item)
        asterisk = r"\*" if has_asterisk else ""
        lines.append(f"| {title} | {artists} | {rest} | {added}{asterisk} | {removed} |")
        credits_, duration, name, identity = texts.members(item)
        entries = ",\n        ".join([_interval_entry(interval) for interval in intervals])
        tracks.append(f"""{credits_}      "date_added": "{added}",
      "date_added_asterisk": {"true" if has_asterisk else "false"},
      "date_removed": {_text_or_null(removed)},
{duration}      "intervals": [
        {entries}
      ],
      "isrc": {text(ledger.items[item].isrc)},
{name}{identity}""")
    lines += [
        "",
        rf"\*This playlist was first scraped on {first_read}. Prior content cannot be recovered.",
        "",
    ]
    document = {
        "date_first_scraped": first_read,
        "description": ledger.header.description,
        "name": ledger.unique_name,
        "url": ledger.header.url,
    }
    return "\n".join(lines), encode_json_document(document, tracks=tracks)


def _songs(ledger: Ledger) -> list[_Song]:
    stays: list[tuple[Interval, ...]] = [()] * len(ledger.items)
    for occurrence in ledger.occurrences:
        stays[occurrence.item] += occurrence.intervals
    first_read = to_timestamp(ledger.first_read)
    everything = [_song(item, intervals, first_read) for item, intervals in enumerate(stays)]
    orders = [_order(item) for item in ledger.items]
    return sorted(everything, key=lambda song: orders[song.item])


def _song(item: int, intervals: tuple[Interval, ...], first_read: Timestamp) -> _Song:
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
    return _Song(item, added, asterisk, removed, intervals)


def _order(item: Item) -> tuple[str, list[str], int, str]:
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
