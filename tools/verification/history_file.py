"""The versions of playlists in a history file; `tools.stand_in.history` describes the file."""

import json
import lzma
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

_SPOTIFY = "https://open.spotify.com"


class Named(NamedTuple):
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Song:
    """A track with its texts in one version."""

    uri: str
    url: str
    name: str
    artists: tuple[Named, ...]
    album: Named
    duration_ms: int

    @property
    def artist_names(self) -> list[str]:
        return [artist.name for artist in self.artists]

    @property
    def line(self) -> str:
        return f"{self.name} -- {', '.join(self.artist_names)} -- {self.album.name}"


@dataclass(frozen=True, slots=True)
class Row:
    """A song and the moment at which it was added according to Spotify, None if unknown."""

    song: Song
    added_at: str | None


@dataclass(frozen=True)
class State:
    """A playlist on one day."""

    name: str
    description: str
    rows: tuple[Row, ...]

    @property
    def uris(self) -> list[str]:
        return [row.song.uri for row in self.rows]


type Versions = Sequence[tuple[date, State]]
"""The states of one playlist and the days on which they began, oldest first."""


def read_versions(path: Path) -> Mapping[str, Versions]:
    """Return the versions of every playlist in the file.

    Spotify does not know when the songs of a first version were added. A later one was added on
    the day of the first version since which it has always been there.
    """
    with lzma.open(path) as lines:
        songs = [_song(record) for record in json.loads(next(lines))["tracks"]]
        histories = [json.loads(line) for line in lines]
    return {history["id"]: list(_states(history["versions"], songs)) for history in histories}


def _song(record: tuple[str, str, list[list[str]], str, str, int]) -> Song:
    track, name, artists, album_id, album, seconds = record
    return Song(
        uri=f"spotify:track:{track}",
        url=f"{_SPOTIFY}/track/{track}",
        name=name,
        artists=tuple(Named(text, f"{_SPOTIFY}/artist/{id_}") for id_, text in artists),
        album=Named(album, f"{_SPOTIFY}/album/{album_id}"),
        duration_ms=seconds * 1000,
    )


def _states(
    versions: Sequence[tuple[str, str, str | None, list[int]]], songs: Sequence[Song]
) -> Iterator[tuple[date, State]]:
    since: dict[int, str | None] | None = None
    for day, name, description, tracks in versions:
        began = None if since is None else f"{day}T00:00:00Z"
        since = {track: (since or {}).get(track, began) for track in tracks}
        rows = tuple(Row(songs[track], since[track]) for track in tracks)
        yield date.fromisoformat(day), State(name, description or "", rows)
