"""Finds in the engine's log why a function failed."""

import json
import re
from collections.abc import Iterator

# A record begins with a time; a function's output follows on its own lines.
_RECORD = re.compile(r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d )", re.MULTILINE)
_FUNCTION = re.compile(r"Lambda \S*?(?P<name>Lister|Fetcher|Renderer|Indexer)Function")
_BATCH = re.compile(r"\(errorType=(?P<kind>\S+) errorMessage=(?P<message>.*)\)$", re.MULTILINE)
_TIMEOUT = re.compile(r"timed out after \d+s")
_TRACEBACK = "Traceback (most recent call last):"
# Redelivery after one of these is normal.
_ORDINARY = {"SpotifyParkedError", "OutOfTimeError", "ConflictError"}


def find_failures(log: str) -> list[str]:
    """Return each exception that a function raised or reported, with the function's name, once."""
    failures = {
        f"{_name(record)}: {reason}": None
        for record in _RECORD.split(log)
        for reason in _find_reasons(record)
    }
    return list(failures)


def _name(record: str) -> str:
    found = _FUNCTION.search(record)
    return found["name"].lower() if found else "a function"


def _find_reasons(record: str) -> Iterator[str]:
    _, *tracebacks = record.split(f"{_TRACEBACK}\n")
    if tracebacks:
        # The last exception of a chain is the one that left the function.
        yield from _first_exception(tracebacks[-1])
    elif batch := _BATCH.search(record):
        yield f"{batch['kind']}: {batch['message']}"
    elif timeout := _TIMEOUT.search(record):
        yield timeout[0]
    for line in record.splitlines():
        if '"exception_name"' in line:
            yield from _reported_exception(line)


def _first_exception(traceback: str) -> Iterator[str]:
    """Yield the line after the frames, which are indented."""
    for line in traceback.splitlines():
        if line and not line.startswith(" "):
            yield line
            return


def _reported_exception(line: str) -> Iterator[str]:
    """Yield the exception in a line that a function has logged about an error it handled."""
    try:
        logged = json.loads(line)
    except json.JSONDecodeError:
        return
    name, trace = logged.get("exception_name"), logged.get("exception")
    if name and trace and name not in _ORDINARY:
        _, *tracebacks = trace.split(f"{_TRACEBACK}\n")
        yield from _first_exception(tracebacks[-1] if tracebacks else trace)
