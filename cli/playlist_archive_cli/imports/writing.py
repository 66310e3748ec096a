"""Writes past versions into an archive as snapshots, if it does not have them yet.

Stored objects are not replaced. The import finds the snapshots of an interrupted import, and
continues from there.
"""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum
from hashlib import md5
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from playlist_archive.documents.content_types import JSON, KEEP_FOR_EVER
from playlist_archive.documents.keys import snapshot_key, snapshots_prefix
from playlist_archive.documents.snapshot import IMPORTED, Snapshot, decode_stored, encode_snapshot
from playlist_archive.documents.timestamps import Timestamp, to_timestamp
from playlist_archive.errors import ConflictError
from playlist_archive.ports.bucket import Bucket
from playlist_archive.ports.concurrency import Calls, open_pool
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.imports.versions import LeftOuts, PastVersion, snapshot_of
from playlist_archive_cli.screen import tell

_WRITES_AHEAD = 32
_PAUSES_EVERY = 250
_TOLD_EVERY = 1000
_IN_FUTURE = "it lies in the future"
_CONTRADICTS = "a snapshot of that time is stored already, and says something else"


class ImportedPlaylist(msgspec.Struct, frozen=True):
    """The result for a playlist: how many versions were `written` or already `present`.

    In a dry run `written` counts those that would be written. `first` and `last` are the times of
    the oldest and the newest version; `rebuild` says that the pages lack some.
    """

    id: str
    name: str
    first: Timestamp
    last: Timestamp
    written: int
    present: int
    contradicting: int
    rebuild: bool


class _Found(Enum):
    """What is stored under the key of a snapshot to write."""

    NOTHING = "nothing"
    SAME = "the same"
    OTHER = "something else"


class _Sent(NamedTuple):
    """A snapshot that is being written, without its rows."""

    time: Timestamp
    name: str
    begun: Future[_Found]


@dataclass
class _Playlist:
    """A playlist's stored snapshots by key, with their ETags, and the result so far."""

    stored: dict[str, str]
    names: dict[Timestamp, str] = field(default_factory=dict)
    counts: dict[_Found, int] = field(default_factory=lambda: dict.fromkeys(_Found, 0))
    present: set[Timestamp] = field(default_factory=set)

    def note(self, sent: _Sent) -> None:
        found = sent.begun.result()
        self.counts[found] += 1
        self.names[sent.time] = sent.name
        if found is _Found.SAME:
            self.present.add(sent.time)


class Writer:
    """Writes versions into one archive, or computes in a dry run what it would write."""

    def __init__(
        self,
        bucket: Bucket,
        archive: Archive,
        *,
        pause: Callable[[], None] = lambda: None,
        dry_run: bool = False,
    ) -> None:
        """`pause` is called from time to time while writing; it may block."""
        self._bucket = bucket
        self._archive = archive
        self._pause = pause
        self._dry_run = dry_run

    def write(
        self, versions: Iterable[PastVersion], total: int, left_out: LeftOuts
    ) -> list[ImportedPlaylist]:
        """Write versions of playlists, in any order, and return the result for each playlist.

        Only a few versions are in memory at a time. Versions that contradict stored ones, and those
        with a future time, are counted as left out.
        """
        now = self._archive.clock.now()
        playlists: dict[str, _Playlist] = {}
        waiting: deque[tuple[str, _Sent]] = deque()

        def note_first() -> None:
            playlist_id, sent = waiting.popleft()
            playlists[playlist_id].note(sent)
            if sent.begun.result() is _Found.OTHER:
                left_out.add("version", _CONTRADICTS, f"{playlist_id} at {sent.time}")

        with open_pool() as pool, Calls(pool) as calls:
            for number, version in enumerate(versions, start=1):
                if not number % _TOLD_EVERY:
                    tell(f"{number:,} of {total:,} versions")
                if not number % _PAUSES_EVERY and not self._dry_run:
                    self._pause()
                snapshot = snapshot_of(version)
                playlist_id = snapshot.playlist_id
                if snapshot.time > now:
                    where = f"{playlist_id} at {to_timestamp(snapshot.time)}"
                    left_out.add("version", _IN_FUTURE, where)
                    continue
                if playlist_id not in playlists:
                    playlists[playlist_id] = _Playlist(self._list(playlist_id))
                stored = playlists[playlist_id].stored
                begun = calls.begin(self._store, snapshot, stored)
                sent = _Sent(to_timestamp(snapshot.time), snapshot.name, begun)
                waiting.append((playlist_id, sent))
                if len(waiting) == _WRITES_AHEAD:
                    note_first()
            while waiting:
                note_first()
        return [self._result(*one) for one in sorted(playlists.items())]

    def _list(self, playlist_id: str) -> dict[str, str]:
        prefix = snapshots_prefix(playlist_id)
        return {one.key: one.etag for one in self._bucket.list_objects(prefix)}

    def _store(self, snapshot: Snapshot, stored: dict[str, str]) -> _Found:
        """Write a snapshot unless one of its time is stored, and return what was found."""
        key, body = snapshot_key(snapshot.playlist_id, snapshot.time), encode_snapshot(snapshot)
        if key in stored:
            digest = md5(body, usedforsecurity=False).hexdigest()
            return _Found.SAME if stored[key] == f'"{digest}"' else self._compare(key, snapshot)
        if not self._dry_run:
            try:
                self._bucket.put(
                    key, body, JSON, replacing=None, metadata=IMPORTED, cache_control=KEEP_FOR_EVER
                )
            except ConflictError:
                # If an answer was lost, it may be the one written here.
                return self._compare(key, snapshot)
        return _Found.NOTHING

    def _compare(self, key: str, snapshot: Snapshot) -> _Found:
        stored = self._bucket.get(key)
        known = decode_stored(key, stored.body) if stored else None
        return _Found.SAME if known and _says_the_same(known, snapshot) else _Found.OTHER

    def _result(self, playlist_id: str, playlist: _Playlist) -> ImportedPlaylist:
        first, last = min(playlist.names), max(playlist.names)
        written = playlist.counts[_Found.NOTHING]
        return ImportedPlaylist(
            id=playlist_id,
            name=playlist.names[last],
            first=first,
            last=last,
            written=written,
            present=playlist.counts[_Found.SAME],
            contradicting=playlist.counts[_Found.OTHER],
            rebuild=written > 0 or not playlist.present <= self._rendered(playlist_id),
        )

    def _rendered(self, playlist_id: str) -> set[Timestamp]:
        """Return the times of the snapshots that the pages of a playlist show."""
        try:
            history = self._archive.history(playlist_id)
        except CommandError:
            return set()  # a rebuild creates it
        return {one.time for one in history.snapshots} if history else set()


def _says_the_same(one: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots of one time have the same contents, whatever their origin."""
    return _told(one) == _told(other)


def _told(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, reference="", precision="second", previous_check=None)
