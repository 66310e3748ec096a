"""The option `--playlist [NAME=]PLAYLIST`, which matches playlists of files explicitly."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from playlist_archive_cli.errors import WrongUseError
from playlist_archive_cli.imports.found import FoundPlaylist
from playlist_archive_cli.imports.matching import Archived, Spell, match
from playlist_archive_cli.playlist_choice import choose_playlist, find_playlist_id

# A name may hold equals signs, and so may a link.
_PAIR = re.compile(r"(.+?)=([0-9A-Za-z]{22}|https?://\S+|spotify:\S+)", re.DOTALL)
_MOST_NAMED = 10


class Named(NamedTuple):
    """A playlist of the archive, and its name in the files if given."""

    called: str | None
    playlist_id: str


def parse_named(text: str, names: Mapping[str, str]) -> Named:
    """Parse the option; `names` are the names of the archive's playlists by id.

    An id or a link may name a playlist that the archive does not have.

    Raises:
        WrongUseError: the playlist is unknown or ambiguous.
    """
    if pair := _PAIR.fullmatch(text):
        return Named(pair[1], find_playlist_id(pair[2]) or choose_playlist(pair[2], names).id)
    try:
        return Named(None, find_playlist_id(text) or choose_playlist(text, names).id)
    except WrongUseError as error:
        # An equals sign may be part of either name, so the only division that fits counts.
        divided = [*_divided(text, names)]
        if len(divided) != 1:
            raise error from None
        return divided[0]


def _divided(text: str, names: Mapping[str, str]) -> Iterator[Named]:
    for sign in re.finditer("(?<=.)=(?=.)", text, re.DOTALL):
        with suppress(WrongUseError):
            yield Named(text[: sign.start()], choose_playlist(text[sign.end() :], names).id)


def assign(
    found: Sequence[FoundPlaylist],
    named: Iterable[Named],
    archived: Iterable[Archived],
    spell: Spell,
) -> list[tuple[FoundPlaylist, str]]:
    """Return the named playlists of the files, each with its id.

    Raises:
        WrongUseError: a playlist of the files is unknown, ambiguous, or named twice.
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
    """Return the named playlist of the files."""
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
