"""Documents of an archive that is as large as the site has to bear."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

PLAYLIST = "4uLU6hMCjMI75M1A2tKUQC"
FIRST = datetime(2026, 10, 1, 4, tzinfo=UTC)


def large_site(
    *, playlists: int = 1, rows: int = 10_000, versions: int = 3, apart: timedelta = timedelta(1)
) -> dict[str, bytes]:
    """Return the documents of so many playlists; a row came on top of the first in each version."""
    times = [_timestamp(FIRST + version * apart) for version in range(versions)]
    ids = [PLAYLIST, *(f"large{number:017}" for number in range(1, playlists))]
    documents: dict[str, object] = {
        "playlists/index.json": {
            "schema": 1,
            "playlists": [_entry(playlist_id, rows, times) for playlist_id in ids],
        },
        "playlists/status.json": _status(ids, times),
        "playlists/changes.json": {
            "schema": 1,
            "since": times[0],
            "until": times[-1],
            "playlists": [_named(playlist_id) for playlist_id in ids],
            "changes": [{**_change(times), "playlist": playlist_id} for playlist_id in ids],
        },
        f"playlists/history/{PLAYLIST}.json": {
            "schema": 1,
            "playlist": _named(PLAYLIST),
            "first_snapshot": times[0],
            "last_snapshot": times[-1],
            "size": {"songs": rows, "rows": rows, "text": f"{rows:,} songs"},
            "snapshots": [{"time": time, "rows": rows} for time in reversed(times)],
            "names": [{"since": times[0], "name": PLAYLIST, "description": "", "owner": _OWNER}],
            "gaps": [],
            "changes": [],
            "older": [],
        },
    }
    for version, time in enumerate(times):
        key = time.replace("-", "").replace(":", "")
        numbers = range(-version, rows - version)
        documents[f"snapshots/{PLAYLIST}/{key}.json"] = _snapshot(time, numbers)
    return {key: json.dumps(document).encode() for key, document in documents.items()}


_OWNER = {"id": "lena.example", "name": "Lena"}


def _timestamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _named(playlist_id: str) -> dict[str, str]:
    return {
        "id": playlist_id,
        "name": f"Songs for {playlist_id[-4:]}",
        "url": f"https://open.spotify.com/playlist/{playlist_id}",
    }


def _entry(playlist_id: str, rows: int, times: Sequence[str]) -> dict[str, object]:
    return {
        **_named(playlist_id),
        "owner": _OWNER,
        "status": "ok",
        "since": times[0],
        "first_snapshot": times[0],
        "last_snapshot": times[-1],
        "size": {"songs": rows, "rows": rows, "text": f"{rows:,} songs"},
        "sizes": [
            [_timestamp(FIRST + timedelta(day)), rows + day % 7] for day in range(30, -1, -1)
        ],
        "last_change": _change(times),
    }


def _status(ids: Sequence[str], times: Sequence[str]) -> dict[str, object]:
    check = {
        "status": "ok",
        "since": times[0],
        "reason": "",
        "overdue_since": None,
        "last_checked": times[-1],
        "last_changed": times[-1],
    }
    return {
        "run": times[-1],
        "at": times[-1],
        "headline": "All is well",
        "counts": {"ok": len(ids)},
        "up_to_date": len(ids),
        "changed": 0,
        "failure": "",
        "problems": [],
        "damaged": [],
        "authorization_ends": None,
        "requests_within_24_hours": 1,
        "not_before": None,
        "playlists": {playlist_id: {**check, "name": playlist_id} for playlist_id in ids},
    }


def _change(times: Sequence[str]) -> dict[str, object]:
    return {
        "time": times[-1],
        "after": times[-2],
        "until": times[-1],
        "counts": {"added": 1, "readded": 0, "removed": 1, "moved": 0},
    }


def _snapshot(time: str, numbers: range) -> dict[str, object]:
    return {
        "schema": 1,
        "playlist_id": PLAYLIST,
        "time": time,
        "read_at": time,
        "name": "Songs",
        "description": "",
        "owner": _OWNER,
        "url": f"https://open.spotify.com/playlist/{PLAYLIST}",
        "snapshot_id": time,
        "rows": [_row(number) for number in numbers],
    }


def _row(number: int) -> dict[str, object]:
    digits = f"{number + 1_000_000:017}"
    return {
        "added_at": _timestamp(FIRST - timedelta(hours=number + 100)),
        "added_by": "lena.example",
        "item": {
            "type": "track",
            "uri": f"spotify:track:sOnGs{digits}",
            "name": f"A song with the number {number}",
            "duration_ms": 200_000 + number,
            "artists": [
                {
                    "name": f"Artist {number % 700}",
                    "url": f"https://open.spotify.com/artist/aRtIs{digits}",
                }
            ],
            "album": {
                "name": f"Album {number % 1300}",
                "url": f"https://open.spotify.com/album/aLbUm{digits}",
                "release_date": "2019-03-01",
            },
            "url": f"https://open.spotify.com/track/sOnGs{digits}",
            "isrc": f"QZABC{number % 10_000_000:07}",
        },
    }
