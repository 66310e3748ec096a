"""The mail that tells the owner what has begun to concern them, and what is over."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.concerns import (
    BEHIND,
    CONSENT,
    DAMAGED,
    FAILURE,
    PAUSE,
    PLAYLIST,
    PROBLEM,
    STANDSTILL,
    WAITING,
    Concern,
    News,
    Over,
)
from playlist_archive.documents.keys import STATUS_PAGE
from playlist_archive.documents.names import visible
from playlist_archive.views.wording import counted, day

# A mail that nobody reads to its end tells nothing; the status page has all.
MOST_LISTED = 20
_LONGEST = 500
_OVER = {
    CONSENT: "your consent at Spotify does not end soon",
    FAILURE: "the last run could ask Spotify",
    STANDSTILL: "playlists are read again",
    PAUSE: "Spotify answers again",
    WAITING: "no playlist waits for more than two days",
    DAMAGED: "the copies of damaged objects are gone",
    BEHIND: "all pages show the newest snapshots",
}


class Mail(NamedTuple):
    """A mail in plain text; the subject is ASCII."""

    subject: str
    text: str


def notice(news: News, catalog: Catalog) -> Mail:
    """Return the mail about what is new and what is over."""
    parts: list[str] = []
    if news.concerns:
        parts += ["This needs attention:", "", *_limited(map(_concern, news.concerns))]
    if news.over:
        lines = [_over(key, how, catalog) for key, how in news.over]
        parts += ["This is over:", "", *_limited(lines)]
    parts += [f"All that is wrong at present is in {STATUS_PAGE}; see playlist-archive status."]
    return Mail(_subject(news), "\n".join(parts) + "\n")


def _subject(news: News) -> str:
    if not news.concerns:
        return "Playlist archive: well again"
    needs = counted(len(news.concerns), "thing")
    verb = "needs" if len(news.concerns) == 1 else "need"
    return f"Playlist archive: {needs} {verb} attention"


def _limited(items: Iterable[str]) -> Sequence[str]:
    """Return the first items, a blank line behind each, and how many more there are."""
    every = list(items)
    lines = [line for item in every[:MOST_LISTED] for line in (item, "")]
    if left := len(every) - MOST_LISTED:
        lines += [f"- and {left:,} more", ""] if left > 0 else []
    return lines


def _concern(concern: Concern) -> str:
    return (
        f"- Since {day(concern.since)}: {_line(concern.what)}\n"
        f"  What to do: {_line(concern.advice)}."
    )


def _over(key: str, how: Over, catalog: Catalog) -> str:
    if key.startswith(PROBLEM):
        return f"- {_line(key.removeprefix(PROBLEM))}: there is nothing to correct any more"
    if not key.startswith(PLAYLIST):
        return f"- {_OVER[key]}"
    playlist_id = key.removeprefix(PLAYLIST)
    entry = catalog.entries.get(playlist_id)
    name = _line(entry.unique_name if entry else "") or playlist_id
    what = "is read again" if how == "well" else "is not archived any more"
    return f'- "{name}" {what}'


def _line(text: str) -> str:
    """Return text of others as part of one line, without what breaks or hides it."""
    line = " ".join("".join(_printable(visible(text))).split()).rstrip(".")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def _printable(text: str) -> Iterable[str]:
    return (character if character.isprintable() else " " for character in text)
