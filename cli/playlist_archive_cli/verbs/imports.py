"""The common parts of the verbs that import history."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from playlist_archive.documents.keys import check_playlist_id
from playlist_archive.errors import InvalidPlaylistIdError
from playlist_archive_cli.answer import Answer, Block, Line, Table
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.errors import CommandError, WrongUseError
from playlist_archive_cli.frame import open_group
from playlist_archive_cli.imports.backpressure import Backpressure
from playlist_archive_cli.imports.versions import LeftOut, LeftOuts, PastVersion
from playlist_archive_cli.imports.writing import ImportedPlaylist, Writer
from playlist_archive_cli.playlist_choice import find_playlist_id
from playlist_archive_cli.queues import Queues
from playlist_archive_cli.registration import read_alias, write_entry
from playlist_archive_cli.runs import RebuildEnd, rebuild_now
from playlist_archive_cli.screen import encode_json, tell
from playlist_archive_cli.verbs.start_run import tell_rebuild

IMPORT = open_group("import", "Bring a backup into a new archive, or the past into any.")

Register = Annotated[
    bool, typer.Option("--register", help="Archive the playlists from now on, too.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would come; write nothing.")]
Report = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where to write what came and what was left out."),
]


class Imported(msgspec.Struct, frozen=True):
    """The document of an import with `--json`; a report file lacks the rebuild and registrations.

    `registered` are the playlists that were registered.
    """

    dry_run: bool
    playlists: list[ImportedPlaylist]
    left_out: list[LeftOut]
    rebuild: RebuildEnd | None = None
    registered: list[str] = []

    @property
    def contradicting(self) -> int:
        return sum(one.contradicting for one in self.playlists)


def parse_ids(texts: Sequence[str]) -> frozenset[str]:
    """Return the ids in texts that are each an id or a link.

    Raises:
        WrongUseError: one of them is neither.
    """
    ids: set[str] = set()
    for text in texts:
        try:
            ids.add(find_playlist_id(text) or check_playlist_id(text))
        except InvalidPlaylistIdError as error:
            raise WrongUseError(str(error)) from error
    return frozenset(ids)


def bring_in(
    connection: Connection,
    versions: Iterable[PastVersion],
    total: int,
    left_out: LeftOuts,
    *,
    dry_run: bool,
    register: bool,
    report: Path | None,
) -> Answer:
    """Write versions of playlists as snapshots, and rebuild each playlist once.

    The report is written before the rebuild, which may take long. If the report's path is not
    writable, the command fails before it does anything.
    """
    if report:
        _write_report(report, Imported(dry_run, [], []))
    archive = connection.archive
    backpressure = Backpressure(Queues(connection), archive.clock)
    writer = Writer(connection.bucket, archive, pause=backpressure.wait, dry_run=dry_run)
    playlists = writer.write(versions, total, left_out)
    document = Imported(dry_run, playlists, left_out.all())
    if report:
        _write_report(report, document)
    if dry_run:
        return Answer(document, tell_imported(document), attention=document.contradicting > 0)
    stale = [one.id for one in playlists if one.rebuild]
    end = rebuild_now(connection, stale) if stale else None
    document = msgspec.structs.replace(document, rebuild=end)
    lines = tell_imported(document)
    if end and end.failed:
        lines.append(
            Line("Mend this, and run the same command again: it goes on from here", "warning")
        )
        return Answer(document, lines, attention=True)
    if register:
        registered = _register(connection, playlists)
        document = msgspec.structs.replace(document, registered=registered)
        lines.append(Line(f"{_counted(len(registered), 'playlist')} registered, and read soon"))
    return Answer(document, lines, attention=document.contradicting > 0)


def _register(connection: Connection, playlists: Sequence[ImportedPlaylist]) -> list[str]:
    missing = [one.id for one in playlists if read_alias(connection, one.id) is None]
    for playlist_id in missing:
        write_entry(connection, playlist_id, None)
    if missing:
        tell(f"{_counted(len(missing), 'playlist')} registered")
    return missing


def _write_report(file: Path, document: Imported) -> None:
    try:
        file.write_text(f"{encode_json(document)}\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{file} cannot be written: {error.strerror}") from error


def tell_imported(document: Imported) -> list[Block]:
    """Return the text about what was imported, and what was left out and why."""
    playlists = document.playlists
    if not playlists:
        return [Line("There is nothing to import"), *_tell_left_out(document.left_out)]
    written = sum(one.written for one in playlists)
    present = sum(one.present for one in playlists)
    verb = "would be written" if document.dry_run else "written"
    table = Table(
        ("Playlist", "From", "To", "New", "Present"),
        [
            (
                one.name or one.id,
                one.first[:10],
                one.last[:10],
                f"{one.written:,}",
                f"{one.present:,}",
            )
            for one in playlists
        ],
    )
    summary = (
        f"{_counted(len(playlists), 'playlist')}, {_counted(written, 'version')} {verb}, "
        f"{present:,} there already"
    )
    lines: list[Block] = [table, Line(summary, "strong"), *_tell_left_out(document.left_out)]
    if document.rebuild:
        lines += tell_rebuild(document.rebuild)
    return lines


def _tell_left_out(left_out: Iterable[LeftOut]) -> Iterable[Line]:
    for one in left_out:
        text = f"{_counted(one.count, one.unit)} left out: {one.reason}, such as {one.samples[0]}"
        yield Line(text, "faint")


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
