"""`show`: shows a playlist as it is or as it was."""

from collections import Counter
from typing import Annotated

import msgspec
import typer

from playlist_archive.documents.playlist import Owner, Row
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive.views.markdown import strip_tags
from playlist_archive.views.wording import day, songs_and_rows, track_length
from playlist_archive_cli.answer import Answer, Block, Line, Table
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.changes_in_words import UNNAMED
from playlist_archive_cli.dates import Date, parse_date
from playlist_archive_cli.frame import verb
from playlist_archive_cli.past_in_words import Past, look_back, spell_origin
from playlist_archive_cli.playlist_choice import PlaylistText


class Shown(msgspec.Struct, frozen=True, omit_defaults=True):
    """The document of `show --json`; its rows are those of the snapshot."""

    id: str
    name: str
    description: str
    owner: Owner
    url: str
    snapshot: Timestamp
    source: str
    remarks: list[str]
    rows: tuple[Row, ...]


@verb
def show(
    archive: Archive,
    playlist: PlaylistText,
    *,
    on: Annotated[
        Date | None,
        typer.Option(parser=parse_date, metavar="DATE", help="As it was on this day."),
    ] = None,
) -> Answer:
    """Show a playlist as it is, or as it was.

    A day is shown as it ended, in UTC. Where the playlist was not read, its last good read is shown.
    """
    chosen = archive.choose(playlist)
    past = look_back(chosen.history_around([on]), chosen.status, on)
    snapshot = archive.snapshot(chosen.id, past.snapshot)
    return Answer(make_document(snapshot, past), tell_snapshot(snapshot), notes=past.remarks)


def make_document(snapshot: Snapshot, past: Past) -> Shown:
    return Shown(
        id=snapshot.playlist_id,
        name=snapshot.name,
        description=snapshot.description,
        owner=snapshot.owner,
        url=snapshot.url,
        snapshot=past.snapshot,
        source=snapshot.source,
        remarks=past.remarks,
        rows=snapshot.rows,
    )


def tell_snapshot(snapshot: Snapshot) -> list[Block]:
    times = Counter(row.item.uri for row in snapshot.rows if row.item)
    size = songs_and_rows(list(times.values()), len(snapshot.rows))
    owner = snapshot.owner.name or snapshot.owner.id
    about = [f"by {owner}"] if owner else []
    about += [size, spell_origin(snapshot)]
    blocks: list[Block] = [Line(snapshot.name or snapshot.playlist_id, "strong")]
    if described := strip_tags(snapshot.description):
        blocks.append(Line(described))
    blocks.append(Line(" - ".join(about), "faint"))
    blocks.append(
        Table(
            ("Row", "Title", "Artist(s)", "Album", "Length", "Added"),
            [_cells(number, row) for number, row in enumerate(snapshot.rows, start=1)],
        )
    )
    return blocks


def _cells(number: int, row: Row) -> tuple[str, ...]:
    added = day(row.added_at) if row.added_at else ""
    item = row.item
    if item is None:
        return str(number), UNNAMED, "", "", "", added
    artists = ", ".join(artist.name for artist in item.artists)
    return (
        str(number),
        item.name or item.uri,
        artists,
        item.album.name,
        track_length(item.duration_ms),
        added,
    )
