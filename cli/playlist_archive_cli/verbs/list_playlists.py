"""`list`: lists the playlists of the archive."""

from enum import StrEnum
from typing import Annotated

import msgspec
import typer

from playlist_archive.documents.status import Status, spell_status
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.answer import Answer, Block, Line, Table
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.dates import spell_day
from playlist_archive_cli.frame import verb
from playlist_archive_cli.published import ArchiveIndex, ArchiveStatus


class Order(StrEnum):
    """The sort order; the most and the newest come first."""

    NAME = "name"
    SONGS = "songs"
    CHANGED = "changed"
    CHECKED = "checked"
    STATUS = "status"


class Listed(msgspec.Struct, frozen=True):
    id: str
    name: str
    status: Status
    since: Timestamp
    reason: str
    songs: int | None
    rows: int | None
    last_changed: Timestamp | None
    last_checked: Timestamp | None


class Playlists(msgspec.Struct, frozen=True):
    """The document of `list --json`."""

    playlists: list[Listed]


@verb
def list_(
    archive: Archive,
    *,
    sort: Annotated[Order, typer.Option(help="What comes first.")] = Order.NAME,
    failing: Annotated[bool, typer.Option("--failing", help="Only those not read.")] = False,
    retired: Annotated[bool, typer.Option("--retired", help="Only the retired ones.")] = False,
) -> Answer:
    """List all playlists.

    It tells the number of songs, the last change, the last good check and the status of each.
    """
    playlists = list_playlists(archive.status(), archive.index())
    chosen = order(choose(playlists, failing=failing, retired=retired), sort)
    return Answer(Playlists(chosen), tell_playlists(chosen))


def list_playlists(status: ArchiveStatus, index: ArchiveIndex) -> list[Listed]:
    """Return the playlists that have a status, with the sizes of those that were read."""
    sizes = {one.id: one.size for one in index.playlists}
    return [
        Listed(
            id_,
            one.name or id_,
            one.status,
            one.since,
            one.reason,
            size.songs if size else None,
            size.rows if size else None,
            one.last_changed,
            one.last_checked,
        )
        for id_, one in status.playlists.items()
        for size in [sizes.get(id_)]
    ]


def choose(playlists: list[Listed], *, failing: bool, retired: bool) -> list[Listed]:
    """Return all playlists, or those that fail, are retired, or either."""
    if not failing and not retired:
        return playlists
    return [
        one
        for one in playlists
        if (retired if one.status == "retired" else failing and one.status != "ok")
    ]


def order(playlists: list[Listed], by: Order) -> list[Listed]:
    """Return the playlists sorted; equal ones are sorted by name."""
    ordered = sorted(playlists, key=lambda one: (one.name.casefold(), one.name, one.id))
    match by:
        case Order.SONGS:
            ordered.sort(key=lambda one: one.songs or 0, reverse=True)
        case Order.CHANGED:
            ordered.sort(key=lambda one: one.last_changed or "", reverse=True)
        case Order.CHECKED:
            ordered.sort(key=lambda one: one.last_checked or "", reverse=True)
        case Order.STATUS:
            ordered.sort(key=lambda one: (one.status == "ok", one.status == "retired", one.status))
        case Order.NAME:
            pass
    return ordered


def tell_playlists(playlists: list[Listed]) -> list[Block]:
    if not playlists:
        return [Line("No playlists", "faint")]
    return [
        Table(
            ("Playlist", "Songs", "Last change", "Last good check", "Status"),
            [
                (
                    one.name,
                    "" if one.songs is None else f"{one.songs:,}",
                    spell_day(one.last_changed) if one.last_changed else "",
                    spell_day(one.last_checked) if one.last_checked else "never",
                    spell_status(one.status)
                    if one.status == "ok"
                    else f"{spell_status(one.status)} since {spell_day(one.since)}",
                )
                for one in playlists
            ],
        )
    ]
