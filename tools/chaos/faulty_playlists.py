"""Playlists that are hard to archive, added to any library."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from tools.chaos.spotify import Trouble
from tools.stand_in.library import (
    LIKED_SONGS,
    Album,
    Artist,
    Library,
    Playlist,
    Row,
    Track,
    User,
    make_id,
)

# A playlist's answer embeds its first rows; a longer playlist has further pages, which can be torn.
_FEW_ROWS, _PAGED_ROWS = 3, 120
_ROWS_A_REQUEST = 50
# The client refuses longer playlists.
_MOST_ROWS = 12_000
_FEWEST_REQUESTS, _MOST_REQUESTS = 60, 230

# Three playlists in a row that never answer make the client check whether Spotify answers at all.
_TROUBLES: tuple[Trouble, ...] = (
    "unauthorized",
    "premium",
    "server_error",
    "server_error",
    "server_error",
    "torn",
    "garbage",
    "not_found",
)
# The names on each day, in turn: equal, equal except for blanks and invisible characters, renamed.
_NAMES: tuple[tuple[str, ...], ...] = (
    ("Mix",),
    ("Mix",),
    ("Mix ", "Mix"),
    ("M\u200bix",),
    ("\ufeffMix", "\u202exiM\u202c", "Mix (2)"),
    ("Mix (2)", "Mix (3)", "Mix"),
)


# Values that Spotify has never sent, but might.
_ABSURD_DATES = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2262-04-12T00:00:00Z")
_ABSURD_LENGTHS = (-1, 10**17, 10**9)

# A playlist that its owner cuts short on one day, and edits a little on every day after that.
_ROWS_BEFORE_THE_CUT, _ROWS_AFTER, _DAY_OF_THE_CUT = 60, 20, 2


# So many Liked Songs that a page in the middle has to be searched for.
_LIKED_ROWS = 260
_AN_HOUR = timedelta(hours=1)
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class WildLibrary:
    """A library with additional playlists that are hard to archive, and with Liked Songs.

    On the day before the first one the library is empty.

    Attributes:
        troubles: the playlists that always fail, and the way in which each does.
        budget: the requests a day that are enough for all playlists but the large one.
        confusable: the ids of the playlists whose names hardly differ.
        large: the id of the playlist that needs more than the budget.
        cut: the id of the playlist that really loses most of its rows.
        absurd: the id of the playlist whose rows have impossible dates and lengths.
    """

    def __init__(self, library: Library, since: date) -> None:
        self._library = library
        self._since = since
        self.troubles: Mapping[str, Trouble] = {
            make_id("trouble", str(number)): trouble for number, trouble in enumerate(_TROUBLES)
        }
        self.large = make_id("large")
        self.cut = make_id("cut")
        self.absurd = make_id("absurd")
        self._named = {make_id("named", str(number)): names for number, names in enumerate(_NAMES)}
        self.confusable: Sequence[str] = tuple(self._named)

    @property
    def user(self) -> User:
        return self._library.user

    @property
    def first_day(self) -> date:
        return self._library.first_day

    def list_ids(self, day: date) -> Sequence[str]:
        if day < self._since:
            return []
        wild = (*self.troubles, self.large, self.cut, self.absurd, *self._named)
        return [*self._library.list_ids(day), *wild]

    def tame(self, day: date) -> Sequence[str]:
        """Return the playlists of the library that was wrapped."""
        return self._library.list_ids(day)

    def find(self, playlist_id: str, day: date) -> Playlist | None:
        if playlist_id in self.troubles:
            return self._troubled[playlist_id]
        if playlist_id in {self.large, self.absurd}:
            return self._large if playlist_id == self.large else self._absurd
        if playlist_id == LIKED_SONGS:
            return self._like((day - self._since).days)
        number = max(0, (day - self._since).days)
        if playlist_id == self.cut:
            rows = _ROWS_BEFORE_THE_CUT if number < _DAY_OF_THE_CUT else _ROWS_AFTER + number
            return _aged(self._plain(self.cut, "Cut short", rows), number)
        if names := self._named.get(playlist_id):
            named = self._plain(playlist_id, names[number % len(names)], _FEW_ROWS)
            return _aged(named, number) if len(names) > 1 else named
        return self._library.find(playlist_id, day)

    @cached_property
    def budget(self) -> int:
        """Twice the requests of the first day, within limits that leave room for `large`."""
        day = self._since
        found = (self._library.find(id_, day) for id_ in self._library.list_ids(day))
        needed = sum(2 + len(playlist.rows) // _ROWS_A_REQUEST for playlist in found if playlist)
        needed += 4 * (len(_TROUBLES) + len(_NAMES)) + 2 + _LIKED_ROWS // _ROWS_A_REQUEST
        return min(_MOST_REQUESTS, max(_FEWEST_REQUESTS, 2 * needed))

    @cached_property
    def _troubled(self) -> Mapping[str, Playlist]:
        return {
            playlist_id: self._plain(playlist_id, f"Trouble {playlist_id[:4]}", _PAGED_ROWS)
            for playlist_id in self.troubles
        }

    @cached_property
    def _large(self) -> Playlist:
        rows = min(_MOST_ROWS, (self.budget + 10) * _ROWS_A_REQUEST)
        return self._plain(self.large, "Everything", rows)

    @cached_property
    def _absurd(self) -> Playlist:
        plain = self._plain(self.absurd, "Absurd", len(_ABSURD_DATES))
        return replace(
            plain,
            rows=[
                replace(row, added_at=added_at, item=replace(row.item, duration_ms=length))
                for row, added_at, length in zip(
                    plain.rows, _ABSURD_DATES, _ABSURD_LENGTHS, strict=True
                )
                if isinstance(row.item, Track)
            ],
        )

    def _like(self, number: int) -> Playlist:
        """Return the Liked Songs after so many days: each day adds one, and removes one far below."""
        plain = self._plain(LIKED_SONGS, "Liked Songs", _LIKED_ROWS + max(0, number))
        rows = [
            replace(row, added_at=f"{datetime(2020, 1, 1, tzinfo=UTC) + place * _AN_HOUR:{_TIME}}")
            for place, row in enumerate(plain.rows)
        ]
        gone = {7 * day % _LIKED_ROWS for day in range(1, number + 1)}
        kept = [row for place, row in enumerate(rows) if place not in gone]
        return replace(plain, rows=kept[::-1] if number >= 0 else [])

    def _plain(self, playlist_id: str, name: str, rows: int) -> Playlist:
        artist = Artist(make_id("wild"), "Nobody")
        album = Album(make_id("wild album"), "Nothing", (artist,), "2020", rows)
        tracks = (
            Track(make_id(playlist_id, str(number)), f"Song {number}", (artist,), album, 60_000)
            for number in range(rows)
        )
        return Playlist(
            id=playlist_id,
            name=name,
            description="",
            owner=self._library.user,
            rows=[Row(track, None, self._library.user.id) for track in tracks],
            version=1,
            followers=1,
        )


def _aged(playlist: Playlist, number: int) -> Playlist:
    """Return the playlist after so many days, with another version and more followers."""
    return replace(playlist, version=1 + number, followers=1 + number)
