"""Finds playlist names on the old archive's pages that may not be Spotify's own.

The file of a page was named after the playlist. For almost two years the old archive replaced
characters that file names cannot have, also in the title of the page. Later, for some days, it
added a number to names that several playlists had.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple


class Named(NamedTuple):
    """The name of a playlist on a page, and the time of the page in seconds."""

    time: int
    name: str


def _seconds(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()


_CLEANED_FROM, _CLEANED_UNTIL = _seconds("2020-01-28"), _seconds("2021-10-25")
_NUMBERED_FROM, _NUMBERED_UNTIL = _seconds("2022-01-01"), _seconds("2022-01-19")
_NUMBER = re.compile(r" \([1-9][0-9]*\)$")
# A colon was written as " -", a bar as "-", and a slash as "\", later as a blank.
_PERHAPS_CLEANED = re.compile(r" -|  |\\")


def doubtful_names(named: Sequence[Named]) -> list[bool]:
    """Return for each page of a playlist, sorted by time, whether its name is doubtful.

    A name is doubtful if it may be a cleaned form of the name on the pages before and after it. If
    all pages have that form, it may be the cleaned form of the name in the archive's own reads.
    """
    doubtful: list[bool] = []
    for _, run in groupby(named, key=lambda one: _clean(one.name)):
        alike = list(run)
        doubtful += _doubt(alike, are_all=len(alike) == len(named))
    return doubtful


def _doubt(alike: Sequence[Named], *, are_all: bool) -> Iterable[bool]:
    """Return which names are doubtful, of some that are equal after cleaning."""
    own = {one.name for one in alike if not _is_cleaned(one)}
    telling = own or {one.name for one in alike if one.name != _clean(one.name)}
    for one in alike:
        if _NUMBERED_FROM <= one.time < _NUMBERED_UNTIL:
            yield bool(_NUMBER.search(one.name))
        elif not _is_cleaned(one):
            yield False
        elif telling and one.name not in telling:
            yield True
        else:
            yield are_all and not own and bool(_PERHAPS_CLEANED.search(one.name))


def _is_cleaned(one: Named) -> bool:
    return _CLEANED_FROM <= one.time < _CLEANED_UNTIL


def _clean(name: str) -> str:
    """Return a name as cleaned by the old archive's last rule."""
    name = name.replace("/", " ").replace("\\", " ")
    return name.replace(":", " -").replace("|", "-").replace("?", "").strip(" .")
