"""The page of one public playlist, from its data in `tests/golden/`."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.playlist import Album, Artist, Item, Owner, Row
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.views import render_pages
from tests.support.strategies import SPOTIFY

_GOLDEN = Path(__file__).parents[1] / "golden"
PAGE = _GOLDEN / "seed-playlist.md"


def render_seed_page() -> str:
    snapshot = _snapshot(json.loads((_GOLDEN / "seed-playlist.json").read_text()))
    pages = render_pages(fold_all([snapshot]))
    return pages[f"playlists/pretty/{snapshot.playlist_id}.md"].body.decode()


def _snapshot(facts: dict[str, Any]) -> Snapshot:
    name, playlist_id = facts["playlist"]
    owner_name, owner_id = facts["owner"]
    time = datetime.fromisoformat(facts["read"])
    return Snapshot(
        playlist_id=playlist_id,
        time=time,
        read_at=time,
        name=name,
        description=facts["description"],
        owner=Owner(owner_id, owner_name, f"{SPOTIFY}/user/{owner_id}"),
        url=f"{SPOTIFY}/playlist/{playlist_id}",
        snapshot_id=facts["snapshot_id"],
        followers=facts["likes"],
        rows=tuple(
            Row(
                item=Item(
                    type="track",
                    uri=f"spotify:track:{track_id}",
                    name=title,
                    duration_ms=seconds * 1000,
                    artists=tuple(Artist(a, f"{SPOTIFY}/artist/{i}") for a, i in artists),
                    album=Album(album, f"{SPOTIFY}/album/{album_id}"),
                    url=f"{SPOTIFY}/track/{track_id}",
                )
            )
            for (title, track_id), artists, (album, album_id), seconds in facts["songs"]
        ),
    )
