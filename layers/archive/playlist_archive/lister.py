"""Decides what has to be read, and tells the other functions."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from playlist_archive.bucket import Bucket
from playlist_archive.catalog import Catalog, Entry, decode_catalog
from playlist_archive.clock import Clock
from playlist_archive.errors import (
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
# Contents that are closed to an app seldom open again.
FORBIDDEN_RETRY = timedelta(days=7)
# A message holds 256 of these with ease; the rest would say the same.
_MOST_PROBLEMS = 256
_LONGEST_ALIAS = 300
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
        catalog = self._catalog()
        registry = self._read_registry()
        self._spotify.open(remaining_seconds)
        library, failure = None, ""
        try:
            self._spotify.start_run(run)
            library = self._sweep()
        except (SpotifyStoppedError, PlaylistError, OutOfTimeError) as error:
            failure = str(error)
            logger.warning("no sweep of the library: %s", failure)
        finally:
            self._spotify.close()
        wanted = choose(registry, library, catalog, self._mode)
        plan = plan_run(run, self._clock.now(), wanted, catalog, self._full_read_every)
        report = RunReport(
            run=run,
            at=self._clock.now(),
            planned=len(plan.requests),
            unchanged=sum(outcome.status == "ok" for outcome in plan.outcomes),
            problems=registry.problems[:_MOST_PROBLEMS],
            failure=failure,
            authorization_ends=self._authorization_ends(),
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
            plan = Plan((_request(playlist_id, time, wanted, entry, between_runs=True),), ())
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
            sorted({parsed[0] for parsed in self._snapshots()})
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

    def _snapshots(self) -> list[tuple[str, datetime]]:
        keys = (listed.key for listed in self._bucket.list_objects(SNAPSHOTS))
        return [parsed for key in keys if (parsed := parse_snapshot_key(key))]

    def _catalog(self) -> Catalog:
        stored = self._bucket.get(CATALOG)
        return decode_catalog(stored.body if stored else None)

    def _read_registry(self) -> Registry:
        aliases: dict[str, str] = {}
        excluded: set[str] = set()
        problems: list[Problem] = []
        for listed in self._bucket.list_objects(REGISTRY):
            name = listed.key.removeprefix(REGISTRY)
            try:
                playlist_id = check_playlist_id(name)
            except InvalidPlaylistIdError as error:
                problems.append(Problem(listed.key, str(error)))
                continue
            body = b""
            if listed.size and (stored := self._bucket.get(listed.key)):
                body = stored.body
            aliases[playlist_id], problem = _parse_alias(playlist_id, body)
            if problem:
                problems.append(problem)
        for listed in self._bucket.list_objects(EXCLUDED):
            name = listed.key.removeprefix(EXCLUDED)
            try:
                excluded.add(check_playlist_id(name))
            except InvalidPlaylistIdError as error:
                problems.append(Problem(listed.key, str(error)))
        return Registry(aliases, frozenset(excluded), tuple(problems))

    def _sweep(self) -> Library | None:
        """Return the user's library, None where no user is logged in."""
        if not self._spotify.credentials().refresh_token:
            return None
        self._spotify.check()
        return self._spotify.read_library()

    def _authorization_ends(self) -> datetime | None:
        try:
            return self._spotify.credentials().authorization_ends()
        except SpotifyStoppedError:
            return None

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
    requests: list[FetchRequest] = []
    outcomes: list[Outcome] = []
    for playlist_id, reason in wanted.items():
        entry = catalog.entries.get(playlist_id)
        if entry is None:
            requests.append(_request(playlist_id, run, reason, entry))
        elif _is_unchanged(playlist_id, reason.listed, entry, run, full_read_every):
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
        elif entry.status != "forbidden" or run - entry.run >= FORBIDDEN_RETRY:
            known = _known_version(playlist_id, entry, run, full_read_every)
            requests.append(_request(playlist_id, run, reason, entry, known=known))
    outcomes += [
        _retire(playlist_id, run, now)
        for playlist_id, _ in catalog.active()
        if playlist_id not in wanted
    ]
    requests.sort(key=lambda request: (request.checked or _NEVER, request.playlist_id))
    return Plan(tuple(requests), tuple(outcomes))


def _is_unchanged(
    playlist_id: str,
    listed: Header | None,
    entry: Entry,
    run: datetime,
    full_read_every: timedelta,
) -> bool:
    """Whether the sweep proves that a whole read would find what the last one found."""
    header = entry.header
    return (
        entry.status == "ok"
        and listed is not None
        and header is not None
        and listed.snapshot_id == _known_version(playlist_id, entry, run, full_read_every)
        and listed.owner.id != "spotify"
        and (listed.name, listed.description, listed.owner)
        == (header.name, header.description, header.owner)
    )


def _known_version(
    playlist_id: str, entry: Entry, run: datetime, full_read_every: timedelta
) -> str:
    """Return the `snapshot_id` of the last whole read, empty if another such read is due.

    Personalised playlists get a new one with every answer (Spotify: ids that begin 37i9dQZ).
    """
    due = entry.read is None or run - entry.read >= full_read_every
    if due or entry.figures is None or playlist_id.startswith("37i9dQZ"):
        return ""
    return entry.figures.snapshot_id


def _request(
    playlist_id: str,
    run: datetime,
    wanted: Wanted,
    entry: Entry | None,
    *,
    between_runs: bool = False,
    known: str = "",
) -> FetchRequest:
    return FetchRequest(
        playlist_id=playlist_id,
        run=run,
        between_runs=between_runs,
        source=wanted.source,
        alias=wanted.alias,
        checked=entry.checked if entry else None,
        latest=entry.latest if entry else None,
        snapshot_id=known,
        held=entry.held if entry else "",
    )


def _retire(playlist_id: str, run: datetime, now: datetime) -> Outcome:
    return Outcome(
        playlist_id=playlist_id,
        run=run,
        at=now,
        status="retired",
        reason="no longer registered; what was archived is kept",
    )


def _parse_alias(playlist_id: str, body: bytes) -> tuple[str, Problem | None]:
    """Return the alias in a registry entry, or none and what is wrong with it."""
    try:
        text = body.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        text = "\0"
    if not text:
        return "", None
    if text.strip() == text and text.isprintable() and len(text) <= _LONGEST_ALIAS:
        return text, None
    problem = Problem(
        registry_key(playlist_id),
        "the alias is ignored: write one line of text without blanks around it",
    )
    return "", problem
