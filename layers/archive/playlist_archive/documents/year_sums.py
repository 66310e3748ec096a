"""Digests of the contents of yearly documents, without rendering them.

A digest is the sum of the digests of all lines. So it can be computed from the ledger and its
partitions one by one, and does not depend on which of them holds a song.
"""

from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from playlist_archive.documents.ledger import Ledger, Sums
from playlist_archive.documents.old_removals import went_long_ago
from playlist_archive.documents.stays import stay_lines

_BITS = 64


def sums_of(ledger: Ledger) -> Sums:
    """Return the sums of the ledger itself, without its partitions.

    `songs` are the songs removed more than a year ago, by the year of removal. `texts` are the
    texts that the changes of a year may name, and `stays` the stays that began in it.
    """
    encode = msgspec.json.Encoder().encode
    songs, texts, stays = (defaultdict[int, int](int) for _ in range(3))
    went = went_long_ago(ledger)
    for item, year in went.items():
        songs[year] += _number(encode(ledger.items[item]))
    named: dict[int, int] = {}
    last = ledger.last.year
    for occurrence in ledger.occurrences.values():
        item, intervals = occurrence.item, occurrence.intervals
        if item in went:
            songs[went[item]] += _number(encode((occurrence.nth, intervals)))
        if item not in named:
            song = ledger.items[item]
            named[item] = _number(encode((song.name, song.url, song.uri, song.artists)))
        gone = intervals[-1].first_missing
        until = int(gone[:4]) if gone else last
        for year in range(int(intervals[0].seen[:4]), until + 1):
            texts[year] += named[item]
    for year, occurrence_number, line in stay_lines(ledger):
        # The lines of a file are in the order of the occurrences.
        stays[year] += _number(b"%d %b" % (occurrence_number, line))
    return Sums(*(_within(sums) for sums in (songs, texts, stays)))


def add_sums(some: Iterable[Sums]) -> Sums:
    songs, texts, stays = (defaultdict[int, int](int) for _ in range(3))
    for one in some:
        for total, sums in ((songs, one.songs), (texts, one.texts), (stays, one.stays)):
            for year, number in sums.items():
                total[year] += number
    return Sums(*(_within(sums) for sums in (songs, texts, stays)))


def _number(line: bytes) -> int:
    return int.from_bytes(blake2b(line, digest_size=_BITS // 8).digest())


def _within(sums: dict[int, int]) -> dict[int, int]:
    return {year: sums[year] % 2**_BITS for year in sorted(sums)}
