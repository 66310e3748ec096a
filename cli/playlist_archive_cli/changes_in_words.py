"""A published change as lines of text, in the wording of the history page."""

from collections.abc import Iterator, Sequence

from msgspec import UNSET

from playlist_archive.documents.history import (
    Counts,
    MovedSong,
    PublishedChange,
    RenamedSong,
    Song,
    SongAtRow,
)
from playlist_archive.views.wording import artist_names, song_by

UNNAMED = "a song that Spotify does not name"


def spell_counts(counts: Counts) -> str:
    """Return `3 added, 1 removed`, empty if no row was added, removed or moved."""
    told = [
        (counts.added, "added"),
        (counts.readded, "added again"),
        (counts.removed, "removed"),
        (counts.moved, "moved"),
    ]
    return ", ".join(f"{number:,} {what}" for number, what in told if number)


def change_lines(change: PublishedChange) -> Iterator[str]:
    """Yield a line for each difference."""
    if change.name:
        yield f"Renamed from “{change.name.before}” to “{change.name.after}”"
    if change.description:
        yield f"Description: “{change.description.before}” became “{change.description.after}”"
    if change.owner:
        before, after = change.owner.before, change.owner.after
        yield f"Owner: {before.name or before.id} became {after.name or after.id}"
    yield from _row_lines("Added", "row", change.added)
    yield from _row_lines("Added again", "row", change.readded)
    yield from _row_lines("Removed", "was row", change.removed)
    for moved in change.moved:
        yield f"Moved: {spell_song(moved)}, from row {moved.before} to row {moved.after}"
    for song in change.unavailable:
        yield f"No longer available on Spotify: {spell_song(song)}"
    for song in change.available:
        yield f"Available again: {spell_song(song)}"
    for renamed in change.renamed:
        yield f"Spotify changed “{renamed.before}”: {spell_song(renamed)}"


def spell_song(song: Song | SongAtRow | MovedSong | RenamedSong) -> str:
    """Return a song as `Ropewalk by Velvet Ferry`."""
    if song.name is UNSET or song.artists is UNSET:
        return UNNAMED
    return spell_title(song.name or str(song.uri), song.artists)


def spell_title(name: str, artists: Sequence[str]) -> str:
    return song_by(name, artist_names(artists))


def _row_lines(what: str, where: str, rows: Sequence[SongAtRow]) -> Iterator[str]:
    for one in rows:
        yield f"{what}: {spell_song(one)}, {where} {one.row}"
