"""Playlists whose songs stand in the same part."""

from itertools import count

from playlist_archive.documents.keys import songs_part
from tests.support.builders import PLAYLIST

PART = songs_part(PLAYLIST)


def _beside(first: int) -> str:
    """Return a playlist id whose songs stand beside those of `PLAYLIST`."""
    ids = (f"5oNgSiDe{number:014}" for number in count(first))
    return next(playlist_id for playlist_id in ids if songs_part(playlist_id) == PART)


SECOND, THIRD = _beside(0), _beside(100)
