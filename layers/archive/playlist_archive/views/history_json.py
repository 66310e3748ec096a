"""The history as a JSON document."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from playlist_archive.documents.changes import Change, Names, Placed, changes_of_names, names_after
from playlist_archive.documents.history import (
    Counts,
    History,
    HistoryOfYear,
    MovedSong,
    NamesSince,
    OlderChanges,
    OwnerChange,
    PublishedChange,
    PublishedGap,
    PublishedPlaylist,
    PublishedSnapshot,
    RenamedSong,
    Size,
    Song,
    SongAtRow,
    TextChange,
    encode_history,
)
from playlist_archive.documents.keys import view_key
from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.playlist import Item
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.views import wording
from playlist_archive.views.feed import ENTRIES
from playlist_archive.views.history import archived_changes


def year_document_key(playlist_id: str, year: int) -> str:
    return view_key("history", playlist_id, f"-{year}.json")


def history_json(ledger: Ledger) -> bytes:
    return encode_history(
        History(
            playlist=_playlist(ledger),
            first_snapshot=to_timestamp(ledger.first_read),
            last_snapshot=to_timestamp(ledger.last),
            size=_size(ledger),
            snapshots=tuple(
                [
                    PublishedSnapshot(one.time, one.rows, one.source)
                    for one in reversed(ledger.snapshots)
                ]
            ),
            names=_names(ledger),
            gaps=tuple(
                PublishedGap(
                    first=wording.day(gap.first),
                    last=wording.day(gap.last),
                    since=to_timestamp(gap.first),
                    until=to_timestamp(gap.until),
                    status=gap.status,
                    reason=gap.reason,
                )
                for gap in reversed(ledger.gaps)
            ),
            changes=_Publisher(ledger).publish(ledger.changes, ledger.names),
            older=tuple(
                OlderChanges(year, f"/{year_document_key(ledger.playlist_id, year)}", count)
                for year, count in sorted(ledger.archived_counts.items(), reverse=True)
            ),
        )
    )


def newest_changes(ledger: Ledger) -> Iterator[tuple[PublishedPlaylist, PublishedChange]]:
    """Yield the newest changes for a feed."""
    playlist = _playlist(ledger)
    for change in _Publisher(ledger).publish(ledger.changes[-ENTRIES:], ledger.names):
        yield playlist, change


def year_document(ledger: Ledger, year: int) -> bytes:
    """Return the document of a year with archived changes."""
    changes = archived_changes(ledger, year)
    published = _Publisher(ledger).publish(changes, ledger.years[year][-1].names)
    document = HistoryOfYear(playlist=_playlist(ledger), year=year, changes=published)
    return encode_history(document)


def _playlist(ledger: Ledger) -> PublishedPlaylist:
    return PublishedPlaylist(ledger.playlist_id, ledger.unique_name, ledger.header.url)


def _size(ledger: Ledger) -> Size:
    """Count the present songs and rows; a row that Spotify stopped naming counts as its song."""
    items = (
        ledger.occurrences[row.occurrence].item for row in ledger.rows if row.occurrence is not None
    )
    times, rows = Counter(items), len(ledger.rows)
    return Size(len(times), rows, wording.songs_and_rows(times.values(), rows))


def _names(ledger: Ledger) -> tuple[NamesSince, ...]:
    """Return each name, description and owner with the first snapshot that had it, newest first."""
    begin = Change(time=ledger.first_read, previous=ledger.first_read)
    changes = [begin, *ledger.former_names, *changes_of_names(ledger.changes)]
    return tuple(
        NamesSince(to_timestamp(change.time), *names)
        for change, names in zip(
            reversed(changes), reversed(names_after(changes, ledger.names)), strict=True
        )
    )


class _Songs(dict[int, Song]):
    """Returns a song by its item, created only once."""

    def __init__(self, items: Mapping[int, Item]) -> None:
        super().__init__()
        self._items = items

    def __missing__(self, item: int) -> Song:
        known = self._items[item]
        artists = tuple([artist.name for artist in known.artists])
        self[item] = song = Song(known.name, artists, known.uri)
        return song


class _Publisher:
    """Publishes the changes of one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._songs = _Songs(ledger.items)

    def publish(self, changes: Sequence[Change], names: Names) -> tuple[PublishedChange, ...]:
        """Return the changes, newest first; `names` are those after the last one."""
        afters = names_after(changes, names)
        return tuple(
            [
                self._publish(change, after)
                for change, after in zip(reversed(changes), reversed(afters), strict=True)
            ]
        )

    def _publish(self, change: Change, after: Names) -> PublishedChange:
        occurrences, songs = self._ledger.occurrences, self._songs
        time = to_timestamp(change.time)
        added = self._rows(change.added, change.null_added)
        readded = self._rows(change.readded)
        removed = self._rows(change.removed, change.null_removed)
        return PublishedChange(
            time=time,
            after=to_timestamp(change.previous),
            until=time,
            counts=Counts(len(added), len(readded), len(removed), len(change.moved)),
            added=added,
            readded=readded,
            removed=removed,
            moved=tuple(
                [
                    MovedSong(move.before, move.after, song.name, song.artists, song.uri)
                    for move in change.moved
                    for song in [songs[occurrences[move.occurrence].item]]
                ]
            ),
            unavailable=tuple([songs[item] for item in change.unavailable]),
            available=tuple([songs[item] for item in change.available]),
            renamed=tuple(
                [
                    RenamedSong(line, song.name, song.artists, song.uri)
                    for item, line in change.renamed
                    for song in [songs[item]]
                ]
            ),
            name=None if change.name is None else TextChange(change.name, after.name),
            description=(
                None
                if change.description is None
                else TextChange(change.description, after.description)
            ),
            owner=None if change.owner is None else OwnerChange(change.owner, after.owner),
        )

    def _rows(self, placed: Sequence[Placed], unnamed: Sequence[int] = ()) -> tuple[SongAtRow, ...]:
        occurrences, songs = self._ledger.occurrences, self._songs
        rows = [
            SongAtRow(one.row, song.name, song.artists, song.uri)
            for one in placed
            for song in [songs[occurrences[one.occurrence].item]]
        ]
        if unnamed:
            rows += [SongAtRow(row) for row in unnamed]
            rows.sort(key=lambda one: one.row)
        return tuple(rows)
