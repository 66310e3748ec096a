"""Splits joined names of artists.

Exportify joins them with a comma and a blank, and escapes a comma within a name by a backslash. It
does not escape a backslash, so after a name that ends in one, a comma is ambiguous.
"""

import re
from typing import NamedTuple

_SEPARATOR = re.compile(r"(?<!\\), ")


class Names(NamedTuple):
    names: list[str]
    sure: bool


def split_artists(text: str, count: int) -> Names:
    """Return the names in a text, and whether their number is the expected `count`."""
    if not text and not count:
        return Names([], sure=True)
    surely = _SEPARATOR.split(text)
    if len(surely) == count:
        return Names(_unmask(surely), sure=True)
    perhaps = text.split(", ")
    if len(perhaps) == count:
        return Names(_unmask(perhaps), sure=True)
    return Names(_unmask(surely), sure=False)


def _unmask(names: list[str]) -> list[str]:
    return [name.replace("\\,", ",") for name in names]
