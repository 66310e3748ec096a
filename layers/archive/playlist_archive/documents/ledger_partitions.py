"""Yearly partitions of a large ledger, with its old songs and changes.

If a playlist ever had very many songs, the songs removed more than a year ago (by the year of
removal) and the archived changes are in partitions. The ledger itself then holds only what most
renders need. What is in which partition depends only on the ledger with all its partitions.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from hashlib import blake2b, sha256
from struct import unpack

import msgspec
from msgspec.structs import replace

from playlist_archive.documents.changes import ArchivedChanges, named_items, named_occurrences
from playlist_archive.documents.ledger import Ledger, Occurrence, PartitionSummary
from playlist_archive.documents.old_removals import is_long, went_long_ago, years_long_ago
from playlist_archive.documents.playlist import Item
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.year_sums import sums_of

SCHEMA = 1

_MARK_BYTES = 4
_DIGEST_LENGTH = 32


class Part(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="schema", tag=SCHEMA):
    """A partition: the songs removed in one year, their occurrences, and that year's changes."""

    playlist_id: str
    year: int
    items: dict[int, Item] = {}
    occurrences: dict[int, Occurrence] = {}
    changes: tuple[ArchivedChanges, ...] = ()


_PARTS = msgspec.json.Decoder(Part)


def decode_part(document: bytes) -> Part:
    """Read a part.

    Raises:
        UNREADABLE (`errors`): the document is no partition of this schema version.
    """
    return _PARTS.decode(document)


def digest_of(document: bytes) -> str:
    return sha256(document).hexdigest()[:_DIGEST_LENGTH]


def put_away(ledger: Ledger) -> tuple[Ledger, dict[int, bytes]]:
    """Return the ledger without old songs and changes, and the partitions with these, by year.

    Partitions that exist and were not recalled do not change; `touched` returns those that have to
    be recalled before.
    """
    if not is_long(ledger):
        return ledger, {}
    away = _away(ledger)
    years = {*years_long_ago(ledger), *ledger.years} - ledger.put_away.keys()
    parts = {
        year: Part(ledger.playlist_id, year, changes=ledger.years.get(year, ()))
        for year in sorted(years)
    }
    here: dict[int, Item] = {}
    for number, item in ledger.items.items():
        (parts[away[number]].items if number in away else here)[number] = item
    staying: dict[int, Occurrence] = {}
    for number, one in ledger.occurrences.items():
        (parts[away[one.item]].occurrences if one.item in away else staying)[number] = one
    encoded = {year: msgspec.json.encode(part) for year, part in parts.items()}
    known = {year: _known_of(ledger, part, encoded[year]) for year, part in parts.items()}
    hot = replace(
        ledger,
        items=here,
        occurrences=staying,
        years={},
        put_away=dict(sorted({**ledger.put_away, **known}.items())),
    )
    return hot, encoded


def touched(ledger: Ledger) -> list[int]:
    """Return the years of the partitions to which something has to move."""
    if not is_long(ledger):
        return []
    return sorted({*_away(ledger).values(), *ledger.years} & ledger.put_away.keys())


def recalled(ledger: Ledger, parts: Iterable[Part]) -> Ledger:
    """Return the ledger including the contents of some of its partitions."""
    items, occurrences = dict(ledger.items), dict(ledger.occurrences)
    years, away = dict(ledger.years), dict(ledger.put_away)
    for part in parts:
        items |= part.items
        occurrences |= part.occurrences
        changes = (*part.changes, *years.get(part.year, ()))
        if changes:
            years[part.year] = changes
        del away[part.year]
    return replace(
        ledger,
        items=dict(sorted(items.items())),
        occurrences=dict(sorted(occurrences.items())),
        years=dict(sorted(years.items())),
        put_away=away,
    )


class PartitionedSongs:
    """Finds the partitions that may hold songs of a snapshot which the ledger itself lacks."""

    def __init__(self, ledger: Ledger) -> None:
        self._here = {item.uri for item in ledger.items.values()}
        self._marks = {year: _marks_in(part.uris) for year, part in ledger.put_away.items()}

    def years_of(self, snapshot: Snapshot) -> list[int]:
        unknown = {
            _mark(row.item.uri)
            for row in snapshot.rows
            if row.item and row.item.uri not in self._here
        }
        return [year for year, marks in self._marks.items() if not marks.isdisjoint(unknown)]


def _away(ledger: Ledger) -> Mapping[int, int]:
    """Return the songs that belong in partitions, with their years; no recent change names them."""
    named = {
        item
        for change in ledger.changes
        for item in (
            *named_items(change),
            *(ledger.occurrences[one].item for one in named_occurrences(change)),
        )
    }
    return {item: year for item, year in went_long_ago(ledger).items() if item not in named}


def _known_of(ledger: Ledger, part: Part, encoded: bytes) -> PartitionSummary:
    alone = replace(
        ledger, items=part.items, occurrences=part.occurrences, rows=(), years={}, put_away={}
    )
    return PartitionSummary(
        digest=digest_of(encoded),
        items=len(part.items),
        occurrences=len(part.occurrences),
        changes=sum([some.count for some in part.changes]),
        archive=digest_of(msgspec.json.encode(part.changes)),
        uris=_marks_of(item.uri for item in part.items.values()),
        sums=sums_of(alone),
    )


def _mark(uri: str) -> int:
    return int.from_bytes(blake2b(uri.encode(), digest_size=_MARK_BYTES).digest(), "little")


def _marks_of(uris: Iterable[str]) -> str:
    marks = sorted(map(_mark, uris))
    return b64encode(b"".join([mark.to_bytes(_MARK_BYTES, "little") for mark in marks])).decode()


def _marks_in(text: str) -> frozenset[int]:
    marks = b64decode(text)
    return frozenset(unpack(f"<{len(marks) // _MARK_BYTES}I", marks))
