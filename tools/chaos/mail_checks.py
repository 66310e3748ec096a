"""Checks of the mails to the owner, and of the events for other programs.

A mail is compared with the status documents, which another check verifies. An event is compared
with the final histories.
"""

import json
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from playlist_archive.documents.keys import CATALOG, STATUS_JSON, view_key
from playlist_archive.views.notice import plain_line
from playlist_archive.views.wording import artist_names, song_by
from tools.chaos.evidence import Evidence
from tools.chaos.record import Written

type Findings = Iterator[str]
type Json = dict[str, Any]

_DAY_SECONDS = 86_400
# A concern is not reported within this time after its last report.
_QUIET_SECONDS = 20 * 3_600
# An indexer runs for two minutes. So the page behind a mail is at most this much older, or the
# newest before that. Another indexer may write a newer page meanwhile.
_INDEXER_SECONDS = 121
_MOST_MAILS_A_DAY = 12

_LINE = re.compile(r"^- (?:Since \d{4}-\d\d-\d\d: )?(.+)$", re.MULTILINE)
_OF_PLAYLIST = re.compile(
    r'"(.+)" (cannot be read: .+|was to be read, and there is no answer|is read again'
    r"|is not archived any more)"
)
_OTHERS = re.compile(r"and [\d,]+ more")
_NOTICES = re.compile("attention|well again")
_DIGESTS = re.compile("added, .* removed")
_LEFT_OUT = re.compile(r"^(  [+-] )?and [\d,]+ more", re.MULTILINE)
_LONGEST_TEXT = 60
_TOLD_BY_ITSELF = frozenset({"not_found", "forbidden", "invalid", "unstable", "held"})


class Said(NamedTuple):
    """One statement in a mail."""

    moment: float
    what: str


def _lines(evidence: Evidence) -> Iterator[Said]:
    for mail in evidence.chaos.mails:
        if _NOTICES.search(mail.subject):
            yield from (Said(mail.moment, line) for line in _LINE.findall(mail.text))


class _Pages:
    """The status documents as they were written, with the moments."""

    def __init__(self, pages: list[Written]) -> None:
        self._pages = [page for page in pages if page.key == STATUS_JSON]

    def known_at(self, moment: float) -> Iterator[Json]:
        """Yield the possible status documents behind a mail that was sent then."""
        end = bisect_right(self._pages, moment, key=lambda page: page.moment)
        for page in reversed(self._pages[:end]):
            yield _decode(page.body)
            if page.moment < moment - _INDEXER_SECONDS:
                return

    def owners(self) -> dict[str, set[str]]:
        """Return the playlists that ever had a name, by the name's spelling in mails."""
        owners: dict[str, set[str]] = defaultdict(set)
        for page in self._pages:
            for playlist_id, entry in _decode(page.body)["playlists"].items():
                owners[plain_line(entry["name"]) or playlist_id].add(playlist_id)
        return owners


@cache
def _decode(body: bytes) -> Json:
    document: Json = json.loads(body)
    return document


def mails_tell_only_what_was_so(evidence: Evidence) -> Findings:
    """Every statement of a mail was true in a status document of that time."""
    pages = _Pages(evidence.chaos.pages)
    for said in _lines(evidence):
        if not any(_is_so(said, page) for page in pages.known_at(said.moment)):
            yield f"the mail of {_spell(said.moment)} says what was not so: {said.what}"


def _is_so(said: Said, page: Json) -> bool:
    if of_playlist := _OF_PLAYLIST.fullmatch(said.what):
        name, what = of_playlist.groups()
        entries = [
            entry
            for playlist_id, entry in page["playlists"].items()
            if (plain_line(entry["name"]) or playlist_id) == name
        ]
        return _is_so_of_playlist(what, entries)
    if _OTHERS.fullmatch(said.what):
        return True
    for beginning, holds in _OF_ALL.items():
        if said.what.startswith(beginning):
            return holds(said, page)
    subject = said.what.removesuffix(": there is nothing to correct any more")
    stands = any(plain_line(problem["subject"]) == subject for problem in page["problems"])
    return stands == (subject == said.what)


def _is_so_of_playlist(what: str, entries: list[Json]) -> bool:
    match what:
        case "is read again":
            return any(entry["status"] == "ok" for entry in entries)
        case "is not archived any more":
            return all(entry["status"] == "retired" for entry in entries)
        case "was to be read, and there is no answer":
            return any(entry["overdue_since"] for entry in entries)
    return any(what == _unreadable(entry) for entry in entries)


def _unreadable(entry: Json) -> str:
    reason = f" ({entry['reason']})" if entry["reason"] else ""
    return plain_line(f"cannot be read: {entry['status'].replace('_', ' ')}{reason}")


def _is_waiting(said: Said, page: Json) -> bool:
    waiting = [entry for entry in page["playlists"].values() if entry["status"] == "deferred"]
    return len(waiting) >= int(said.what.rpartition(" ")[2].replace(",", ""))


def _is_paused(said: Said, page: Json) -> bool:
    until = page["not_before"]
    return until is not None and datetime.fromisoformat(until).timestamp() > said.moment


_OF_ALL: Mapping[str, Callable[[Said, Json], bool]] = {
    "no playlist had a good check": lambda _, page: page["up_to_date"] == 0,
    "playlists are read again": lambda _, page: page["up_to_date"] > 0,
    "a run could not ask Spotify: ": lambda said, page: (
        said.what.endswith(plain_line(page["failure"])) and bool(page["failure"])
    ),
    "the last run could ask Spotify": lambda _, page: not page["failure"],
    "Spotify refuses the credentials: ": lambda _, page: bool(page["failure"]),
    "Spotify takes your consent, and it does not end soon": lambda _, page: (
        not page["failure"] or bool(page["authorization_ends"])
    ),
    "your consent at Spotify": lambda said, page: said.what.endswith(
        (page["authorization_ends"] or "never")[:10]
    ),
    "Spotify has answered only": _is_paused,
    "Spotify answers again": lambda said, page: not _is_paused(said, page),
    "playlists that wait for their turn": _is_waiting,
    "no playlist waits": lambda _, __: True,
    "objects that could not be read: ": lambda said, page: (
        bool(page["damaged"])
        and said.what.endswith(f" {len(page['damaged']):,}, as {min(page['damaged'])}")
    ),
    "the copies of damaged objects": lambda _, page: not page["damaged"],
    # The status document does not have these.
    "playlists whose pages do not show": lambda _, __: True,
    "all pages show": lambda _, __: True,
}


def what_lasts_is_mailed(evidence: Evidence) -> Findings:
    """A problem at the end of two days in a row was mailed, and not reported as over since.

    Its end may have been reported within the quiet time. A mail that lists only some concerns shows
    nothing about the others.
    """
    owners = _Pages(evidence.chaos.pages).owners()
    lines = list(_lines(evidence))
    cut_short = [said.moment for said in lines if _OTHERS.fullmatch(said.what)]
    days = [
        (run.timestamp() + _DAY_SECONDS - 1, _decode(evidence.chaos.statuses[day])["playlists"])
        for day, run in evidence.chaos.runs.items()
        if day in evidence.chaos.statuses and _is_readable(evidence.chaos.statuses[day])
    ]
    for (before, was), (moment, entries) in pairwise(days):
        if moment - before > 2 * _DAY_SECONDS or _was_disturbed(evidence, before, moment):
            continue
        for playlist_id, entry in entries.items():
            status = entry["status"]
            lasts = status in _TOLD_BY_ITSELF and was.get(playlist_id, {}).get("status") == status
            names = {name for name, owned_by in owners.items() if playlist_id in owned_by}
            if not lasts or any(len(owners[name]) > 1 for name in names):
                continue
            about = [
                said
                for said in lines
                if said.moment <= moment
                and (found := _OF_PLAYLIST.fullmatch(said.what))
                and found[1] in names
            ]
            bad = about and ("cannot be read" in about[-1].what or "no answer" in about[-1].what)
            recent = about and about[-1].moment > before - _QUIET_SECONDS
            if not bad and not recent and not cut_short:
                yield f"{playlist_id} was {status} from {entry['since']} to {_spell(moment)}, untold"


def _is_readable(body: bytes) -> bool:
    try:
        return "playlists" in _decode(body)
    except (ValueError, RecursionError, TypeError):
        return False


def _was_disturbed(evidence: Evidence, since: float, until: float) -> bool:
    """Whether the catalog, and with it the record of reports, was damaged."""
    return any(since <= moment <= until for moment in _damages(evidence))


def _damages(evidence: Evidence) -> list[float]:
    return [
        action.moment for action in evidence.chaos.of_actions("damage") if action.whom == CATALOG
    ]


def mails_come_seldom(evidence: Evidence) -> Findings:
    """Nothing is reported twice within the quiet time, and a day has few mails.

    A report is repeated if an indexer crashed before recording it, or the catalog was damaged.
    """
    owners = _Pages(evidence.chaos.pages).owners()
    said_last: dict[str, float] = {}
    for said in _lines(evidence):
        found = _OF_PLAYLIST.fullmatch(said.what)
        if found is None or len(owners[found[1]]) > 1:
            continue
        before = said_last.get(found[1], float("-inf"))
        said_last[found[1]] = said.moment
        if said.moment - before < _QUIET_SECONDS and not _may_repeat(evidence, before, said.moment):
            yield f"{found[1]} is mailed at {_spell(before)} and again at {_spell(said.moment)}"
    moments = [mail.moment for mail in evidence.chaos.mails]
    for moment in moments:
        count = sum(moment <= other < moment + _DAY_SECONDS for other in moments)
        if count > _MOST_MAILS_A_DAY:
            yield f"{count} mails came within a day of {_spell(moment)}"
            return


def _may_repeat(evidence: Evidence, since: float, until: float) -> bool:
    ends = [
        end for name, end in evidence.chaos.struck.items() if name.partition("-")[0] == "indexer"
    ]
    return any(since <= end <= until + _INDEXER_SECONDS for end in ends) or any(
        since - _INDEXER_SECONDS <= moment <= until for moment in _damages(evidence)
    )


type Change = tuple[str, str]
"""A playlist and the time of a change."""


def _changes(evidence: Evidence) -> dict[Change, Json]:
    """Return all changes of live snapshots in the final histories."""
    objects = evidence.chaos.objects
    found: dict[Change, Json] = {}
    for playlist_id in evidence.ledgers:
        history = json.loads(objects[view_key("history", playlist_id, ".json")])
        years = [json.loads(objects[it["path"].removeprefix("/")]) for it in history["older"]]
        sources = {it["time"]: it.get("source", "") for it in history["snapshots"]}
        for change in (it for document in (history, *years) for it in document["changes"]):
            if not sources.get(change["time"]):
                found[playlist_id, change["time"]] = change
    return found


def _spoilt(evidence: Evidence) -> set[str]:
    return {action.whom for action in evidence.chaos.of_actions("spoil")}


def each_change_is_an_event(evidence: Evidence) -> Findings:
    """Every change of a snapshot that was read live was published.

    After damage to the catalog, events begin with the next run.
    """
    heard = {_key(json.loads(event.detail)) for event in evidence.chaos.events}
    damages = _damages(evidence)
    for playlist_id, time in _changes(evidence).keys() - heard:
        moment = datetime.fromisoformat(time).timestamp()
        lost = any(damage - 2 * _DAY_SECONDS < moment < damage + _DAY_SECONDS for damage in damages)
        if not lost and playlist_id not in _spoilt(evidence):
            yield f"the change of {playlist_id} of {time} was never published"


def each_change_is_in_a_digest(evidence: Evidence) -> Findings:
    """Of every change up to the last run but one, a digest names the first song that came or went.

    A digest that names only some songs or playlists may leave it out. Where the catalog was damaged,
    digests begin anew, and what the owner had rebuilt may come too late.
    """
    days = sorted(run.timestamp() for run in evidence.chaos.runs.values())
    rebuilt = {action.whom for action in evidence.chaos.of_actions("rebuild")} | _spoilt(evidence)
    changes, damages = _changes(evidence), _damages(evidence)
    retold = {song["uri"] for change in changes.values() for song in change.get("renamed", ())}
    digests = [mail for mail in evidence.chaos.mails if _DIGESTS.search(mail.subject)]
    for (playlist_id, time), change in changes.items():
        moment = datetime.fromisoformat(time).timestamp()
        lost = any(damage - 2 * _DAY_SECONDS < moment < damage + _DAY_SECONDS for damage in damages)
        line = _digest_line(change, retold)
        if lost or line is None or moment > days[-2] or playlist_id in rebuilt:
            continue
        told = [mail for mail in digests if mail.moment >= moment and _may_name(mail.text, line)]
        if not told:
            yield f"the change of {playlist_id} of {time} is in no digest: {line.strip()}"


def _digest_line(change: Json, retold: Container[str]) -> str | None:
    """Return the line of the first song that came or went, None if its texts are uncertain."""
    for mark, songs in (("+", change.get("added", ())), ("-", change.get("removed", ()))):
        for song in songs[:1]:
            if song.get("name") and song["uri"] not in retold:
                artists = plain_line(artist_names(song["artists"]), _LONGEST_TEXT)
                return f"  {mark} {song_by(plain_line(song['name'], _LONGEST_TEXT), artists)}"
    return None


def _may_name(text: str, line: str) -> bool:
    return line in text.splitlines() or _LEFT_OUT.search(text) is not None


def events_tell_only_what_changed(evidence: Evidence) -> Findings:
    """Every event is a change in the histories, with its songs, and is repeated only for a reason.

    The histories have a song's newest texts, so only rows and URIs are compared.
    """
    changes, spoilt = _changes(evidence), _spoilt(evidence)
    times = Counter[str]()
    for event in evidence.chaos.events:
        detail = json.loads(event.detail)
        times[detail["id"]] += 1
        told, known = detail["change"], changes.get(_key(detail))
        if detail["playlist"]["id"] in spoilt:
            continue
        if known is None or told["counts"] != known["counts"]:
            yield f"the event of {_spell(event.moment)} tells no change: {_key(detail)}"
        elif detail["complete"] and _without_texts(told) != _without_texts(known):
            yield f"the event of {_spell(event.moment)} tells something else: {_key(detail)}"
    indexers = sum(name.partition("-")[0] == "indexer" for name in evidence.chaos.struck)
    for event_id, number in times.items():
        if number > 1 + indexers + len(_damages(evidence)):
            yield f"{event_id} was published {number} times"


def _without_texts(change: Json) -> Json:
    times = {name: change[name] for name in ("time", "after", "until", "counts")}
    lists = {
        name: [(song.get("row"), song.get("uri")) for song in songs]
        for name, songs in change.items()
        if isinstance(songs, list) and name != "moved"
    }
    return {**times, **lists}


def _key(detail: Json) -> Change:
    return detail["playlist"]["id"], detail["change"]["time"]


def _spell(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}"
