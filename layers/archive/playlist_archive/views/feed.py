"""Changes as an Atom feed (RFC 4287), of one playlist or of all."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape
from typing import NamedTuple
from uuid import NAMESPACE_URL, uuid5

from msgspec import UNSET

from playlist_archive.documents.history import (
    PublishedChange,
    PublishedPlaylist,
    RenamedSong,
    Song,
    SongAtRow,
    change_id,
)
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive.views import wording
from playlist_archive.views.markdown import strip_tags
from playlist_archive.views.page_header import page_path

ENTRIES = 50
SONGS_NAMED = 50

type Entry = tuple[PublishedPlaylist, PublishedChange]
type _Told = Song | SongAtRow | RenamedSong

_LINE_BREAKS = re.compile("[\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
# Characters not allowed in XML, and other control characters (XML 1.0: Char, and its note).
_NO_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_MARKUP = re.compile("[&<>]")
_URL = re.compile(r"https?://(?:[0-9A-Za-z._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+")


class FeedHead(NamedTuple):
    """The fields of a feed itself; both paths are relative to the bucket's root.

    `alternate` is the page with the same contents. `since` is the time of the first snapshot, used
    as the feed's date until there is a change.
    """

    path: str
    title: str
    alternate: str
    since: Timestamp


def atom_feed(head: FeedHead, entries: Iterable[Entry]) -> bytes:
    """Return a feed of the newest changes; `entries` may be in any order."""
    newest = sorted(entries, key=_age, reverse=True)[:ENTRIES]
    updated = newest[0][1].time if newest else head.since
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        _id(head.path),
        f"<title>{_text(head.title)}</title>",
        f"<updated>{updated}</updated>",
        "<author><name>Playlist archive</name></author>",
        _link("self", head.path),
        _link("alternate", head.alternate),
    ]
    for playlist, change in newest:
        lines += _entry(playlist, change)
    return "\n".join([*lines, "</feed>", ""]).encode()


def _age(entry: Entry) -> tuple[Timestamp, str]:
    playlist, change = entry
    return change.time, playlist.id


def _entry(playlist: PublishedPlaylist, change: PublishedChange) -> Iterator[str]:
    page = page_path("history", playlist.id)
    yield "<entry>"
    yield f"<id>{change_id(playlist.id, change.time)}</id>"
    yield f"<title>{_text(f'{playlist.name}: {_summary(change)}')}</title>"
    yield f"<updated>{change.time}</updated>"
    yield _link("alternate", page)
    if _URL.fullmatch(playlist.url):
        yield _link("via", playlist.url)
    yield '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
    yield _paragraph(_when(change))
    yield from _names(change)
    for heading, songs in (
        ("Added", change.added),
        ("Added again", change.readded),
        ("Removed", change.removed),
        ("No longer available on Spotify", change.unavailable),
        ("Available again", change.available),
        ("Spotify changed", change.renamed),
    ):
        yield from _list(heading, songs, page)
    if change.counts.moved:
        yield _paragraph(f"Moved: {wording.counted(change.counts.moved, 'row')}")
    yield "</div></content>"
    yield "</entry>"


def _summary(change: PublishedChange) -> str:
    """Return a short summary of a change."""
    counts = (
        (change.counts.added, "added"),
        (change.counts.readded, "added again"),
        (change.counts.removed, "removed"),
        (change.counts.moved, "moved"),
        (len(change.unavailable), "no longer available"),
        (len(change.available), "available again"),
        (len(change.renamed), "changed by Spotify"),
    )
    texts = (
        (change.name, "renamed"),
        (change.description, "new description"),
        (change.owner, "new owner"),
    )
    told = [f"{count:,} {what}" for count, what in counts if count]
    return ", ".join([*told, *(what for text, what in texts if text)])


def _when(change: PublishedChange) -> str:
    after, time = map(datetime.fromisoformat, (change.after, change.time))
    return wording.day_or_days(after, time)


def _names(change: PublishedChange) -> Iterator[str]:
    if change.name:
        before, after = change.name.before, change.name.after
        yield _paragraph(f"Renamed from “{before}” to “{after}”")
    if change.description:
        before, after = map(strip_tags, (change.description.before, change.description.after))
        yield _paragraph(f"Description changed from “{before.strip()}” to “{after.strip()}”")
    if change.owner:
        before, after = change.owner.before.name, change.owner.after.name
        yield _paragraph(f"Owner changed from {before} to {after}")


def _list(heading: str, songs: Sequence[_Told], page: str) -> Iterator[str]:
    """Yield a heading, a list of the first songs, and how many more the history `page` has."""
    if not songs:
        return
    yield _paragraph(f"{heading}:")
    yield "<ul>"
    for song in songs[:SONGS_NAMED]:
        yield f"<li>{_text(_song(song))}</li>"
    if len(songs) > SONGS_NAMED:
        more = f"{len(songs) - SONGS_NAMED:,} more"
        yield f'<li>and <a href="{escape(page)}">{more}</a></li>'
    yield "</ul>"


def _song(song: _Told) -> str:
    name, artists = song.name, song.artists
    if name is UNSET or artists is UNSET:
        assert isinstance(song, SongAtRow)
        return f"row {song.row:,}, which Spotify does not name"
    line = wording.song_by(name or str(song.uri), wording.artist_names(artists))
    return f"“{song.before}”: {line}" if isinstance(song, RenamedSong) else line


def _id(name: str) -> str:
    """Return an id that depends only on `name`, and not on a host or a playlist's name."""
    return f"<id>{uuid5(NAMESPACE_URL, name).urn}</id>"


def _link(relation: str, target: str) -> str:
    return f'<link rel="{relation}" href="{escape(target)}"/>'


def _paragraph(text: str) -> str:
    return f"<p>{_text(text)}</p>"


def _text(text: str) -> str:
    """Return `text` escaped for an XML element."""
    if not text.isprintable():
        text = _NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", _LINE_BREAKS.sub(" ", text))
    return escape(text, quote=False) if _MARKUP.search(text) else text
