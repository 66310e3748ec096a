"""The user's Liked Songs as a playlist.

Spotify has neither an id nor a version for them, so they get both here. The id looks like any
other, and its number is greater than every id of Spotify's.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from playlist_archive.documents.playlist import Header, Owner, Row

LIKED_SONGS = "LikedSongs000000000000"
LIKED_SONGS_URL = "https://open.spotify.com/collection/tracks"
# The songs of one request, newest first. The version tells those of the first one.
LIKED_PAGE = 50
_NOBODY = Owner("", "")


def liked_header(owner: Owner = _NOBODY, version: str = "") -> Header:
    """Return what describes the Liked Songs of `owner`, whom only a whole read knows."""
    return Header(
        name="Liked Songs",
        description="",
        owner=owner,
        url=LIKED_SONGS_URL,
        snapshot_id=version,
    )


def liked_version(total: int, newest: Sequence[Row]) -> str:
    """Return a version that is another one where the number of songs or the newest of them differ."""
    keys = [liked_key(row) for row in newest[:LIKED_PAGE]]
    return f"{total}-{sha256(msgspec.json.encode(keys)).hexdigest()[:16]}"


def liked_key(row: Row) -> tuple[str, str]:
    """Return what tells a liked song from all others: a song that is liked again is another one."""
    added_at = row.added_at.isoformat() if row.added_at else ""
    return row.item.uri if row.item else "", added_at
