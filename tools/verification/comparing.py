"""Compares the contents of a document with the expected contents."""

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

type Objects = Mapping[str, bytes]
type Json = dict[str, Any]
type Differences = Iterator[str]
"""One text for each difference: where it is, which begins with the document's key, and what it is."""

_UNREADABLE = (EOFError, IndexError, KeyError, OSError, SyntaxError, TypeError, ValueError)


def attempted(what: str, differences: Differences) -> Differences:
    """Yield the findings of a check; an unreadable document is a difference too."""
    try:
        yield from differences
    except (*_UNREADABLE, zlib.error) as error:
        yield f"{what} cannot be read: {error!r}"


def compared(place: str, shown: object, said: object) -> Differences:
    """Yield the innermost place at which two documents differ, and both values there."""
    if shown == said:
        return
    if isinstance(shown, dict) and isinstance(said, dict) and shown.keys() == said.keys():
        for name, value in shown.items():
            yield from compared(f"{place}, {name}", value, said[name])
    elif isinstance(shown, list) and isinstance(said, list):
        for number, (one, other) in enumerate(zip(shown, said, strict=False), start=1):
            yield from compared(f"{place} {number}", one, other)
        if len(shown) != len(said):
            yield f"{place}: {len(shown)} entries and not {len(said)}"
    else:
        yield f"{place}: {shown!r} and not {said!r}"
