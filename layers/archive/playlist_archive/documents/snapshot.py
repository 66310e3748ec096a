"""The snapshot: what a playlist was at one complete read. Snapshots are the truth of the archive.

`docs/snapshot.md` describes the document; `SCHEMA` is its version.
"""

import logging
from datetime import datetime
from hashlib import sha256
from typing import Literal

import msgspec

from playlist_archive.documents.keys import parse_snapshot_key
from playlist_archive.documents.playlist import Header, HeaderField, Owner, Row
from playlist_archive.errors import UNREADABLE

logger = logging.getLogger(__name__)

SCHEMA = 1

type Precision = Literal["second", "day"]
# Below this many, more than half of them may well go.
_FEW = 20


class Snapshot(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="schema",
    tag=SCHEMA,
):
    """A playlist as it was read, whole.

    `time` names the snapshot (the run's time, exceptionally the moment of reading), `read_at` is
    the moment of reading, `previous_check` the run of the last good check before this read: rows
    that are missing now were last seen then.

    `source` says where it comes from if it was not read live, and `reference` where it stands
    there. `precision` is `day` where the source tells no more of the time, which is the end of that
    day then. What the source does not tell, or not in full, is named in `unknown`, here and in each
    item.
    """

    playlist_id: str
    source: str = ""
    reference: str = ""
    precision: Precision = "second"
    unknown: tuple[HeaderField, ...] = ()
    time: datetime
    read_at: datetime
    previous_check: datetime | None = None
    name: str
    description: str
    owner: Owner
    url: str
    snapshot_id: str
    followers: int | None = None
    rows: tuple[Row, ...]

    def content_hash(self) -> str:
        """Return a digest of what counts as a change: name, description, owner and the rows."""
        rows = [
            row.item
            and (
                row.item.uri,
                row.added_at,
                row.item.name,
                [artist.name for artist in row.item.artists],
                row.item.album.name,
                row.item.playable,
            )
            for row in self.rows
        ]
        owner = (self.owner.id, self.owner.name)
        content = msgspec.json.encode((self.name, self.description, owner, rows))
        return sha256(content).hexdigest()

    def known_rows(self) -> int:
        """Return how many rows Spotify still says something about."""
        return sum(row.item is not None for row in self.rows)


_SNAPSHOTS = msgspec.json.Decoder(Snapshot)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Return the document as readable JSON, keys in the order of the schema."""
    return msgspec.json.format(msgspec.json.encode(snapshot), indent=1) + b"\n"


def decode_snapshot(document: bytes) -> Snapshot:
    """Read a document of this schema version.

    Raises:
        msgspec.ValidationError: the document is not a snapshot; its message names the field.
    """
    return _SNAPSHOTS.decode(document)


def decode_stored(key: str, document: bytes) -> Snapshot | None:
    """Return the snapshot under `key`, None where it cannot be read or is not what its key says."""
    try:
        snapshot = decode_snapshot(document)
    except UNREADABLE as error:
        logger.warning("%s cannot be read: %s", key, error)
        return None
    return snapshot if parse_snapshot_key(key) == (snapshot.playlist_id, snapshot.time) else None


def loses_much(before: int, now: int) -> bool:
    """Whether so many went at once that a broken answer is likelier than the owner."""
    return (before > 0 and now == 0) or (before >= _FEW and now * 2 < before)


def header_of(snapshot: Snapshot) -> Header:
    """Return what a snapshot says about its playlist besides the rows."""
    return Header(
        name=snapshot.name,
        description=snapshot.description,
        owner=snapshot.owner,
        url=snapshot.url,
        snapshot_id=snapshot.snapshot_id,
        followers=snapshot.followers,
        unknown=snapshot.unknown,
    )
