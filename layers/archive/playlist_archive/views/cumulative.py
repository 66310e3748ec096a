"""Every song that was ever in the playlist, when it was added and when removed.

In large playlists, songs removed more than a year ago are on separate pages, by the year of
removal.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from playlist_archive.documents.keys import view_key
from playlist_archive.documents.ledger import Interval, Ledger
from playlist_archive.documents.old_removals import is_long, went_long_ago, years_long_ago
from playlist_archive.documents.playlist import Item
from playlist_archive.documents.timestamps import Timestamp, to_timestamp
from playlist_archive.views import wording
from playlist_archive.views.item_texts import ItemTexts
from playlist_archive.views.json_documents import encode_json_document, text
from playlist_archive.views.page_header import description, navigation, page_header, title


class _Song(NamedTuple):
    """A row of the table: one item, by its number in the ledger.

    `added` is the oldest known day. `asterisk` says that it is only the day of the first snapshot,
    which already had the song. `removed` is the day of the first snapshot without it, empty while
    it is there.
    """

    item: int
    added: str
    asterisk: bool
    removed: str
    intervals: tuple[Interval, ...]


class _OlderSongs(msgspec.Struct, frozen=True):
    """The main document's reference to the document of a year."""

    year: int
    path: str
    songs: int


def cumulative_years(ledger: Ledger) -> list[int]:
    """Return the years that have a page."""
    return years_long_ago(ledger) if is_long(ledger) else []


def cumulative_key(playlist_id: str, year: int, suffix: str) -> str:
    """Return the key of the page of songs removed in a year."""
    return view_key("cumulative", playlist_id, f"/{year}{suffix}")


class Cumulative:
    """The pages of one ledger, each with its JSON, which also has the intervals of each song.

    Songs are sorted by title, artists and length.
    """

    def __init__(self, ledger: Ledger, texts: ItemTexts) -> None:
        self._ledger = ledger
        self._texts = texts
        self._went = went_long_ago(ledger) if is_long(ledger) else {}

    def newest(self) -> tuple[str, bytes]:
        """Return the page of all songs that are not on yearly pages."""
        ledger = self._ledger
        rows, tracks = self._tell(self._songs(None))
        counts = Counter(self._went.values())
        counts.update({year: part.items for year, part in ledger.put_away.items()})
        older = [
            _OlderSongs(year, f"/{cumulative_key(ledger.playlist_id, year, '.json')}", counts[year])
            for year in sorted(counts, reverse=True)
            if counts[year]
        ]
        page = [
            *page_header(ledger, "cumulative"),
            description(ledger),
            "",
            self._count(None),
            "",
            *_links(ledger.playlist_id, older),
            *rows,
        ]
        document = {
            "date_first_scraped": wording.day(ledger.first_read),
            "description": ledger.header.description,
            "name": ledger.unique_name,
            "url": ledger.header.url,
        }
        if older:
            document["older"] = msgspec.to_builtins(older)
        return "\n".join(page), encode_json_document(document, tracks=tracks)

    def of_year(self, year: int) -> tuple[str, bytes]:
        """Return the page of the songs removed in a year."""
        ledger = self._ledger
        rows, tracks = self._tell(self._songs(year))
        page = [navigation(ledger), "", title(ledger), "", self._count(year), "", *rows]
        document = {
            "date_first_scraped": wording.day(ledger.first_read),
            "name": ledger.unique_name,
            "url": ledger.header.url,
            "year": year,
        }
        return "\n".join(page), encode_json_document(document, tracks=tracks)

    def _items(self, year: int | None) -> list[int]:
        """Return the songs of a yearly page, or those of the main page."""
        return [item for item in self._ledger.items if self._went.get(item) == year]

    def _count(self, year: int | None) -> str:
        items = self._items(year)
        count = wording.counted(len(items), "song")
        when = "" if year is None else f" removed in {year}"
        return f"{count}{when} - {_total_length(self._ledger, items)}"

    def _songs(self, year: int | None) -> list[_Song]:
        ledger = self._ledger
        stays: dict[int, tuple[Interval, ...]] = dict.fromkeys(self._items(year), ())
        for occurrence in ledger.occurrences.values():
            if occurrence.item in stays:
                stays[occurrence.item] += occurrence.intervals
        first_read = to_timestamp(ledger.first_read)
        songs = [_song(item, intervals, first_read) for item, intervals in stays.items()]
        orders = {item: _order(ledger.items[item]) for item in stays}
        return sorted(songs, key=lambda song: orders[song.item])

    def _tell(self, songs: Sequence[_Song]) -> tuple[list[str], list[str]]:
        """Return the table of some songs, and their JSON."""
        lines = [
            "| Title | Artist(s) | Album | Length | Added | Removed |",
            "|---|---|---|---|---|---|",
        ]
        tracks: list[str] = []
        for item, added, has_asterisk, removed, intervals in songs:
            name_column, artists, rest = self._texts.song_columns(item)
            asterisk = r"\*" if has_asterisk else ""
            lines.append(f"| {name_column} | {artists} | {rest} | {added}{asterisk} | {removed} |")
            credits_, duration, name, identity = self._texts.members(item)
            entries = ",\n        ".join([_interval_entry(interval) for interval in intervals])
            tracks.append(f"""{credits_}      "date_added": "{added}",
      "date_added_asterisk": {"true" if has_asterisk else "false"},
      "date_removed": {_text_or_null(removed)},
{duration}      "intervals": [
        {entries}
      ],
      "isrc": {text(self._ledger.items[item].isrc)},
{name}{identity}""")
        first_read = wording.day(self._ledger.first_read)
        note = rf"\*This playlist was first scraped on {first_read}. Prior content cannot be recovered."
        return [*lines, "", note, ""], tracks


def _links(playlist_id: str, older: Sequence[_OlderSongs]) -> list[str]:
    """Return the line with the links to the yearly pages, if there are any."""
    links = [
        f"[{one.year}](/{cumulative_key(playlist_id, one.year, '.md')}) ({one.songs:,})"
        for one in older
    ]
    return [f"Removed more than a year ago: {', '.join(links)}", ""] if links else []


def _total_length(ledger: Ledger, items: Sequence[int]) -> str:
    return wording.total_length(sum([ledger.items[item].duration_ms for item in items]))


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
