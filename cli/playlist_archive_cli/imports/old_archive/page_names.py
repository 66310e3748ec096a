"""Which names of playlists on the pages of the old archive may not be Spotify's own.

The pages were files with the names of the playlists. So for almost two years the old archive
replaced what the name of a file cannot have, in the title of the page as well. Later, for some days,
it put a number behind a name that several playlists had.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple


class Named(NamedTuple):
    """What a page calls its playlist, at a time in seconds."""

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
    """Return for each page of a playlist, in the order of their times, whether its name is doubtful.

    It is where it may be a cleaned form of the name that the pages beside it tell. Where no page
    tells another name, it may be one of that which Spotify tells later.
    """
    doubtful: list[bool] = []
    for _, run in groupby(named, key=lambda one: _clean(one.name)):
        alike = list(run)
        doubtful += _doubt(alike, are_all=len(alike) == len(named))
    return doubtful


def _doubt(alike: Sequence[Named], *, are_all: bool) -> Iterable[bool]:
    """Doubt some of the names that are the same when they are cleaned."""
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
    """Return a name as the old archive wrote it last, before it no longer cleaned names."""
    name = name.replace("/", " ").replace("\\", " ")
    return name.replace(":", " -").replace("|", "-").replace("?", "").strip(" .")
