"""Queries the table of an archive with Athena, if it was deployed with `Analytics=true`."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from playlist_archive.ports.clock import Clock
from playlist_archive_cli.errors import CommandError, WrongUseError
from playlist_archive_cli.sql_engines.result import MOST_ROWS, Result, Value

PATIENCE_SECONDS = 120.0
_POLL_SECONDS = 0.5
_UNFINISHED = {"QUEUED", "RUNNING"}
_NUMBERS: Mapping[str, Callable[[str], Value]] = {
    "tinyint": int,
    "smallint": int,
    "integer": int,
    "bigint": int,
    "float": float,
    "double": float,
    "boolean": "true".__eq__,
}


class Asked(NamedTuple):
    """The database and the workgroup of a query."""

    workgroup: str
    database: str


def ask_athena(client: Any, clock: Clock, asked: Asked, query: str) -> Result:
    """Run a query in Athena, wait for its end, and read its result.

    Raises:
        WrongUseError: Athena does not accept the query.
        CommandError: the query failed, or took longer than `PATIENCE_SECONDS`.
        ClientError: AWS refused.
    """
    try:
        started = client.start_query_execution(
            QueryString=query,
            WorkGroup=asked.workgroup,
            QueryExecutionContext={"Database": asked.database},
        )
    except ClientError as error:
        if error.response["Error"]["Code"] == "InvalidRequestException":
            raise WrongUseError(f"Athena says: {error.response['Error']['Message']}") from error
        raise
    execution = _wait(client, clock, started["QueryExecutionId"])
    status = execution["Status"]
    if status["State"] != "SUCCEEDED":
        reason = status.get("StateChangeReason") or status["State"]
        wrong = "_ERROR" in reason.partition(":")[0]  # as in SYNTAX_ERROR: line 1:8: ...
        raise (WrongUseError if wrong else CommandError)(f"Athena says: {reason}")
    columns, rows = _read(client, execution)
    scanned = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
    return Result([name for name, _ in columns], rows[:MOST_ROWS], len(rows) > MOST_ROWS, scanned)


def _wait(client: Any, clock: Clock, execution_id: str) -> Any:
    """Wait for the query and return it; cancel it if it takes too long."""
    until = clock.monotonic() + PATIENCE_SECONDS
    while True:
        execution = client.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]
        if execution["Status"]["State"] not in _UNFINISHED:
            return execution
        if clock.monotonic() >= until:
            with suppress(ClientError):  # it may have ended meanwhile
                client.stop_query_execution(QueryExecutionId=execution_id)
            raise CommandError(f"Athena did not answer within {PATIENCE_SECONDS:.0f} s: stopped")
        clock.sleep(_POLL_SECONDS)


def _read(client: Any, execution: Any) -> tuple[Sequence[tuple[str, str]], list[list[Value]]]:
    """Return names and types of the columns, and at most one row more than is shown."""
    pages = client.get_paginator("get_query_results").paginate(
        QueryExecutionId=execution["QueryExecutionId"]
    )
    columns: list[tuple[str, str]] = []
    rows: list[list[Value]] = []
    # The first row of a SELECT has the names.
    headed = execution.get("StatementType") == "DML"
    for page in pages:
        found = page["ResultSet"]
        if not columns:
            described = found["ResultSetMetadata"].get("ColumnInfo", ())
            columns = [(one["Name"], one["Type"]) for one in described]
            found = {**found, "Rows": found.get("Rows", [])[1 if headed else 0 :]}
        for row in islice(found.get("Rows", ()), MOST_ROWS + 1 - len(rows)):
            cells = [cell.get("VarCharValue") for cell in row["Data"]]
            kinds = (kind for _, kind in columns)
            rows.append([_convert(cell, kind) for cell, kind in zip(cells, kinds, strict=False)])
        if len(rows) > MOST_ROWS:
            break
    return columns, rows


def _convert(cell: str | None, kind: str) -> Value:
    """Return a number as such; everything else, including lists, is text in Athena's format."""
    if cell is None:
        return None
    return _NUMBERS.get(kind, str)(cell)
