"""Decides what has to be read, and tells the other functions."""

import logging
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from types import MappingProxyType
from typing import Literal, NamedTuple
from unicodedata import category
from zlib import crc32

import msgspec

from playlist_archive.bucket import Bucket, Listed, list_snapshots, set_aside
from playlist_archive.catalog import Catalog, Entry, decode_catalog
from playlist_archive.clock import Clock
from playlist_archive.errors import (
    UNREADABLE,
    AuthorizationError,
    InvalidAnswerError,
    InvalidMessageError,
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
    excluded_key,
    is_playlist_id,
    registry_key,
    snapshot_key,
)
from playlist_archive.messages import (
    FetchRequest,
    Header,
    Latest,
    Outcome,
    Problem,
    RenderRequest,
    RunReport,
    Source,
    encode_message,
    header_of,
)
from playlist_archive.moments import to_moment
from playlist_archive.naming import looks, visible
from playlist_archive.queues import Lane, Queue
from playlist_archive.settings import LibraryMode
from playlist_archive.snapshot import decode_stored, loses_much
from playlist_archive.spotify.client import Library, LibraryEntry, Spotify
from playlist_archive.spotify.state import FURTHEST_AHEAD, supersedes

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
# The sweep and the messages of a large library take most of an invocation.
_TIME_FOR_THE_REST_SECONDS = 180
# Fewer playlists than these may well leave a library at once.
_FEW_PLAYLISTS = 5
_NEVER = datetime.min.replace(tzinfo=UTC)


class Wanted(NamedTuple):
    """A playlist that is to be archived, and why; `listed` is how the library describes it."""

    source: Source
    alias: str = ""
    listed: Header | None = None
    in_library: bool = False


class Forgotten(NamedTuple):
    """A playlist that has a snapshot of which the catalog knows nothing: that snapshot."""

    header: Header
    latest: Latest


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
                f"the time {to_moment(run)} lies more than 26 hours ahead of the clock "
                f'({to_moment(now)}): correct it, or add "force": true to simulate a run'
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
        wanted = choose(
            registry, library, catalog, self._mode, in_doubt=forgotten if has_library else ()
        )
        plan = plan_run(
            run,
            self._clock.now(),
            wanted,
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
            wanted = Wanted("registry", alias, in_library=entry is not None and entry.in_library)
            request = _request(playlist_id, time, wanted, entry, registration=True)
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
                    standing=entry.announced.standing
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


def check_library(run: datetime, library: Library, catalog: Catalog) -> None:
    """Let a great loss of playlists count only when the next run lists as few.

    Raises:
        InvalidAnswerError: the loss is too great for one answer.
    """
    now = {one.playlist_id for one in library.entries}
    known = {playlist_id for playlist_id, entry in catalog.active() if entry.in_library}
    if len(known) < _FEW_PLAYLISTS or not loses_much(len(known), len(known & now)):
        return
    before = catalog.report
    earlier = before.library if before and before.run < run else None
    if earlier is not None and not loses_much(earlier, len(now)):
        return
    raise InvalidAnswerError(
        f"the library lists only {len(known & now)} of {len(known)} known playlists: "
        "it counts when the next run lists as few"
    )


def choose(
    registry: Registry,
    library: Library | None,
    catalog: Catalog,
    mode: LibraryMode,
    in_doubt: Iterable[str] = (),
) -> dict[str, Wanted]:
    """Return what is to be archived: the registry and, as `mode` says, the user's library.

    Without a complete sweep the library is what it was, and so is what a sweep could not read. An
    explicit registry entry outweighs `excluded/`, which only keeps library playlists from being
    archived. Playlists `in_doubt` may be of the library: neither sweep nor catalog says.
    """
    known = {
        playlist_id
        for playlist_id, entry in catalog.active()
        if mode != "none" and (entry.in_library or entry.source == "library")
    }
    listed: dict[str, Header | None] = {}
    if library is None or not library.readable:
        listed |= dict.fromkeys(known)
        if mode != "none":
            listed |= dict.fromkeys(in_doubt)
    if library is not None:
        for one in library.entries:
            if _is_chosen(one, library.user_id, mode, known):
                listed[one.playlist_id] = one.header
            else:
                listed.pop(one.playlist_id, None)
    wanted = {
        playlist_id: Wanted("library", listed=header, in_library=True)
        for playlist_id, header in listed.items()
        if playlist_id not in registry.excluded
    }
    headers = {one.playlist_id: one.header for one in library.entries} if library else {}
    for playlist_id, alias in registry.aliases.items():
        wanted[playlist_id] = Wanted(
            "registry", alias, headers.get(playlist_id), in_library=playlist_id in wanted
        )
    return wanted


def _is_chosen(entry: LibraryEntry, user_id: str, mode: LibraryMode, known: Container[str]) -> bool:
    """Whether `mode` chooses a playlist of the library; one that has no owner stays what it was."""
    owner = entry.header.owner.id
    own = entry.collaborative or owner == user_id or (not owner and entry.playlist_id in known)
    return mode == "all" or (mode == "owned" and own)


def plan_run(
    run: datetime,
    now: datetime,
    wanted: Mapping[str, Wanted],
    catalog: Catalog,
    full_read_every: timedelta,
    *,
    forgotten: Mapping[str, Forgotten] = MappingProxyType({}),
    excluded: Container[str] = frozenset(),
) -> Plan:
    """Decide for every playlist whether it must be read, and in which order.

    First comes what was deferred last time, last what failed or was too large; among equals the
    longest unread comes first.
    """
    requests: list[tuple[int, datetime, FetchRequest]] = []
    outcomes: list[Outcome] = []
    for playlist_id, reason in wanted.items():
        entry = catalog.entries.get(playlist_id)
        lost = forgotten.get(playlist_id)
        known = _known_version(playlist_id, entry, run, full_read_every)
        if entry and known and _is_unchanged(reason.listed, entry, known):
            outcomes.append(_prove_unchanged(playlist_id, run, now, reason))
        elif entry is None or _is_worth_asking(playlist_id, reason.listed, entry, run):
            request = _request(
                playlist_id, run, reason, entry, known=known, latest=lost.latest if lost else None
            )
            requests.append((_turn(entry), request.checked or _NEVER, request))
            if entry is None or entry.status == "retired" or lost:
                described = reason.listed or (lost.header if lost else None)
                outcomes.append(_await_read(request, now, entry, described))
    for playlist_id in sorted({*catalog.entries, *forgotten} - wanted.keys()):
        entry, lost = catalog.entries.get(playlist_id), forgotten.get(playlist_id)
        # One that was retired in a run ahead of this one is retired now.
        if lost or entry is None or entry.status != "retired" or entry.run > run:
            why = _why_retired(playlist_id, entry, excluded)
            outcomes.append(_retire(playlist_id, run, now, why, lost))
    requests.sort(key=lambda planned: (*planned[:2], planned[2].playlist_id))
    return Plan(tuple(request for _, _, request in requests), tuple(outcomes))


def _turn(entry: Entry | None) -> int:
    """Return when a playlist has its turn: 0 is first."""
    if entry is None:
        return 1
    if entry.oversized or entry.status in {"not_found", "forbidden", "invalid", "unstable"}:
        return 2
    return 0 if entry.status == "deferred" else 1


def _prove_unchanged(playlist_id: str, run: datetime, now: datetime, wanted: Wanted) -> Outcome:
    return Outcome(
        playlist_id=playlist_id,
        run=run,
        at=now,
        status="ok",
        source=wanted.source,
        alias=wanted.alias,
        in_library=wanted.in_library,
    )


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
    gone after gaps that double up to a week, and at once if the library lists it again. What was
    found out in a run ahead of this one is not trusted.
    """
    if entry.run > run:
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
    wanted: Wanted,
    entry: Entry | None,
    *,
    known: Header | None = None,
    latest: Latest | None = None,
    registration: bool = False,
) -> FetchRequest:
    return FetchRequest(
        playlist_id=playlist_id,
        run=run,
        source=wanted.source,
        alias=wanted.alias,
        in_library=wanted.in_library,
        checked=entry.checked if entry and entry.checked and entry.checked <= run else None,
        latest=_latest_of(entry) or latest,
        snapshot_id=known.snapshot_id if known else "",
        header=known,
        held=entry.held if entry else None,
        registration=registration,
    )


def _latest_of(entry: Entry | None) -> Latest | None:
    """Return the newest snapshot; without its digest the fetcher looks at the object itself."""
    if entry is None or entry.latest is None or not entry.is_doubted("latest"):
        return entry.latest if entry else None
    return msgspec.structs.replace(entry.latest, content="")


def _await_read(
    request: FetchRequest, now: datetime, entry: Entry | None, described: Header | None = None
) -> Outcome:
    """Return what is known of a playlist that comes in, should the lane be blocked for long.

    In its run a read that ends well is the last word, even within the same second.
    """
    if entry is not None and entry.latest is not None:
        reason = "it is archived again and waits to be read"
    elif request.latest is not None:
        reason = "the catalog has lost it, so it waits to be read again"
    else:
        reason = "it waits for its first read"
    return Outcome(
        playlist_id=request.playlist_id,
        run=request.run,
        at=now,
        status="deferred",
        reason=reason,
        source=request.source,
        alias=request.alias,
        in_library=request.in_library,
        header=described,
        latest=request.latest,
    )


def _retire(
    playlist_id: str, run: datetime, now: datetime, reason: str, lost: Forgotten | None = None
) -> Outcome:
    """Return that a playlist is archived no longer; one that the catalog has `lost` comes back."""
    return Outcome(
        playlist_id=playlist_id,
        run=run,
        at=now,
        status="retired",
        reason=f"{reason}; what was archived is kept",
        header=lost.header if lost else None,
        latest=lost.latest if lost else None,
    )


def _why_retired(playlist_id: str, entry: Entry | None, excluded: Container[str]) -> str:
    if playlist_id in excluded:
        return f"left out by {excluded_key(playlist_id)}"
    if entry is None:
        return "neither registered nor chosen from the library"
    if entry.source == "registry":
        return "no longer registered"
    return "no longer among those that ArchiveMyPlaylists chooses from the library"


def _alias_etags(alias: str) -> set[str]:
    """Return the ETags of an entry that holds `alias` and ends its line in one way or another.

    An object that was written at once has its MD5 as ETag (S3: Object). Any other is read.
    """
    bodies = (f"{alias}{end}".encode() for end in ("", "\n", "\r\n"))
    return {f'"{md5(body, usedforsecurity=False).hexdigest()}"' for body in bodies}


def _parse_alias(playlist_id: str, body: bytes) -> tuple[str, Problem | None]:
    """Return the alias in a registry entry, or none and what is wrong with it."""
    try:
        text = body.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return "", _bad_alias(playlist_id)
    blank = text.strip() != text
    if blank or len(text) > _LONGEST_ALIAS or _NO_TEXT.intersection(map(category, text)):
        return "", _bad_alias(playlist_id)
    if text and not looks(visible(text)):
        return "", _bad_alias(playlist_id)
    return text, None


def _bad_alias(playlist_id: str) -> Problem:
    return Problem(
        registry_key(playlist_id),
        "the alias is ignored: write one line of text without blanks around it",
    )
