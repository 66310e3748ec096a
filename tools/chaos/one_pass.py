"""Computes the documents about all playlists in one pass over the catalog and all histories.

The indexer updates these documents playlist by playlist. This module reads the published histories
as any program would, and shares no code with the indexer.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from playlist_archive.documents.catalog import Catalog, Entry
from playlist_archive.documents.keys import ALL_FEED, CHANGES_JSON, CHANGES_PAGE, INDEX_JSON
from playlist_archive.documents.recent_changes import decode_recent_changes
from playlist_archive.views.changes import all_feed, changes_page
from tools.chaos.evidence import Evidence

type Objects = Mapping[str, bytes]
type Json = dict[str, Any]

_DAYS, _AHEAD = timedelta(days=30), timedelta(hours=26)
_MOST_SIZES = 30


def documents_of_all_are_those_of_the_histories(evidence: Evidence) -> Iterator[str]:
    """The index and the changes agree with all histories; page and feed agree with the changes."""
    objects = evidence.chaos.objects
    for key, stated in (
        (INDEX_JSON, state_index(evidence.catalog, objects)),
        (CHANGES_JSON, state_changes(evidence.catalog, objects, evidence.ended)),
    ):
        if json.loads(objects[key]) != stated:
            yield f"{key} is not what the histories say"
    changes = decode_recent_changes(objects[CHANGES_JSON])
    for key, body in (
        (CHANGES_PAGE, changes_page(changes).encode()),
        (ALL_FEED, all_feed(changes)),
    ):
        if objects[key] != body:
            yield f"{key} is not what {CHANGES_JSON} says"


def state_index(catalog: Catalog, objects: Objects) -> Json:
    """Return the expected `playlists/index.json`."""
    return {
        "schema": 1,
        "playlists": [
            _index_entry(playlist_id, entry, _history(playlist_id, entry, objects))
            for playlist_id, entry in sorted(catalog.entries.items(), key=_place)
        ],
    }


def state_changes(catalog: Catalog, objects: Objects, now: datetime) -> Json:
    """Return the expected `playlists/changes.json`."""
    changes = [
        {**change, "playlist": playlist_id}
        for playlist_id, entry in catalog.entries.items()
        for change in _all_changes(playlist_id, entry, objects)
    ]
    for change in changes:
        change.pop("moved", None)
    if not changes:
        return {"schema": 1, "since": None, "until": None, "playlists": [], "changes": []}
    times = [change["time"] for change in changes]
    # A run that is further ahead of the clock than a day and two hours was forced.
    present = [time for time in times if datetime.fromisoformat(time) - now <= _AHEAD]
    until = max(times)
    since = _spell(datetime.fromisoformat(max(present or times)) - _DAYS)
    recent = [change for change in changes if change["time"] >= since]
    recent.sort(key=lambda change: (change["time"], change["playlist"]), reverse=True)
    return {
        "schema": 1,
        "since": since,
        "until": until,
        "playlists": [
            {
                "id": playlist_id,
                "name": catalog.entries[playlist_id].unique_name,
                "url": _url(catalog.entries[playlist_id]),
            }
            for playlist_id in sorted({change["playlist"] for change in recent})
        ],
        "changes": recent,
    }


def _place(pair: tuple[str, Entry]) -> tuple[int, str, str, str]:
    playlist_id, entry = pair
    group = {"retired": 1, "ok": 2}.get(entry.status, 0)
    return group, entry.unique_name.strip().casefold(), entry.unique_name, playlist_id


def _index_entry(playlist_id: str, entry: Entry, history: Json | None) -> Json:
    told: Json = {
        "id": playlist_id,
        "name": entry.unique_name,
        "url": _url(entry),
        "status": entry.status,
        "since": _spell(entry.since),
        "reason": entry.reason,
        "page": f"/playlists/pretty/{playlist_id}.md" if entry.latest else "",
    }
    if entry.header:
        owner = entry.header.owner
        told["owner"] = {"id": owner.id, "name": owner.name}
        if owner.url:
            told["owner"]["url"] = owner.url
    if history:
        told["history"] = f"/playlists/history/{playlist_id}.json"
        for field in ("first_snapshot", "last_snapshot", "size"):
            told[field] = history[field]
        told["sizes"] = _sizes(history["snapshots"])
        if history["changes"]:
            newest = history["changes"][0]
            told["last_change"] = {
                field: newest[field] for field in ("time", "after", "until", "counts")
            }
    return {name: value for name, value in told.items() if value != ""}


def _sizes(snapshots: list[Json]) -> list[list[Any]]:
    points = [[one["time"], one["rows"]] for one in snapshots]
    if len(points) <= _MOST_SIZES:
        return points
    newest, first = (datetime.fromisoformat(points[number][0]) for number in (0, -1))
    steps = _MOST_SIZES - 1
    moments = [first + (newest - first) * number / steps for number in range(steps)]
    chosen = [points[0]]
    for moment in reversed(moments):
        in_force = next(one for one in points if datetime.fromisoformat(one[0]) <= moment)
        if in_force != chosen[-1]:
            chosen.append(in_force)
    return chosen


def _history(playlist_id: str, entry: Entry, objects: Objects) -> Json | None:
    body = objects.get(f"playlists/history/{playlist_id}.json")
    if body is None or entry.latest is None:
        return None
    history: Json = json.loads(body)
    return history


def _all_changes(playlist_id: str, entry: Entry, objects: Objects) -> Iterator[Json]:
    history = _history(playlist_id, entry, objects)
    if history:
        yield from history["changes"]
        for older in history["older"]:
            yield from json.loads(objects[older["path"].removeprefix("/")])["changes"]


def _url(entry: Entry) -> str:
    return entry.header.url if entry.header else ""


def _spell(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
