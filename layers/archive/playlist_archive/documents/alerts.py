"""Finds the owner's alerts in the catalog and in Spotify's state, and which of them are news.

A alert has a key, under which the catalog records its last report, and a grade; a higher grade is
news again. The end of an alert is news too, but only if it is certain: a playlist that waits to be
read may still be unreadable. After a report an alert is quiet for a while, so that flapping
alerts are reported seldom.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from playlist_archive.documents.catalog import AlertReport, Catalog, Entry
from playlist_archive.documents.messages import AUTHORISATION, CONSENT_WARNING_DAYS, RunReport
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.documents.status import spell_status

# Less than the time between two daily runs, even if one begins a little earlier.
QUIET = timedelta(hours=20)
# After this time a run is reported even if it is incomplete.
LONGEST_RUN = timedelta(hours=6)
# Shorter pauses are usual, and so is a budget that leaves playlists for the next day.
LONG_PAUSE = timedelta(days=1)
LONG_WAIT = timedelta(days=2)
LONG_BEHIND = timedelta(days=1)

CONSENT, FAILURE, STANDSTILL, PAUSE, WAITING, DAMAGED, BEHIND = (
    "consent",
    "failure",
    "standstill",
    "pause",
    "waiting",
    "damaged",
    "behind",
)
PLAYLIST, PROBLEM = "playlist/", "problem/"
_OVERDUE, _UNREADABLE = 1, 2
# Grades of the consent's end, by the remaining days.
_WEEK_DAYS = 7
_ENDS_IN_A_MONTH, _ENDS_IN_A_WEEK, _HAS_ENDED = 1, 2, 3

type Over = Literal["well", "gone"]


class Facts(NamedTuple):
    """The data from which the alerts are derived.

    Attributes:
        damaged: the keys of the copies of damaged objects.
        behind: the playlists whose pages are missing, or show an older snapshot than the newest.
    """

    catalog: Catalog
    state: SpotifyState
    damaged: frozenset[str]
    behind: frozenset[str]
    now: datetime


class Alert(NamedTuple):
    """A problem, since when it exists, and what the owner can do about it."""

    key: str
    grade: int
    since: datetime
    what: str
    advice: str


class News(NamedTuple):
    """The alerts to report, and the record of reports after sending.

    Attributes:
        over: the keys of alerts that ended, and whether all is well or the subject is gone.
    """

    alerts: tuple[Alert, ...]
    over: tuple[tuple[str, Over], ...]
    told: dict[str, AlertReport]

    def __bool__(self) -> bool:
        return bool(self.alerts or self.over)


def news(facts: Facts) -> News:
    """Return the alerts that differ from the last reports."""
    now, told = facts.now, facts.catalog.told
    present = {alert.key: alert for alert in alerts(facts)}
    fresh: list[Alert] = []
    over: list[tuple[str, Over]] = []
    new = dict(told)
    for key, alert in present.items():
        known = told.get(key, AlertReport(0, alert.since, now - QUIET))
        # A report dated in the future is from a wrong clock.
        if alert.grade == known.grade or now - QUIET < known.at <= now:
            continue
        if alert.grade < known.grade:
            new[key] = AlertReport(alert.grade, known.since, known.at)
        elif _is_settled(key, facts):
            # The reported warning came before the end of the consent, so its time is not the
            # beginning.
            lasts = known.grade and key != CONSENT
            since = known.since if lasts else alert.since
            new[key] = AlertReport(alert.grade, since, now)
            fresh.append(alert._replace(since=since))
    for key, known in told.items():
        if not known.grade or key in present or now - QUIET < known.at <= now:
            continue
        if _is_settled(key, facts) and (how := _is_over(key, facts)):
            new[key] = AlertReport(0, known.since, now)
            over.append((key, how))
    if new != told:
        new = {key: one for key, one in new.items() if one.grade or now - QUIET < one.at <= now}
    return News(tuple(fresh), tuple(over), dict(sorted(new.items())))


def alerts(facts: Facts) -> Iterator[Alert]:
    """Yield all present alerts."""
    catalog, now = facts.catalog, facts.now
    if report := catalog.report:
        yield from _of_report(report, facts.state, now)
        stands_still = any(catalog.active()) and not catalog.up_to_date()
        # A pause shorter than a day is usual.
        if stands_still and not facts.state.parked(now):
            what = "no playlist had a good check in the last run"
            advice = "see the reasons on the status page, then the fetcher's log"
            yield Alert(STANDSTILL, 1, report.run, what, advice)
    yield from _of_pause(facts.state, now)
    yield from _of_playlists(catalog, now)
    if facts.damaged:
        what = f"objects that could not be read: {len(facts.damaged):,}, as {min(facts.damaged)}"
        advice = "look at the copies under damaged/, then delete them"
        yield Alert(DAMAGED, len(facts.damaged), now, what, advice)
    if late := _behind(facts):
        what = f"playlists whose pages do not show their newest snapshot: {len(late):,}"
        advice = (
            "see whether the renderer works: its log and its dead-letter queue; then rebuild them"
        )
        yield Alert(BEHIND, 1, min(late), what, advice)


def _of_pause(state: SpotifyState, now: datetime) -> Iterator[Alert]:
    since = state.parked_since or state.parked_at
    if since and state.parked(now) and now - since >= LONG_PAUSE:
        what = f"Spotify has answered only that it wants no requests ({state.reason})"
        advice = "wait: reading goes on by itself. If it happens again, lower DailyRequestBudget"
        yield Alert(PAUSE, 1, since, what, advice)


def _of_playlists(catalog: Catalog, now: datetime) -> Iterator[Alert]:
    missed = catalog.missed()
    waiting: list[datetime] = []
    for playlist_id, entry in catalog.active():
        key, name = f"{PLAYLIST}{playlist_id}", _name(entry, playlist_id)
        if _is_unreadable(entry):
            what = f'"{name}" cannot be read: {_spell(entry)}'
            yield Alert(key, _UNREADABLE, entry.since, what, _advice(entry))
        elif playlist_id in missed:
            what = f'"{name}" was to be read, and there is no answer'
            advice = "see whether the fetcher works: its log and its dead-letter queue"
            yield Alert(key, _OVERDUE, missed[playlist_id], what, advice)
        elif entry.status == "deferred" and now - entry.since >= LONG_WAIT:
            waiting.append(entry.since)
    if waiting:
        what = f"playlists that wait for their turn for more than two days: {len(waiting):,}"
        advice = "see the reasons on the status page; a greater DailyRequestBudget reads more a day"
        yield Alert(WAITING, 1, min(waiting), what, advice)


def _of_report(report: RunReport, state: SpotifyState, now: datetime) -> Iterator[Alert]:
    if report.refused:
        what = f"Spotify refuses the credentials: {report.failure}"
        yield Alert(CONSENT, _HAS_ENDED, report.run, what, _LOG_IN)
    elif ends := report.authorization_ends:
        days = (ends - report.at).days
        on = f"{ends:%Y-%m-%d}"
        if ends <= report.at:
            what = f"your consent at Spotify has ended on {on}"
            yield Alert(CONSENT, _HAS_ENDED, ends, what, _LOG_IN)
        elif days <= CONSENT_WARNING_DAYS:
            grade = _ENDS_IN_A_WEEK if days <= _WEEK_DAYS else _ENDS_IN_A_MONTH
            what = f"your consent at Spotify ends on {on}"
            yield Alert(CONSENT, grade, report.run, what, _LOG_IN)
    if report.failure and not report.refused and not state.parked(now):
        what = f"a run could not ask Spotify: {report.failure}"
        advice = "nothing, unless the next run fails as well: then read the lister's log"
        yield Alert(FAILURE, 1, report.run, what, advice)
    for problem in report.problems:
        if problem.subject != AUTHORISATION:
            key = f"{PROBLEM}{problem.subject}"
            yield Alert(key, 1, report.run, problem.subject, problem.reason)


_LOG_IN = "log in to Spotify again: make login, or playlist-archive login"


def _is_unreadable(entry: Entry) -> bool:
    """Whether a playlist cannot be read for a reason of its own."""
    return entry.status not in {"ok", "retired", "deferred"} or (
        entry.status == "deferred" and entry.oversized
    )


def _name(entry: Entry, playlist_id: str) -> str:
    return entry.unique_name or entry.original_name(playlist_id)


def _spell(entry: Entry) -> str:
    reason = f" ({entry.reason})" if entry.reason else ""
    return f"{spell_status(entry.status)}{reason}"


def _advice(entry: Entry) -> str:
    match entry.status:
        case "not_found" | "forbidden":
            return "make it public or share it again, or remove or exclude it"
        case "held":
            return "look whether it is really so empty; the next run takes over what it finds then"
        case "deferred":
            return "change the setting that the reason names"
    return "nothing, unless it lasts: the next run tries again"


def _behind(facts: Facts) -> list[datetime]:
    entries = facts.catalog.entries
    newest = [
        entry.latest.time
        for playlist_id in facts.behind
        if (entry := entries.get(playlist_id)) and entry.latest
    ]
    return [time for time in newest if facts.now - time >= LONG_BEHIND]


def _is_settled(key: str, facts: Facts) -> bool:
    """Whether an alert may be reported now.

    Playlists are reported when the last run is complete or hours old, so that one run causes one
    mail. What was wrong before the last run is reported at once.
    """
    catalog, began = facts.catalog, facts.catalog.began()
    if not (key == STANDSTILL or key.startswith(PLAYLIST)) or began is None:
        return True
    if not catalog.overdue() or facts.now - began >= LONGEST_RUN:
        return True
    playlist_id = key.removeprefix(PLAYLIST)
    entry = catalog.entries.get(playlist_id)
    lasts = entry is not None and entry.status != "ok" and entry.since < began
    return lasts or playlist_id in catalog.missed()


def _is_over(key: str, facts: Facts) -> Over | None:
    """Return how a reported alert that no longer exists has ended; None if unknown."""
    if key.startswith(PROBLEM):
        return "gone"
    if key.startswith(PLAYLIST):
        entry = facts.catalog.entries.get(key.removeprefix(PLAYLIST))
        if entry is None or entry.status == "retired":
            return "gone"
        return "well" if entry.status == "ok" else None
    return "well" if _is_well(key, facts) else None


def _is_well(key: str, facts: Facts) -> bool:
    """Whether the subject of an alert that is not about a playlist is known to be well."""
    report = facts.catalog.report
    match key:
        case "standstill":
            return facts.catalog.up_to_date() > 0
        case "pause":
            return facts.state.parked_since is None
        case "failure":
            return report is not None and not report.failure
        case "consent":
            # A run that could not read the credentials shows nothing about the consent.
            return report is not None and bool(report.authorization_ends or not report.failure)
    return True
