"""`export`: playlists as files for other programs."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import typer

from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.answer import Answer, Block, Line, Table
from playlist_archive_cli.archive import Archive, Chosen
from playlist_archive_cli.dates import Date, parse_date
from playlist_archive_cli.errors import CommandError, WrongUseError
from playlist_archive_cli.exports.collection import LEFT_OUT, Collection, rows_of_snapshot
from playlist_archive_cli.exports.ever import removed_songs, rows_of
from playlist_archive_cli.exports.file_names import file_names, is_a_part, part_name
from playlist_archive_cli.exports.formats import ENCODINGS, Format
from playlist_archive_cli.frame import verb
from playlist_archive_cli.past_in_words import NeverReadError, NotArchivedYetError, look_back
from playlist_archive_cli.playlist_choice import PLAYLIST


class Wanted(NamedTuple):
    """Selects rows of a playlist: now, on a date, all that ever were in it, or removed ones."""

    on: Date | None = None
    ever: bool = False
    removed: bool = False
    since: Date | None = None

    def check(self) -> None:
        """Raise `WrongUseError` if the options contradict each other."""
        if sum((self.on is not None, self.ever, self.removed)) > 1:
            raise WrongUseError("--on, --ever and --removed exclude each other")
        if self.since and not self.removed:
            raise WrongUseError("--since is for --removed: say when they were removed")

    @property
    def suffix(self) -> str:
        """The suffix of file names for this selection."""
        if self.on:
            return f" {self.on.text.replace(':', '')}"
        since = f" since {self.since.text.replace(':', '')}" if self.since else ""
        return " ever" if self.ever else f" removed{since}" if self.removed else ""


class ExportedPlaylist(msgspec.Struct, frozen=True):
    id: str
    name: str
    snapshot: Timestamp | None
    rows: int
    files: list[str]
    left_out: dict[str, int]


class SkippedPlaylist(msgspec.Struct, frozen=True):
    id: str
    name: str
    reason: str


class Exported(msgspec.Struct, frozen=True):
    """The document of `export --json`."""

    format: Format
    folder: str
    playlists: list[ExportedPlaylist]
    skipped: list[SkippedPlaylist]
    remarks: list[str]


@verb
def export(
    archive: Archive,
    playlist: Annotated[str | None, PLAYLIST] = None,
    *,
    format_: Annotated[Format, typer.Option("--format", help="What is written.")],
    all_: Annotated[bool, typer.Option("--all", help="Every playlist, a file each.")] = False,
    on: Annotated[
        Date | None, typer.Option(parser=parse_date, metavar="DATE", help="As on this day.")
    ] = None,
    ever: Annotated[
        bool, typer.Option("--ever", help="Every song that ever was in it, once.")
    ] = False,
    removed: Annotated[bool, typer.Option("--removed", help="Only what was removed.")] = False,
    since: Annotated[
        Date | None,
        typer.Option(parser=parse_date, metavar="DATE", help="Removed on this day or later."),
    ] = None,
    to: Annotated[Path, typer.Option(metavar="DIR", help="The folder.")] = Path(),
) -> Answer:
    """Write playlists as files for other programs.

    Files of the same names are replaced.
    """
    wanted = Wanted(on, ever, removed, since)
    wanted.check()
    if (playlist is None) != all_:
        raise WrongUseError("name one PLAYLIST, or say --all")
    everything = archive.playlists()
    chosen = everything if playlist is None else [archive.choose(playlist)]
    names = file_names({one.id: one.name for one in everything})
    exported, skipped, failed = list[ExportedPlaylist](), list[SkippedPlaylist](), False
    remarks: list[str] = []
    for one in chosen:
        try:
            collection, more = collect(archive, one, wanted)
            remarks += more
        except CommandError as error:
            if not all_:
                raise
            skipped.append(SkippedPlaylist(one.id, one.name, str(error)))
            failed |= not isinstance(error, NeverReadError | NotArchivedYetError)
            continue
        written, outdated = write(collection, one, format_, to, names[one.id] + wanted.suffix)
        exported.append(written)
        remarks += [f"{file} is deleted: it was of a list of another length" for file in outdated]
    document = Exported(format_, str(to), exported, skipped, remarks)
    notes = [*remarks, *(f"not written: {one.reason}" for one in skipped)]
    return Answer(document, tell_exported(document), notes=notes, attention=failed or not exported)


def collect(archive: Archive, chosen: Chosen, wanted: Wanted) -> tuple[Collection, list[str]]:
    """Return the selected rows of a playlist, and remarks about them."""

    def read(times: Iterable[Timestamp]) -> Iterator[Snapshot]:
        return archive.at_once(lambda time: archive.snapshot(chosen.id, time), times)

    past = look_back(chosen.history_around([wanted.on]), chosen.status, wanted.on)
    [snapshot] = read([past.snapshot])
    collection = rows_of_snapshot(snapshot, snapshot.name if wanted.on else chosen.name)
    if not wanted.ever and not wanted.removed:
        return collection, past.remarks
    ever = archive.ever(chosen.id)
    songs = list(ever.tracks) if wanted.ever else removed_songs(ever, wanted.since)
    stays = [song.intervals for song in songs]
    return collection._replace(time=None, rows=rows_of(songs, read), stays=stays), past.remarks


def write(
    collection: Collection, chosen: Chosen, format_: Format, folder: Path, name: str
) -> tuple[ExportedPlaylist, list[str]]:
    """Write the files of one playlist; also return the files of an earlier export that it deleted.

    If a list of URIs has fewer files than before, old ones would stay, with songs that are no
    longer in the list.

    Raises:
        CommandError: a file cannot be written.
    """
    suffix, encode = ENCODINGS[format_]
    encoded = encode(collection)
    files = []
    for number, body in enumerate(encoded.files, start=1):
        file = folder / f"{part_name(name, number, len(encoded.files))}{suffix}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        except FileExistsError as error:
            raise CommandError(f"{folder} is not a folder") from error
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}") from error
        files.append(file.name)
    outdated = _delete_outdated(folder, name, suffix, files) if format_ is Format.URIS else []
    rows = len(collection.rows)
    left_out = dict(encoded.left_out)
    written = ExportedPlaylist(chosen.id, chosen.name, collection.time, rows, files, left_out)
    return written, outdated


def _delete_outdated(folder: Path, name: str, suffix: str, written: list[str]) -> list[str]:
    outdated = sorted(
        file
        for file in folder.iterdir()
        if file.suffix == suffix and is_a_part(file.stem, name) and file.name not in written
    )
    for file in outdated:
        try:
            file.unlink()
        except OSError as error:
            raise CommandError(f"{file} cannot be deleted: {error.strerror}") from error
    return [file.name for file in outdated]


def tell_exported(document: Exported) -> list[Block]:
    if not document.playlists:
        return [Line("Nothing was written")]
    return [
        Table(
            ("Playlist", "Rows", "File", "What it cannot hold"),
            [
                (one.name, f"{one.rows:,}", ", ".join(one.files), _spell(one.left_out))
                for one in document.playlists
            ],
        ),
        Line(f"in {document.folder}", "faint"),
    ]


def _spell(left_out: dict[str, int]) -> str:
    return "; ".join(f"{count:,} {LEFT_OUT[reason]}" for reason, count in left_out.items())
