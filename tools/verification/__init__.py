"""Compares published documents with what a history file says, stated a second time from the file alone.

Nothing here uses the package: what the package computes from ledgers is stated again by brute
force, so that a mistake in the one is not a mistake in the other.
"""

from tools.verification.documents import find_difference
from tools.verification.expected import Expected, read_expected

__all__ = ["Expected", "find_difference", "read_expected"]
