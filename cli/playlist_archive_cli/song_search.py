"""The rules of a search for songs, by words of titles and artists, or by id."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from unicodedata import category, normalize

from playlist_archive_cli.published import EverSong

_TRACK_ID = re.compile(
    r"\s*(?:spotify:track:|https?://open\.spotify\.com/(?:intl-[a-z]+/)?track/)"
    r"([0-9A-Za-z]{22})(?![0-9A-Za-z]).*",
    re.DOTALL,
)
_URI = re.compile(r"\s*(spotify:(?!track:)[a-z]+:\S+)\s*")
_ISRC = re.compile(r"\s*([A-Za-z]{2}[0-9A-Za-z]{3}[0-9]{7})\s*", re.ASCII)
_TRACK = "spotify:track:"

type Part = Mapping[str, Sequence[Sequence[str]]]
"""The songs or the ids of some playlists, by the playlists' ids."""


class Search(NamedTuple):
    """`by_id` says which song lists to search: those of ids, or those of titles and artists."""

    by_id: bool
    fits: Callable[[Sequence[str]], bool]

    def playlists(self, part: Part) -> list[str]:
        """Return the playlists of a song list with a matching song."""
        return [id_ for id_, songs in part.items() if any(map(self.fits, songs))]

    def songs(self, songs: Sequence[EverSong]) -> list[EverSong]:
        """Return the matching songs."""
        return [song for song in songs if self.fits(self._line(song))]

    def _line(self, song: EverSong) -> list[str]:
        if self.by_id:
            return [song.uri.removeprefix(_TRACK), song.isrc]
        return [song.name, *(artist.name for artist in song.artists)]


def search_for(text: str) -> Search | None:
    """Return the search for a text, None if the text has nothing to search for.

    A song's link, URI or ISRC finds that song. Otherwise each word of the text has to be in the
    title or the artists; case and accents do not matter.
    """
    for pattern in (_TRACK_ID, _URI, _ISRC):
        if found := pattern.fullmatch(text):
            return _search_for_id(found[1].upper() if pattern is _ISRC else found[1])
    words = fold_case(text).split()
    if not words:
        return None

    def has_all_words(line: Sequence[str]) -> bool:
        folded = fold_case(" ".join(line))
        return all(word in folded for word in words)

    return Search(by_id=False, fits=has_all_words)


def _search_for_id(wanted: str) -> Search:
    return Search(by_id=True, fits=lambda ids: wanted in ids)


def fold_case(text: str) -> str:
    """Return a text without case, accents and variants of letters.

    Folds twice, because decomposition may restore case (Unicode: compatibility caseless match).
    """
    if text.isascii():
        return text.lower()
    for _ in range(2):
        text = normalize("NFKD", normalize("NFD", text).casefold())
    return "".join(char for char in text if category(char) != "Mn")
