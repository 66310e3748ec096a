"""`import old-archive`: imports playlists from the git history of mackorone's archive."""

from pathlib import Path
from typing import Annotated

import typer

from playlist_archive_cli.answer import Answer
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.frame import verb_of
from playlist_archive_cli.imports.old_archive.reader import OldArchive
from playlist_archive_cli.imports.old_archive.repository import Repository
from playlist_archive_cli.imports.versions import LeftOuts
from playlist_archive_cli.screen import tell
from playlist_archive_cli.verbs.imports import (
    IMPORT,
    DryRun,
    Register,
    Report,
    bring_in,
    parse_ids,
)


@verb_of(IMPORT)
def old_archive(
    connection: Connection,
    repository: Annotated[
        Path, typer.Argument(metavar="REPO", help="A clone of the old archive, or a bundle of it.")
    ],
    *,
    playlist: Annotated[
        list[str] | None,
        typer.Option(metavar="PLAYLIST", help="Its id or link; may be repeated. Default: all."),
    ] = None,
    register: Register = False,
    dry_run: DryRun = False,
    report: Report = None,
) -> Answer:
    """Bring in what the old archive, spotify-playlist-archive, has kept in its git history."""
    chosen = parse_ids(playlist or ())
    connection.outputs  # noqa: B018 - an archive that is not there is told before the long reading
    with Repository.open(repository) as opened:
        left_out = LeftOuts()
        archive = OldArchive(opened, left_out, chosen)
        told = archive.versions()
        missing = sorted(chosen - {one.playlist_id for one in told})
        for playlist_id in missing:
            tell(f"the old archive has no version of {playlist_id}")
        answer = bring_in(
            connection,
            archive.read(told),
            len(told),
            left_out,
            dry_run=dry_run,
            register=register,
            report=report,
        )
        return answer._replace(attention=answer.attention or bool(missing))
