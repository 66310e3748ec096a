"""The user's Liked Songs as a playlist.

Spotify gives them neither an id nor a version, so this module makes both. The id has the usual
form, and as a number it is greater than every id of Spotify.
"""

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from playlist_archive.documents.playlist import Header, Owner, Row

LIKED_SONGS = "LikedSongs000000000000"
LIKED_SONGS_URL = "https://open.spotify.com/collection/tracks"
# Songs in one request, newest first. The version includes those of the first request.
LIKED_PAGE = 50
_NOBODY = Owner("", "")


def liked_header(owner: Owner = _NOBODY, version: str = "") -> Header:
    """Return the header of the Liked Songs; only a full read knows the `owner`."""
    return Header(
        name="Liked Songs",
        description="",
        owner=owner,
        url=LIKED_SONGS_URL,
        snapshot_id=version,
    )


def liked_version(total: int, newest: Sequence[Row]) -> str:
    """Return a version that differs if the number of songs or the newest songs differ."""
    keys = [liked_key(row) for row in newest[:LIKED_PAGE]]
    return f"{total}-{sha256(msgspec.json.encode(keys)).hexdigest()[:16]}"


def liked_key(row: Row) -> tuple[str, str]:
    """Return the identity of a liked song; a song that is liked again has another one."""
    added_at = row.added_at.isoformat() if row.added_at else ""
    return row.item.uri if row.item else "", added_at
