"""`backup` and `import archive`: copies the whole archive to a folder, and into a new stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from playlist_archive.ports.bucket import S3Bucket
from playlist_archive.views.wording import counted
from playlist_archive_cli.answer import Answer, Line
from playlist_archive_cli.backup_folder import BackupFolder
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.copies import Phase, back_up, prepare, write
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.frame import verb, verb_of
from playlist_archive_cli.runs import RebuildEnd, rebuild_now
from playlist_archive_cli.screen import tell
from playlist_archive_cli.verbs.imports import IMPORT
from playlist_archive_cli.verbs.start_run import tell_rebuild

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the copy.")]


class FilledArchive(msgspec.Struct, frozen=True):
    """The document of `import archive --json`; objects `left` in the folder are rebuilt instead."""

    written: int
    present: int
    left: int
    rebuild: RebuildEnd


@verb
def backup(
    connection: Connection,
    folder: Folder,
    *,
    bucket: Annotated[
        str, typer.Option(metavar="NAME", help="A bucket that a deleted stack has left.")
    ] = "",
) -> Answer:
    """Copy the whole archive into a folder; what is there already is not copied again."""
    source = S3Bucket(connection.client("s3"), bucket) if bucket else connection.bucket
    # A bucket that cannot be read leaves no folder that is marked as its backup.
    next(iter(source.list_objects("")), None)
    with _on_disk(folder):
        copy = BackupFolder.begin(folder, bucket or connection.bucket_name)
        copied = back_up(source, copy)
    lines = [
        Line(
            f"{counted(copied.copied, 'object')} copied to {folder}, {copied.unchanged} were there already",
            "strong",
        )
    ]
    if copied.gone:
        lines.append(
            Line(
                f"{copied.gone} are no longer in the archive; their files stay, and an import "
                "leaves them out"
            )
        )
    return Answer(copied, lines)


@verb_of(IMPORT)
def archive(connection: Connection, folder: Folder) -> Answer:
    """Fill a new archive from a folder that `backup` has written."""
    with _on_disk(folder):
        copy = BackupFolder.open(folder)
        bucket = connection.bucket
        ready = prepare(bucket, copy)
        tell(f"{counted(sum(map(len, ready.missing.values())), 'object')} to write")
        before = (Phase.STATE, Phase.OVERVIEW, Phase.SNAPSHOTS)
        written = sum(write(bucket, copy, ready.missing[phase]) for phase in before)
        end = rebuild_now(connection)
        if end.failed:
            again = Line(
                "The registry is not written yet: mend this, and run the same command again"
            )
            document = FilledArchive(written, ready.present, ready.left, end)
            return Answer(document, [*tell_rebuild(end), again], attention=True)
        written += write(bucket, copy, ready.missing[Phase.REGISTRY])
    document = FilledArchive(written, ready.present, ready.left, end)
    told = f"{counted(written, 'object')} written, {ready.present} were there already"
    return Answer(document, [Line(told, "strong"), *tell_rebuild(end)])


@contextmanager
def _on_disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise CommandError(f"{error.filename or folder} is not a folder") from error
    except OSError as error:
        raise CommandError(f"{error.filename or folder}: {error.strerror or error}") from error
