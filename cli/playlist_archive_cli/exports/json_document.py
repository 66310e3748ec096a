"""JSON with all known fields of each row, as in docs/snapshot.md."""

from collections.abc import Sequence

import msgspec

from playlist_archive.documents.playlist import Owner, Row
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.exports.collection import Collection, Encoded
from playlist_archive_cli.published import Stay

SCHEMA = 1


class _Document(msgspec.Struct, tag_field="schema", tag=SCHEMA):
    id: str
    name: str
    description: str
    owner: Owner
    url: str
    snapshot: Timestamp | None
    rows: Sequence[Row]


class _RowWithStays(Row, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    stays: Sequence[Stay]


def encode_json(collection: Collection) -> Encoded:
    document = _Document(*collection[:6], rows=_rows(collection))
    encoded = msgspec.json.format(msgspec.json.encode(document), indent=1)
    return Encoded([encoded + b"\n"], {})


def _rows(collection: Collection) -> Sequence[Row]:
    if not collection.stays:
        return collection.rows
    return [
        _RowWithStays(row.added_at, row.added_by, row.item, stays=stays)
        for row, stays in zip(collection.rows, collection.stays, strict=True)
    ]
