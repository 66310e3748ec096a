"""Checks of the archive's own statements: order, status pages, names, the clock, damage."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf
from typing import Any, NamedTuple
from unicodedata import category

import msgspec

from playlist_archive.documents.keys import (
    CATALOG,
    DAMAGED,
    INDEX,
    METADATA_COMPACT,
    SPOTIFY_STATE,
    STATUS_JSON,
    STATUS_PAGE,
    followers_key,
    snapshot_key,
    view_key,
)
from playlist_archive.documents.messages import Outcome, RunReport, decode_outcome
from tools.chaos.evidence import Evidence, Sent
from tools.chaos.pollers import POISON
from tools.chaos.record import Written

type Findings = Iterator[str]
type Status = dict[str, Any]

_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_LAST_RUN = re.compile(r"^\| Last run \| (\d{4}-\d\d-\d\d \d\d:\d\d) UTC", re.MULTILINE)
_REFUSED = re.compile(r"InvalidMessageError.*\{'time': '20[3-9]\d-[^']*'\}$")
_FOLLOWERS = "playlists/followers/"
_JOINERS = "\u200c\u200d"
_WELL = "All is well"
_NOTHING = "| Playlists up to date | 0 of 0 |"
# An indexer runs for at most two minutes. So the author of a page knew everything that was handled
# at least this long before the page was written.
_KNOWN_AFTER_SECONDS = 121
_AHEAD = timedelta(hours=26)
_UNREADABLE = frozenset({"truncated", "garbage", "null", "of another schema", "nested"})


def snapshots_are_in_the_order_of_reading(evidence: Evidence) -> Findings:
    """Snapshots were read, and written, in the order of their keys."""
    written_at = evidence.chaos.written_at
    for playlist_id, snapshots in evidence.snapshots.items():
        for before, after in pairwise(snapshots):
            if after.read_at < before.read_at:
                yield (
                    f"the snapshot of {playlist_id} of {after.time}, read at {after.read_at}, "
                    f"sorts behind that of {before.time}, read at {before.read_at}"
                )
            keys = [snapshot_key(playlist_id, one.time) for one in (before, after)]
            if written_at.get(keys[1], 0) < written_at.get(keys[0], 0):
                yield f"{keys[1]} was written before {keys[0]}"


def status_pages_are_true(evidence: Evidence) -> Findings:
    """Each status page was true when it was written, as far as its author could know."""
    statements = _Statements(evidence)
    for page in evidence.chaos.pages:
        try:
            found = (
                _false_in_json(statements, page)
                if page.key == STATUS_JSON
                else _false_in_page(statements, page)
            )
            for finding in found:
                yield f"{page.key} of {_moment(page.moment)}: {finding}"
        except (msgspec.DecodeError, KeyError) as error:
            yield f"{page.key} of {_moment(page.moment)} cannot be read: {error!r}"


class _Statements:
    """The statements about runs and checks that had been sent or merged at any moment."""

    def __init__(self, evidence: Evidence) -> None:
        self.sent = evidence.sent
        self.requests = evidence.requests
        self.excluded = {action.whom for action in evidence.chaos.of_actions("exclude")}
        self.forced = set(evidence.chaos.forced)
        self.lost = {message.playlist_id for message in evidence.dead_letters}
        self.damaged = sorted(
            action.moment
            for action in evidence.chaos.of_actions("damage")
            if action.whom == CATALOG
        )
        # The outcomes that the indexer certainly knew, by playlist, with the end of their batch.
        self.merged: dict[str, list[Sent]] = defaultdict(list)
        self.reports: list[tuple[float, RunReport]] = []
        for handled in evidence.chaos.merged:
            message = decode_outcome(handled.body) if handled.body != POISON else None
            if isinstance(message, Outcome):
                self.merged[message.playlist_id].append(Sent(handled.until, message))
            elif isinstance(message, RunReport):
                self.reports.append((handled.until, message))
        self.due: dict[datetime, dict[str, float]] = defaultdict(dict)
        for playlist_id, requests in evidence.requests.items():
            for moment, request in requests:
                if not request.registration:
                    self.due[request.run].setdefault(playlist_id, moment)

    def checked(self, playlist_id: str, run: datetime, before: float) -> bool:
        """Whether a good check of the run, or of a later one, had been sent before a moment."""
        return any(
            sent.outcome.status == "ok" and sent.outcome.run >= run
            for sent in self._until(self.sent.get(playlist_id, []), before)
        )

    def heard_of(self, playlist_id: str, run: datetime, before: float) -> bool:
        """Whether any outcome of the run, or of a later one, had been sent before a moment."""
        return any(
            sent.outcome.run >= run for sent in self._until(self.sent.get(playlist_id, []), before)
        )

    def retired(self, playlist_id: str, run: datetime, before: float) -> bool:
        return any(
            sent.outcome.status == "retired" and sent.outcome.run >= run
            for sent in self._until(self.sent.get(playlist_id, []), before)
        )

    def surely_checked(self, playlist_id: str, before: float) -> datetime | None:
        """Return the newest run whose good check the author of a page of that moment knew."""
        damaged = max((moment for moment in self.damaged if moment < before), default=0.0)
        return max(
            (
                sent.outcome.run
                for sent in self.merged.get(playlist_id, [])
                if damaged < sent.moment - 2 * _KNOWN_AFTER_SECONDS
                and sent.moment < before - _KNOWN_AFTER_SECONDS
                and sent.outcome.status == "ok"
                and sent.outcome.run not in self.forced
            ),
            default=None,
        )

    def is_surely_wanted(self, playlist_id: str, before: float) -> bool:
        """Whether a merged outcome showed a playlist in the library, and nobody excluded it."""
        damaged = max((moment for moment in self.damaged if moment < before), default=0.0)
        listed = any(
            sent.outcome.source == "library" and damaged < sent.moment < before - 86_400 / 2
            for sent in self.merged.get(playlist_id, [])
        )
        return listed and playlist_id not in self.excluded

    def is_awaited(self, playlist_id: str, before: float) -> bool:
        """Whether a retired playlist was requested again, as the author of a page must know.

        The lister sends an outcome before it requests a retired playlist.
        """
        retirements = [
            sent.moment
            for sent in self.sent.get(playlist_id, [])
            if sent.outcome.status == "retired" and sent.moment < before
        ]
        asked = [
            moment
            for moment, _ in self.requests.get(playlist_id, [])
            if moment > max(retirements, default=inf) + _KNOWN_AFTER_SECONDS
        ]
        return (
            bool(asked)
            and playlist_id not in self.lost
            and any(
                sent.moment < before - _KNOWN_AFTER_SECONDS
                and sent.outcome.at.timestamp() > asked[0] + _KNOWN_AFTER_SECONDS
                for merged in self.merged.values()
                for sent in merged
            )
        )

    def catalog_is_whole(self, before: float) -> bool:
        return not self.damaged or self.damaged[0] >= before

    @staticmethod
    def _until(sent: list[Sent], before: float) -> list[Sent]:
        return sent[: bisect_right(sent, before, key=lambda one: one.moment)]


def _false_in_json(statements: _Statements, page: Written) -> Findings:
    status: Status = msgspec.json.decode(page.body, type=dict[str, Any])
    run = _parse(status["run"])
    active = {
        playlist_id: entry
        for playlist_id, entry in status["playlists"].items()
        if entry["status"] != "retired"
    }
    for playlist_id, entry in status["playlists"].items():
        if entry["status"] == "retired" and statements.is_surely_wanted(playlist_id, page.moment):
            yield f"{playlist_id} is shown as retired, but is in the library"
        if entry["status"] == "retired" and statements.is_awaited(playlist_id, page.moment):
            yield f"{playlist_id} is shown as retired, but was requested since"
    up_to_date = 0
    for playlist_id, entry in active.items():
        checked = _parse(entry["last_checked"])
        up_to_date += bool(checked and (run is None or checked >= run))
        known = statements.surely_checked(playlist_id, page.moment)
        if checked and not _was_checked(statements, playlist_id, checked, page.moment):
            yield f"{playlist_id} was not checked in the run of {checked}"
        if known and (checked is None or checked < known):
            yield f"the check of {playlist_id} in the run of {known} is not shown"
        yield from _false_of_overdue(statements, page.moment, run, playlist_id, entry)
    if "up_to_date" in status and status["up_to_date"] != up_to_date:
        yield f"{status['up_to_date']} are shown as up to date, {up_to_date} are"


def _was_checked(statements: _Statements, playlist_id: str, run: datetime, before: float) -> bool:
    return not statements.catalog_is_whole(before) or any(
        sent.outcome.run == run and sent.outcome.status == "ok"
        for sent in statements.sent.get(playlist_id, [])
        if sent.moment <= before
    )


def _false_of_overdue(
    statements: _Statements, moment: float, run: datetime | None, playlist_id: str, entry: Status
) -> Findings:
    if "overdue_since" not in entry or run is None:
        return
    since = _parse(entry["overdue_since"])
    known = statements.surely_checked(playlist_id, moment)
    if since and known and known >= run:
        yield f"{playlist_id} is shown as overdue, but was checked in the run of {known}"
    if since and since.timestamp() > moment and since not in statements.forced:
        yield f"{playlist_id} is shown as overdue since {since}, which was still to come"
    due = _long_due(statements, playlist_id, run, moment)
    if since is None and entry["status"] == "ok" and due:
        if statements.heard_of(playlist_id, due, moment):
            return
        yield f"{playlist_id} was due in the run of {due} and is not shown as overdue"


def _long_due(
    statements: _Statements, playlist_id: str, run: datetime, before: float
) -> datetime | None:
    """Return the run before this one if a playlist was due in both of them.

    After a forced run that may be one of the days to come, so only runs that had sent their
    requests before a moment count.
    """
    runs = sorted(
        known
        for known, asked in statements.due.items()
        if known < run and known not in statements.forced and min(asked.values()) < before
    )
    if run not in statements.due or not runs or playlist_id not in statements.due[run]:
        return None
    return runs[-1] if playlist_id in statements.due[runs[-1]] else None


def _false_in_page(statements: _Statements, page: Written) -> Findings:
    text = page.body.decode()
    heading, named = _HEADING.search(text), _LAST_RUN.search(text)
    if heading is None or heading[1] != _WELL:
        return
    if _NOTHING in text:
        yield "the page says that all is well, but nothing is archived"
    if named is None:
        yield "the page says that all is well, but nothing ever ran"
        return
    run = datetime.strptime(named[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    for known, due in statements.due.items():
        if known.replace(second=0) != run:
            continue
        for playlist_id, asked in due.items():
            well = statements.checked(playlist_id, known, page.moment)
            if (
                asked < page.moment
                and not well
                and not statements.retired(playlist_id, known, page.moment)
            ):
                yield f"the page says that all is well, but {playlist_id} was due and not checked"


def nothing_is_later_than_the_clock(evidence: Evidence) -> Findings:
    """No status page shows a time in the future once a later run has been merged.

    "Later" means a run that began after the forced one. A run that was started again under an
    earlier time does not count.
    """
    statements = _Statements(evidence)
    for page in evidence.chaos.pages:
        if page.key != STATUS_JSON:
            continue
        status: Status = msgspec.json.decode(page.body, type=dict[str, Any])
        latest = datetime.fromtimestamp(page.moment, UTC) + _AHEAD
        for name, text, merged in _moments_told(statements, status):
            if (
                (moment := _parse(text))
                and moment > latest
                and _is_healed(statements, merged, page.moment)
            ):
                yield f"{page.key} of {_moment(page.moment)} shows {text} as {name}"


class _Merged(NamedTuple):
    """A merged message: when it was merged, its run, and when it was sent."""

    moment: float
    run: datetime
    at: datetime


def _is_healed(statements: _Statements, merged: list[_Merged], before: float) -> bool:
    """Whether a later run must have replaced the newest result of a forced run, if any."""
    known_by = before - _KNOWN_AFTER_SECONDS
    # A catalog that was rolled back may restore results that were replaced.
    damaged = max((moment for moment in statements.damaged if moment < before), default=0.0)
    ahead = max(
        (one.at for one in merged if one.run in statements.forced and one.at.timestamp() < before),
        default=None,
    )
    return ahead is None or any(
        one.run not in statements.forced
        and one.run > ahead
        and damaged < one.moment - 2 * _KNOWN_AFTER_SECONDS
        and one.moment < known_by
        for one in merged
    )


def _moments_told(
    statements: _Statements, status: Status
) -> Iterator[tuple[str, str | None, list[_Merged]]]:
    """Yield each time in a status document, and the merged messages about its subject."""
    reports = [_Merged(until, report.run, report.at) for until, report in statements.reports]
    yield "run", status["run"], reports
    yield "at", status["at"], reports
    for playlist_id, entry in status["playlists"].items():
        merged = [
            _Merged(sent.moment, sent.outcome.run, sent.outcome.at)
            for sent in statements.merged.get(playlist_id, ())
        ]
        for name in ("since", "last_checked", "overdue_since"):
            yield f"{name} of {playlist_id}", entry.get(name), merged


def names_are_told_alike(evidence: Evidence) -> Findings:
    """Each playlist has the same name everywhere; it looks like no other and hides no character."""
    objects = evidence.chaos.objects
    names = msgspec.json.decode(objects[METADATA_COMPACT], type=dict[str, str])
    seen: dict[str, str] = {}
    for playlist_id, name in names.items():
        look = _visible(name)
        if look != name:
            yield f"the name {name!a} of {playlist_id} has invisible characters"
        if look in seen:
            yield f"{playlist_id} and {seen[look]} look alike: {name!a}"
        seen[look] = playlist_id
        page = objects.get(view_key("pretty", playlist_id, ".json"))
        shown = msgspec.json.decode(page, type=dict[str, Any])["unique_name"] if page else name
        if shown != name:
            yield f"{playlist_id} is {name!a} in the index and {shown!a} on its page"
    for key in (INDEX, STATUS_PAGE):
        hidden = {char for char in objects[key].decode() if _is_hidden(char)} - {"\n"}
        if hidden:
            yield f"{key} holds {sorted(hidden)!a}"


def _visible(name: str) -> str:
    return "".join(char for char in name if not _is_hidden(char)).strip()


def _is_hidden(char: str) -> bool:
    """Whether a character is a control or invisible; zero-width joiners do not count."""
    return category(char) in {"Cc", "Cf", "Zl", "Zp"} and char not in _JOINERS


def functions_fail_only_when_struck(evidence: Evidence) -> Findings:
    """No answer of Spotify and no stored object makes a function fail.

    A run ahead of the clock may fail, because it is refused unless it is forced.
    """
    for failure in evidence.chaos.broken:
        if "ahead" not in failure and _REFUSED.search(failure) is None:
            yield failure[:400]


def damaged_objects_are_set_aside_or_mended(evidence: Evidence) -> Findings:
    """No object stays damaged, and objects that cannot be rebuilt have a copy.

    A series of follower numbers is mended when the next number of its playlist arrives.
    """
    chaos = evidence.chaos
    copies: dict[str, list[bytes]] = defaultdict(list)
    for key, body in chaos.objects.items():
        if key.startswith(DAMAGED):
            copies[key.removeprefix(DAMAGED).rpartition("/")[0]].append(body)
    last = {action.whom: action for action in chaos.of_actions("damage")}
    for key, action in last.items():
        if action.how not in _UNREADABLE:
            continue
        body = chaos.damaged[key]
        if key.startswith(_FOLLOWERS) and not _is_numbered(evidence, key, since=action.moment):
            continue
        lasting = key in {CATALOG, SPOTIFY_STATE} or key.startswith(_FOLLOWERS)
        if chaos.objects.get(key) == body:
            yield f"{key} is as it was when it was {action.how} at {_moment(action.moment)}"
        elif lasting and body not in copies[key]:
            yield f"{key} was {action.how} at {_moment(action.moment)} and overwritten without a copy"


def _is_numbered(evidence: Evidence, key: str, since: float) -> bool:
    """Whether the indexer got a number for a series in a batch that began after a moment."""
    return any(
        isinstance(message, Outcome)
        and message.status == "ok"
        and message.header is not None
        and message.header.followers is not None
        and followers_key(message.playlist_id) == key
        for message in evidence.merged(since)
    )


def _parse(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _moment(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}"
