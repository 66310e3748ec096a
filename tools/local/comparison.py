"""Compares the archive with a history file, and its pages with a rebuild from snapshots."""

from typing import Any

from tools.local.run import await_quiet
from tools.local.stack import Stack
from tools.stand_in.history import HistoryLibrary
from tools.stand_in.library import Playlist, Track

_DERIVED = (
    "state/ledgers/",
    "playlists/pretty/",
    "playlists/cumulative/",
    "playlists/plain/",
    "playlists/history/",
)


def find_differences(stack: Stack, library: HistoryLibrary) -> list[str]:
    """Return the ids of the playlists whose page differs from the last version in the file."""
    day = library.last_day
    return [
        playlist_id
        for playlist_id in library.list_ids(day)
        if (version := library.find(playlist_id, day))
        and _shown(stack.read_json(f"playlists/pretty/{playlist_id}.json")) != _said(version)
    ]


def find_rebuild_differences(stack: Stack) -> list[str]:
    """Delete ledgers and playlists' pages, rebuild them, and return the keys that differ."""
    derived = {key: stack.read(key) for prefix in _DERIVED for key in stack.list_keys(prefix)}
    for key in derived:
        stack.delete(key)
    log_size = stack.engine.log_size
    stack.start_rebuild()
    await_quiet(stack, log_size)
    again = {key: stack.read(key) for prefix in _DERIVED for key in stack.list_keys(prefix)}
    return sorted(
        key for key in derived.keys() | again.keys() if derived.get(key) != again.get(key)
    )


def _shown(page: dict[str, Any]) -> tuple[object, ...]:
    tracks = [
        (
            track["url"],
            track["name"],
            [artist["name"] for artist in track["artists"]],
            track["album"]["name"],
            track["duration_ms"],
        )
        for track in page.get("tracks", ())
    ]
    return page.get("original_name"), page.get("description"), tracks


def _said(version: Playlist) -> tuple[object, ...]:
    tracks = [
        (
            f"https://open.spotify.com/track/{row.item.id}",
            row.item.name,
            [artist.name for artist in row.item.artists],
            row.item.album.name,
            row.item.duration_ms,
        )
        for row in version.rows
        if isinstance(row.item, Track)
    ]
    return version.name, version.description, tracks
