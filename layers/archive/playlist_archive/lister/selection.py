"""Decides which playlists are archived: registered ones, and those selected from the library."""

from collections.abc import Container, Iterable
from datetime import datetime
from typing import NamedTuple

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.liked_songs import LIKED_SONGS, liked_header
from playlist_archive.documents.messages import Source
from playlist_archive.documents.playlist import Header
from playlist_archive.documents.snapshot import loses_much
from playlist_archive.errors import InvalidAnswerError
from playlist_archive.lister.registry import Registry
from playlist_archive.ports.spotify import Library, LibraryEntry
from playlist_archive.settings import LibraryMode

# In a library with fewer playlists, a loss is accepted at once.
_FEW_PLAYLISTS = 5


class Selection(NamedTuple):
    """A playlist to archive, and why; `listed` is its entry in the library."""

    source: Source
    alias: str = ""
    listed: Header | None = None
    in_library: bool = False


def choose(
    registry: Registry,
    library: Library | None,
    catalog: Catalog,
    mode: LibraryMode,
    in_doubt: Iterable[str] = (),
    *,
    liked_songs: bool = False,
) -> dict[str, Selection]:
    """Return the playlists to archive: the registry and, depending on `mode`, the user's library.

    The Liked Songs are included only with `liked_songs`.

    If the library was not listed completely, its known playlists stay, and so do unreadable
    entries. A registry entry overrides `excluded/`, which applies only to the library. For
    playlists `in_doubt`, neither the listing nor the catalog shows whether they belong to the
    library.
    """
    known = {
        playlist_id
        for playlist_id, entry in catalog.active()
        if mode != "none" and (entry.in_library or entry.source == "library")
    }
    listed: dict[str, Header | None] = {}
    if library is None or not library.readable:
        listed |= dict.fromkeys(known)
        if mode != "none":
            listed |= dict.fromkeys(in_doubt)
    if library is not None:
        for one in library.entries:
            if _is_chosen(one, library.user_id, mode, known):
                listed[one.playlist_id] = one.header
            else:
                listed.pop(one.playlist_id, None)
    selected = {
        playlist_id: Selection("library", listed=header, in_library=True)
        for playlist_id, header in listed.items()
        if playlist_id not in registry.excluded
    }
    headers = {one.playlist_id: one.header for one in library.entries} if library else {}
    for playlist_id, alias in registry.aliases.items():
        selected[playlist_id] = Selection(
            "registry", alias, headers.get(playlist_id), in_library=playlist_id in selected
        )
    selected.pop(LIKED_SONGS, None)
    if liked_songs and (chosen := _choose_liked_songs(registry)):
        selected[LIKED_SONGS] = chosen
    return selected


def _choose_liked_songs(registry: Registry) -> Selection | None:
    """Return why the Liked Songs are archived, None if they are excluded."""
    present = LIKED_SONGS not in registry.excluded
    alias = registry.aliases.get(LIKED_SONGS)
    if alias is not None:
        return Selection("registry", alias, liked_header(), in_library=present)
    return Selection("library", "", liked_header(), in_library=True) if present else None


def _is_chosen(entry: LibraryEntry, user_id: str, mode: LibraryMode, known: Container[str]) -> bool:
    """Whether `mode` selects a playlist of the library.

    A playlist without an owner counts as the user's own if it was archived from the library before.
    """
    owner = entry.header.owner.id
    own = entry.collaborative or owner == user_id or (not owner and entry.playlist_id in known)
    return mode == "all" or (mode == "owned" and own)


def count_known(library: Library, catalog: Catalog) -> int:
    """Return how many of the library's known playlists are listed."""
    return len(_known_of_library(catalog) & {one.playlist_id for one in library.entries})


def check_library(run: datetime, listed: int, catalog: Catalog) -> None:
    """Accept a great loss of known playlists only if the run before listed as few of them.

    `listed` is the number of known playlists that this run lists (`count_known`).

    Raises:
        InvalidAnswerError: the loss is great and not yet confirmed.
    """
    known = len(_known_of_library(catalog))
    if known < _FEW_PLAYLISTS or not loses_much(known, listed):
        return
    before = catalog.report
    held = before.library_held if before and before.run < run else None
    if held is not None and not loses_much(held, listed):
        return
    raise InvalidAnswerError(
        f"the library lists only {listed} of {known} known playlists: "
        "it counts when the next run lists as few"
    )


def may_hide_known(run: datetime, closed: int, catalog: Catalog) -> bool:
    """Whether a null entry of the library may be one of the known playlists.

    This is so if there are more null entries than in the run before. From the next run on, the same
    number counts as playlists that are closed to this app.
    """
    before = catalog.report
    known = before.library_closed if before and before.run < run else None
    return closed > 0 and (known is None or closed > known)


def _known_of_library(catalog: Catalog) -> set[str]:
    """Return the known playlists of the library, without the Liked Songs, which it never lists."""
    known = {playlist_id for playlist_id, entry in catalog.active() if entry.in_library}
    return known - {LIKED_SONGS}
