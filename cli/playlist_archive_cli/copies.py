"""Copies a whole bucket to a folder, and a folder into a new archive.

An archive is filled in this order: first the functions' state, then the snapshots, without
rendering each, then all pages are rebuilt. The registry comes last, because each of its entries
makes the archive read its playlist at once.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import IntEnum
from hashlib import md5
from typing import NamedTuple

import msgspec

from playlist_archive.documents import keys
from playlist_archive.documents.catalog import decode_catalog
from playlist_archive.documents.content_types import (
    ASK_EACH_TIME,
    ATOM,
    BINARY,
    JSON,
    KEEP_FOR_EVER,
    TEXT,
)
from playlist_archive.documents.snapshot import IMPORTED
from playlist_archive.errors import UNREADABLE, ConflictError
from playlist_archive.ports.bucket import Bucket, Listed
from playlist_archive.ports.concurrency import Calls, open_pool
from playlist_archive.ports.read_ahead import read_ahead
from playlist_archive_cli.archive import Objects
from playlist_archive_cli.backup_folder import BackupFolder, Kept
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.screen import tell

_STATE = "state/"
_FOLLOWERS = "playlists/followers/"
_OVERVIEW = {
    keys.INDEX,
    keys.INDEX_JSON,
    keys.STATUS_PAGE,
    keys.STATUS_JSON,
    keys.CHANGES_PAGE,
    keys.CHANGES_JSON,
    keys.ALL_FEED,
    keys.METADATA_FULL,
    f"{keys.METADATA_FULL}.br",
    keys.METADATA_COMPACT,
    f"{keys.METADATA_COMPACT}.br",
}
_CONTENT_TYPES = {
    ".json": JSON,
    ".md": TEXT,
    ".atom": ATOM,
}
_TOLD_EVERY = 1000
_MOST_NAMED = 3


class Copied(msgspec.Struct, frozen=True):
    """The result of a backup: how many objects were copied, unchanged, or gone from the bucket."""

    copied: int
    unchanged: int
    gone: int


class Phase(IntEnum):
    """The phase in which an object is written into a new archive."""

    STATE = 1
    OVERVIEW = 2
    SNAPSHOTS = 3
    REGISTRY = 4


class Ready(NamedTuple):
    """The objects to write into an archive, by phase, and the number of those already there."""

    missing: dict[Phase, list[Kept]]
    present: int
    left: int

    def snapshots(self) -> int:
        return len(self.missing[Phase.SNAPSHOTS])


def back_up(objects: Objects, folder: BackupFolder) -> Copied:
    """Copy the objects that are new or differ from the folder.

    The state is copied before the rest. So it may lack some copied snapshots, which the next run
    finds, but never refers to snapshots that were not copied.
    """
    state = _copy(objects, folder, list(objects.list_objects(_STATE)))
    listed = [one for one in objects.list_objects("") if not one.key.startswith(_STATE)]
    rest = _copy(objects, folder, listed)
    present = {*state.present, *rest.present}
    gone = [key for key, one in folder.kept.items() if not one.gone and key not in present]
    for key in gone:
        folder.mark_gone(key)
    folder.write_list()
    copied = state.copied + rest.copied
    return Copied(copied, len(present) - copied, sum(one.gone for one in folder.kept.values()))


class _Pass(NamedTuple):
    present: set[str]
    copied: int


def _copy(objects: Objects, folder: BackupFolder, listed: Sequence[Listed]) -> _Pass:
    present = {one.key for one in listed}
    wanted = [one.key for one in listed if not folder.has(one)]
    if wanted:
        tell(f"{len(wanted)} of {len(listed)} objects to copy")
    copied = 0
    with open_pool() as pool, Calls(pool) as calls:
        for key, stored in read_ahead(lambda key: calls.begin(objects.get, key), wanted):
            if stored is None:  # deleted meanwhile
                present.discard(key)
                continue
            folder.keep(key, stored)
            copied += 1
            if not copied % _TOLD_EVERY:
                tell(f"{copied} copied")
    return _Pass(present, copied)


def phase_of(key: str) -> Phase | None:
    """Return the phase of an object, None if it is rebuilt from others."""
    if key in {keys.CATALOG, keys.SPOTIFY_STATE} or key.startswith(_FOLLOWERS):
        return Phase.STATE
    if key in _OVERVIEW or key.startswith((keys.EXCLUDED, keys.DAMAGED)):
        return Phase.OVERVIEW
    if key.startswith(keys.SNAPSHOTS):
        return Phase.SNAPSHOTS
    return Phase.REGISTRY if key.startswith(keys.REGISTRY) else None


def prepare(bucket: Bucket, folder: BackupFolder) -> Ready:
    """Compare a folder with the archive to be filled from it.

    Raises:
        CommandError: the archive holds something else already.
    """
    found = {one.key: one for one in bucket.list_objects("")}
    kept = [one for one in folder.kept.values() if not one.gone]
    missing: dict[Phase, list[Kept]] = {phase: [] for phase in Phase}
    other = [key for key in found if _counts(key) and key not in folder.kept]
    fresh = is_fresh(bucket, found)
    present = left = 0
    for one in kept:
        phase = phase_of(one.key)
        if phase is None:
            left += 1
        elif one.key not in found or (fresh and phase is Phase.STATE):
            missing[phase].append(one)
        elif not _counts(one.key) or _is_same(bucket, found[one.key], folder, one):
            present += 1
        else:
            other.append(one.key)
    # Once registry entries are written, their effects change the other objects.
    only_registry = bool(missing[Phase.REGISTRY]) and not any(
        missing[phase] for phase in Phase if phase is not Phase.REGISTRY
    )
    if other and not only_registry:
        named = ", ".join(sorted(other)[:_MOST_NAMED])
        raise CommandError(
            f"this archive holds something else already ({named}): import into a new stack"
        )
    return Ready(missing, present, left)


def is_fresh(bucket: Bucket, found: Iterable[str]) -> bool:
    """Whether nothing was ever archived; a failed run may have left its state."""
    if any(key.startswith((keys.SNAPSHOTS, keys.REGISTRY)) for key in found):
        return False
    stored = bucket.get(keys.CATALOG)
    try:
        return stored is None or not decode_catalog(stored.body).entries
    except UNREADABLE:
        return False


def write(bucket: Bucket, folder: BackupFolder, wanted: Sequence[Kept]) -> int:
    """Write objects into the archive without replacing any, and return how many were written."""
    written = 0
    for _ in _at_once(lambda one: _put(bucket, folder, one), wanted):
        written += 1
        if not written % _TOLD_EVERY:
            tell(f"{written} of {len(wanted)} written")
    return written


def _put(bucket: Bucket, folder: BackupFolder, kept: Kept) -> None:
    body = folder.read(kept)
    suffix = kept.key[kept.key.rfind(".") :] if "." in kept.key else ""
    metadata, cache_control = kept.metadata, ASK_EACH_TIME
    if phase_of(kept.key) is Phase.SNAPSHOTS:
        metadata, cache_control = {**metadata, **IMPORTED}, KEEP_FOR_EVER
    content_type = _CONTENT_TYPES.get(suffix, BINARY)
    if kept.key.startswith((keys.REGISTRY, keys.EXCLUDED)):
        content_type = TEXT
    replacing = None
    if phase_of(kept.key) is Phase.STATE and (stored := bucket.get(kept.key)):
        if stored.body == body:
            return
        replacing = stored.etag
    try:
        bucket.put(
            kept.key,
            body,
            content_type,
            replacing=replacing,
            metadata=metadata,
            cache_control=cache_control,
        )
    except ConflictError:
        # If an answer was lost, it may be the object written here.
        present = bucket.get(kept.key)
        if present is None or present.body != body:
            raise


def _at_once[T](call: Callable[[T], None], wanted: Sequence[T]) -> Iterator[None]:
    """Make a call for each, some concurrently, and yield the results as they arrive."""
    with open_pool() as pool, Calls(pool) as calls:
        for begun in [calls.begin(call, one) for one in wanted]:
            yield begun.result()


def _counts(key: str) -> bool:
    """Whether an object is primary data, and not rebuilt from others."""
    return phase_of(key) is not None and key not in _OVERVIEW and not key.startswith(keys.DAMAGED)


def _is_same(bucket: Bucket, found: Listed, folder: BackupFolder, kept: Kept) -> bool:
    if found.size != kept.size:
        return False
    body = folder.read(kept)
    if found.etag == f'"{md5(body, usedforsecurity=False).hexdigest()}"':
        return True
    stored = bucket.get(kept.key)
    return stored is not None and stored.body == body
