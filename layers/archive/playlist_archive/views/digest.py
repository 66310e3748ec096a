"""The digest mail of a day or a week: songs added and removed, and unreadable playlists."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from msgspec import UNSET

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.digests import Span
from playlist_archive.documents.history import PublishedPlaylist, SongAtRow
from playlist_archive.documents.keys import CHANGES_PAGE
from playlist_archive.documents.messages import RunReport
from playlist_archive.documents.recent_changes import RecentChange
from playlist_archive.documents.status import spell_status
from playlist_archive.views.notice import Mail, plain_line
from playlist_archive.views.wording import artist_names, counted, day, song_by

MOST_PLAYLISTS, MOST_SONGS = 20, 10
# SNS accepts 256 KiB, and a character may have four bytes.
_LONGEST = 60


def digest(
    span: Span,
    changes: Sequence[RecentChange],
    playlists: Iterable[PublishedPlaylist],
    catalog: Catalog,
) -> Mail:
    """Return the mail about the changes of a span and the present state."""
    consent = _consent(catalog.report)
    if changes:
        lines = [_days(span), "", *_changes(changes, {one.id: one.name for one in playlists})]
    else:
        lines = ["; ".join(filter(None, [_nothing_new(span), consent])) + "."]
    if unreadable := [*_unreadable(catalog)]:
        lines += ["", "Not read:", *unreadable]
    if changes:
        lines += ["", f"All changes of thirty days are in {CHANGES_PAGE}."]
        lines += [f"Y{consent[1:]}."] if consent else []
    return Mail(_subject(changes), "\n".join(lines) + "\n")


def _subject(changes: Sequence[RecentChange]) -> str:
    if not changes:
        return "Playlist archive: nothing new"
    added = sum(len(change.added) + len(change.readded) for change in changes)
    removed = sum(len(change.removed) for change in changes)
    changed = counted(len({change.playlist for change in changes}), "playlist")
    return f"Playlist archive: {added:,} added, {removed:,} removed in {changed}"


def _days(span: Span) -> str:
    after = f" from {day(span.after)}" if span.after else ""
    return f"What changed{after} to {day(span.until)}:"


def _nothing_new(span: Span) -> str:
    since = f" since {day(span.after)}" if span.after else ""
    return f"Nothing has changed{since}"


def _consent(report: RunReport | None) -> str:
    if report is None or report.authorization_ends is None:
        return ""
    ends = report.authorization_ends
    verb = "has ended" if ends <= report.at else "ends"
    return f"your consent at Spotify {verb} on {day(ends)}"


def _changes(changes: Sequence[RecentChange], names: dict[str, str]) -> Iterator[str]:
    """Yield a paragraph for each playlist, sorted by name."""
    by_playlist: dict[str, list[RecentChange]] = defaultdict(list)
    for change in changes:
        by_playlist[change.playlist].append(change)
    order = sorted(by_playlist, key=lambda one: (names.get(one, "").casefold(), one))
    for number, playlist_id in enumerate(order[:MOST_PLAYLISTS]):
        if number:
            yield ""
        yield f"{plain_line(names.get(playlist_id, '')) or playlist_id}:"
        yield from _songs(by_playlist[playlist_id])
    if len(order) > MOST_PLAYLISTS:
        yield from ("", f"and {counted(len(order) - MOST_PLAYLISTS, 'more playlist')}")


def _songs(changes: Sequence[RecentChange]) -> Iterator[str]:
    added = [song for change in changes for song in (*change.added, *change.readded)]
    removed = [song for change in changes for song in change.removed]
    for mark, songs in (("+", added), ("-", removed)):
        yield from (f"  {mark} {_song(song)}" for song in songs[:MOST_SONGS])
        if len(songs) > MOST_SONGS:
            yield f"  {mark} and {len(songs) - MOST_SONGS:,} more"
    if not added and not removed:
        yield "  no song came or went; its order, names or songs' texts changed"


def _song(song: SongAtRow) -> str:
    if song.name is UNSET or song.artists is UNSET:
        return f"row {song.row:,}, which Spotify does not name"
    artists = plain_line(artist_names(song.artists), _LONGEST)
    return song_by(plain_line(song.name or str(song.uri), _LONGEST), artists)


def _unreadable(catalog: Catalog) -> Iterator[str]:
    """Yield a line for each unreadable playlist, the longest unread first."""
    bad = [one for one in catalog.active() if one[1].status != "ok"]
    for playlist_id, entry in sorted(bad, key=lambda one: (one[1].since, one[0]))[:MOST_PLAYLISTS]:
        name = plain_line(entry.unique_name) or playlist_id
        yield f"  - {name}: {spell_status(entry.status)} since {day(entry.since)}"
    if len(bad) > MOST_PLAYLISTS:
        yield f"  - and {len(bad) - MOST_PLAYLISTS:,} more"
