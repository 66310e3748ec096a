"""Compares published documents with what a history file says, stated a second time from the file alone.

Nothing here uses the package: what the package computes from ledgers is stated again by brute
force, so that a mistake in the one is not a mistake in the other.
"""

from tools.verification import documents, shared_documents
from tools.verification.comparing import Differences, Objects
from tools.verification.expected import Expected, read_expected

__all__ = ["Expected", "find_difference", "read_expected"]


def find_difference(objects: Objects, expected: Expected) -> str:
    """Return the first difference between the documents and what they must say, "" without any."""
    return next(_differences(objects, expected), "")


def _differences(objects: Objects, expected: Expected) -> Differences:
    for playlist in expected.playlists.values():
        yield from documents.find_differences(objects, playlist, expected.runs)
    yield from shared_documents.find_differences(objects, expected)
