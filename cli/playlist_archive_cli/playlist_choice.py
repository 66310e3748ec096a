"""Finds the playlist that a typed or pasted text names."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, NamedTuple

import typer

from playlist_archive.documents.keys import PLAYLIST_ID, is_playlist_id
from playlist_archive.documents.liked_songs import LIKED_SONGS
from playlist_archive.documents.names import looks, visible
from playlist_archive_cli.errors import WrongUseError

# The help of a verb's playlist argument.
PLAYLIST = typer.Argument(metavar="PLAYLIST", help="Its id, its link, or its name or a part of it.")
PlaylistText = Annotated[str, PLAYLIST]

_LINK = re.compile(rf"playlist[/:]({PLAYLIST_ID})(?![0-9A-Za-z])")
_ANY_LINK = re.compile(r"\s*(?:https?://|spotify:)", re.IGNORECASE)
_LIKED_SONGS_LINK = re.compile(
    r"open\.spotify\.com/(?:intl-[a-z]+/)?collection/tracks|spotify:(?:user:[^:\s]+:)?collection",
    re.IGNORECASE,
)
_MOST_NAMED = 10


class Choice(NamedTuple):
    id: str
    name: str


def find_playlist_id(text: str) -> str | None:
    """Return the playlist id in an id, a link or a URI, None if there is none.

    Liked Songs have links of their own.

    Raises:
        WrongUseError: the text has links of several playlists.
    """
    if is_playlist_id(stripped := text.strip()):
        return stripped
    found = {*_LINK.findall(text), *(LIKED_SONGS for _ in _LIKED_SONGS_LINK.finditer(text))}
    if len(found) > 1:
        several = ", ".join(sorted(found))
        raise WrongUseError(f"“{text}” names several playlists, so choose one: {several}")
    return found.pop() if found else None


def choose_playlist(text: str, names: Mapping[str, str]) -> Choice:
    """Return the id of the playlist that a text names; `names` has all names by id.

    It is the playlist with this id; or with exactly this name; or with a name that looks the same,
    ignoring case; or the only one whose name contains the text.

    Raises:
        WrongUseError: there is no such playlist, or several; its message names them.
    """
    playlist_id = find_playlist_id(text)
    if playlist_id and playlist_id in names:
        return Choice(playlist_id, names[playlist_id])
    wanted = _plain(text)
    for fits in (
        [Choice(*pair) for pair in names.items() if pair[1] == text],
        [Choice(*pair) for pair in names.items() if _plain(pair[1]) == wanted],
        [Choice(*pair) for pair in names.items() if wanted and wanted in _plain(pair[1])],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise WrongUseError(
                f"“{text}” may be any of these, so use more of the name or the id: {_list(fits)}"
            )
    if playlist_id or _ANY_LINK.match(text):
        raise WrongUseError(
            f"“{text}” is not a playlist of this archive: `playlist-archive list` names them"
        )
    raise WrongUseError(
        f"no playlist is called “{text}”: `playlist-archive list` names them; a new one is added by "
        "its link from Spotify"
    )


def same_to_the_eye(name: str, other: str) -> bool:
    """Whether two names look the same, ignoring case."""
    return _plain(name) == _plain(other)


def _plain(name: str) -> str:
    return looks(visible(name)).casefold()


def _list(choices: Iterable[Choice]) -> str:
    ordered = sorted(choices, key=lambda one: (one.name.casefold(), one.id))
    named = [f"{one.name} ({one.id})" for one in ordered[:_MOST_NAMED]]
    more = len(ordered) - len(named)
    return ", ".join([*named, f"and {more} more"] if more else named)
