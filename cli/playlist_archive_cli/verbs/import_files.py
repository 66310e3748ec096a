"""`import spotify-export` and `import exportify`: imports files that have no playlist ids."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from playlist_archive_cli import dialogue
from playlist_archive_cli.answer import Answer
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.dates import Date, parse_date
from playlist_archive_cli.errors import WrongUseError
from playlist_archive_cli.frame import verb_of
from playlist_archive_cli.imports.archived import read_archived
from playlist_archive_cli.imports.dating import (
    TOO_NEW,
    last_moment,
    newest_day,
    placed_in_its_day,
    stored_on_that_day,
)
from playlist_archive_cli.imports.exportify import read_exportify, spell_as_file
from playlist_archive_cli.imports.found import FoundPlaylist
from playlist_archive_cli.imports.matching import (
    NOTHING_FITS,
    Archived,
    Match,
    Spell,
    match,
)
from playlist_archive_cli.imports.named import assign, parse_named
from playlist_archive_cli.imports.spotify_export import read_spotify_export, spell_exactly
from playlist_archive_cli.imports.versions import LeftOuts, PastVersion
from playlist_archive_cli.screen import tell
from playlist_archive_cli.verbs.imports import IMPORT, DryRun, Register, Report, bring_in

_MOST_OFFERED = 5

type Playlists = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[NAME=]PLAYLIST",
        help="Import only this, as the archive's PLAYLIST: an id, a link or a name. NAME is what "
        "the files call it. May be repeated.",
    ),
]
type FileDate = Annotated[
    Date | None,
    typer.Option(parser=parse_date, metavar="DATE", help="The day on which the files were made."),
]


@verb_of(IMPORT)
def spotify_export(
    connection: Connection,
    export: Annotated[
        Path, typer.Argument(metavar="DIR|ZIP", help="“Account data” that Spotify has sent.")
    ],
    *,
    date: FileDate = None,
    playlist: Playlists = None,
    register: Register = False,
    dry_run: DryRun = False,
    report: Report = None,
) -> Answer:
    """Bring in the playlists of Spotify's own “Download your data”."""
    connection.outputs  # noqa: B018 - an archive that is not there is told before the reading
    left_out = LeftOuts()
    found = list(read_spotify_export(export, left_out))
    if date is None:
        date = newest_day(found)
        if date is None and found:
            raise WrongUseError(f"{export} names no day at all: say when it was made, with --date")
        if date:
            tell(
                f"the export does not say when it was made: dated {date.text}, the newest day in "
                "it. If you know it, say --date"
            )
    files = _Files(connection, found, left_out, spell_exactly, dry_run=dry_run)
    return files.bring_in(date, playlist or (), register=register, report=report)


@verb_of(IMPORT)
def exportify(
    connection: Connection,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="CSV files, folders or zips of them.")
    ],
    *,
    date: FileDate = None,
    playlist: Playlists = None,
    register: Register = False,
    dry_run: DryRun = False,
    report: Report = None,
) -> Answer:
    """Bring in CSV files of Exportify, or of this project's own `export`."""
    if date is None:
        raise WrongUseError("say when the files were made, as --date 2026-10-04: they do not tell")
    connection.outputs  # noqa: B018 - an archive that is not there is told before the reading
    left_out = LeftOuts()
    found = list(read_exportify(files, left_out))
    read = _Files(connection, found, left_out, spell_as_file, dry_run=dry_run)
    return read.bring_in(date, playlist or (), register=register, report=report)


class _Files:
    """The playlists found in files, and their import."""

    def __init__(
        self,
        connection: Connection,
        found: Sequence[FoundPlaylist],
        left_out: LeftOuts,
        spell: Spell,
        *,
        dry_run: bool,
    ) -> None:
        self._connection = connection
        self._found = found
        self._left_out = left_out
        self._spell = spell
        self._dry_run = dry_run
        self._doubts = any(one.unit == "file" for one in left_out.all())

    def bring_in(
        self,
        date: Date | None,
        playlists: Sequence[str],
        *,
        register: bool,
        report: Path | None,
    ) -> Answer:
        """Match the playlists with the archive's, and import them."""
        versions = self._versions(date, playlists) if date else []
        answer = bring_in(
            self._connection,
            versions,
            len(versions),
            self._left_out,
            dry_run=self._dry_run,
            register=register,
            report=report,
        )
        return answer._replace(attention=answer.attention or self._doubts)

    def _versions(self, date: Date, playlists: Sequence[str]) -> list[PastVersion]:
        now = self._connection.archive.clock.now()
        time = last_moment(date, now)
        in_time = []
        for one in self._found:
            if (newest := one.not_before()) and newest > time:
                where = f"{one.reference} names {newest:%Y-%m-%d}"
                self._leave_out(TOO_NEW, where)
            else:
                in_time.append(one)
        versions = [
            one.version(id_, time, "day" if date.is_day else "second")
            for one, id_ in self._recognise(in_time, playlists)
        ]
        if date.is_day:
            versions = [
                replace(one, time=placed_in_its_day(self._connection.bucket, one))
                for one in versions
            ]
        return [self._as_stored(one) if time.date() == now.date() else one for one in versions]

    def _as_stored(self, version: PastVersion) -> PastVersion:
        stored = stored_on_that_day(self._connection.bucket, version)
        return replace(version, time=stored) if stored else version

    def _recognise(
        self, found: Sequence[FoundPlaylist], playlists: Sequence[str]
    ) -> list[tuple[FoundPlaylist, str]]:
        songs = frozenset(song for one in found for song in one.songs())
        archived = read_archived(self._connection.archive, songs)
        if playlists:
            names = {one.id: one.names[0] for one in archived}
            named = [parse_named(text, names) for text in playlists]
            return assign(found, named, archived, self._spell)
        matches = match(found, archived, self._spell)
        recognised = [(one.found, one.playlist_id) for one in matches if one.playlist_id]
        taken = {playlist_id for _, playlist_id in recognised}
        for one in matches:
            if one.playlist_id:
                continue
            fits = [fit.archived for fit in one.fits if fit.archived.id not in taken]
            chosen = self._ask(one, fits[:_MOST_OFFERED])
            if chosen:
                taken.add(chosen)
                recognised.append((one.found, chosen))
            elif one.doubt == NOTHING_FITS:
                self._left_out.add("version", NOTHING_FITS, _describe(one.found))
            else:
                self._leave_out(f"{one.doubt}; say which it is with --playlist", _perhaps(one))
        return recognised

    def _leave_out(self, reason: str, where: str) -> None:
        self._doubts = True
        self._left_out.add("version", reason, where)

    def _ask(self, doubtful: Match, offered: Sequence[Archived]) -> str | None:
        """Ask the owner which of the playlists it is, if there is a terminal."""
        if not offered or self._dry_run or not dialogue.is_possible():
            return None
        tell(f"{_describe(doubtful.found)}: {doubtful.doubt}")
        shared = {fit.archived.id: fit.shared for fit in doubtful.fits}
        for number, one in enumerate(offered, start=1):
            tell(f"  {number}  {one.names[0]} ({one.id}), {shared[one.id]} of its songs")

        def parse(answer: str) -> str | None:
            if not answer:
                return None
            if answer.isascii() and answer.isdigit() and 0 < int(answer) <= len(offered):
                return offered[int(answer) - 1].id
            raise WrongUseError(f"write a number from 1 to {len(offered)}, or nothing")

        return dialogue.ask_until("Which one is it? Nothing leaves it out", "", parse)


def _describe(found: FoundPlaylist) -> str:
    songs = len(found.songs())
    return f"“{found.name}”, {songs} song{'' if songs == 1 else 's'}, {found.reference}"


def _perhaps(doubtful: Match) -> str:
    """Describe a playlist and the candidates for it."""
    fits = [f"“{one.archived.names[0]}” ({one.archived.id})" for one in doubtful.fits]
    more = f" and {len(fits) - _MOST_OFFERED} more" if len(fits) > _MOST_OFFERED else ""
    return f"{_describe(doubtful.found)}: perhaps {', '.join(fits[:_MOST_OFFERED])}{more}"
