"""Moves old songs and changes of a large ledger into yearly partitions, and reads them back."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from playlist_archive.documents.keys import ledger_part_key
from playlist_archive.documents.ledger import GoneLines, Ledger, Sums
from playlist_archive.documents.ledger_partitions import (
    Part,
    decode_part,
    digest_of,
    put_away,
    recalled,
    touched,
)
from playlist_archive.documents.old_removals import is_long, went_long_ago
from playlist_archive.documents.year_sums import add_sums, sums_of
from playlist_archive.errors import UNREADABLE, PartitionMissingError
from playlist_archive.ports.bucket import Bucket
from playlist_archive.views.songs import song_ids_line, songs_line


class Settled(NamedTuple):
    """A ledger whose old songs and changes are in yearly partitions.

    Attributes:
        ledger: the ledger to store.
        whole: the ledger before the move; it lacks only partitions that were not recalled.
        parts: the partitions that have to be written, encoded, by year.
        sums: the sums of the ledger and all its partitions.
        gone: titles and ids of songs removed more than a year ago, if they were computed.
    """

    ledger: Ledger
    whole: Ledger
    parts: Mapping[int, bytes]
    sums: Sums
    gone: tuple[bytes, bytes] | None = None


class PartitionStore:
    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def recall(self, ledger: Ledger, years: Iterable[int]) -> Ledger:
        """Return the ledger including the partitions of some years.

        Raises:
            PartitionMissingError: a partition is missing, or does not have its digest in the ledger.
        """
        away = [year for year in years if year in ledger.put_away]
        return recalled(ledger, (self._read(ledger, year) for year in away)) if away else ledger

    def settle(self, ledger: Ledger, before: Ledger | None) -> Settled:
        """Move old songs and changes to partitions; `before` is the stored ledger, if any.

        Raises:
            PartitionMissingError: a partition is missing, or does not have its digest in the ledger.
        """
        if not is_long(ledger):
            return Settled(ledger, ledger, {}, Sums())
        whole = self.recall(ledger, touched(ledger))
        hot, parts = put_away(whole)
        if not hot.put_away:
            return Settled(hot, whole, {}, Sums())
        sums = add_sums([sums_of(hot), *(part.sums for part in hot.put_away.values())])
        settled = Settled(hot, whole, parts, sums)
        total = sum(sums.songs.values())
        known = before.gone if before else None
        if known and known.sum == total:
            return settled._replace(ledger=replace(hot, gone=known))
        lines = self.gone_lines(settled)
        gone = GoneLines(total, *map(digest_of, lines))
        return settled._replace(ledger=replace(hot, gone=gone), gone=lines)

    def gone_lines(self, settled: Settled) -> tuple[bytes, bytes]:
        """Return titles and ids of songs removed more than a year ago, as `render_lines` does.

        Partitions are read one by one, because all together take much memory.
        """
        if settled.gone:
            return settled.gone
        whole = settled.whole
        went = went_long_ago(whole)
        titles: list[bytes] = []
        ids: list[bytes] = []
        for year in sorted({*went.values(), *whole.put_away}):
            items = {number: whole.items[number] for number in went if went[number] == year}
            if year in whole.put_away:
                items |= self._read(whole, year).items
            songs = [items[number] for number in sorted(items)]
            if songs:
                titles.append(songs_line(songs)[1:-1])
                ids.append(song_ids_line(songs)[1:-1])
        return b"[%b]" % b",".join(titles), b"[%b]" % b",".join(ids)

    def is_damaged(self, playlist_id: str, year: int) -> bytes | None:
        """Return a damaged object stored under a partition's key, None if there is none."""
        stored = self._bucket.get(ledger_part_key(playlist_id, year))
        if stored is None:
            return None
        try:
            decode_part(stored.body)
        except UNREADABLE:
            return stored.body
        return None

    def _read(self, ledger: Ledger, year: int) -> Part:
        key = ledger_part_key(ledger.playlist_id, year)
        stored = self._bucket.get(key)
        if stored is None or digest_of(stored.body) != ledger.put_away[year].digest:
            raise PartitionMissingError(key, year)
        try:
            return decode_part(stored.body)
        except UNREADABLE as error:
            raise PartitionMissingError(key, year) from error
