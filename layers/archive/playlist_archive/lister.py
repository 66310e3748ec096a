"""Decides what has to be read, and tells the other functions."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from playlist_archive.documents.catalog import Catalog, Entry, decode_catalog
from playlist_archive.documents.keys import (
    CATALOG,
    EXCLUDED,
    REGISTRY,
    SNAPSHOTS,
    check_playlist_id,
    excluded_key,
    is_playlist_id,
    registry_key,
    snapshot_key,
)
from playlist_archive.documents.messages import (
    Latest,
    Problem,
    RenderRequest,
    RunReport,
    encode_message,
)
from playlist_archive.documents.snapshot import decode_stored, header_of
from playlist_archive.documents.spotify_state import FURTHEST_AHEAD, supersedes
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
from playlist_archive.plan import (
    Forgotten,
    Plan,
    Selection,
    _await_read,
    _request,
    _retire,
    _why_retired,
    check_library,
    choose,
    plan_run,
)
from playlist_archive.ports.bucket import Bucket, Listed, list_snapshots, set_aside
from playlist_archive.ports.clock import Clock
from playlist_archive.ports.queues import Lane, Queue
from playlist_archive.ports.spotify import Spotify
from playlist_archive.registry import (
    _LARGEST_ENTRY,
    Registry,
    _alias_etags,
    _bad_alias,
    _parse_alias,
)
from playlist_archive.settings import LibraryMode

logger = logging.getLogger(__name__)

# Spotify counts requests per developer account, so more than one reader would not help.
LANE = "spotify"
# A new consent takes the owner a minute, so a month is good time.
CONSENT_WARNING = timedelta(days=30)
# A message of 1 MiB holds so many, even if each quotes a key of 1,024 bytes that all need an escape;
# the rest would say the same.
_MOST_PROBLEMS = 64
# The sweep and the messages of a large library take most of an invocation.
_TIME_FOR_THE_REST_SECONDS = 180


class Lister:
    """The lister's service; `remaining_seconds` is what its invocation has left."""

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
        full_read_every_days: int,
    ) -> None:
        self._bucket = bucket
        self._spotify = spotify
        self._fetch_queue = fetch_queue
        self._outcome_queue = outcome_queue
        self._render_queue = render_queue
        self._clock = clock
        self._mode: LibraryMode = archive_my_playlists
        self._full_read_every = timedelta(days=full_read_every_days)

    def run(
        self, time: datetime | None, remaining_seconds: Callable[[], float], *, force: bool = False
    ) -> RunReport:
        """Start the run of `time` (None: of now) and return its report.

        What stands in the way of asking Spotify is told in the report; the playlists are planned
        all the same, so that a lane that opens again goes on by itself.

        Raises:
            InvalidMessageError: the time lies more than 26 hours ahead of the clock; with `force`
                it may.
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
        registry = self._read_registry(catalog)
        forgotten = self._find_forgotten(catalog, remaining_seconds)
        library, credentials, failure, refused = None, None, "", False
        listed: int | None = None
        try:
            self._spotify.start_run(run)
            credentials = self._spotify.credentials()
            self._spotify.check()
            # Without a user nobody has a library.
            if credentials.refresh_token:
                library = self._spotify.read_library()
                listed = len(library.entries)
                check_library(run, library, catalog)
            else:
                self._spotify.log_in()
        except (SpotifyStoppedError, PlaylistError, OutOfTimeError) as error:
            failure, refused, library = str(error), isinstance(error, AuthorizationError), None
            logger.warning("no sweep of the library: %s", failure)
        finally:
            self._spotify.close()
        ends = credentials.authorization_ends() if credentials else None
        problems = (*self._foresee_end(ends), *registry.problems)
        if run <= now + FURTHEST_AHEAD:
            problems += tuple(self._find_future_snapshots(catalog))
        # An app without a user has no library that could not be listed.
        has_library = credentials is None or bool(credentials.refresh_token)
        selected = choose(
            registry, library, catalog, self._mode, in_doubt=forgotten if has_library else ()
        )
        plan = plan_run(
            run,
            self._clock.now(),
            selected,
            catalog,
            self._full_read_every,
            forgotten=forgotten,
            excluded=registry.excluded,
        )
        report = RunReport(
            run=run,
            at=self._clock.now(),
            planned=len(plan.requests),
            unchanged=sum(outcome.status == "ok" for outcome in plan.outcomes),
            user=bool(credentials and credentials.refresh_token),
            library=listed,
            problems=problems[:_MOST_PROBLEMS],
            failure=failure,
            refused=refused,
            authorization_ends=ends,
        )
        self._send(plan)
        self._outcome_queue.send([encode_message(report)])
        return report

    def registry_changed(self, name: str, time: datetime) -> Plan:
        """Read a playlist at once whose registry entry was written, retire one that was deleted.

        The entry as it is now decides, not the event: events may come late and in any order. A bad
        name is told by the next run's report.
        """
        try:
            playlist_id = check_playlist_id(name)
        except InvalidPlaylistIdError as error:
            logger.warning("registry entry ignored: %s", error)
            return Plan((), ())
        catalog = self._catalog()
        entry = catalog.entries.get(playlist_id)
        stored = self._bucket.get(registry_key(playlist_id))
        archived = entry is not None and entry.status != "retired"
        if stored is not None:
            alias, _ = _parse_alias(playlist_id, stored.body)
            selected = Selection(
                "registry", alias, in_library=entry is not None and entry.in_library
            )
            request = _request(playlist_id, time, selected, entry, registration=True)
            news = () if archived else (_await_read(request, self._clock.now(), entry),)
            plan = Plan((request,), news)
        elif entry is not None and archived and entry.source == "registry":
            # Without a sweep, nobody knows what the library holds: the next run decides.
            report = catalog.report
            in_library = entry.in_library or report is None or bool(report.failure)
            plan = self._plan_removal(playlist_id, time, entry, in_library=in_library)
        else:
            plan = Plan((), ())
        self._send(plan)
        return plan

    def _plan_removal(
        self, playlist_id: str, time: datetime, entry: Entry, *, in_library: bool
    ) -> Plan:
        """Retire a playlist whose registry entry was deleted, unless the library holds it, too."""
        excluded = self._bucket.get(excluded_key(playlist_id)) is not None
        if in_library and self._mode != "none" and not excluded:
            return Plan((), ())
        why = _why_retired(playlist_id, entry, {playlist_id} if excluded else set())
        return Plan((), (_retire(playlist_id, time, self._clock.now(), why),))

    def rebuild(self, which: Literal["all"] | list[str]) -> int:
        """Have ledgers and views made again from snapshots; return of how many playlists.

        Raises:
            InvalidPlaylistIdError: nothing is rebuilt if one id is wrong.
        """
        catalog = self._catalog()
        playlist_ids = (
            sorted(self._list_archived())
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
        return len(playlist_ids)

    def _list_archived(self) -> list[str]:
        """Return the ids of all playlists that have a folder of snapshots."""
        return [name for name in self._bucket.list_folders(SNAPSHOTS) if is_playlist_id(name)]

    def _catalog(self) -> Catalog:
        """Read the catalog; one that cannot be read is set aside, and the indexer begins anew."""
        stored = self._bucket.get(CATALOG)
        try:
            return decode_catalog(stored.body if stored else None)
        except UNREADABLE:
            assert stored
            set_aside(self._bucket, CATALOG, stored.body, self._clock.now())
            return Catalog()

    def _find_forgotten(
        self, catalog: Catalog, remaining_seconds: Callable[[], float]
    ) -> dict[str, Forgotten]:
        """Return the newest snapshots of playlists of which the catalog knows none.

        It was lost, or is an old one. What there is no time for comes in the next run.
        """
        forgotten: dict[str, Forgotten] = {}
        for playlist_id in self._list_archived():
            entry = catalog.entries.get(playlist_id)
            if entry and entry.latest:
                continue
            if remaining_seconds() < _TIME_FOR_THE_REST_SECONDS:
                logger.warning("not all that the catalog forgot was looked at")
                break
            if snapshot := self._newest_snapshot(playlist_id):
                forgotten[playlist_id] = snapshot
        return forgotten

    def _newest_snapshot(self, playlist_id: str) -> Forgotten | None:
        for key, _ in reversed(list(list_snapshots(self._bucket, playlist_id))):
            stored = self._bucket.get(key)
            if stored and (snapshot := decode_stored(key, stored.body)):
                latest = Latest(snapshot.time, snapshot.content_hash(), snapshot.known_rows())
                return Forgotten(header_of(snapshot), latest)
        return None

    def _find_future_snapshots(self, catalog: Catalog) -> Iterator[Problem]:
        """Yield the snapshots that a wrong clock or a simulation dated ahead of the clock."""
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

    def _read_registry(self, catalog: Catalog) -> Registry:
        aliases: dict[str, str] = {}
        excluded: set[str] = set()
        problems: list[Problem] = []
        for listed in self._bucket.list_objects(REGISTRY):
            try:
                playlist_id = check_playlist_id(listed.key.removeprefix(REGISTRY))
            except InvalidPlaylistIdError as error:
                problems.append(Problem(listed.key, str(error)))
                continue
            entry = catalog.entries.get(playlist_id)
            known = entry.alias if entry else ""
            aliases[playlist_id], problem = self._read_alias(playlist_id, listed, known)
            if problem:
                problems.append(problem)
        for listed in self._bucket.list_objects(EXCLUDED):
            try:
                excluded.add(check_playlist_id(listed.key.removeprefix(EXCLUDED)))
            except InvalidPlaylistIdError as error:
                problems.append(Problem(listed.key, str(error)))
        # The console makes an empty object of a folder's name; it is no entry.
        folders = {REGISTRY, EXCLUDED}
        problems = [problem for problem in problems if problem.subject not in folders]
        return Registry(aliases, frozenset(excluded), tuple(problems))

    def _read_alias(
        self, playlist_id: str, listed: Listed, known: str
    ) -> tuple[str, Problem | None]:
        """Return the alias that the entry holds; what is `known` need not be read again."""
        if not listed.size:
            return "", None
        if known and listed.etag in _alias_etags(known):
            return known, None
        if listed.size > _LARGEST_ENTRY:
            return "", _bad_alias(playlist_id)
        stored = self._bucket.get(listed.key)
        return _parse_alias(playlist_id, stored.body if stored else b"")

    def _foresee_end(self, ends: datetime | None) -> tuple[Problem, ...]:
        """Tell the owner in good time that only a new consent keeps the archive going."""
        if ends is None or ends - self._clock.now() > CONSENT_WARNING:
            return ()
        reason = f"it ends on {ends:%Y-%m-%d}: log in to Spotify again with `make login`"
        logger.warning("Spotify's authorisation: %s", reason)
        return (Problem("authorisation", reason),)

    def _send(self, plan: Plan) -> None:
        self._outcome_queue.send(map(encode_message, plan.outcomes))
        self._fetch_queue.send_in_order(
            (
                encode_message(request),
                Lane(LANE, f"{request.run:%Y%m%dT%H%M%SZ}-{request.playlist_id}"),
            )
            for request in plan.requests
        )
