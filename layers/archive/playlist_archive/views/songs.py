"""What a search needs of a playlist: every song that is or was in it."""

import msgspec

from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.playlist import Item

_TRACK = "spotify:track:"


def songs_line(ledger: Ledger) -> bytes:
    """Return title and artists of each song, in the order in which they first came."""
    return msgspec.json.encode(
        [[item.name, *[artist.name for artist in item.artists]] for item in ledger.items]
    )


def song_ids_line(ledger: Ledger) -> bytes:
    """Return the id of each song in the same order, and its ISRC where that is known."""
    return msgspec.json.encode([_ids(item) for item in ledger.items])


def _ids(item: Item) -> list[str]:
    track_id = item.uri.removeprefix(_TRACK)
    return [track_id, item.isrc] if item.isrc else [track_id]
