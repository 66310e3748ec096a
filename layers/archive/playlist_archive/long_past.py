"""Takes what is long past out of a ledger, and brings it back where it is needed."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from playlist_archive.documents.keys import ledger_part_key
from playlist_archive.documents.ledger import GoneLines, Ledger, Sums
from playlist_archive.documents.long_gone import is_long, went_long_ago
from playlist_archive.documents.put_away import (
    Part,
    decode_part,
    digest_of,
    put_away,
    recalled,
    touched,
)
from playlist_archive.documents.year_sums import add_sums, sums_of
from playlist_archive.errors import UNREADABLE, PartLostError
from playlist_archive.ports.bucket import Bucket
from playlist_archive.views.songs import song_ids_line, songs_line


class Settled(NamedTuple):
    """A ledger of which the long past is put away.

    Attributes:
        ledger: as it is to be stored.
        whole: the same before that; what had not been recalled is still put away in it.
        parts: those that were made of the difference, encoded, by year.
        sums: those of the ledger and all of its parts.
        gone: titles and ids of the songs that went long ago, if they had to be made.
    """

    ledger: Ledger
    whole: Ledger
    parts: Mapping[int, bytes]
    sums: Sums
    gone: tuple[bytes, bytes] | None = None


class LongPast:
    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def recall(self, ledger: Ledger, years: Iterable[int]) -> Ledger:
        """Return the ledger with what was put away of some years.

        Raises:
            PartLostError: a part is missing, or is not what the ledger says.
        """
        away = [year for year in years if year in ledger.put_away]
        return recalled(ledger, (self._read(ledger, year) for year in away)) if away else ledger

    def settle(self, ledger: Ledger, before: Ledger | None) -> Settled:
        """Put away what is long past; `before` is what was stored of this playlist.

        Raises:
            PartLostError: a part is missing, or is not what the ledger says.
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
        """Return titles and ids of the songs that went long ago, as `render_lines` does.

        Parts are read one after the other, for all of them take much memory.
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
        """Return what is stored in place of a part, None where that is a part or nothing."""
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
            raise PartLostError(key, year)
        try:
            return decode_part(stored.body)
        except UNREADABLE as error:
            raise PartLostError(key, year) from error
