"""`changes`: lists changes, newest first."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Annotated

import msgspec
import typer

from playlist_archive.documents.history import History, PublishedChange, PublishedPlaylist
from playlist_archive.documents.recent_changes import RecentChange
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.answer import Answer, Block, Line
from playlist_archive_cli.archive import Archive, Chosen, noting
from playlist_archive_cli.changes_in_words import change_lines, spell_counts
from playlist_archive_cli.dates import Date, parse_date, spell_between
from playlist_archive_cli.frame import verb
from playlist_archive_cli.past import older_than
from playlist_archive_cli.past_in_words import remarks_since
from playlist_archive_cli.playlist_choice import PLAYLIST

_MOST_LINES = 10


class Changes(msgspec.Struct, frozen=True):
    """The document of `changes --json`: the changes from `since` on, newest first."""

    since: Timestamp | None
    playlists: Sequence[PublishedPlaylist]
    changes: Sequence[RecentChange]


@verb
def changes(
    archive: Archive,
    playlist: Annotated[str | None, PLAYLIST] = None,
    *,
    since: Annotated[
        Date | None,
        typer.Option(parser=parse_date, metavar="DATE", help="On this day or later."),
    ] = None,
) -> Answer:
    """Tell what changed, newest first.

    It is told of one playlist, or of all in the thirty days before the newest change.
    """
    if playlist is not None:
        chosen = archive.choose(playlist)
        history = chosen.history()
        document = merge([(history, changes_since(archive, history, since))], since)
        notes = remarks_since(history, chosen.status, since)
        if history.older and since is None:
            notes.append(f"these are the newest {len(document.changes)}: --since tells older ones")
        return Answer(document, tell_changes(document, whole=True), notes=notes)
    recent = archive.recent_changes()
    troubles: list[str] = []
    if since and recent.since and since.first < recent.since:
        document = merge(_all_since(archive, since, troubles), since, with_moves=False)
    else:
        told = [one for one in recent.changes if since is None or one.time >= since.first]
        first = since.first if since else recent.since
        document = Changes(first, _named(recent.playlists, told), told)
    blocks = tell_changes(document, whole=False)
    return Answer(document, blocks, notes=troubles, attention=bool(troubles))


def changes_since(
    archive: Archive, history: History, since: Date | None
) -> Iterator[PublishedChange]:
    """Yield the newest changes of a playlist, or all from a date on, newest first."""
    yield from _from(history.changes, since)
    if since is None:
        return
    told: Sequence[PublishedChange] = history.changes
    for older in sorted(history.older, key=lambda one: one.year, reverse=True):
        if older.year >= int(since.first[:4]):
            more = older_than(archive.history_of_year(older).changes, told)
            yield from _from(more, since)
            told = more or told


def merge(
    told: Iterable[tuple[History, Iterable[PublishedChange]]],
    since: Date | None,
    *,
    with_moves: bool = True,
) -> Changes:
    """Return the changes of several playlists as one document, newest first."""
    playlists, merged = list[PublishedPlaylist](), list[RecentChange]()
    for history, changes_ in told:
        playlists.append(history.playlist)
        for change in changes_:
            fields = msgspec.structs.asdict(change)
            if not with_moves:
                fields["moved"] = ()
            merged.append(RecentChange(playlist=history.playlist.id, **fields))
    merged.sort(key=lambda one: (one.time, one.playlist), reverse=True)
    return Changes(since.first if since else None, _named(playlists, merged), merged)


def tell_changes(document: Changes, *, whole: bool) -> list[Block]:
    """Return a heading for each change, followed by its lines or the first of them."""
    names = {playlist.id: playlist.name for playlist in document.playlists}
    if not document.changes:
        return [Line("No change was found", "faint")]
    return list(
        chain.from_iterable(
            _tell_change(names[change.playlist], change, whole=whole) for change in document.changes
        )
    )


def _tell_change(name: str, change: PublishedChange, *, whole: bool) -> Iterator[Block]:
    counts = spell_counts(change.counts)
    head = f"{spell_between(change.after, change.until).capitalize()}  {name}"
    yield Line(f"{head}: {counts}" if counts else head, "strong")
    lines = list(change_lines(change))
    shown = lines if whole else lines[:_MOST_LINES]
    for line in shown:
        yield Line(f"  {line}")
    if more := len(lines) - len(shown):
        yield Line(f"  and {more:,} more", "faint")


def _all_since(
    archive: Archive, since: Date, troubles: list[str]
) -> Iterator[tuple[History, Iterable[PublishedChange]]]:
    """Yield the playlists that changed on a date or later, with their changes since.

    Unreadable documents are noted in `troubles`.
    """

    def read(chosen: Chosen) -> tuple[History, list[PublishedChange]] | None:
        history = archive.history(chosen.id)
        if history is None:
            return None
        return history, list(changes_since(archive, history, since))

    changed = [one for one in archive.playlists() if (one.status.last_changed or "") >= since.first]
    for told in archive.at_once(noting(troubles, read), changed):
        if told and told[1]:
            yield told


def _from(changes_: Iterable[PublishedChange], since: Date | None) -> list[PublishedChange]:
    return [one for one in changes_ if since is None or one.time >= since.first]


def _named(
    playlists: Iterable[PublishedPlaylist], changes_: Iterable[RecentChange]
) -> list[PublishedPlaylist]:
    named = {change.playlist for change in changes_}
    return [playlist for playlist in playlists if playlist.id in named]
