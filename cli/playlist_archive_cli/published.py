"""Published documents that the package writes without types of their own."""

import msgspec

from playlist_archive.documents.status import Status
from playlist_archive.documents.timestamps import Timestamp

NEEDS_ATTENTION = "Something needs attention"


class Problem(msgspec.Struct, frozen=True):
    subject: str
    reason: str


class PlaylistStatus(msgspec.Struct, frozen=True):
    name: str
    status: Status
    since: Timestamp
    reason: str
    overdue_since: Timestamp | None
    last_checked: Timestamp | None
    last_changed: Timestamp | None


class ArchiveStatus(msgspec.Struct, frozen=True):
    """The document `playlists/status.json`."""

    run: Timestamp | None
    at: Timestamp | None
    headline: str
    counts: dict[str, int]
    up_to_date: int
    changed: int
    failure: str
    problems: list[Problem]
    damaged: list[str]
    authorization_ends: Timestamp | None
    requests_within_24_hours: int
    not_before: Timestamp | None
    playlists: dict[str, PlaylistStatus]
