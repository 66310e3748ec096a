"""Finds and reads the snapshots that a ledger lacks.

Only the ledger shows which ones these are. To save time, the snapshots shortly before the announced
ones can be listed while the ledger is still being read.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import NamedTuple

from playlist_archive.documents.keys import snapshot_key
from playlist_archive.documents.snapshot import IMPORTED
from playlist_archive.documents.timestamps import earlier
from playlist_archive.ports.bucket import Bucket, Stored, list_snapshots
from playlist_archive.ports.concurrency import Calls
from playlist_archive.ports.read_ahead import read_ahead

# Most outdated ledgers lack less than a month, and a month of snapshots is one short list.
_LISTED_BEFORE = timedelta(days=31)


class _Listing(NamedTuple):
    """A list of the snapshots `after` a time; the request may still be running."""

    after: datetime
    found: Future[list[tuple[str, datetime]]]


class NewSnapshots:
    def __init__(
        self, bucket: Bucket, calls: Calls, playlist_id: str, announced: Sequence[datetime]
    ) -> None:
        """Begin to read the `announced` snapshots."""
        self._bucket = bucket
        self._calls = calls
        self._playlist_id = playlist_id
        self._announced = announced
        self._begun = {
            key: calls.begin(bucket.get, key)
            for key in (snapshot_key(playlist_id, time) for time in announced)
        }
        self._near: _Listing | None = None

    def are_imported(self) -> bool:
        """Return whether there are announced snapshots, and the metadata of each says `import`."""
        announced = [begun.result() for begun in self._begun.values()]
        return bool(announced) and all(
            one and one.metadata.items() >= IMPORTED.items() for one in announced
        )

    def begin_list(self) -> None:
        """Begin to list the snapshots of the month before the announced ones, a slow request."""
        if self._announced:
            after = earlier(min(self._announced), _LISTED_BEFORE)
            self._near = _Listing(after, self._calls.begin(lambda: list(self._list(after))))

    def after(self, last: datetime | None) -> Generator[tuple[str, Stored | None]]:
        """Yield the key and the object of each snapshot after the `last` one, oldest first."""
        return read_ahead(self._begin, (key for key, _ in self._list_after(last)))

    def _list_after(self, last: datetime | None) -> Iterable[tuple[str, datetime]]:
        if last and self._near and last >= self._near.after:
            return [(key, time) for key, time in self._near.found.result() if time > last]
        return self._list(last)

    def _list(self, last: datetime | None) -> Iterator[tuple[str, datetime]]:
        after = snapshot_key(self._playlist_id, last) if last else ""
        return list_snapshots(self._bucket, self._playlist_id, after=after)

    def _begin(self, key: str) -> Future[Stored | None]:
        begun = self._begun.pop(key, None)
        # An early read may have missed a snapshot that the later list shows.
        if begun and begun.result():
            return begun
        return self._calls.begin(self._bucket.get, key)
