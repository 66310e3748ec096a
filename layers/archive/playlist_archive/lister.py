"""Decides what has to be read, and tells the other functions."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from typing import Literal, NamedTuple
from unicodedata import category
from zlib import crc32

from playlist_archive.bucket import Bucket, Listed
from playlist_archive.catalog import Catalog, Entry, decode_catalog
from playlist_archive.clock import Clock
from playlist_archive.errors import (
    AuthorizationError,
    InvalidPlaylistIdError,
    OutOfTimeError,
    PlaylistError,
    SpotifyStoppedError,
)
from playlist_archive.keys import (
    CATALOG,
    EXCLUDED,
    REGISTRY,
    SNAPSHOTS,
    check_playlist_id,
    parse_snapshot_key,
    registry_key,
)
from playlist_archive.messages import (
    FetchRequest,
    Header,
    Outcome,
    Problem,
    RenderRequest,
    RunReport,
    Source,
    encode_message,
)
from playlist_archive.queues import Lane, Queue
from playlist_archive.settings import LibraryMode
from playlist_archive.spotify.client import Library, Spotify

logger = logging.getLogger(__name__)

# Spotify counts requests per developer account, so more than one reader would not help.
LANE = "spotify"
# What is closed to an app, or gone, seldom comes back.
LONGEST_RETRY_GAP = timedelta(days=7)
# A new consent takes the owner a minute, so a month is good time.
CONSENT_WARNING = timedelta(days=30)
# Spotify's own and personalised playlists, which only old apps may read.
_EDITORIAL = "37i9dQZ"
# A message of 1 MiB holds so many, even if each quotes a key of 1,024 bytes that all need an escape;
# the rest would say the same.
_MOST_PROBLEMS = 64
_LONGEST_ALIAS = 300
_LARGEST_ENTRY = 4 * _LONGEST_ALIAS + 8
# Unicode's control characters, and its separators of lines and paragraphs.
_NO_TEXT = frozenset({"Cc", "Zl", "Zp"})
_NEVER = datetime.min.replace(tzinfo=UTC)


class Wanted(NamedTuple):
    """A playlist that is to be archived, and why."""

    source: Source
    alias: str = ""
    listed: Header | None = None


class Registry(NamedTuple):
    """What the owner wrote: aliases by playlist id, ids to leave out, and what is wrong with it."""

    aliases: dict[str, str]
    excluded: frozenset[str]
    problems: tuple[Problem, ...]


class Plan(NamedTuple):
    """What a run does: whom to read, first come first, and what is known without reading."""

    requests: tuple[FetchRequest, ...]
    outcomes: tuple[Outcome, ...]


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

    def run(self, time: datetime | None, remaining_seconds: Callable[[], float]) -> RunReport:
        """Start the run of `time` (None: of now) and return its report.

        What stands in the way of asking Spotify is told in the report; the playlists are planned
        all the same, so that a lane that opens again goes on by itself.
        """
        run = time or self._clock.now()
        self._spotify.open(remaining_seconds)
        latest_run = self._spotify.state.latest_run
        if latest_run is not None and run < latest_run:
            failure = f"the run of {latest_run:%Y-%m-%d %H:%M} UTC supersedes this earlier one"
            logger.warning(failure)
            return RunReport(run=run, at=self._clock.now(), planned=0, unchanged=0, failure=failure)
        catalog = self._catalog()
        registry = self._read_registry(catalog)
        library, ends, failure, refused = None, None, "", False
        try:
            self._spotify.start_run(run)
            credentials = self._spotify.credentials()
            ends = credentials.authorization_ends()
            # Without a user nobody has a library.
            if credentials.refresh_token:
                self._spotify.check()
                library = self._spotify.read_library()
        except (SpotifyStoppedError, PlaylistError, OutOfTimeError) as error:
            failure, refused = str(error), isinstance(error, AuthorizationError)
            logger.warning("no sweep of the library: %s", failure)
        finally:
            self._spotify.close()
        problems = (*self._foresee_end(ends), *registry.problems)
        wanted = choose(registry, library, catalog, self._mode)
        plan = plan_run(run, self._clock.now(), wanted, catalog, self._full_read_every)
        report = RunReport(
            run=run,
            at=self._clock.now(),
            planned=len(plan.requests),
            unchanged=sum(outcome.status == "ok" for outcome in plan.outcomes),
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
        if stored is not None:
            alias, _ = _parse_alias(playlist_id, stored.body)
            wanted = Wanted("registry", alias)
            request = _request(playlist_id, time, wanted, entry, registration=True)
            news = () if entry else (_await_first_read(request, self._clock.now()),)
            plan = Plan((request,), news)
        elif entry is not None and entry.source == "registry" and entry.status != "retired":
            plan = Plan((), (_retire(playlist_id, time, self._clock.now()),))
        else:
            plan = Plan((), ())
        self._send(plan)
        return plan

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
                    standing=entry.standing
                    if (entry := catalog.entries.get(playlist_id))
                    else None,
                    rebuild=True,
                )
            )
            for playlist_id in playlist_ids
        )
        return len(playlist_ids)

    def _list_archived(self) -> set[str]:
        """Return the ids of all playlists that have a snapshot."""
        keys = (listed.key for listed in self._bucket.list_objects(SNAPSHOTS))
        return {parsed[0] for key in keys if (parsed := parse_snapshot_key(key))}

    def _catalog(self) -> Catalog:
        stored = self._bucket.get(CATALOG)
        return decode_catalog(stored.body if stored else None)

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


def choose(
    registry: Registry, library: Library | None, catalog: Catalog, mode: LibraryMode
) -> dict[str, Wanted]:
    """Return what is to be archived: the registry and, as `mode` says, the user's library.

    Without a complete sweep the library is what it was. An explicit registry entry outweighs
    `excluded/`, which only keeps library playlists from being archived.
    """
    wanted: dict[str, Wanted] = {}
    if library is not None:
        for listed in library.entries:
            own = listed.collaborative or listed.header.owner.id == library.user_id
            if mode == "all" or (mode == "owned" and own):
                wanted[listed.playlist_id] = Wanted("library", listed=listed.header)
    elif mode != "none":
        wanted = {
            playlist_id: Wanted("library")
            for playlist_id, entry in catalog.active()
            if entry.source == "library"
        }
    for playlist_id in registry.excluded:
        wanted.pop(playlist_id, None)
    headers = {listed.playlist_id: listed.header for listed in library.entries} if library else {}
    for playlist_id, alias in registry.aliases.items():
        wanted[playlist_id] = Wanted("registry", alias, headers.get(playlist_id))
    return wanted


def plan_run(
    run: datetime,
    now: datetime,
    wanted: Mapping[str, Wanted],
    catalog: Catalog,
    full_read_every: timedelta,
) -> Plan:
    """Decide for every playlist whether it must be read; the longest unread comes first."""
    requests: list[tuple[bool, datetime, FetchRequest]] = []
    outcomes: list[Outcome] = []
    for playlist_id, reason in wanted.items():
        entry = catalog.entries.get(playlist_id)
        known = _known_version(playlist_id, entry, run, full_read_every)
        if entry and known and _is_unchanged(reason.listed, entry, known):
            outcomes.append(
                Outcome(
                    playlist_id=playlist_id,
                    run=run,
                    at=now,
                    status="ok",
                    source=reason.source,
                    alias=reason.alias,
                )
            )
        elif entry is None or _is_worth_asking(playlist_id, reason.listed, entry, run):
            request = _request(playlist_id, run, reason, entry, known=known)
            waited = entry is not None and entry.status == "deferred"
            requests.append((not waited, request.checked or _NEVER, request))
            if entry is None:
                outcomes.append(_await_first_read(request, now, reason.listed))
    outcomes += [
        _retire(playlist_id, run, now)
        for playlist_id, _ in catalog.active()
        if playlist_id not in wanted
    ]
    requests.sort(key=lambda planned: (*planned[:2], planned[2].playlist_id))
    return Plan(tuple(request for _, _, request in requests), tuple(outcomes))


def _is_unchanged(listed: Header | None, entry: Entry, known: Header) -> bool:
    """Whether the sweep proves that a whole read would find what the last one found.

    What a fault or a stopped run kept from being read is proved unchanged just as well.
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
    """Return how Spotify described the last whole read, None if another such read is due.

    Playlists that Spotify itself owns may get a new `snapshot_id` with every answer, or keep it
    while they change; others may be trusted to tell their versions apart.
    """
    if entry is None or entry.read is None or entry.header is None or entry.figures is None:
        return None
    if entry.described != entry.figures.read or not entry.header.snapshot_id:
        return None
    if entry.header.owner.id in {"", "spotify"}:
        return None
    due = full_read_due(playlist_id, entry.read.date(), full_read_every.days)
    return entry.header if run.date() < due else None


def full_read_due(playlist_id: str, read: date, every_days: int) -> date:
    """Return the day on which a playlist read whole on the day `read` must be read so again.

    Every playlist has days of its own, half of `every_days` apart. It is read on the last of them
    that is not later than `every_days`; so what was first read on one day spreads over half of the
    time, and has its turn every `every_days` from then on.
    """
    latest = read.toordinal() + every_days
    apart = max(1, every_days // 2)
    return date.fromordinal(latest - (latest + crc32(playlist_id.encode())) % apart)


def _is_worth_asking(playlist_id: str, listed: Header | None, entry: Entry, run: datetime) -> bool:
    """Whether a playlist that may not be read, or is gone, is due to be asked for again.

    Closed contents and Spotify's own playlists are asked for once a week, anything else that is
    gone after gaps that double up to a week, and at once if the library lists it again.
    """
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
    wanted: Wanted,
    entry: Entry | None,
    *,
    known: Header | None = None,
    registration: bool = False,
) -> FetchRequest:
    return FetchRequest(
        playlist_id=playlist_id,
        run=run,
        source=wanted.source,
        alias=wanted.alias,
        checked=entry.checked if entry else None,
        latest=entry.latest if entry else None,
        snapshot_id=known.snapshot_id if known else "",
        header=known,
        held=entry.held if entry else None,
        registration=registration,
    )


def _await_first_read(
    request: FetchRequest, now: datetime, listed: Header | None = None
) -> Outcome:
    """Return what is known of a new playlist, should the lane be blocked before its turn comes.

    It is dated back by the unit of time, so that the read may end within the same second.
    """
    return Outcome(
        playlist_id=request.playlist_id,
        run=request.run,
        at=now - timedelta(seconds=1),
        status="deferred",
        reason="it waits for its first read",
        source=request.source,
        alias=request.alias,
        header=listed,
    )


def _retire(playlist_id: str, run: datetime, now: datetime) -> Outcome:
    return Outcome(
        playlist_id=playlist_id,
        run=run,
        at=now,
        status="retired",
        reason="no longer registered; what was archived is kept",
    )


def _alias_etags(alias: str) -> set[str]:
    """Return the ETags of an entry that holds `alias` and ends its line in one way or another.

    An object that was written at once has its MD5 as ETag (S3: Object). Any other is read.
    """
    bodies = (f"{alias}{end}".encode() for end in ("", "\n", "\r\n"))
    return {f'"{md5(body, usedforsecurity=False).hexdigest()}"' for body in bodies}


def _parse_alias(playlist_id: str, body: bytes) -> tuple[str, Problem | None]:
    """Return the alias in a registry entry, or none and what is wrong with it."""
    try:
        text = body.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return "", _bad_alias(playlist_id)
    blank = text.strip() != text
    if blank or len(text) > _LONGEST_ALIAS or _NO_TEXT.intersection(map(category, text)):
        return "", _bad_alias(playlist_id)
    return text, None


def _bad_alias(playlist_id: str) -> Problem:
    return Problem(
        registry_key(playlist_id),
        "the alias is ignored: write one line of text without blanks around it",
    )
