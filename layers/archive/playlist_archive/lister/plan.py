"""Decides which playlists a run reads, in which order, and which outcomes need no read."""

from collections.abc import Container, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple
from zlib import crc32

import msgspec

from playlist_archive.documents.catalog import Catalog, Entry
from playlist_archive.documents.keys import excluded_key
from playlist_archive.documents.liked_songs import LIKED_SONGS
from playlist_archive.documents.messages import FetchRequest, Latest, Outcome, WholeRead
from playlist_archive.documents.playlist import Header
from playlist_archive.documents.status import FIRST_READ_WAITS, NEXT_READ_WAITS
from playlist_archive.lister.orphans import Orphan
from playlist_archive.lister.selection import Selection

# Playlists that are forbidden or not found seldom become readable again.
LONGEST_RETRY_GAP = timedelta(days=7)
# Spotify's own and personalised playlists, which only old apps may read.
_EDITORIAL = "37i9dQZ"
_NEVER = datetime.min.replace(tzinfo=UTC)


class Plan(NamedTuple):
    """The requests of a run, in order, and the outcomes that are known without a read."""

    requests: tuple[FetchRequest, ...]
    outcomes: tuple[Outcome, ...]


NOTHING = Plan((), ())


def plan_run(
    run: datetime,
    now: datetime,
    selected: Mapping[str, Selection],
    catalog: Catalog,
    full_read_every: timedelta,
    *,
    orphans: Mapping[str, Orphan] = MappingProxyType({}),
    excluded: Container[str] = frozenset(),
) -> Plan:
    """Decide for every playlist whether it has to be read, and in which order.

    Deferred playlists come first; those that failed or were too large come last. Within each group
    the least recently read come first.
    """
    requests: list[tuple[int, datetime, FetchRequest]] = []
    outcomes: list[Outcome] = []
    for playlist_id, reason in selected.items():
        entry = catalog.entries.get(playlist_id)
        lost = orphans.get(playlist_id)
        known = _known_version(playlist_id, entry, run, full_read_every)
        if entry and known and _is_unchanged(reason.listed, entry, known):
            outcomes.append(_prove_unchanged(playlist_id, run, now, reason))
        elif entry is None or _is_worth_asking(playlist_id, reason.listed, entry, run):
            request = _request(
                playlist_id, run, reason, entry, known=known, latest=lost.latest if lost else None
            )
            requests.append((_turn(entry), request.checked or _NEVER, request))
            if entry is None or entry.status == "retired" or lost:
                outcomes.append(_await_read(request, now, entry, reason.listed, lost))
    for playlist_id in sorted({*catalog.entries, *orphans} - selected.keys()):
        entry, lost = catalog.entries.get(playlist_id), orphans.get(playlist_id)
        # A playlist that was retired by a run dated after this one is retired again.
        if lost or entry is None or entry.status != "retired" or entry.run > run:
            why = _why_retired(playlist_id, entry, excluded)
            outcomes.append(_retire(playlist_id, run, now, why, lost))
    requests.sort(key=lambda planned: (*planned[:2], planned[2].playlist_id))
    return Plan(tuple(request for _, _, request in requests), tuple(outcomes))


def plan_registration(
    playlist_id: str,
    time: datetime,
    now: datetime,
    alias: str,
    entry: Entry | None,
    *,
    in_library: bool,
) -> Plan:
    """Return the plan of one playlist whose registry entry was written at `time`."""
    selection = Selection("registry", alias, in_library=in_library)
    request = _request(playlist_id, time, selection, entry, registration=True)
    if entry is not None and entry.status != "retired":
        return Plan((request,), ())
    return Plan((request,), (_await_read(request, now, entry),))


def plan_removal(
    playlist_id: str,
    time: datetime,
    now: datetime,
    entry: Entry,
    *,
    in_library: bool,
    excluded: bool,
) -> Plan:
    """Return the plan of one playlist whose registry entry was deleted.

    The playlist is retired, unless the library holds it and it is not excluded.
    """
    registered = entry.status != "retired" and entry.source == "registry"
    if not registered or (in_library and not excluded):
        return NOTHING
    why = _why_retired(playlist_id, entry, {playlist_id} if excluded else set())
    return Plan((), (_retire(playlist_id, time, now, why),))


def retire_imported(
    playlist_id: str, now: datetime, newest: Orphan, entry: Entry | None
) -> Outcome:
    """Return the outcome of a playlist that has imported snapshots but is not archived.

    A playlist that was already retired keeps its reason.
    """
    outcome = _retire(playlist_id, now, now, _why_retired(playlist_id, None, ()), newest)
    return msgspec.structs.replace(outcome, reason=entry.reason) if entry else outcome


def _turn(entry: Entry | None) -> int:
    """Return the group in which a playlist is read; group 0 is read first."""
    if entry is None:
        return 1
    if entry.oversized or entry.status in {"not_found", "forbidden", "invalid", "unstable"}:
        return 2
    return 0 if entry.status == "deferred" else 1


def _prove_unchanged(
    playlist_id: str, run: datetime, now: datetime, selected: Selection
) -> Outcome:
    return Outcome(
        playlist_id=playlist_id,
        run=run,
        at=now,
        status="ok",
        source=selected.source,
        alias=selected.alias,
        in_library=selected.in_library,
    )


def _is_unchanged(listed: Header | None, entry: Entry, known: Header) -> bool:
    """Whether the listing of the library proves that a full read would find no change.

    This also holds if a later read failed or did not take place.
    """
    return (
        entry.status not in {"not_found", "forbidden", "retired"}
        and listed is not None
        and listed.snapshot_id == known.snapshot_id
        and listed.describes_as(known)
    )


def _known_version(
    playlist_id: str, entry: Entry | None, run: datetime, full_read_every: timedelta
) -> Header | None:
    """Return the header of the last full read, None if another full read is due.

    The `snapshot_id` of a playlist that Spotify owns may change with every answer, or stay the same
    when the playlist changes. That of other playlists is reliable.
    """
    if entry is None or entry.read is None or entry.header is None or entry.figures is None:
        return None
    if entry.read > run or entry.latest is None or entry.is_doubted("read"):
        return None
    one_outcome = entry.stamps.get("described") == entry.stamps.get("figures")
    if not one_outcome or not entry.header.snapshot_id:
        return None
    if entry.header.owner.id in {"", "spotify"}:
        return None
    due = full_read_due(playlist_id, entry.read.date(), full_read_every.days)
    return entry.header if run.date() < due else None


def full_read_due(playlist_id: str, read: date, every_days: int) -> date:
    """Return the day of the next full read of a playlist whose last one was on the day `read`.

    Every playlist has its own fixed days, half of `every_days` apart, and is due on the last of
    them within `every_days`. So playlists that were first read on the same day spread over half of
    that time. After that each is due every `every_days`.
    """
    latest = read.toordinal() + every_days
    apart = max(1, every_days // 2)
    return date.fromordinal(latest - (latest + crc32(playlist_id.encode())) % apart)


def _is_worth_asking(playlist_id: str, listed: Header | None, entry: Entry, run: datetime) -> bool:
    """Whether to request a playlist in this run.

    Forbidden playlists, and Spotify's own that were not found, are requested once a week. Others
    that were not found are requested after gaps that double up to a week, and at once if the
    library lists them. A result of a run dated after this one is ignored. All other playlists are
    requested in every run. So are the Liked Songs, because a new consent may allow reading them.
    """
    if entry.run > run or playlist_id == LIKED_SONGS:
        return True
    if entry.status == "forbidden" or (
        entry.status == "not_found" and playlist_id.startswith(_EDITORIAL)
    ):
        gap = LONGEST_RETRY_GAP
    elif entry.status == "not_found" and listed is None:
        gap = min(entry.run - entry.since, LONGEST_RETRY_GAP)
    else:
        return True
    return run - entry.run >= gap


def _request(
    playlist_id: str,
    run: datetime,
    selected: Selection,
    entry: Entry | None,
    *,
    known: Header | None = None,
    latest: Latest | None = None,
    registration: bool = False,
) -> FetchRequest:
    checked = entry.checked if entry and entry.checked and entry.checked <= run else None
    return FetchRequest(
        playlist_id=playlist_id,
        run=run,
        source=selected.source,
        alias=selected.alias,
        in_library=selected.in_library,
        checked=checked,
        latest=_latest_of(entry) or latest,
        snapshot_id=known.snapshot_id if known else "",
        header=known,
        last_read=_last_read(entry, checked),
        held=entry.held if entry else None,
        registration=registration,
    )


def _last_read(entry: Entry | None, checked: datetime | None) -> WholeRead | None:
    """Return the last full read, None if no later check relied on its rows."""
    if entry is None or entry.read is None or entry.figures is None or checked is None:
        return None
    if entry.read >= checked or entry.is_doubted("read"):
        return None
    return WholeRead(entry.read, entry.figures.snapshot_id)


def _latest_of(entry: Entry | None) -> Latest | None:
    """Return the entry's newest snapshot, without its digest if the snapshot may be damaged.

    Without a digest the fetcher reads the snapshot itself.
    """
    if entry is None or entry.latest is None or not entry.is_doubted("latest"):
        return entry.latest if entry else None
    return msgspec.structs.replace(entry.latest, content="")


def _await_read(
    request: FetchRequest,
    now: datetime,
    entry: Entry | None,
    listed: Header | None = None,
    lost: Orphan | None = None,
) -> Outcome:
    """Return a `deferred` outcome for a playlist that waits for its first or next read.

    A good read in the same run outranks it, even within the same second. For a playlist that the
    catalog has `lost`, the outcome restores the newest snapshot and its name.
    """
    if entry is not None and entry.latest is not None:
        reason = NEXT_READ_WAITS
    elif lost is not None:
        reason = "the catalog has lost it, so it waits to be read again"
    else:
        reason = FIRST_READ_WAITS
    return Outcome(
        playlist_id=request.playlist_id,
        run=request.run,
        at=lost.listed_at if lost else now,
        status="deferred",
        reason=reason,
        source=request.source,
        alias=request.alias,
        in_library=request.in_library,
        header=lost.header if lost else listed,
        latest=lost.latest if lost else None,
    )


def _retire(
    playlist_id: str, run: datetime, now: datetime, reason: str, lost: Orphan | None = None
) -> Outcome:
    """Return a `retired` outcome; `lost` restores a playlist that the catalog lacks."""
    return Outcome(
        playlist_id=playlist_id,
        run=run,
        at=lost.listed_at if lost else now,
        status="retired",
        reason=f"{reason}; what was archived is kept",
        header=lost.header if lost else None,
        latest=lost.latest if lost else None,
    )


def _why_retired(playlist_id: str, entry: Entry | None, excluded: Container[str]) -> str:
    if playlist_id in excluded:
        return f"left out by {excluded_key(playlist_id)}"
    if playlist_id == LIKED_SONGS:
        return "ArchiveLikedSongs is not set"
    if entry is None:
        return "neither registered nor chosen from the library"
    if entry.source == "registry":
        return "no longer registered"
    return "no longer among those that ArchiveMyPlaylists chooses from the library"
