"""Starts runs: decides which playlists to read, and sends the requests to FetchQueue."""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from playlist_archive.documents.catalog import Catalog, Entry, decode_catalog
from playlist_archive.documents.keys import (
    CATALOG,
    check_playlist_id,
    excluded_key,
    registry_key,
    snapshot_key,
)
from playlist_archive.documents.liked_songs import LIKED_SONGS
from playlist_archive.documents.messages import (
    AUTHORISATION,
    DamageReport,
    Outcome,
    Problem,
    RenderRequest,
    RunReport,
    encode_message,
    ends_soon,
)
from playlist_archive.documents.runs import FURTHEST_AHEAD, supersedes
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.errors import (
    UNREADABLE,
    AuthorizationError,
    InvalidMessageError,
    InvalidPlaylistIdError,
    OutOfTimeError,
    PlaylistError,
    SpotifyStoppedError,
)
from playlist_archive.lister.orphans import find_newest, find_orphans, knows_library, list_archived
from playlist_archive.lister.plan import (
    NOTHING,
    Plan,
    plan_registration,
    plan_removal,
    plan_run,
    retire_imported,
)
from playlist_archive.lister.registry import parse_alias, read_registry
from playlist_archive.lister.selection import check_library, choose, count_known, may_hide_known
from playlist_archive.ports.bucket import Bucket, copy_damaged, list_snapshots
from playlist_archive.ports.clock import Clock
from playlist_archive.ports.queues import FETCH_GROUP, FifoAttributes, Queue
from playlist_archive.ports.spotify import Library, Spotify
from playlist_archive.settings import LibraryMode

logger = logging.getLogger(__name__)

# This many problems fit into a message of 1 MiB, even if each quotes a key of 1,024 bytes and every
# byte is escaped.
_MOST_PROBLEMS = 64


class Sweep(NamedTuple):
    """The result of listing the user's library.

    `library` is None if it was not listed, or has so few playlists that the next run has to confirm
    it. Even then `listed` counts its playlists, `held` the known ones among them, and `closed` its
    entries without a name. `user` says whether a user is logged in, None if the credentials could
    not be read. `failure` is the reason why the library could not be listed; `refused` says that
    Spotify refused the credentials.
    """

    library: Library | None = None
    listed: int | None = None
    held: int | None = None
    closed: int | None = None
    user: bool | None = None
    authorization_ends: datetime | None = None
    failure: str = ""
    refused: bool = False


class Lister:
    """The lister's service.

    `remaining_seconds` returns the remaining time of the invocation.
    """

    def __init__(
        self,
        *,
        bucket: Bucket,
        spotify: Spotify,
        fetch_queue: Queue,
        outcome_queue: Queue,
        render_queue: Queue,
        clock: Clock,
        archive_my_playlists: LibraryMode,
        archive_liked_songs: bool,
        full_read_every_days: int,
    ) -> None:
        self._bucket = bucket
        self._spotify = spotify
        self._fetch_queue = fetch_queue
        self._outcome_queue = outcome_queue
        self._render_queue = render_queue
        self._clock = clock
        self._mode: LibraryMode = archive_my_playlists
        self._liked_songs = archive_liked_songs
        self._full_read_every = timedelta(days=full_read_every_days)

    def run(
        self, time: datetime | None, remaining_seconds: Callable[[], float], *, force: bool = False
    ) -> RunReport:
        """Start the run of `time` (None: now) and return its report.

        If no request can be sent to Spotify, the report has the reason. The messages to FetchQueue
        are sent nevertheless, so that the fetcher continues by itself after a pause.

        Raises:
            InvalidMessageError: `time` is more than 26 hours ahead of the clock, without `force`.
        """
        now = self._clock.now()
        run = time or now
        if run > now + FURTHEST_AHEAD and not force:
            raise InvalidMessageError(
                f"the time {to_timestamp(run)} lies more than 26 hours ahead of the clock "
                f'({to_timestamp(now)}): correct it, or add "force": true to simulate a run'
            )
        self._spotify.open(remaining_seconds)
        latest_run = self._spotify.state.latest_run
        if latest_run and supersedes(latest_run, run, now):
            failure = f"the run of {latest_run:%Y-%m-%d %H:%M} UTC supersedes this earlier one"
            logger.warning(failure)
            return RunReport(run=run, at=now, planned=0, unchanged=0, failure=failure)
        catalog = self._catalog()
        registry = read_registry(self._bucket, catalog, liked_songs=self._liked_songs)
        orphans = find_orphans(self._bucket, self._clock, catalog, remaining_seconds)
        sweep = self._sweep(run, catalog)
        problems = (*self._foresee_end(sweep.authorization_ends), *registry.problems)
        if run <= now + FURTHEST_AHEAD:
            problems += tuple(self._find_future_snapshots(catalog))
        selected = choose(
            registry,
            sweep.library,
            catalog,
            self._mode,
            # Without a user there is no library, so no playlist can belong to it.
            in_doubt=() if sweep.user is False else orphans,
            liked_songs=self._liked_songs,
        )
        plan = plan_run(
            run,
            self._clock.now(),
            selected,
            catalog,
            self._full_read_every,
            orphans=orphans,
            excluded=registry.excluded,
        )
        report = RunReport(
            run=run,
            at=self._clock.now(),
            planned=len(plan.requests),
            unchanged=sum(outcome.status == "ok" for outcome in plan.outcomes),
            user=bool(sweep.user),
            library=sweep.listed,
            library_held=sweep.held,
            library_closed=sweep.closed,
            problems=problems[:_MOST_PROBLEMS],
            failure=sweep.failure,
            refused=sweep.refused,
            authorization_ends=sweep.authorization_ends,
        )
        self._send(plan)
        self._outcome_queue.send([encode_message(report)])
        return report

    def _sweep(self, run: datetime, catalog: Catalog) -> Sweep:
        """List the user's library; without a user, check that Spotify accepts the credentials."""
        sweep = Sweep()
        try:
            self._spotify.start_run(run)
            credentials = self._spotify.credentials()
            sweep = Sweep(
                user=bool(credentials.refresh_token),
                authorization_ends=credentials.authorization_ends(),
            )
            self._spotify.check()
            if sweep.user:
                library = self._spotify.read_library()
                known = count_known(library, catalog)
                sweep = sweep._replace(
                    listed=len(library.entries), held=known, closed=library.closed
                )
                check_library(run, known, catalog)
                if may_hide_known(run, library.closed, catalog):
                    library = library._replace(readable=False)
                return sweep._replace(library=library, held=None)
            self._spotify.log_in()
        except (SpotifyStoppedError, PlaylistError, OutOfTimeError) as error:
            logger.warning("no sweep of the library: %s", error)
            refused = isinstance(error, AuthorizationError)
            return sweep._replace(failure=str(error), refused=refused)
        finally:
            self._spotify.close()
        return sweep

    def registry_changed(self, name: str, time: datetime) -> Plan:
        """Request a read of a registered playlist, or retire one that is no longer registered.

        The present state of the registry entry decides, not the event, because events may come late
        and in any order. A bad name is ignored here; the next run reports it.
        """
        try:
            playlist_id = check_playlist_id(name)
        except InvalidPlaylistIdError as error:
            logger.warning("registry entry ignored: %s", error)
            return NOTHING
        catalog = self._catalog()
        entry = catalog.entries.get(playlist_id)
        stored = self._bucket.get(registry_key(playlist_id))
        now = self._clock.now()
        plan = NOTHING
        if stored is not None and (self._liked_songs or playlist_id != LIKED_SONGS):
            alias, _ = parse_alias(playlist_id, stored.body)
            held = (
                entry.in_library if entry else not knows_library(self._bucket, catalog, self._mode)
            )
            plan = plan_registration(playlist_id, time, now, alias, entry, in_library=held)
        elif entry is not None:
            plan = plan_removal(
                playlist_id,
                time,
                now,
                entry,
                in_library=self._may_hold(playlist_id, entry, catalog),
                excluded=self._bucket.get(excluded_key(playlist_id)) is not None,
            )
        self._send(plan)
        return plan

    def _may_hold(self, playlist_id: str, entry: Entry, catalog: Catalog) -> bool:
        """Whether the library may hold a playlist, for example because it could not be listed."""
        if playlist_id == LIKED_SONGS:
            return self._liked_songs
        report = catalog.report
        swept = report is not None and not report.failure
        return self._mode != "none" and (entry.in_library or not swept)

    def rebuild(self, which: Literal["all"] | list[str]) -> int:
        """Request a rebuild of ledgers and views, and return the number of playlists.

        If playlists are named, their snapshots may have been imported. A playlist that the catalog
        lacks is added to it. If the catalog does not know a playlist's newest snapshot, the next
        run reads the whole playlist.

        Raises:
            InvalidPlaylistIdError: an id is wrong; nothing is rebuilt.
        """
        catalog = self._catalog()
        playlist_ids = (
            sorted(list_archived(self._bucket))
            if which == "all"
            else [check_playlist_id(playlist_id) for playlist_id in which]
        )
        self._render_queue.send(
            encode_message(
                RenderRequest(
                    playlist_id=playlist_id,
                    page_status=entry.announced.page_status
                    if (entry := catalog.entries.get(playlist_id)) and entry.announced
                    else None,
                    rebuild=True,
                )
            )
            for playlist_id in playlist_ids
        )
        if which != "all":
            self._outcome_queue.send(map(encode_message, self._find_imported(which, catalog)))
        return len(playlist_ids)

    def _find_imported(
        self, playlist_ids: Iterable[str], catalog: Catalog
    ) -> Iterator[Outcome | DamageReport]:
        """Yield the outcomes that add imported playlists to the catalog.

        If the newest run did not list the whole library, it is unknown whether the library holds a
        new playlist. Before the first run nothing is archived from the library.
        """
        is_told = knows_library(self._bucket, catalog, self._mode)
        for playlist_id in playlist_ids:
            entry, now = catalog.entries.get(playlist_id), self._clock.now()
            nobodys = entry is None and is_told
            if entry and entry.latest:
                after = snapshot_key(playlist_id, entry.latest.time)
                if any(list_snapshots(self._bucket, playlist_id, after=after)):
                    yield DamageReport(playlist_id=playlist_id, at=now, snapshots=True)
                    nobodys = entry.status == "retired"
            if not nobodys or self._bucket.get(registry_key(playlist_id)) is not None:
                continue
            if found := find_newest(self._bucket, self._clock, playlist_id):
                yield retire_imported(playlist_id, now, found, entry)

    def _catalog(self) -> Catalog:
        """Read the catalog.

        An unreadable catalog is copied to `damaged/`, and counts as empty.
        """
        stored = self._bucket.get(CATALOG)
        try:
            return decode_catalog(stored.body if stored else None)
        except UNREADABLE:
            assert stored
            copy_damaged(self._bucket, CATALOG, stored.body, self._clock.now())
            return Catalog()

    def _find_future_snapshots(self, catalog: Catalog) -> Iterator[Problem]:
        """Yield the snapshots with a future time, from a wrong clock or a simulation."""
        furthest = self._clock.now() + FURTHEST_AHEAD
        for playlist_id, entry in catalog.entries.items():
            if entry.latest is None or entry.latest.time <= furthest:
                continue
            after = snapshot_key(playlist_id, furthest)
            for key, _ in list_snapshots(self._bucket, playlist_id, after=after):
                yield Problem(
                    key,
                    "it is dated in the future: delete it, and rebuild the playlist; "
                    "until then later ones are dated after it",
                )

    def _foresee_end(self, ends: datetime | None) -> tuple[Problem, ...]:
        """Return a warning if the user's authorisation ends soon."""
        if ends is None or not ends_soon(ends, self._clock.now()):
            return ()
        reason = f"it ends on {ends:%Y-%m-%d}: log in to Spotify again with `make login`"
        logger.warning("Spotify's authorisation: %s", reason)
        return (Problem(AUTHORISATION, reason),)

    def _send(self, plan: Plan) -> None:
        self._outcome_queue.send(map(encode_message, plan.outcomes))
        self._fetch_queue.send_in_order(
            (
                encode_message(request),
                FifoAttributes(FETCH_GROUP, f"{request.run:%Y%m%dT%H%M%SZ}-{request.playlist_id}"),
            )
            for request in plan.requests
        )
