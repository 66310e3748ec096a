"""Compares published documents with expected ones, computed only from a history file.

Nothing here uses the package: the results of the package are computed again by brute force, so that
both do not share an error.
"""

from tools.verification import documents, shared_documents
from tools.verification.comparing import Differences, Objects
from tools.verification.expected import Expected, read_expected

__all__ = ["Expected", "find_difference", "read_expected"]


def find_difference(objects: Objects, expected: Expected) -> str:
    """Return the first difference from the expected documents, "" if there is none."""
    return next(_differences(objects, expected), "")


def _differences(objects: Objects, expected: Expected) -> Differences:
    for playlist in expected.playlists.values():
        yield from documents.find_differences(objects, playlist, expected.runs)
    yield from shared_documents.find_differences(objects, expected)
