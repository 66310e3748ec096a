"""The output of all importers: past versions, and counts of what was left out."""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec.structs import replace

from playlist_archive.documents.liked_songs import LIKED_SONGS, LIKED_SONGS_URL
from playlist_archive.documents.playlist import HeaderField, Owner, Row
from playlist_archive.documents.snapshot import Precision, Snapshot

type Source = Literal["git-archive", "spotify-export", "exportify"]
type Unit = Literal["row", "version", "file"]

NO_OWNER = Owner("", "")
_MOST_SAMPLES = 20


class PastVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A playlist in a source at one time.

    `playlist_id` is None if the source lacks it. `reference` is its place in the source: a commit,
    or a file. `unknown` names the fields that the source lacks or has only in part, here and in
    each item. `previous_check` is the last earlier moment at which the source proves that the
    playlist was read.
    """

    playlist_id: str | None
    time: datetime
    source: Source
    reference: str
    precision: Precision = "second"
    name: str
    description: str = ""
    owner: Owner = NO_OWNER
    snapshot_id: str = ""
    followers: int | None = None
    unknown: tuple[HeaderField, ...] = ()
    rows: tuple[Row, ...]
    previous_check: datetime | None = None


class LeftOut(msgspec.Struct, frozen=True):
    """The count of what was left out for one reason, and the places of the first ones."""

    unit: Unit
    reason: str
    count: int
    samples: tuple[str, ...]


class LeftOuts:
    """Counts what is left out, by reason."""

    def __init__(self) -> None:
        self._counted: dict[tuple[Unit, str], LeftOut] = {}

    def add(self, unit: Unit, reason: str, where: str, count: int = 1) -> None:
        """Count something left out; `where` is the file, version or row."""
        known = self._counted.get((unit, reason), LeftOut(unit, reason, 0, ()))
        samples = known.samples
        if len(samples) < _MOST_SAMPLES:
            samples = (*samples, where)
        changed = replace(known, count=known.count + count, samples=samples)
        self._counted[unit, reason] = changed

    def all(self) -> list[LeftOut]:
        """Return all reasons, the most frequent ones first."""
        return sorted(self._counted.values(), key=lambda one: (-one.count, one.reason))


def snapshot_of(version: PastVersion) -> Snapshot:
    """Return the snapshot of a version, whose playlist must be known."""
    assert version.playlist_id
    return Snapshot(
        playlist_id=version.playlist_id,
        source=version.source,
        reference=version.reference,
        precision=version.precision,
        unknown=version.unknown,
        time=version.time,
        read_at=version.time,
        previous_check=version.previous_check,
        name=version.name,
        description=version.description,
        owner=version.owner,
        url=LIKED_SONGS_URL
        if version.playlist_id == LIKED_SONGS
        else f"https://open.spotify.com/playlist/{version.playlist_id}",
        snapshot_id=version.snapshot_id,
        followers=version.followers,
        rows=version.rows,
    )
