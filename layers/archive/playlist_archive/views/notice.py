"""The notice mail: alerts that began or ended."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from playlist_archive.documents.alerts import (
    BEHIND,
    CONSENT,
    DAMAGED,
    FAILURE,
    PAUSE,
    PLAYLIST,
    PROBLEM,
    STANDSTILL,
    WAITING,
    Alert,
    News,
    Over,
)
from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.keys import STATUS_PAGE
from playlist_archive.documents.names import visible
from playlist_archive.views.wording import counted, day

# A longer mail would not be read; the status page lists everything.
MOST_LISTED = 20
_LONGEST = 500
_OVER = {
    CONSENT: "Spotify takes your consent, and it does not end soon",
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
    """Return the mail about alerts that began or ended."""
    parts: list[str] = []
    if news.alerts:
        parts += ["This needs attention:", "", *_limited(news.alerts, _alert)]
    if news.over:
        parts += ["This is over:", "", *_limited(news.over, lambda one: _over(*one, catalog))]
    parts += [f"All that is wrong at present is in {STATUS_PAGE}; see playlist-archive status."]
    return Mail(_subject(news), "\n".join(parts) + "\n")


def _subject(news: News) -> str:
    if not news.alerts:
        return "Playlist archive: well again"
    needs = counted(len(news.alerts), "thing")
    verb = "needs" if len(news.alerts) == 1 else "need"
    return f"Playlist archive: {needs} {verb} attention"


def _limited[T](items: Sequence[T], word: Callable[[T], str]) -> Iterator[str]:
    """Yield the first items, each followed by a blank line, and the number of the others."""
    for item in items[:MOST_LISTED]:
        yield from (word(item), "")
    if len(items) > MOST_LISTED:
        yield from (f"- and {len(items) - MOST_LISTED:,} more", "")


def _alert(alert: Alert) -> str:
    return (
        f"- Since {day(alert.since)}: {plain_line(alert.what)}\n"
        f"  What to do: {plain_line(alert.advice)}."
    )


def _over(key: str, how: Over, catalog: Catalog) -> str:
    if key.startswith(PROBLEM):
        return f"- {plain_line(key.removeprefix(PROBLEM))}: there is nothing to correct any more"
    if not key.startswith(PLAYLIST):
        return f"- {_OVER[key]}"
    playlist_id = key.removeprefix(PLAYLIST)
    entry = catalog.entries.get(playlist_id)
    name = plain_line(entry.unique_name if entry else "") or playlist_id
    what = "is read again" if how == "well" else "is not archived any more"
    return f'- "{name}" {what}'


def plain_line(text: str, longest: int = _LONGEST) -> str:
    """Return foreign text for use in one line, without line breaks and invisible characters."""
    line = " ".join("".join(_printable(visible(text))).split()).rstrip(".")
    return line if len(line) <= longest else f"{line[:longest]}…"


def _printable(text: str) -> Iterable[str]:
    return (character if character.isprintable() else " " for character in text)
