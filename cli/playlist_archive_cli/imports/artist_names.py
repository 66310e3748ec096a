"""Takes joined names of artists apart.

Exportify joins them with a comma and a blank, and writes a backslash before a comma within a name. A
backslash itself it leaves alone, so after a name that ends in one a comma may mean either.
"""

import re
from typing import NamedTuple

_SEPARATOR = re.compile(r"(?<!\\), ")


class Names(NamedTuple):
    names: list[str]
    sure: bool


def split_artists(text: str, count: int) -> Names:
    """Return the names in a text, of which there should be `count`, and whether they are those."""
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
