"""A library read from a history file: many real playlists, each with all its versions.

`docs/history-file.md` describes the file.
"""

import lzma
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path

import msgspec

from tools.stand_in.library import Album, Artist, Playlist, Row, Track, User

_OWNER = User("me.example", "Me")


class HistoryFileError(ValueError):
    """The file is no history file; the message says what is wrong with it."""


type _TrackRecord = tuple[str, str, list[tuple[str, str]], str, str, int]
type _VersionRecord = tuple[date, str, str | None, list[int]]


class _Tracks(msgspec.Struct):
    tracks: list[_TrackRecord]


class _History(msgspec.Struct):
    id: str
    versions: list[_VersionRecord]


@dataclass(frozen=True)
class _Timeline:
    """The versions of one playlist, each with the days on which its tracks' present stays began."""

    dates: list[date]
    versions: list[_VersionRecord]
    stays: list[dict[int, str | None]]


def _read(path: Path) -> tuple[list[_TrackRecord], dict[str, list[_VersionRecord]]]:
    """Return the tracks, and the versions of each playlist.

    Raises:
        HistoryFileError: the file is not as `docs/history-file.md` describes it.
    """
    number = 1
    versions: dict[str, list[_VersionRecord]] = {}
    try:
        with lzma.open(path) as lines:
            tracks = msgspec.json.decode(next(lines), type=_Tracks).tracks
            for line in lines:
                number += 1
                history = msgspec.json.decode(line, type=_History)
                _check(history, len(tracks))
                versions[history.id] = history.versions
    except StopIteration:
        raise HistoryFileError(f"{path} is no history file: it is empty") from None
    except (lzma.LZMAError, EOFError) as error:
        raise HistoryFileError(
            f"{path} is no history file: not compressed with xz: {error}"
        ) from None
    except ValueError as error:
        raise HistoryFileError(f"{path} is no history file: line {number}: {error}") from None
    except OSError as error:
        raise HistoryFileError(f"{path} cannot be read: {error.strerror}") from None
    if not versions:
        raise HistoryFileError(f"{path} is no history file: it holds no playlist")
    return tracks, versions


def _check(history: _History, tracks: int) -> None:
    """Raises `ValueError` if a playlist contradicts itself or the tracks."""
    dates = [version[0] for version in history.versions]
    if not dates:
        raise ValueError(f"the playlist {history.id} has no version")
    if dates != sorted(set(dates)):
        raise ValueError(f"the versions of {history.id} are not in the order of their dates")
    if any(not 0 <= track < tracks for version in history.versions for track in version[3]):
        raise ValueError(f"{history.id} names a track that line 1 does not hold")


class HistoryLibrary:
    """A library with every playlist of the file, each from the day of its first version on."""

    def __init__(self, path: Path, user: User = _OWNER) -> None:
        self._tracks, self._versions = _read(path)
        self._user = user
        self._timeline = cache(self._build_timeline)
        self._track = cache(self._build_track)
        self._version = lru_cache(maxsize=256)(self._build_version)

    @property
    def user(self) -> User:
        return self._user

    @property
    def first_day(self) -> date:
        return min(versions[0][0] for versions in self._versions.values())

    @property
    def last_day(self) -> date:
        return max(versions[-1][0] for versions in self._versions.values())

    def list_ids(self, day: date) -> Sequence[str]:
        return [id_ for id_, versions in self._versions.items() if versions[0][0] <= day]

    def find(self, playlist_id: str, day: date) -> Playlist | None:
        if playlist_id not in self._versions:
            return None
        number = bisect_right(self._timeline(playlist_id).dates, day)
        return self._version(playlist_id, number) if number else None

    def _build_timeline(self, playlist_id: str) -> _Timeline:
        versions = self._versions[playlist_id]
        stays: list[dict[int, str | None]] = []
        for day, _, _, tracks in versions:
            if stays:
                began = f"{day}T00:00:00Z"
                stays.append({track: stays[-1].get(track, began) for track in tracks})
            else:
                stays.append(dict.fromkeys(tracks))
        return _Timeline([version[0] for version in versions], versions, stays)

    def _build_version(self, playlist_id: str, number: int) -> Playlist:
        timeline = self._timeline(playlist_id)
        _, name, description, tracks = timeline.versions[number - 1]
        stays = timeline.stays[number - 1]
        return Playlist(
            id=playlist_id,
            name=name,
            description=description,
            owner=self._user,
            rows=[Row(self._track(track), stays[track], self._user.id) for track in tracks],
            version=number,
            followers=len(tracks) + number,
        )

    def _build_track(self, index: int) -> Track:
        track_id, name, artists, album_id, album, seconds = self._tracks[index]
        by = tuple(Artist(*artist) for artist in artists)
        return Track(
            id=track_id,
            name=name,
            artists=by,
            album=Album(album_id, album, by[:1], release_date="2019", total_tracks=1),
            duration_ms=seconds * 1000,
        )
