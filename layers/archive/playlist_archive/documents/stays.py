"""The table of stays, for SQL: one stay a line; `docs/sql.md` describes it."""

import gzip
from collections.abc import Iterable

import msgspec

from playlist_archive.documents.timestamps import Timestamp

# The best, 9, takes twice as long and saves 3% more.
_LEVEL = 6


class StayOfSong(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, kw_only=True):
    """A row of the table: one uninterrupted stay of a song in a playlist.

    `row` is where the song stands now, None once it is gone.
    """

    playlist_id: str
    uri: str
    name: str
    artists: tuple[str, ...] = ()
    isrc: str = ""
    row: int | None = None
    added_at: Timestamp | None = None
    added_by: str = ""
    first_seen: Timestamp
    last_seen: Timestamp | None = None
    first_missing: Timestamp | None = None


def encode_stays(stays: Iterable[StayOfSong]) -> bytes:
    """Return compressed JSON Lines; the same stays are the same bytes with the same zlib.

    The file tells neither its time nor its name.
    """
    return gzip.compress(_LINES.encode_lines(stays), _LEVEL, mtime=0)


_LINES = msgspec.json.Encoder()
