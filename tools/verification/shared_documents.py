"""Finds errors in the published documents about all playlists."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from xml.etree import ElementTree as ET

from tools.verification.comparing import Differences, Json, Objects, attempted, compared
from tools.verification.documents import said_change, said_counts, said_size, shown_change
from tools.verification.expected import Change, Expected, ExpectedPlaylist, stamp
from tools.verification.long_gone import gone_in, years_apart
from tools.verification.tables import read_index

_PARTS = 16
_MOST_SIZES = 30
_NEWEST = 50
_RECENT = timedelta(days=30)
_SPOTIFY = "https://open.spotify.com"
_INDEX, _CHANGES = "playlists/index.json", "playlists/changes.json"
_ATOM = "{http://www.w3.org/2005/Atom}"
_XHTML = "{http://www.w3.org/1999/xhtml}"


class _ChangeOf(NamedTuple):
    playlist: ExpectedPlaylist
    change: Change


def find_differences(objects: Objects, expected: Expected) -> Differences:
    """Find the errors in the song lists, the index, the recent changes, and the feeds."""
    for what, check in (
        ("playlists/songs/", _songs),
        (_INDEX, _index),
        (_CHANGES, _changes),
        ("playlists/changes.md", _changes_page),
        ("playlists/feeds/", _feeds),
    ):
        yield from attempted(what, check(objects, expected))


def _songs(objects: Objects, expected: Expected) -> Differences:
    """Each playlist is only in its own partition, with every song that is or was in it.

    Songs removed more than a year ago are in another list, with all playlists that are old enough.
    """
    for part in range(_PARTS):
        said: dict[str, Json] = {
            f"playlists/songs/{part}{suffix}.json": {}
            for suffix in ("", ".ids", ".gone", ".gone.ids")
        }
        for playlist in expected.playlists.values():
            if _part_of(playlist.id) != part:
                continue
            gone = gone_in(playlist)
            here = [song for song in playlist.texts.values() if song.uri not in gone]
            went = [song for song in playlist.texts.values() if song.uri in gone]
            kinds = [("", here), (".gone", went)] if years_apart(playlist) else [("", here)]
            codes = _isrcs(objects, playlist.id)
            for suffix, songs in kinds:
                said[f"playlists/songs/{part}{suffix}.json"][playlist.id] = [
                    [song.name, *song.artist_names] for song in songs
                ]
                said[f"playlists/songs/{part}{suffix}.ids.json"][playlist.id] = [
                    [song.uri.rpartition(":")[2], codes[song.uri]] for song in songs
                ]
        for key, lines in said.items():
            if lines or key in objects:
                shown = json.loads(objects[key])
                yield from compared(key, shown, {"schema": 1, "playlists": lines})


def _part_of(playlist_id: str) -> int:
    return int(sha256(playlist_id.encode()).hexdigest()[0], 16)


def _isrcs(objects: Objects, playlist_id: str) -> dict[str, str]:
    """Return the ISRC of each song in the cumulative documents."""
    key = f"playlists/cumulative/{playlist_id}.json"
    document = json.loads(objects[key])
    older = [json.loads(objects[one["path"][1:]]) for one in document.get("older", ())]
    tracks = [track for one in (document, *older) for track in one["tracks"]]
    return {track["uri"]: track["isrc"] for track in tracks}


def _index(objects: Objects, expected: Expected) -> Differences:
    entries = json.loads(objects[_INDEX])["playlists"]
    listed = read_index(objects["playlists/index.md"].decode())
    yield from compared(
        _INDEX, sorted(entry["id"] for entry in entries), sorted(expected.playlists)
    )
    # Playlists with a held loss are not listed as read.
    yield from compared(
        _INDEX, [entry["id"] for entry in entries if entry["status"] == "ok"], list(listed)
    )
    if len({entry["name"] for entry in entries}) < len(entries):
        yield f"{_INDEX}: two playlists have one name"
    for entry in entries:
        playlist = expected.playlists[entry["id"]]
        said = {
            "url": f"{_SPOTIFY}/playlist/{playlist.id}",
            "page": f"/playlists/pretty/{playlist.id}.md",
            "history": f"/playlists/history/{playlist.id}.json",
            "status": "held" if playlist.held[-1:] == [stamp(expected.runs[-1])] else "ok",
            "first_snapshot": playlist.archived[0].time,
            "last_snapshot": playlist.archived[-1].time,
            "size": said_size(playlist.state),
            "sizes": list(_sizes(playlist)),
            "last_change": _last_change(playlist),
        }
        place = f"{_INDEX}, {playlist.id}"
        yield from compared(place, {name: entry.get(name) for name in said}, said)
        if not entry["name"].startswith(playlist.state.name.strip()):
            yield f"{place}: its name is {entry['name']} and not {playlist.state.name}"


def _last_change(playlist: ExpectedPlaylist) -> Json | None:
    if not playlist.changes:
        return None
    last = playlist.changes[-1]
    times = {"time": last.time, "after": last.after, "until": last.time}
    return {**times, "counts": said_counts(last)}


def _sizes(playlist: ExpectedPlaylist) -> Iterator[list[object]]:
    """Yield the snapshots at thirty evenly spaced moments, or all if there are fewer."""
    sizes = [(datetime.fromisoformat(one.time), len(one.state.rows)) for one in playlist.archived]
    first, last = sizes[0][0], sizes[-1][0]
    gaps = _MOST_SIZES - 1
    chosen = {
        max(time for time, _ in sizes if gaps * (time - first) <= number * (last - first))
        for number in range(_MOST_SIZES)
    }
    for time, rows in reversed(sizes):
        if len(sizes) <= _MOST_SIZES or time in chosen:
            yield [stamp(time), rows]


def _recent(expected: Expected) -> list[_ChangeOf]:
    """Return the changes of the thirty days before the newest, newest first."""
    every = [
        _ChangeOf(playlist, change)
        for playlist in expected.playlists.values()
        for change in playlist.changes
    ]
    newest = max(one.change.time for one in every)
    since = stamp(datetime.fromisoformat(newest) - _RECENT)
    recent = [one for one in every if one.change.time >= since]
    return sorted(recent, key=lambda one: (one.change.time, one.playlist.id), reverse=True)


def _changes(objects: Objects, expected: Expected) -> Differences:
    document, recent = json.loads(objects[_CHANGES]), _recent(expected)
    newest = recent[0].change.time
    since = stamp(datetime.fromisoformat(newest) - _RECENT)
    yield from compared(_CHANGES, [document["since"], document["until"]], [since, newest])
    names = {entry["id"]: entry["name"] for entry in json.loads(objects[_INDEX])["playlists"]}
    ids = sorted({one.playlist.id for one in recent})
    yield from compared(
        _CHANGES,
        document["playlists"],
        [{"id": id_, "name": names[id_], "url": f"{_SPOTIFY}/playlist/{id_}"} for id_ in ids],
    )
    told = document["changes"]
    yield from compared(
        _CHANGES,
        [[change["time"], change["playlist"]] for change in told],
        [[one.change.time, one.playlist.id] for one in recent],
    )
    for shown, one in zip(told, recent, strict=False):
        place = f"{_CHANGES}, change of {one.playlist.id} of {one.change.time}"
        said = {**said_change(one.change), "playlist": one.playlist.id}
        yield from compared(place, shown_change(shown), said)


def _changes_page(objects: Objects, expected: Expected) -> Differences:
    """Each change is listed under its day, with its counts."""
    key = "playlists/changes.md"
    told = set()
    when = ""
    for line in objects[key].decode().split("\n"):
        if line.startswith("#### "):
            when = line.removeprefix("#### ")
        elif line.startswith("**"):
            found = re.search(r"\]\(/playlists/history/(\w{22})\.md\)\*\*", line)
            told.add((when, found[1] if found else line))
    said = {(_when(one.change), one.playlist.id) for one in _recent(expected)}
    for missing in sorted(said - told):
        yield f"{key}: {missing} is missing"
    for surplus in sorted(told - said):
        yield f"{key}: there was no {surplus}"


def _when(change: Change) -> str:
    """Return the day of a change, or the days between which it happened if some were missed."""
    after, until = (datetime.fromisoformat(time).date() for time in (change.after, change.time))
    return f"{until}" if (until - after).days <= 1 else f"Between {after} and {until}"


def _feeds(objects: Objects, expected: Expected) -> Differences:
    """Each feed has the newest fifty changes, and a change has the same id in all feeds."""
    ids: dict[tuple[str, str], str] = {}
    for playlist in expected.playlists.values():
        key = f"playlists/feeds/{playlist.id}.atom"
        newest = [_ChangeOf(playlist, change) for change in reversed(playlist.changes)][:_NEWEST]
        updated = newest[0].change.time if newest else playlist.archived[0].time
        yield from _feed(objects, key, newest, updated, ids)
    recent = _recent(expected)[:_NEWEST]
    yield from _feed(objects, "playlists/feeds/all.atom", recent, recent[0].change.time, ids)
    if len(set(ids.values())) < len(ids):
        yield "playlists/feeds/: two changes have one id"


def _feed(
    objects: Objects,
    key: str,
    newest: list[_ChangeOf],
    updated: str,
    ids: dict[tuple[str, str], str],
) -> Differences:
    feed = ET.fromstring(objects[key])  # noqa: S314 - the archive wrote it
    yield from compared(f"{key}, updated", feed.findtext(f"{_ATOM}updated"), updated)
    entries = feed.findall(f"{_ATOM}entry")
    yield from compared(
        key,
        [[entry.findtext(f"{_ATOM}updated"), _page_of(entry)] for entry in entries],
        [[one.change.time, f"/playlists/history/{one.playlist.id}.md"] for one in newest],
    )
    for entry, one in zip(entries, newest, strict=False):
        place = f"{key}, entry of {one.playlist.id} of {one.change.time}"
        known = ids.setdefault(
            (one.playlist.id, one.change.time), entry.findtext(f"{_ATOM}id") or ""
        )
        yield from compared(f"{place}, id", entry.findtext(f"{_ATOM}id"), known)
        title = entry.findtext(f"{_ATOM}title") or ""
        if not title.endswith(f": {_summary(one.change)}"):
            yield f"{place}: its title is {title} and not {_summary(one.change)}"
        lines = sum(1 for _ in entry.iter(f"{_XHTML}li"))
        yield from compared(f"{place}, lines of songs", lines, _lines(one.change))


def _page_of(entry: ET.Element) -> str:
    links = {link.attrib["rel"]: link.attrib["href"] for link in entry.findall(f"{_ATOM}link")}
    return links.get("alternate", "")


def _summary(change: Change) -> str:
    before, state = change.before, change.state
    numbers = (
        (len(change.added), "added"),
        (len(change.readded), "added again"),
        (len(change.removed), "removed"),
        (change.moves, "moved"),
        (len(change.renamed), "changed by Spotify"),
    )
    told = [f"{number:,} {what}" for number, what in numbers if number]
    if before.name != state.name:
        told.append("renamed")
    if before.description != state.description:
        told.append("new description")
    return ", ".join(told)


def _lines(change: Change) -> int:
    """Count the lines of songs: fifty of each kind, and one with the number of the others."""
    kinds = (change.added, change.readded, change.removed, change.renamed)
    return sum(min(len(songs), _NEWEST + 1) for songs in kinds)
