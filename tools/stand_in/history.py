"""A library read from a history file: many real playlists, each with all its versions.

The file is JSON Lines, compressed with xz. Line 1 holds the tracks, each as `[id, name, [[artist id, name], ...],
album id, album name, seconds]`; every further line is one playlist, `{"id": ..., "versions": [[date, name,
description, [index of a track, ...]], ...]}`, oldest version first.
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


class HistoryLibrary:
    """A library with every playlist of the file, each from the day of its first version on."""

    def __init__(self, path: Path, user: User = _OWNER) -> None:
        with lzma.open(path) as lines:
            self._tracks = msgspec.json.decode(next(lines), type=_Tracks).tracks
            decoder = msgspec.json.Decoder(_History)
            histories = [decoder.decode(line) for line in lines]
        self._versions = {history.id: history.versions for history in histories}
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
