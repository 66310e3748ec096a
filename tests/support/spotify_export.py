"""Spotify's own export of playlists that an archive holds."""

import json
import zipfile
from pathlib import Path
from typing import Any

from playlist_archive.documents.playlist import Row
from playlist_archive.documents.snapshot import Snapshot, decode_snapshot
from tests.support.fakes import FakeBucket


def snapshots_of(bucket: FakeBucket, playlist_id: str, source: str = "") -> list[Snapshot]:
    """Return the snapshots of a playlist that came from a source, oldest first."""
    all_ = [
        decode_snapshot(body)
        for key, body in sorted(bucket.objects.items())
        if key.startswith(f"snapshots/{playlist_id}/")
    ]
    return [one for one in all_ if one.source == source]


def read_live(bucket: FakeBucket, playlist_id: str, day: str) -> Snapshot:
    """Return the newest live snapshot of a playlist that is not later than a day."""
    return [one for one in snapshots_of(bucket, playlist_id) if f"{one.time:%Y-%m-%d}" <= day][-1]


def as_exported(snapshot: Snapshot, modified: str) -> dict[str, Any]:
    """Return a playlist as Spotify's own export tells it."""
    return {
        "name": snapshot.name,
        "lastModifiedDate": modified,
        "items": [_item(row) for row in snapshot.rows],
        "description": snapshot.description,
        "numberOfFollowers": 0,
    }


def _item(row: Row) -> dict[str, Any]:
    told: dict[str, Any] = {"track": None, "episode": None, "localTrack": None}
    item = row.item
    if item and item.local:
        told["localTrack"] = {"uri": item.uri}
    elif item and item.type == "episode":
        told["episode"] = {
            "episodeName": item.name,
            "showName": item.album.name,
            "episodeUri": item.uri,
        }
    elif item:
        told["track"] = {
            "trackName": item.name,
            "artistName": item.artists[0].name if item.artists else "",
            "albumName": item.album.name,
            "trackUri": item.uri,
        }
    return {**told, "addedDate": f"{row.added_at:%Y-%m-%d}" if row.added_at else None}


def write_export(folder: Path, *playlists: dict[str, Any]) -> Path:
    """Write what Spotify sends, with a file that looks like one of playlists."""
    path = folder / "my_spotify_data.zip"
    with zipfile.ZipFile(path, "w") as writing:
        body = json.dumps({"playlists": playlists})
        writing.writestr("Spotify Account Data/Playlist1.json", body)
        writing.writestr("Spotify Account Data/PlaylistInABottle.json", "{}")
    return path
