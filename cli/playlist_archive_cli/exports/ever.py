"""All songs that were ever in a playlist, or those that were removed, as rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from playlist_archive.documents.playlist import Item, Row
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.dates import Date
from playlist_archive_cli.published import Ever, EverSong, Stay


def removed_songs(ever: Ever, since: Date | None) -> list[EverSong]:
    """Return the removed songs, or those removed on a day or later, in the document's order."""
    return [
        song
        for song in ever.tracks
        if song.date_removed and (since is None or _went(song) >= since.first)
    ]


def rows_of(
    songs: Sequence[EverSong], read: Callable[[Iterable[Timestamp]], Iterable[Snapshot]]
) -> list[Row]:
    """Return the row of each song from the first snapshot of its last stay.

    `read` returns the snapshots of several times, in that order. The snapshots are needed because
    the cumulative document lacks who added a song and its album's release date.
    """
    times = sorted({_last_stay(song).first_seen for song in songs})
    found: dict[Timestamp, Mapping[str, Row]] = {
        time: {row.item.uri: row for row in reversed(snapshot.rows) if row.item}
        for time, snapshot in zip(times, read(times), strict=True)
    }
    return [
        found[stay.first_seen].get(song.uri) or _row_without_snapshot(song, stay)
        for song in songs
        for stay in [_last_stay(song)]
    ]


def _last_stay(song: EverSong) -> Stay:
    return max(song.intervals, key=lambda stay: (stay.first_missing is None, stay.first_seen))


def _went(song: EverSong) -> Timestamp:
    return max(stay.first_missing or "" for stay in song.intervals)


def _row_without_snapshot(song: EverSong, stay: Stay) -> Row:
    """Return a row from the cumulative document, if Spotify did not name it at first."""
    item = Item(
        type=song.type,
        uri=song.uri,
        name=song.name,
        duration_ms=song.duration_ms,
        artists=song.artists,
        album=song.album,
        url=song.url,
        isrc=song.isrc,
    )
    return Row(datetime.fromisoformat(stay.added_at) if stay.added_at else None, "", item)
