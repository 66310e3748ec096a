"""Parts of a ledger in which stands what is long past, by year.

A playlist in which very many songs ever were has such parts: the songs that went long ago, by the
year when they went, and the archived changes. The ledger itself then holds no more than a render
needs on most days. What stands in which part follows from the whole ledger alone.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from hashlib import blake2b, sha256
from struct import unpack

import msgspec
from msgspec.structs import replace

from playlist_archive.documents.changes import ArchivedChanges, named_items, named_occurrences
from playlist_archive.documents.ledger import Ledger, Occurrence, PutAway
from playlist_archive.documents.long_gone import is_long, went_long_ago, years_long_ago
from playlist_archive.documents.playlist import Item
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.year_sums import sums_of

SCHEMA = 1

_MARK_BYTES = 4
_DIGEST_LENGTH = 32


class Part(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="schema", tag=SCHEMA):
    """The songs that went long ago in one year with their occurrences, and the changes of that year."""

    playlist_id: str
    year: int
    items: dict[int, Item] = {}
    occurrences: dict[int, Occurrence] = {}
    changes: tuple[ArchivedChanges, ...] = ()


_PARTS = msgspec.json.Decoder(Part)


def decode_part(document: bytes) -> Part:
    """Read a part.

    Raises:
        UNREADABLE (`errors`): the document is no part of this schema version.
    """
    return _PARTS.decode(document)


def digest_of(document: bytes) -> str:
    return sha256(document).hexdigest()[:_DIGEST_LENGTH]


def put_away(ledger: Ledger) -> tuple[Ledger, dict[int, bytes]]:
    """Return the ledger without what is long past, and the parts that hold that, by year.

    Of parts that were put away before and not recalled, nothing changes; `touched` tells which ones
    have to be recalled first.
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
    """Return the years of parts into which something has to be put away."""
    if not is_long(ledger):
        return []
    return sorted({*_away(ledger).values(), *ledger.years} & ledger.put_away.keys())


def recalled(ledger: Ledger, parts: Iterable[Part]) -> Ledger:
    """Return the ledger with what stands in some of its parts."""
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


class AwaySongs:
    """Tells which parts may hold songs of a snapshot that the ledger itself does not."""

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
    """Return the songs that stand in parts, with their years: those that no recent change names."""
    named = {
        item
        for change in ledger.changes
        for item in (
            *named_items(change),
            *(ledger.occurrences[one].item for one in named_occurrences(change)),
        )
    }
    return {item: year for item, year in went_long_ago(ledger).items() if item not in named}


def _known_of(ledger: Ledger, part: Part, encoded: bytes) -> PutAway:
    alone = replace(
        ledger, items=part.items, occurrences=part.occurrences, rows=(), years={}, put_away={}
    )
    return PutAway(
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
