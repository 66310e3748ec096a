"""`sql`: queries the table of all stays."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import typer

from playlist_archive_cli.answer import Answer, Block, Line, Table
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.errors import WrongUseError
from playlist_archive_cli.frame import verb
from playlist_archive_cli.location import LocalStack
from playlist_archive_cli.sql_engines.athena import Asked, ask_athena
from playlist_archive_cli.sql_engines.duck import ask_duckdb
from playlist_archive_cli.sql_engines.result import MOST_ROWS, NOTHING_ASKED, Result, Value

_MEGABYTE = 1_000_000


class Answered(msgspec.Struct, frozen=True):
    """The document of `sql --json`."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    complete: bool
    scanned_bytes: int | None


@verb
def sql(
    connection: Connection,
    query: Annotated[str, typer.Argument(metavar="QUERY", help="As: SELECT count(*) FROM stays")],
) -> Answer:
    """Ask about every stay of every song in a playlist, which are the table `stays`.

    Athena answers where the archive was deployed to AWS with Analytics=true, else DuckDB does, here.
    """
    result = ask(connection, query)
    document = Answered(result.columns, result.rows, not result.more, result.scanned_bytes)
    return Answer(document, tell_result(result), notes=remarks(result))


def ask(connection: Connection, query: str) -> Result:
    if not query.strip():
        raise WrongUseError(NOTHING_ASKED)
    outputs = connection.outputs
    # A local engine has a workgroup, too, but answers with made-up rows unless it has DuckDB itself.
    is_local = isinstance(connection.location, LocalStack)
    if is_local or "AnalyticsWorkgroupName" not in outputs:
        return ask_duckdb(connection.archive, query)
    asked = Asked(outputs["AnalyticsWorkgroupName"], outputs["AnalyticsDatabaseName"])
    return ask_athena(connection.client("athena"), connection.archive.clock, asked, query)


def tell_result(result: Result) -> list[Block]:
    if not result.columns:
        return [Line("Done")]
    return [Table(result.columns, [[spell(value) for value in row] for row in result.rows])]


def remarks(result: Result) -> list[str]:
    told = [f"only the first {MOST_ROWS:,} rows: say LIMIT, or count"] if result.more else []
    if result.scanned_bytes is not None:
        told.append(f"Athena scanned {result.scanned_bytes / _MEGABYTE:,.1f} MB")
    return told


def spell(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case list():
            return ", ".join(map(spell, value))
        case dict():
            return ", ".join(f"{name}: {spell(one)}" for name, one in value.items())
    return str(value)
