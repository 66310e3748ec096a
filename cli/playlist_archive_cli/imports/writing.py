"""Writes past versions into an archive as snapshots, where it has none of them.

Nothing that is stored is replaced. What an import that was ended has written is found again, so the
same import goes on where that one was.
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
from playlist_archive.documents.snapshot import Snapshot, decode_stored, encode_snapshot
from playlist_archive.documents.timestamps import Timestamp, to_timestamp
from playlist_archive.errors import ConflictError
from playlist_archive.ports.at_once import Calls, open_pool
from playlist_archive.ports.bucket import Bucket
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.imports.versions import LeftOuts, PastVersion, snapshot_of
from playlist_archive_cli.screen import tell

# Tells the renderer not to render each of them: one rebuild follows.
_IMPORTED = {"source": "import"}
_WRITES_AHEAD = 32
_PAUSES_EVERY = 250
_TOLD_EVERY = 1000
_IN_FUTURE = "it lies in the future"
_CONTRADICTS = "a snapshot of that time is stored already, and says something else"


class ImportedPlaylist(msgspec.Struct, frozen=True):
    """What came of a playlist: how many of its versions were `written` and how many `present`.

    In a dry run `written` are those that would be. `first` and `last` are the times of the oldest
    and of the newest one, and `rebuild` says that the pages lack some.
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
    """What was found where a snapshot was to be written."""

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
    """What is stored of a playlist, by key, with its ETag, and what came of its versions."""

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
    """Writes versions into one archive, or finds out in a dry run what it would write."""

    def __init__(
        self,
        bucket: Bucket,
        archive: Archive,
        *,
        pause: Callable[[], None] = lambda: None,
        dry_run: bool = False,
    ) -> None:
        """`pause` is called now and then while writing, and returns when it is time to go on."""
        self._bucket = bucket
        self._archive = archive
        self._pause = pause
        self._dry_run = dry_run

    def write(
        self, versions: Iterable[PastVersion], total: int, left_out: LeftOuts
    ) -> list[ImportedPlaylist]:
        """Write versions of named playlists, in any order, and return what came of each playlist.

        Only a few of the versions are held at any time. Those that contradict what is stored are
        counted as left out, and so are those of a time to come.
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
        """Write a snapshot unless one of its time is stored, and return what was found there."""
        key, body = snapshot_key(snapshot.playlist_id, snapshot.time), encode_snapshot(snapshot)
        if key in stored:
            digest = md5(body, usedforsecurity=False).hexdigest()
            return _Found.SAME if stored[key] == f'"{digest}"' else self._compare(key, snapshot)
        if not self._dry_run:
            try:
                self._bucket.put(
                    key, body, JSON, replacing=None, metadata=_IMPORTED, cache_control=KEEP_FOR_EVER
                )
            except ConflictError:
                # It may be ours, if an answer was lost.
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
            return set()  # a rebuild makes it anew
        return {one.time for one in history.snapshots} if history else set()


def _says_the_same(one: Snapshot, other: Snapshot) -> bool:
    """Whether two snapshots of one time say the same, wherever they stood and whatever was known."""
    return _told(one) == _told(other)


def _told(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, reference="", precision="second", previous_check=None)
