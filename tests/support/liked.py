"""A user of the stand-in who likes songs, and takes that back."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from tools.stand_in.library import LIKED_SONGS, Album, Artist, Playlist, Row, Track, User, make_id

LIKER = User("lena.example", "Lena")
FIRST_DAY = date(2026, 10, 1)
_SINCE = datetime(2014, 3, 1, tzinfo=UTC)
_ARTIST = Artist(make_id("liked"), "The Harbour Lamps")
_ALBUM = Album(make_id("liked album"), "Slack Water", (_ARTIST,), "2019", 11)


class LikedLibrary:
    """A library of Liked Songs alone; with `rows` they are edited, newest first."""

    first_day = FIRST_DAY

    def __init__(self, count: int) -> None:
        self.user = LIKER
        self.rows: list[Row] = []
        self._liked = 0
        for _ in range(count):
            self.like()

    def like(self, title: str = "") -> None:
        """Like another song, an hour after the one before."""
        self._liked += 1
        name = title or f"Song {self._liked}"
        moment = _SINCE + self._liked * timedelta(hours=1)
        track = Track(make_id("liked", name), name, (_ARTIST,), _ALBUM, 180_000)
        self.rows.insert(0, Row(track, f"{moment:%Y-%m-%dT%H:%M:%SZ}", ""))

    def list_ids(self, day: date) -> list[str]:
        return []

    def find(self, playlist_id: str, day: date) -> Playlist | None:
        if playlist_id != LIKED_SONGS:
            return None
        return replace(_EMPTY, rows=tuple(self.rows))


_EMPTY = Playlist(LIKED_SONGS, "Liked Songs", "", LIKER, (), 1)
