"""The snapshot: a playlist as returned by one complete read. All other data derives from these.

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

# The metadata of an imported object. The renderer does not render it when S3 announces it: an import
# requests one rebuild of a playlist after all its snapshots are written.
IMPORTED = {"source": "import"}

type Precision = Literal["second", "day"]
# With fewer rows, losing more than half of them is plausible.
_FEW = 20


class Snapshot(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    kw_only=True,
    tag_field="schema",
    tag=SCHEMA,
):
    """A playlist as returned by one complete read.

    `time` names the snapshot: it is the run's time, or exceptionally the moment of reading.
    `read_at` is the moment of reading. `previous_check` is the run of the last good check before
    this read, which still found the rows that are missing now.

    `source` is the source of an imported snapshot, and `reference` its place there. `precision` is
    `day` if the source has only the day; `time` is then the end of that day. `unknown` names the
    fields that the source lacks or has only in part, here and in each item.
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
        """Return a digest of all that counts as a change: name, description, owner and rows."""
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
        """Return the number of rows whose song Spotify names."""
        return sum(row.item is not None for row in self.rows)


_SNAPSHOTS = msgspec.json.Decoder(Snapshot)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Return the document as readable JSON, with keys in the order of the schema."""
    return msgspec.json.format(msgspec.json.encode(snapshot), indent=1) + b"\n"


def decode_snapshot(document: bytes) -> Snapshot:
    """Read a document of this schema version.

    Raises:
        msgspec.ValidationError: the document is not a snapshot; its message names the field.
    """
    return _SNAPSHOTS.decode(document)


def decode_stored(key: str, document: bytes) -> Snapshot | None:
    """Return the snapshot under `key`, None if it is unreadable or does not match its key."""
    try:
        snapshot = decode_snapshot(document)
    except UNREADABLE as error:
        logger.warning("%s cannot be read: %s", key, error)
        return None
    return snapshot if parse_snapshot_key(key) == (snapshot.playlist_id, snapshot.time) else None


def loses_much(before: int, now: int) -> bool:
    """Whether so many rows are missing that a wrong answer is likelier than a removal."""
    return (before > 0 and now == 0) or (before >= _FEW and now * 2 < before)


def header_of(snapshot: Snapshot) -> Header:
    """Return a snapshot's fields about the playlist other than the rows."""
    return Header(
        name=snapshot.name,
        description=snapshot.description,
        owner=snapshot.owner,
        url=snapshot.url,
        snapshot_id=snapshot.snapshot_id,
        followers=snapshot.followers,
        unknown=snapshot.unknown,
    )
