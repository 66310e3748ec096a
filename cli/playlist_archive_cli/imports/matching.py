"""Matches playlists of files with those of the archive, by name and songs.

An id in the name of the file is enough. So is a unique name, unless the songs contradict it. So are
the songs, if nearly all are the same. In all other cases the owner has to decide.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from playlist_archive_cli.imports.found import FoundPlaylist

type Spell = Callable[[str], str]

NOTHING_FITS = "no playlist of the archive has its name or its songs"

_FEW_PERCENT, _MOST_PERCENT = 25, 80
# Fewer common songs may be a coincidence.
_FEW_SONGS = 5


class Archived(NamedTuple):
    """A playlist of the archive.

    `size` is the number of songs that were ever in it. `songs` has at least the URIs of those that
    are also in a file.
    """

    id: str
    names: tuple[str, ...]
    size: int
    songs: frozenset[str]


class Fit(NamedTuple):
    """A candidate: a playlist of the archive with the same name or common songs."""

    archived: Archived
    by_name: bool
    shared: int


class Match(NamedTuple):
    """The candidates for a playlist of a file, the likeliest first.

    `doubt` says why the first one is uncertain; it is empty if it is certain.
    """

    found: FoundPlaylist
    fits: tuple[Fit, ...]
    doubt: str

    @property
    def playlist_id(self) -> str | None:
        """The certain match."""
        return None if self.doubt else self.fits[0].archived.id


def match(
    found: Iterable[FoundPlaylist], archived: Iterable[Archived], spell: Spell
) -> list[Match]:
    """Return the match of each playlist of the files, in their order.

    `spell` returns the source's spelling of a name. No two playlists of the files match the same
    one of the archive.
    """
    known = _Known(archived, spell)
    return _each_once([known.match(one) for one in found])


class _Known:
    """The playlists of the archive, by name and by song."""

    def __init__(self, archived: Iterable[Archived], spell: Spell) -> None:
        self._by_id = {one.id: one for one in archived}
        self._named: dict[str, set[str]] = {}
        self._with_song: dict[str, list[str]] = {}
        for one in self._by_id.values():
            for name in one.names:
                self._named.setdefault(spell(name), set()).add(one.id)
            for song in one.songs:
                self._with_song.setdefault(song, []).append(one.id)

    def match(self, found: FoundPlaylist) -> Match:
        if found.playlist_id in self._by_id:
            named = self._by_id[found.playlist_id]
            shared_songs = len(found.songs() & named.songs)
            return Match(found, (Fit(named, by_name=True, shared=shared_songs),), "")
        songs = found.songs()
        by_name = {id_ for name in found.called for id_ in self._named.get(name, ())}
        shared = Counter(id_ for song in songs for id_ in self._with_song.get(song, ()))
        near = {id_ for id_ in shared if _percent(shared[id_], len(songs)) >= _FEW_PERCENT}
        fits = [Fit(self._by_id[id_], id_ in by_name, shared[id_]) for id_ in by_name | near]
        fits.sort(key=lambda fit: (not fit.by_name, -fit.shared, fit.archived.id))
        doubt = _doubt(found, len(songs), fits) if fits else NOTHING_FITS
        return Match(found, tuple(fits), doubt)


def _doubt(found: FoundPlaylist, songs: int, fits: Sequence[Fit]) -> str:
    """Return why the first candidate is uncertain, empty if it is certain."""
    best, *others = fits
    rival = max((one.shared for one in others), default=0)
    if best.by_name:
        alone = not any(one.by_name for one in others)
        return _doubt_by_name(best, songs, rival, alone=alone)
    together = songs + best.archived.size - best.shared
    alike = songs >= _FEW_SONGS and _percent(best.shared, together) >= _MOST_PERCENT
    if alike and found.of_a_day and rival * 2 < best.shared:
        return ""
    return "it shares songs with playlists of other names"


def _doubt_by_name(best: Fit, songs: int, rival: int, *, alone: bool) -> str:
    if not songs and best.archived.size:
        return "it has no songs that could be compared"
    if not alone and best.shared <= rival * 2:
        return "several playlists of the archive have its name"
    size = best.archived.size
    if size and _percent(best.shared, min(songs, size)) < _FEW_PERCENT:
        return "hardly any of its songs ever were in the playlist of its name"
    if best.shared * 2 < rival:
        return "it shares more songs with a playlist of another name"
    return ""


def _each_once(matches: Sequence[Match]) -> list[Match]:
    """Mark matches with the same playlist as uncertain, unless one of them fits far better."""
    rivals: dict[str, list[int]] = {}
    for one in matches:
        if one.playlist_id:
            rivals.setdefault(one.playlist_id, []).append(one.fits[0].shared)
    return [_doubt_rivals(one, rivals.get(one.playlist_id or "", [])) for one in matches]


def _doubt_rivals(match: Match, shared: Sequence[int]) -> Match:
    own = match.fits[0].shared if match.fits else 0
    best, *others = sorted(shared, reverse=True) if len(shared) > 1 else [own]
    if not others or (own == best and others[0] * 2 < best):
        return match
    return match._replace(doubt="another one of the files fits the same playlist")


def _percent(part: int, whole: int) -> int:
    return part * 100 // whole if whole else 0
