"""A playlist's lines in the song lists: every song that is or was in it, for searching.

A line has either present and recent songs, or those removed more than a year ago.
"""

from collections.abc import Iterable

import msgspec

from playlist_archive.documents.playlist import Item

_TRACK = "spotify:track:"


def songs_line(songs: Iterable[Item]) -> bytes:
    """Return title and artists of each song."""
    return msgspec.json.encode(
        [[item.name, *[artist.name for artist in item.artists]] for item in songs]
    )


def song_ids_line(songs: Iterable[Item]) -> bytes:
    """Return the id of each song, and its ISRC if known."""
    return msgspec.json.encode([_ids(item) for item in songs])


def _ids(item: Item) -> list[str]:
    track_id = item.uri.removeprefix(_TRACK)
    return [track_id, item.isrc] if item.isrc else [track_id]
