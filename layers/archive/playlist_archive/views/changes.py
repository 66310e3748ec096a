"""The recent changes of all playlists, as a page and as a feed."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from msgspec import UNSET

from playlist_archive.documents.history import (
    PublishedChange,
    PublishedPlaylist,
    RenamedSong,
    Song,
    SongAtRow,
)
from playlist_archive.documents.keys import ALL_FEED, CHANGES_PAGE
from playlist_archive.documents.playlist import Owner
from playlist_archive.documents.recent_changes import RecentChange, RecentChanges
from playlist_archive.views import wording
from playlist_archive.views.feed import FeedHead, atom_feed
from playlist_archive.views.index import navigation_of_all
from playlist_archive.views.markdown import escape, link, strip_tags
from playlist_archive.views.page_header import page_path

SONGS_NAMED = 10
# A feed needs a date even before the first change.
_BEFORE_ALL = "1970-01-01T00:00:00Z"
_SPOTIFY_ITEM = re.compile(r"spotify:(track|episode):([0-9A-Za-z]{22})")

type _Told = Song | SongAtRow | RenamedSong


def changes_page(document: RecentChanges) -> str:
    lines = [navigation_of_all("changes"), ""]
    if document.since is None or document.until is None:
        return "\n".join([*lines, "Nothing has changed yet", ""])
    since, until = map(datetime.fromisoformat, (document.since, document.until))
    count = wording.counted(len(document.changes), "change")
    lines += [f"{count} from {wording.day(since)} to {wording.day(until)}", ""]
    playlists = {playlist.id: playlist for playlist in document.playlists}
    for when, changes in groupby(_in_days(document.changes, playlists), key=_when):
        lines += [f"#### {when}", ""]
        for change in changes:
            lines += _section(playlists[change.playlist], change)
    return "\n".join(lines)


def all_feed(document: RecentChanges) -> bytes:
    playlists = {playlist.id: playlist for playlist in document.playlists}
    head = FeedHead(
        path=f"/{ALL_FEED}",
        title="Changes in all playlists",
        alternate=f"/{CHANGES_PAGE}",
        since=_BEFORE_ALL,
    )
    return atom_feed(head, ((playlists[change.playlist], change) for change in document.changes))


def _in_days(
    changes: Sequence[RecentChange], playlists: Mapping[str, PublishedPlaylist]
) -> list[RecentChange]:
    """Sort changes for the page: newest day first, then by length of their span, then by name."""
    by_name = sorted(
        changes, key=lambda one: (playlists[one.playlist].name.casefold(), one.playlist)
    )
    return sorted(by_name, key=lambda one: (one.time[:10], one.after[:10]), reverse=True)


def _when(change: RecentChange) -> str:
    return wording.day_or_days(*map(datetime.fromisoformat, (change.after, change.time)))


def _section(playlist: PublishedPlaylist, change: PublishedChange) -> list[str]:
    page = page_path("history", playlist.id)
    title, counts = f"**{link(playlist.name, page)}**", _counts(change)
    lines = [f"{title}: {counts}" if counts else title, ""]
    if told := [*_texts(change), *_songs(change, page)]:
        lines += [*told, ""]
    return lines


def _counts(change: PublishedChange) -> str:
    told = [
        f"{_count(songs)} {what}"
        for songs, what in (
            (change.added, "added"),
            (change.readded, "added again"),
            (change.removed, "removed"),
        )
        if songs
    ]
    if change.counts.moved:
        told.append(f"{change.counts.moved:,} moved")
    return " - ".join(told)


def _count(songs: Sequence[SongAtRow]) -> str:
    """Return the number of rows, and also of songs if there are fewer."""
    times = Counter(song.uri for song in songs if song.uri is not UNSET)
    if len(times) == len(songs):
        return f"{len(songs):,}"
    return wording.songs_and_rows(times.values(), len(songs))


def _texts(change: PublishedChange) -> Iterator[str]:
    if change.name:
        yield f"- Renamed from {_quote(change.name.before)} to {_quote(change.name.after)}"
    if change.description:
        before, after = (
            _quote(strip_tags(text).strip())
            for text in (change.description.before, change.description.after)
        )
        yield f"- Description changed from {before} to {after}"
    if change.owner:
        yield f"- Owner changed from {_owner(change.owner.before)} to {_owner(change.owner.after)}"


def _songs(change: PublishedChange, page: str) -> Iterator[str]:
    lists: tuple[tuple[str, Sequence[_Told]], ...] = (
        ("Added", change.added),
        ("Added again", change.readded),
        ("Removed", change.removed),
        ("No longer available on Spotify", change.unavailable),
        ("Available again", change.available),
        ("Spotify changed", change.renamed),
    )
    for verb, songs in lists:
        for song in songs[:SONGS_NAMED]:
            yield f"- {verb}: {_song(song)}"
        if len(songs) > SONGS_NAMED:
            yield f"- {verb}: [and {len(songs) - SONGS_NAMED:,} more]({page})"


def _song(song: _Told) -> str:
    if song.name is UNSET or song.artists is UNSET or song.uri is UNSET:
        return f"row {song.row:,}, which Spotify does not name"
    title = link(song.name or song.uri, _url(song.uri))
    line = wording.song_by(title, escape(wording.artist_names(song.artists)))
    return f"{_quote(song.before)} is now {line}" if isinstance(song, RenamedSong) else line


def _url(uri: str) -> str:
    """Return the URL of a track or an episode, an empty text if Spotify has no page for it."""
    item = _SPOTIFY_ITEM.fullmatch(uri)
    return f"https://open.spotify.com/{item[1]}/{item[2]}" if item else ""


def _owner(owner: Owner) -> str:
    return link(owner.name, owner.url)


def _quote(text: str) -> str:
    return f"“{escape(text)}”"
