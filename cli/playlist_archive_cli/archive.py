"""Reads an archive's published documents and snapshots."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from playlist_archive.documents.history import History, HistoryOfYear, OlderChanges
from playlist_archive.documents.keys import (
    CHANGES_JSON,
    INDEX_JSON,
    METADATA_FULL,
    STATUS_JSON,
    snapshot_key,
    view_key,
)
from playlist_archive.documents.recent_changes import RecentChanges
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.errors import UNREADABLE
from playlist_archive.ports.bucket import Listed, Stored
from playlist_archive.ports.clock import Clock
from playlist_archive.ports.concurrency import Calls, open_pool
from playlist_archive_cli.dates import Date
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.past import reaching_back, years_around
from playlist_archive_cli.past_in_words import require_history
from playlist_archive_cli.playlist_choice import choose_playlist
from playlist_archive_cli.published import (
    ArchiveIndex,
    ArchiveStatus,
    Described,
    Ever,
    EverOfYear,
    EverSong,
    OlderSongs,
    PlaylistStatus,
    SongsPart,
)

_SONGS_PARTS = 16


class Objects(Protocol):
    """The methods of a bucket for reading; both raise `StorageError` if the storage fails."""

    def get(self, key: str) -> Stored | None:
        """Return the object, None if there is none."""
        ...

    def list_objects(self, prefix: str, *, after: str = "") -> Iterator[Listed]:
        """Yield the objects under `prefix` whose keys sort after `after`, sorted by key."""
        ...


def noting[T, R](troubles: list[str], call: Callable[[T], R]) -> Callable[[T], R | None]:
    """Wrap a call so that it notes an unreadable document and returns None."""

    def try_to_call(wanted: T) -> R | None:
        try:
            return call(wanted)
        except CommandError as error:
            troubles.append(str(error))
            return None

    return try_to_call


class Chosen(NamedTuple):
    """A playlist of the archive, chosen by the user."""

    archive: "Archive"
    id: str
    name: str
    status: PlaylistStatus

    def history(self) -> History:
        """Return its history.

        Raises:
            NeverReadError: it was never read.
        """
        return require_history(self.archive.history(self.id), self.name, self.status)

    def history_around(self, dates: Iterable[Date | None]) -> History:
        """Return its history, with the older changes that say what is known of these dates.

        Raises:
            NeverReadError: it was never read.
        """
        history = self.history()
        years = {older.year: older for on in dates for older in years_around(history, on)}
        read = self.archive.at_once(self.archive.history_of_year, years.values())
        return reaching_back(history, list(read))


class Archive:
    """Reads the documents of one archive; `address` is its name for people.

    `scheduled` says whether there is a daily run; on this machine there is none.
    """

    def __init__(self, objects: Objects, address: str, clock: Clock, *, scheduled: bool) -> None:
        self.objects = objects
        self.address = address
        self.clock = clock
        self.scheduled = scheduled

    def status(self) -> ArchiveStatus:
        """Return the status document.

        Raises:
            CommandError: there is none yet, or it cannot be read.
        """
        status = self.status_if_any()
        if status is None:
            raise CommandError(f"{self.address} has no status page: no run has ended yet")
        return status

    def status_if_any(self) -> ArchiveStatus | None:
        """Return the status document, None if there is none yet."""
        return self._read(STATUS_JSON, ArchiveStatus)

    def choose(self, text: str) -> Chosen:
        """Return the playlist with an id, a link, or a name or a part of it.

        Raises:
            WrongUseError: there is no such playlist, or several match.
        """
        playlists = {one.id: one for one in self.playlists()}
        names = {one.id: one.name for one in playlists.values()}
        return playlists[choose_playlist(text, names).id]

    def playlists(self) -> list[Chosen]:
        """Return all playlists."""
        return [
            Chosen(self, id_, one.name or id_, one) for id_, one in self.status().playlists.items()
        ]

    def described(self) -> Mapping[str, Described]:
        """Return the names of the playlists that were ever read, by id."""
        return self._read(METADATA_FULL, dict[str, Described]) or {}

    def ever(self, playlist_id: str) -> Ever:
        """Return all songs that were ever in a playlist, sorted by title, artists and length."""
        key = view_key("cumulative", playlist_id, ".json")
        newest = self._demand(key, self._read(key, Ever))
        older = self.at_once(self._ever_of_year, newest.older)
        songs = [*newest.tracks, *(song for year in older for song in year.tracks)]
        return replace(newest, tracks=tuple(sorted(songs, key=_order)), older=())

    def _ever_of_year(self, older: OlderSongs) -> EverOfYear:
        key = older.path.removeprefix("/")
        return self._demand(key, self._read(key, EverOfYear))

    def history(self, playlist_id: str) -> History | None:
        """Return a playlist's history, None if it was never read."""
        return self._read(view_key("history", playlist_id, ".json"), History)

    def index(self) -> ArchiveIndex:
        """Return the entries of the index, empty if there is none yet."""
        return self._read(INDEX_JSON, ArchiveIndex) or ArchiveIndex(())

    def recent_changes(self) -> RecentChanges:
        """Return the recent changes of all playlists."""
        return self._demand(CHANGES_JSON, self._read(CHANGES_JSON, RecentChanges))

    def songs_parts(self, *, ids: bool) -> list[Mapping[str, list[list[str]]]]:
        """Return all song lists, with titles and artists or with ids."""
        suffix = "ids.json" if ids else "json"
        keys = [
            f"playlists/songs/{number}{which}.{suffix}"
            for number in range(_SONGS_PARTS)
            for which in ("", ".gone")
        ]
        parts = self.at_once(lambda key: self._read(key, SongsPart), keys)
        return [part.playlists for part in parts if part]

    def history_of_year(self, older: OlderChanges) -> HistoryOfYear:
        """Return the older changes of a year.

        Raises:
            CommandError: they cannot be read, or some are missing.
        """
        key = older.path.removeprefix("/")
        year = self._demand(key, self._read(key, HistoryOfYear))
        # It is written after the history that counts its changes.
        if len(year.changes) < older.changes:
            raise CommandError(
                f"{key} has {len(year.changes):,} changes and not {older.changes:,}: it may be "
                "about to be written. Try again, and if that does not help, rebuild"
            )
        return year

    def snapshot(self, playlist_id: str, time: str) -> Snapshot:
        """Return the snapshot of a time that the history names."""
        moment = datetime.fromisoformat(time)
        key = snapshot_key(playlist_id, moment)
        snapshot = self._demand(key, self._read(key, Snapshot))
        if (snapshot.playlist_id, snapshot.time) != (playlist_id, moment):
            raise CommandError(
                f"{key} holds another snapshot: that of {snapshot.playlist_id} of {snapshot.time}"
            )
        return snapshot

    def at_once[T, R](self, call: Callable[[T], R], wanted: Iterable[T]) -> Iterator[R]:
        """Make calls concurrently, and yield their results in the order of `wanted`."""
        with open_pool() as pool, Calls(pool) as calls:
            begun = [calls.begin(call, one) for one in wanted]
            for one in begun:
                yield one.result()

    def _read[D](self, key: str, kind: type[D]) -> D | None:
        stored = self.objects.get(key)
        if stored is None:
            return None
        try:
            return msgspec.json.decode(stored.body, type=kind)
        except UNREADABLE as error:
            raise CommandError(f"{key} cannot be read: {error}") from error

    def _demand[D](self, key: str, document: D | None) -> D:
        if document is None:
            raise CommandError(f"{key} is missing; a rebuild may help")
        return document


def _order(song: EverSong) -> tuple[str, list[str], int, str]:
    artists = [artist.name.lower() for artist in song.artists]
    return song.name.lower(), artists, song.duration_ms, song.uri
