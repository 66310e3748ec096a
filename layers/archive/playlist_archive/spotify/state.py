"""Stores the functions' shared state about Spotify, `state/spotify.json`."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from playlist_archive.documents.content_types import JSON
from playlist_archive.documents.keys import SPOTIFY_STATE
from playlist_archive.documents.spotify_state import (
    SpotifyState,
)
from playlist_archive.errors import UNREADABLE
from playlist_archive.ports import bucket as storage
from playlist_archive.ports.bucket import Bucket, copy_damaged

type Change = Callable[["SpotifyState"], "SpotifyState"]


def load_state(bucket: Bucket) -> SpotifyState:
    """Read the stored state; an unreadable state counts as empty."""
    stored = bucket.get(SPOTIFY_STATE)
    return _decode(stored.body if stored else None) or SpotifyState()


def update_state(bucket: Bucket, change: Change, now: datetime) -> SpotifyState:
    """Apply a pure change, which may run several times, to the stored state.

    An unreadable state is copied to `damaged/` and replaced by an empty one.
    """

    def apply(body: bytes | None) -> bytes:
        state = _decode(body)
        if state is None and body is not None:
            copy_damaged(bucket, SPOTIFY_STATE, body, now)
        return _encode(change(state or SpotifyState()))

    body = storage.update(bucket, SPOTIFY_STATE, JSON, apply)
    return msgspec.json.decode(body, type=SpotifyState)


def _decode(body: bytes | None) -> SpotifyState | None:
    if body is None:
        return None
    try:
        return msgspec.json.decode(body, type=SpotifyState)
    except UNREADABLE:
        return None


def _encode(state: SpotifyState) -> bytes:
    return msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n"
