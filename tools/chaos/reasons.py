"""Checks of the archive's reasons, its order of requests, and its reports of copies."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from playlist_archive.documents.keys import (
    CATALOG,
    DAMAGED,
    EXCLUDED,
    SNAPSHOTS,
    STATUS_PAGE,
    parse_snapshot_key,
)
from playlist_archive.documents.messages import FetchRequest, Outcome
from tools.chaos.evidence import Evidence, Sent
from tools.chaos.memory import newness

type Findings = Iterator[str]

# The client's reasons when it believes that the credentials are refused.
_CONDEMNED = re.compile(
    r"log in again|needs a Premium subscription|not on the app's list|does not know this client id"
)
_SILENT = "Spotify does not answer"
_OWN_FAULT = "a fault in the archive itself"
_OVERTAKEN = "the next run began before it was read"
_NOT_REGISTERED = "no longer registered"
_REFUSALS = frozenset({400, 401, 403})
# A fetcher runs for ten minutes; a run's messages and events are usually handled in that time.
_LONGEST_FETCHER_SECONDS = 600
_LISTING_SECONDS = 600
# After this time an indexer has received a message and written its pages, unless it does not run.
_TOLD_AFTER_SECONDS = 3_600
_LONGEST_INDEXER_SECONDS = 121
_OF_THE_RENDERER = (f"{DAMAGED}state/ledgers/", f"{DAMAGED}{SNAPSHOTS}")
_AHEAD = timedelta(hours=26)
_MOST_PROBLEMS = _MOST_NAMED = 64
# Spotify began in 2006; a year after the simulated one is as implausible as one before that.
_FIRST_YEAR, _LONGEST_HOURS = 2006, 1_000


def reasons_are_true(evidence: Evidence) -> Findings:
    """No reason blames Spotify, the credentials, the owner or the archive wrongly."""
    registrations = {
        (playlist_id, request.run)
        for playlist_id, requests in evidence.requests.items()
        for _, request in requests
        if request.registration
    }
    for playlist_id, found in evidence.sent.items():
        for sent in found:
            outcome, reason = sent.outcome, sent.outcome.reason
            # The message may have been sent again much later. Times are stored in whole seconds.
            found_out = outcome.at.timestamp() + 1
            false = ""
            if _OWN_FAULT in reason:
                false = "an answer of Spotify made the archive fail"
            elif outcome.status == "deferred" and _CONDEMNED.search(reason):
                false = "" if _was_refused(evidence, found_out) else "nothing refused them"
            elif outcome.status == "deferred" and _SILENT in reason:
                false = "" if _was_silent(evidence, found_out) else "it was never asked itself"
            elif reason == _OVERTAKEN and (playlist_id, outcome.run) in registrations:
                false = "no run asks for what was registered since it began"
            elif outcome.status == "retired":
                false = _false_of_retirement(evidence, playlist_id, sent)
            if false:
                yield f"{playlist_id} is {outcome.status} at {outcome.at}, {reason!r}: {false}"


def _was_refused(evidence: Evidence, moment: float) -> bool:
    """Whether the fetcher was refused by a request that was not about one playlist."""
    return any(
        hurt.status in _REFUSALS
        for hurt in evidence.chaos.hurt
        if _is_fetchers_own(hurt.who, hurt.about, hurt.moment, moment)
    )


def _was_silent(evidence: Evidence, moment: float) -> bool:
    """Whether the fetcher got no good answer to a request that was not about one playlist."""
    return any(
        _is_fetchers_own(hurt.who, hurt.about, hurt.moment, moment) for hurt in evidence.chaos.hurt
    )


def _is_fetchers_own(who: str, about: str, moment: float, until: float) -> bool:
    return (
        who.startswith("fetcher-")
        and not about
        and until - _LONGEST_FETCHER_SECONDS <= moment <= until
    )


def _false_of_retirement(evidence: Evidence, playlist_id: str, sent: Sent) -> str:
    """Return what is false about a retirement, empty if it is true.

    An entry that changes while the lister reads may be seen in either state. Before the first sweep
    it is unknown whether the library holds a registered playlist as well.
    """
    reason = sent.outcome.reason
    begun = sent.moment - _LISTING_SECONDS
    excluded, registered = (
        {evidence.has_entry(kind, playlist_id, moment) for moment in (begun, sent.moment)}
        for kind in ("exclude", "register")
    )
    blamed = f"left out by {EXCLUDED}" in reason
    if blamed and excluded == {False}:
        return "nobody had excluded it"
    if not blamed and excluded == {True}:
        return "it was excluded"
    days = {evidence.chaos.day_at(moment) for moment in (begun, sent.moment)}
    present = all(playlist_id in evidence.in_library(day) for day in days)
    known = _NOT_REGISTERED not in reason or _was_swept(evidence, playlist_id, begun)
    if not blamed and present and known:
        return "it stands in the library"
    if _NOT_REGISTERED in reason and not evidence.was_registered(playlist_id, sent.moment):
        return "it never was registered"
    return "it is registered" if registered == {True} else ""


def _was_swept(evidence: Evidence, playlist_id: str, moment: float) -> bool:
    """Whether the indexer had learned that the library holds a playlist, and may still know.

    A playlist that was excluded counts as outside of the library until the next run, even if the
    exclusion is lifted before.
    """
    damaged = evidence.last_damage(CATALOG, before=moment)
    told = [
        sent.outcome
        for sent in evidence.taken.get(playlist_id, ())
        if sent.outcome.source and damaged < sent.moment < moment
    ]
    if not any(outcome.in_library for outcome in told):
        return False
    last = max(told, key=newness)
    excluded = any(
        evidence.has_entry("exclude", playlist_id, one.timestamp()) for one in (last.run, last.at)
    )
    return last.in_library or not excluded


def snapshots_to_come_are_told(evidence: Evidence) -> Findings:
    """A run's report names each future snapshot, once the catalog has it."""
    found = [
        (key, parsed[0], parsed[1], evidence.chaos.written_at[key])
        for key in evidence.chaos.objects
        if (parsed := parse_snapshot_key(key)) and key in evidence.chaos.written_at
    ]
    damages = [
        action.moment for action in evidence.chaos.of_actions("damage") if action.whom == CATALOG
    ]
    for report in evidence.reports:
        moment = report.at.timestamp()
        if report.failure or report.run > report.at + _AHEAD:
            continue
        if len(report.problems) == _MOST_PROBLEMS:  # a report names no more
            continue
        reported = {problem.subject for problem in report.problems}
        for key, playlist_id, time, written in found:
            known = _known_since(evidence, playlist_id, time, written)
            if time <= report.at + _AHEAD or known is None or known > moment - _LISTING_SECONDS:
                continue
            if key not in reported and not any(known <= damage <= moment for damage in damages):
                yield f"the report of {report.at} does not tell that {key} is dated ahead"


def _known_since(
    evidence: Evidence, playlist_id: str, time: datetime, written: float
) -> float | None:
    """Return when the indexer learned of a playlist's newest snapshot, None if it never did."""
    for handled in evidence.taken.get(playlist_id, ()):
        latest = handled.outcome.latest
        if handled.moment > written and latest and latest.time == time:
            return handled.moment
    return None


def copies_are_named_soon(evidence: Evidence) -> Findings:
    """The next status page names each copy of a damaged object.

    After a copy by the renderer there is such a page within an hour.
    """
    pages = [page for page in evidence.chaos.pages if page.key == STATUS_PAGE]
    moments = [page.moment for page in pages]
    calendar = evidence.chaos.calendar
    for key, moment in evidence.chaos.set_aside.items():
        # Not the day that Spotify shows, which may begin early.
        day = min(datetime.fromtimestamp(moment, UTC).date(), calendar.days[-1])
        if calendar.is_stopped(day) or evidence.is_outage(moment):
            continue
        # An indexer that began before the copy may not know of it.
        after = pages[bisect_right(moments, moment + _LONGEST_INDEXER_SECONDS) :]
        if after and not _names_copy(after[0].body, key):
            yield f"{key} is not on the status page of {_moment(after[0].moment)}"
        until = moment + _TOLD_AFTER_SECONDS
        named = any(_names_copy(page.body, key) for page in pages if moment < page.moment < until)
        if key.startswith(_OF_THE_RENDERER) and not named:
            yield f"{key} of {_moment(moment)} is on no status page an hour later"


def _names_copy(page: bytes, key: str) -> bool:
    """Whether a status page names a copy, or already as many as it may name."""
    return key.encode() in page or page.count(DAMAGED.encode()) >= _MOST_NAMED


def what_failed_comes_last(evidence: Evidence) -> Findings:
    """A run requests deferred playlists first, and those that failed or are too large last.

    Playlists are skipped if it is uncertain what the lister knew of them.
    """
    for run, requests in _by_lister(evidence).items():
        turns = [
            (turn, request.playlist_id)
            for moment, request in requests
            if (turn := _turn(evidence, request, moment)) is not None
        ]
        latest = 0
        for turn, playlist_id in turns:
            if turn < latest:
                yield f"{playlist_id} was asked for in {run[0]} after others that had failed"
            latest = max(turn, latest)


def _by_lister(
    evidence: Evidence,
) -> Mapping[tuple[datetime, int], list[tuple[float, FetchRequest]]]:
    """Return each lister's requests, in order.

    Two listers of one run are minutes apart, or one of them has planned its own between requests of
    both. The first may have failed because SQS took its requests in part.
    """
    planned = sorted(report.at.timestamp() for report in evidence.reports)
    found: dict[tuple[datetime, int], list[tuple[float, FetchRequest]]] = {}
    number, before = 0, 0.0
    for moment, request in evidence.asked:
        if request.registration:
            continue
        number += moment - before > _APART_SECONDS or (
            bisect_right(planned, before) < bisect_right(planned, moment)
        )
        found.setdefault((request.run, number), []).append((moment, request))
        before = moment
    return found


_APART_SECONDS = 20


def _turn(evidence: Evidence, request: FetchRequest, moment: float) -> int | None:
    """Return a playlist's place in the order, None if it is uncertain what the lister knew."""
    playlist_id = request.playlist_id
    damaged = max(
        (
            action.moment
            for action in evidence.chaos.of_actions("damage")
            if action.whom == CATALOG and action.moment < moment
        ),
        default=0.0,
    )
    taken = [one for one in evidence.taken.get(playlist_id, ()) if one.moment < moment]
    sent = [one for one in evidence.sent.get(playlist_id, ()) if one.moment < moment]
    if not taken or not sent or damaged > taken[0].moment:
        return None
    last = taken[-1]
    runs = [report.run for report in evidence.reports if report.at.timestamp() < moment - 1]
    surely = last.moment < moment - _LISTING_SECONDS and last.outcome == sent[-1].outcome
    newest = all(one.outcome.run <= last.outcome.run for one in taken)
    of_last_run = last.outcome.run >= max(
        (run for run in runs if run <= request.run), default=last.outcome.run
    )
    if not surely or not newest or not of_last_run or last.outcome.run in evidence.chaos.forced:
        return None
    # During a pause an indexer itself defers the playlists that wait in FetchQueue.
    if any(
        since < moment and until > last.outcome.at.timestamp()
        for since, until in evidence.chaos.parked
    ):
        return None
    of_run = [one.outcome for one in taken if one.outcome.run == last.outcome.run]
    decisive = [outcome for outcome in of_run if outcome.status in {"ok", "retired"}]
    sized = [
        one.outcome for one in taken if one.outcome.status != "deferred" or one.outcome.oversized
    ]
    return _turn_after((decisive or of_run)[-1], oversized=bool(sized) and sized[-1].oversized)


def _turn_after(outcome: Outcome, *, oversized: bool) -> int:
    if oversized or outcome.status in {"not_found", "forbidden", "invalid", "unstable"}:
        return 2
    return 0 if outcome.status == "deferred" else 1


def no_value_is_absurd(evidence: Evidence) -> Findings:
    """No row was added before Spotify existed or in the future, or is longer than some weeks."""
    for playlist_id, snapshots in evidence.snapshots.items():
        for snapshot in snapshots:
            for row in snapshot.rows:
                added = row.added_at
                year = added.year if added else _FIRST_YEAR
                if not _FIRST_YEAR <= year <= snapshot.read_at.year + 1:
                    yield f"a row of {playlist_id} was added in the year {year}, says a snapshot"
                length = row.item.duration_ms / 3_600_000 if row.item else 0
                if not 0 <= length <= _LONGEST_HOURS:
                    yield f"a row of {playlist_id} lasts {length} hours, says a snapshot"


def no_request_is_given_up(evidence: Evidence) -> Findings:
    """No pause and no fault makes a request for a playlist a dead letter."""
    counts: dict[str, int] = defaultdict(int)
    for dead_letter in evidence.chaos.dead_letters.get("FetchQueue", ()):
        counts[dead_letter] += "fetch/1" in dead_letter
    for dead_letter, number in counts.items():
        if number:
            yield f"given up: {dead_letter[:120]}"


def _moment(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}"
