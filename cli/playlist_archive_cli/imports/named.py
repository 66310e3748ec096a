"""Which playlists the owner says that those of the files are: `--playlist [NAME=]PLAYLIST`."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from playlist_archive_cli.errors import WrongUseError
from playlist_archive_cli.imports.found import FoundPlaylist
from playlist_archive_cli.imports.matching import Archived, Spell, match
from playlist_archive_cli.playlist_choice import choose_playlist, find_playlist_id

# A name may hold equals signs, and so may a link; what is no id or link is a name as a whole.
_PAIR = re.compile(r"(.+?)=([0-9A-Za-z]{22}|https?://\S+|spotify:\S+)", re.DOTALL)
_MOST_NAMED = 10


class Named(NamedTuple):
    """A playlist of the archive, and what it is called in the files if that was said."""

    called: str | None
    playlist_id: str


def parse_named(text: str, names: Mapping[str, str]) -> Named:
    """Read what was said; `names` are those of the archive's playlists by id.

    An id or a link may be that of a playlist that the archive does not have.

    Raises:
        WrongUseError: it is not clear which playlist is meant.
    """
    pair = _PAIR.fullmatch(text)
    called, target = (pair[1], pair[2]) if pair else (None, text)
    return Named(called, find_playlist_id(target) or choose_playlist(target, names).id)


def assign(
    found: Sequence[FoundPlaylist],
    named: Iterable[Named],
    archived: Iterable[Archived],
    spell: Spell,
) -> list[tuple[FoundPlaylist, str]]:
    """Return the playlists of the files that were named, each with its id.

    Raises:
        WrongUseError: it is not clear which one in the files is meant, or one is meant twice.
    """
    known = {one.id: one for one in archived}
    assigned: dict[int, str] = {}
    for one in named:
        place = _place(found, one, known.get(one.playlist_id), spell)
        if place in assigned or one.playlist_id in assigned.values():
            raise WrongUseError(f"--playlist names “{found[place].name}” or its playlist twice")
        assigned[place] = one.playlist_id
    return [(found[place], playlist_id) for place, playlist_id in assigned.items()]


def _place(
    found: Sequence[FoundPlaylist], named: Named, archived: Archived | None, spell: Spell
) -> int:
    """Return which playlist of the files is meant."""
    places = list(range(len(found)))
    if named.called is not None:
        spelled = spell(named.called)
        places = [
            place
            for place in places
            if spelled in found[place].called or named.called == found[place].reference
        ]
    if len(places) == 1:
        return places[0]
    if archived:
        matches = match([found[place] for place in places], [archived], spell)
        sure = [place for place, one in zip(places, matches, strict=True) if one.playlist_id]
        if len(sure) == 1:
            return sure[0]
    raise WrongUseError(_explain([found[place] for place in places], named))


def _explain(candidates: Sequence[FoundPlaylist], named: Named) -> str:
    if not candidates:
        called = f" called “{named.called}”" if named.called else ""
        return f"there is no playlist{called} in what is imported"
    some = ", ".join(f"“{one.reference}”" for one in candidates[:_MOST_NAMED])
    more = f" and {len(candidates) - _MOST_NAMED} more" if len(candidates) > _MOST_NAMED else ""
    return (
        f"which one is {named.playlist_id}? Say --playlist NAME={named.playlist_id}, where NAME is "
        f"its name or one of these: {some}{more}"
    )
