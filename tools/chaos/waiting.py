"""Checks that no playlist waits longer than its own faults, or common ones, explain."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import takewhile

from playlist_archive.documents.keys import CATALOG
from playlist_archive.documents.timestamps import to_timestamp
from tools.chaos.evidence import Evidence, Sent
from tools.chaos.memory import are_alike

type Findings = Iterator[str]

_DAY_SECONDS = 86_400
# The budget is for 24 hours, and requests are counted by the hour.
_BUDGET_SECONDS = 25 * 3_600
# A used share of the budget; beyond it, a playlist of several pages may not fit.
_NEARLY_SPENT = 0.75
_EDITORIAL = "37i9dQZ"
# Closed or missing playlists are requested again after this time at the latest.
_SELDOM_SECONDS = 7 * _DAY_SECONDS
# In this time without a pause all waiting messages in FetchQueue are handled, whatever fails.
_ENOUGH_SECONDS = 6 * 3_600
_S3_REFUSES_SECONDS = 3 * 3_600
# A request that failed at most so long before an outcome may be its cause.
_CAUSE_SECONDS = 900
_BUDGET = re.compile("the budget of|more requests, .* are left now|more requests than were left")
# Reasons that defer the rest of an invocation's batch; `reasons_are_true` checks whether they hold.
_PUT_OFF = re.compile(
    "does not answer|token host gave no answer|log in again|needs a Premium|not on the app's list"
)
_FAILED = frozenset({"invalid", "unstable", "not_found", "forbidden"})


def nobody_waits_for_longer_than_faults_explain(evidence: Evidence) -> Findings:
    """Each run checks every playlist, except for its own faults and common ones.

    The last outcome must be justified. A failed read needs a failed request about the playlist. A
    spent budget needs the requests; those for playlists larger than any budget do not count.
    Without an outcome, FetchQueue must have been blocked for most of the time.
    """
    chaos, library = evidence.chaos, evidence.library
    known: set[str] = set()
    for day, begin, end in evidence.windows():
        until = min(end, begin + _DAY_SECONDS)
        missed = _missed_run(evidence, day)
        for playlist_id in evidence.owned(day):
            if playlist_id in library.troubles or playlist_id == library.large:
                continue
            if _is_checked(evidence, playlist_id, begin, end):
                known.add(playlist_id)
                continue
            unlisted = playlist_id not in known and (
                day == chaos.calendar.days[0] or _is_forgotten(evidence, playlist_id, day, until)
            )
            unlisted |= _is_still_away(evidence, playlist_id, day, begin)
            unlisted |= playlist_id not in known and _was_never_listed(evidence, until)
            asked = any(begin <= moment < end for moment, _ in evidence.requests[playlist_id])
            if (
                (missed and not asked)
                or unlisted
                or _is_explained(evidence, playlist_id, begin, until)
            ):
                continue
            reason = _last_word(evidence, playlist_id, until)
            yield f"{playlist_id} was not checked on {day}, and nothing explains it; {reason}"


def _is_still_away(evidence: Evidence, playlist_id: str, day: date, begin: float) -> bool:
    """Whether the catalog had a playlist as retired, and a run could not list the library.

    The catalog knows what the indexer had merged; nothing says that the library has it again.
    """
    known = [
        sent
        for sent in evidence.sent.get(playlist_id, ())
        if evidence.merged_at(sent.outcome) < begin
    ]
    away = bool(known) and max(known, key=lambda sent: sent.moment).outcome.status == "retired"
    return away and evidence.chaos.runs[day] in evidence.unlisted


def _was_never_listed(evidence: Evidence, end: float) -> bool:
    """Whether no run since the first day's had listed the library before a moment."""
    begin = evidence.run_moments[0]
    return not any(
        begin <= report.at.timestamp() < end and not report.failure for report in evidence.reports
    )


def _missed_run(evidence: Evidence, day: date) -> bool:
    """Whether the day's run became a dead letter of the lister."""
    return to_timestamp(evidence.chaos.runs[day]) in evidence.given_up


def _is_forgotten(evidence: Evidence, playlist_id: str, day: date, end: float) -> bool:
    """Whether only a damaged catalog held a playlist, in a run that could not list the library."""
    return (
        evidence.chaos.runs[day] in evidence.unlisted
        and evidence.last_damage(CATALOG, before=end) > 0
        and all(snapshot.read_at.timestamp() > end for snapshot in evidence.snapshots[playlist_id])
    )


def _is_explained(evidence: Evidence, playlist_id: str, begin: float, end: float) -> bool:
    if _is_asked_seldom(evidence, playlist_id, begin) or _was_handled(
        evidence, playlist_id, begin, end
    ):
        return True
    words = [sent for sent in evidence.sent.get(playlist_id, ()) if begin <= sent.moment < end]
    for sent in words:
        if _is_true(evidence, playlist_id, sent, begin, end):
            return True
    asked = [
        moment for moment, _ in evidence.requests.get(playlist_id, ()) if begin <= moment < end
    ]
    return _longest_free(evidence, max(asked, default=begin), end) < _ENOUGH_SECONDS


def _is_true(evidence: Evidence, playlist_id: str, sent: Sent, begin: float, end: float) -> bool:
    """Whether an outcome is justified, and so explains that a playlist was not read in a run."""
    status, reason = sent.outcome.status, sent.outcome.reason
    if status in _FAILED:
        return any(
            hurt.about == playlist_id and sent.moment - _CAUSE_SECONDS <= hurt.moment <= sent.moment
            for hurt in evidence.chaos.hurt
        ) or any(
            action.whom == playlist_id and begin <= action.moment < end
            for action in evidence.chaos.of_actions("edit", "fault")
        )
    if status == "held":
        return _is_hollow(evidence, playlist_id, sent.moment) or (
            playlist_id == evidence.library.cut
            and _is_held_for_once(evidence, playlist_id, begin, end)
        )
    if _BUDGET.search(reason):
        spent = sum(
            sent.moment - _BUDGET_SECONDS < moment <= sent.moment
            and about != evidence.library.large
            for moment, about in evidence.chaos.sent
        )
        return spent >= _NEARLY_SPENT * evidence.library.budget
    return _PUT_OFF.search(reason) is not None


def _was_handled(evidence: Evidence, playlist_id: str, begin: float, end: float) -> bool:
    """Whether the owner changed a playlist's entries then, or there was a dead letter about it."""
    actions = evidence.chaos.of_actions("register", "deregister", "exclude", "include")
    return any(
        action.whom == playlist_id and begin - _CAUSE_SECONDS <= action.moment < end
        for action in actions
    ) or any(
        message.playlist_id == playlist_id and begin <= message.run.timestamp() < end
        for message in evidence.dead_letters
    )


def _longest_free(evidence: Evidence, begin: float, end: float) -> float:
    """Return the longest time, in seconds, in which FetchQueue was not blocked."""
    chaos = evidence.chaos
    blocked = [*chaos.parked, *chaos.dead]
    for day, run, _ in evidence.windows():
        if evidence.is_outage(run) and day in chaos.runs:
            blocked.append((run, run + _S3_REFUSES_SECONDS))
    spans = sorted(
        (max(begin, since), min(end, until))
        for since, until in blocked
        if since < end and until > begin
    )
    reached, free = begin, 0.0
    for since, until in spans:
        free = max(free, since - reached)
        reached = max(reached, until)
    return max(free, end - reached)


def _is_hollow(evidence: Evidence, playlist_id: str, moment: float) -> bool:
    """Whether Spotify showed a playlist as empty at that time."""
    return any(
        action.whom == playlist_id
        and action.moment <= moment <= action.moment + float(action.how) + 60
        for action in evidence.chaos.of_actions("hollow")
    )


def _is_checked(evidence: Evidence, playlist_id: str, begin: float, end: float) -> bool:
    return any(
        sent.outcome.status in {"ok", "retired"} and begin <= sent.moment < end
        for sent in evidence.sent.get(playlist_id, ())
    )


def _is_held_for_once(evidence: Evidence, playlist_id: str, begin: float, end: float) -> bool:
    """Whether a playlist is held for a great loss that the lister did not know of before.

    The lister knows what the indexer had merged by the time of the request. Damage to the catalog
    after the loss was found changes nothing.
    """
    held = [
        sent
        for sent in evidence.sent.get(playlist_id, ())
        if sent.outcome.status == "held" and sent.outcome.run not in evidence.chaos.forced
    ]
    found = next((sent for sent in held if begin <= sent.moment < end), None)
    if found is None:
        return False
    first = found.moment
    asked = min(
        (moment for moment, _ in evidence.requests.get(playlist_id, ()) if begin <= moment < first),
        default=begin,
    )
    known = max(begin - 2 * _DAY_SECONDS, evidence.last_damage(CATALOG, before=first))
    return not any(
        known < sent.moment < begin
        and evidence.merged_at(sent.outcome) < asked
        and sent.outcome.held
        and found.outcome.held
        and are_alike(sent.outcome.held.rows, found.outcome.held.rows)
        for sent in held
    )


def _last_word(evidence: Evidence, playlist_id: str, end: float) -> str:
    words = [sent for sent in evidence.sent.get(playlist_id, ()) if sent.moment < end]
    if not words:
        return "it never had an outcome"
    outcome = words[-1].outcome
    return f"{outcome.status} at {outcome.at:%Y-%m-%d %H:%M}: {outcome.reason}"


def _is_asked_seldom(evidence: Evidence, playlist_id: str, begin: float) -> bool:
    """Whether a playlist was closed or gone at its last read, forced runs aside.

    Closed playlists and Spotify's own are requested once a week. Others that are gone are requested
    after gaps that double up to a week, unless the library lists them.
    """
    # A later repetition of an outcome adds nothing.
    earlier = sorted(
        (
            sent
            for sent in evidence.sent.get(playlist_id, ())
            if sent.moment < begin and sent.outcome.run not in evidence.chaos.forced
        ),
        key=lambda sent: sent.outcome.at,
    )
    if not earlier:
        return False
    last = earlier[-1]
    ago = begin - last.outcome.at.timestamp()
    if last.outcome.status == "forbidden" or (
        last.outcome.status == "not_found" and playlist_id.startswith(_EDITORIAL)
    ):
        return ago < _SELDOM_SECONDS
    if last.outcome.status != "not_found":
        return False
    gone = takewhile(lambda sent: sent.outcome.status == "not_found", reversed(earlier))
    lasted = last.moment - min(sent.moment for sent in gone)
    unlisted = any(begin <= run.timestamp() < begin + _DAY_SECONDS for run in evidence.unlisted)
    return unlisted and ago < min(lasted, _SELDOM_SECONDS)
