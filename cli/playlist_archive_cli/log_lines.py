"""Reads the functions' log lines of a run."""

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
from botocore.exceptions import ClientError

from playlist_archive.documents.runs import FURTHEST_AHEAD
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.connection import Connection

_FUNCTIONS = ("Lister", "Fetcher", "Renderer", "Indexer")
# Fields that are the same in every line, or have their own column.
_COMMON = {
    "level",
    "message",
    "service",
    "run",
    "timestamp",
    "location",
    "cold_start",
    "function_name",
    "function_memory_size",
    "function_arn",
    "function_request_id",
    "xray_trace_id",
}


class LogLine(msgspec.Struct, frozen=True):
    time: str
    function: str
    level: str
    message: str
    details: dict[str, object]


def read_log_lines(connection: Connection, run: Timestamp) -> list[LogLine]:
    """Return all functions' lines of a run, sorted by time."""
    now = connection.archive.clock.now()
    # A run that is ahead of the clock has lines older than its name.
    since = min(datetime.fromisoformat(run), now) - FURTHEST_AHEAD
    found = [line for name in _FUNCTIONS for line in _read_group(connection, name, run, since)]
    return [line for _, line in sorted(found, key=lambda pair: pair[0])]


def _read_group(
    connection: Connection, function: str, run: Timestamp, since: datetime
) -> Iterator[tuple[int, LogLine]]:
    group = connection.resource(f"{function}LogGroup")
    if group is None:
        return
    pages = (
        connection.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=group,
            filterPattern=f'{{ $.run = "{run}" }}',
            startTime=max(0, int(since.timestamp() * 1000)),
        )
    )
    try:
        for page in pages:
            for event in page["events"]:
                # A local engine does not know the pattern and sends every line.
                if line := parse_line(event["message"], run, event["timestamp"]):
                    yield event["timestamp"], line
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise


def parse_line(text: str, run: Timestamp, milliseconds: int) -> LogLine | None:
    """Read a line that belongs to a run, None if it is of another or no line of ours."""
    try:
        fields = msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError):
        return None
    if fields.get("run") != run:
        return None
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return LogLine(
        f"{moment:%Y-%m-%d %H:%M:%S}",
        str(fields.get("service", "")),
        str(fields.get("level", "")),
        str(fields.get("message", "")),
        {name: value for name, value in fields.items() if name not in _COMMON},
    )
