"""`logs`: shows the functions' log lines of a run."""

from typing import Annotated

import msgspec
import typer

from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.answer import Answer, Block, Table
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.dates import parse_date
from playlist_archive_cli.errors import CommandError, WrongUseError
from playlist_archive_cli.frame import verb
from playlist_archive_cli.log_lines import LogLine, read_log_lines


class Logged(msgspec.Struct, frozen=True):
    """The document of `logs --json`."""

    run: Timestamp
    lines: list[LogLine]


@verb
def logs(
    connection: Connection,
    *,
    run: Annotated[
        str | None, typer.Option(metavar="TIME", help="The run; default: the last one.")
    ] = None,
) -> Answer:
    """Show what the functions logged of a run."""
    moment = connection.archive.status().run if run is None else _parse_run(run)
    if moment is None:
        raise CommandError("no run is known yet: name one with --run")
    lines = read_log_lines(connection, moment)
    if not lines:
        raise CommandError(
            f"nothing was logged of a run {moment}: there was none, or its logs are no longer kept"
        )
    return Answer(Logged(moment, lines), tell_lines(lines))


def _parse_run(text: str) -> Timestamp:
    try:
        date = parse_date(text)
    except typer.BadParameter:
        date = None
    if date is None or date.is_day:
        raise WrongUseError(f"“{text}” is not the time of a run: write it as 2026-10-04T04:00:00Z")
    return date.first


def tell_lines(lines: list[LogLine]) -> list[Block]:
    return [
        Table(
            ("Time", "Function", "Level", "Message", "Details"),
            [(one.time, one.function, one.level, one.message, _spell(one)) for one in lines],
        )
    ]


def _spell(line: LogLine) -> str:
    return ", ".join(
        f"{name}={value if isinstance(value, str) else msgspec.json.encode(value).decode()}"
        for name, value in line.details.items()
        if value not in (None, "", [], {})
    )
