"""`add`, `remove`, `exclude`, `rename`: chooses which playlists are archived, and their names."""

from typing import Annotated

import msgspec
import typer

from playlist_archive.documents.content_types import TEXT
from playlist_archive.documents.keys import excluded_key, registry_key
from playlist_archive.documents.liked_songs import LIKED_SONGS
from playlist_archive.documents.status import Status, spell_status
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive.errors import ConflictError
from playlist_archive_cli.answer import Answer, Line
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.dates import spell_moment
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.frame import verb
from playlist_archive_cli.published import PlaylistStatus
from playlist_archive_cli.registration import (
    Arrival,
    await_read,
    await_retirement,
    delete,
    is_excluded,
    pick_playlist,
    read_alias,
    require_free_name,
    write_entry,
)
from playlist_archive_cli.screen import tell

PlaylistName = Annotated[
    str, typer.Argument(metavar="PLAYLIST", help="A link from Spotify, an id, or a name.")
]


class Registered(msgspec.Struct, frozen=True):
    """The document of `add --json` and `rename --json`."""

    id: str
    name: str
    status: Status | None
    reason: str
    songs: int | None
    not_before: Timestamp | None


class Left(msgspec.Struct, frozen=True):
    """The document of `remove --json` and `exclude --json`."""

    id: str
    name: str
    registered: bool
    in_library: bool
    excluded: bool
    retired: bool


@verb
def add(
    connection: Connection,
    playlist: PlaylistName,
    *,
    alias: Annotated[str | None, typer.Option(help="Its name in the archive.")] = None,
) -> Answer:
    """Archive one more playlist, and wait until it is read."""
    chosen = pick_playlist(connection.archive, playlist)
    known = _known(connection, chosen.id)
    if chosen.id == LIKED_SONGS and (known is None or known.status == "retired"):
        raise CommandError(
            "Liked Songs are archived by `playlist-archive deploy --parameter "
            "ArchiveLikedSongs=true`, then `playlist-archive login`"
        )
    require_free_name(connection.archive, chosen.id, alias or "")
    write_entry(connection, chosen.id, alias)
    arrival = await_read(
        connection, chosen.id, known, lambda: tell(f"{chosen.id} is registered; waiting for it")
    )
    return _tell_arrival(chosen.id, chosen.name, arrival)


@verb
def rename(
    connection: Connection,
    playlist: PlaylistName,
    alias: Annotated[
        str, typer.Argument(metavar="NAME", help="The new name; “” for Spotify's own.")
    ],
) -> Answer:
    """Give a playlist another name in the archive."""
    chosen = pick_playlist(connection.archive, playlist)
    known = _known(connection, chosen.id)
    if known is None or known.status == "retired":
        raise CommandError(
            f"{chosen.name} is not archived: run `playlist-archive add {chosen.id} --alias …`"
        )
    notes = []
    if read_alias(connection, chosen.id) == alias:
        arrival = Arrival(known)
    else:
        require_free_name(connection.archive, chosen.id, alias)
        if write_entry(connection, chosen.id, alias):
            notes.append("it is registered now, and stays archived if it leaves your library")
        arrival = await_read(connection, chosen.id, known, lambda: None)
    return _tell_arrival(chosen.id, chosen.name, arrival)._replace(notes=notes)


@verb
def remove(connection: Connection, playlist: PlaylistName) -> Answer:
    """Take a playlist out of the registry; what was archived is kept."""
    chosen = pick_playlist(connection.archive, playlist)
    known = _known(connection, chosen.id)
    in_library = known is not None and known.in_library and known.status != "retired"
    excluded = is_excluded(connection, chosen.id)
    comes_back = in_library and not excluded
    if read_alias(connection, chosen.id) is None:
        raise CommandError(
            f"{chosen.name} is not registered"
            + (
                "; your library holds it, so it would come back: "
                f"`playlist-archive exclude {chosen.id}` leaves it out"
                if comes_back
                else ""
            )
        )
    delete(connection, registry_key(chosen.id))
    retired = not comes_back and known is not None and await_retirement(connection, chosen.id)
    if comes_back:
        told = Line(
            f"{chosen.name} is no longer registered, but your library holds it, so it stays "
            f"archived: `playlist-archive exclude {chosen.id}` leaves it out",
            "warning",
        )
    elif retired or known is None:
        told = Line(f"{chosen.name} is no longer archived; what was archived is kept")
    else:
        told = Line(f"{chosen.name} is no longer registered; the next run retires it")
    document = Left(
        chosen.id,
        chosen.name,
        registered=False,
        in_library=in_library,
        excluded=excluded,
        retired=retired,
    )
    return Answer(document, [told])


@verb
def exclude(
    connection: Connection,
    playlist: PlaylistName,
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Leave it out no longer.")] = False,
) -> Answer:
    """Leave a playlist of your library out, from the next run on; what was archived is kept."""
    chosen = pick_playlist(connection.archive, playlist)
    known = _known(connection, chosen.id)
    key = excluded_key(chosen.id)
    registered = read_alias(connection, chosen.id) is not None
    lines = []
    if undo:
        if not is_excluded(connection, chosen.id):
            raise CommandError(f"{chosen.name} is not left out")
        delete(connection, key)
        lines.append(Line(f"{chosen.name} is not left out any more. It counts from the next run."))
    else:
        try:
            connection.bucket.put(key, b"", TEXT, replacing=None)
        except ConflictError:
            lines.append(Line(f"{chosen.name} is left out already"))
        else:
            lines.append(Line(f"{chosen.name} is left out. It counts from the next run."))
        if registered:
            lines.append(
                Line(
                    "It is registered, which outweighs that: "
                    f"`playlist-archive remove {chosen.id}` ends it",
                    "warning",
                )
            )
    document = Left(
        chosen.id,
        chosen.name,
        registered=registered,
        in_library=known is not None and known.in_library,
        excluded=not undo,
        retired=known is not None and known.status == "retired",
    )
    return Answer(document, lines)


def _known(connection: Connection, playlist_id: str) -> PlaylistStatus | None:
    status = connection.archive.status_if_any()
    return status.playlists.get(playlist_id) if status else None


def _tell_arrival(playlist_id: str, name: str, arrival: Arrival) -> Answer:
    status = arrival.status
    name = status.name if status and status.name else name
    document = Registered(
        playlist_id,
        name,
        status.status if status else None,
        status.reason if status else "",
        arrival.songs,
        arrival.not_before,
    )
    if arrival.not_before:
        until = spell_moment(arrival.not_before)
        text = f"{name} is registered. Spotify asks to wait until {until}; it is read afterwards."
        return Answer(document, [Line(text)])
    if status is None:
        text = (
            f"{name} is registered, but nothing has come of it yet: see `playlist-archive status`"
        )
        return Answer(document, [Line(text, "warning")], attention=True)
    if status.status == "deferred":
        return Answer(document, [Line(f"{name} is registered, and deferred: {status.reason}")])
    if status.status != "ok":
        text = f"{name} is registered, but {spell_status(status.status)}: {status.reason}"
        return Answer(document, [Line(text, "warning")], attention=True)
    songs = arrival.songs
    counted = "" if songs is None else f", with {songs} song{'' if songs == 1 else 's'}"
    return Answer(document, [Line(f"{name} is archived{counted}", "strong")])
