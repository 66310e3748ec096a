"""The checks of a simulation's result; each yields its findings in words."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec
from msgspec.structs import replace

from playlist_archive.documents.catalog import Catalog, decode_catalog
from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.keys import (
    ALL_FEED,
    CATALOG,
    DAMAGED,
    SPOTIFY_STATE,
    STATUS_JSON,
    followers_key,
    ledger_key,
)
from playlist_archive.documents.ledger import Interval, Ledger
from playlist_archive.documents.merge import merge
from playlist_archive.documents.messages import (
    DamageReport,
    Outcome,
    decode_fetch_request,
    decode_outcome,
)
from playlist_archive.documents.songs import encode_lines
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.errors import ArchiveError
from playlist_archive.events import parse_render_body
from playlist_archive.views import VIEWS, render_lines, render_pages
from playlist_archive.views.overview import render_overview
from playlist_archive.views.wording import day as wording_day
from playlist_archive.views.wording import days_apart
from tools.chaos.envelopes import unwrap_failure
from tools.chaos.evidence import CATALOG_DAMAGED, Contents, Evidence
from tools.chaos.mail_checks import (
    each_change_is_an_event,
    each_change_is_in_a_digest,
    events_tell_only_what_changed,
    mails_come_seldom,
    mails_tell_only_what_was_so,
    what_lasts_is_mailed,
)
from tools.chaos.memory import (
    a_great_loss_counts_the_second_time,
    no_great_loss_counts_at_once,
    requests_bring_what_is_known,
    the_catalog_tells_the_newest,
    the_status_is_the_last_word,
)
from tools.chaos.one_pass import documents_of_all_are_those_of_the_histories
from tools.chaos.pollers import POISON
from tools.chaos.reasons import (
    copies_are_named_soon,
    no_request_is_given_up,
    no_value_is_absurd,
    reasons_are_true,
    snapshots_to_come_are_told,
    what_failed_comes_last,
)
from tools.chaos.statement_checks import (
    damaged_objects_are_set_aside_or_mended,
    functions_fail_only_when_struck,
    names_are_told_alike,
    nothing_is_later_than_the_clock,
    snapshots_are_in_the_order_of_reading,
    status_pages_are_true,
)
from tools.chaos.waiting import nobody_waits_for_longer_than_faults_explain

_GAP = re.compile(
    r"^> Not (?:readable|archived) (?:on|from) (\S{10})(?: to (\S{10}))?", re.MULTILINE
)

_DAY_SECONDS = 86_400
# The longest pause that a function waits for itself; the time until it has stored a longer one.
_WAITED_FOR_SECONDS, _STORED_AFTER_SECONDS, _A_SECOND = 31, 60, 1
_OF_THE_PAST = frozenset({"cumulative", "history", "feeds", "table"})

type Findings = Iterator[str]
type Check = Callable[[Evidence], Findings]


def no_snapshot_is_lost(evidence: Evidence) -> Findings:
    """Every written snapshot is unchanged, and every good check left its contents in one."""
    chaos = evidence.chaos
    for key, body in chaos.written.items():
        if chaos.objects.get(key) != body:
            yield f"{key} is not what was written"
    for outcome in evidence.outcomes:
        if outcome.status != "ok":
            continue
        known = [
            snapshot
            for snapshot in evidence.snapshots.get(outcome.playlist_id, ())
            if snapshot.read_at <= outcome.at
        ]
        served = evidence.served(outcome.playlist_id, outcome.at)
        if not known or Contents.kept(known[-1]) not in served:
            yield (
                f"{outcome.playlist_id} was checked at {outcome.at}, "
                "but the snapshots do not hold its contents at that time"
            )


def no_snapshot_is_partial(evidence: Evidence) -> Findings:
    """Every snapshot is a version that the library had when it was read."""
    for playlist_id, snapshots in evidence.snapshots.items():
        for snapshot in snapshots:
            if Contents.kept(snapshot) not in evidence.served(playlist_id, snapshot.read_at):
                yield f"{playlist_id} never was as its snapshot of {snapshot.time} says"


def every_snapshot_is_a_change(evidence: Evidence) -> Findings:
    """No snapshot repeats the one before it, unless that one was damaged at the time."""
    for playlist_id, snapshots in evidence.snapshots.items():
        for before, after in pairwise(snapshots):
            spoilt = evidence.was_spoilt(playlist_id, after.read_at.timestamp())
            if before.content_hash() == after.content_hash() and not spoilt:
                yield f"the snapshot of {playlist_id} of {after.time} repeats the one before it"


def ledgers_are_clean_folds(evidence: Evidence) -> Findings:
    for playlist_id in evidence.snapshots.keys() | evidence.ledgers.keys():
        ledger = evidence.ledgers.get(playlist_id)
        snapshots = evidence.snapshots.get(playlist_id)
        if ledger is None or snapshots is None:
            yield f"{ledger_key(playlist_id)} and the snapshots do not match"
        elif replace(ledger, page_status=None) != fold_all(snapshots):
            yield f"{ledger_key(playlist_id)} is not the fold of the snapshots"


def pages_are_those_of_the_ledgers(evidence: Evidence) -> Findings:
    objects = evidence.chaos.objects
    views = tuple(f"playlists/{view}/" for view in VIEWS)
    left = {key for key in objects if key.startswith(views) and key != ALL_FEED}
    for ledger in evidence.ledgers.values():
        pages = render_pages(ledger)
        left -= pages.keys()
        for key, page in pages.items():
            if objects.get(key) != page.body:
                yield f"{key} is not what its ledger says"
    for key in sorted(left):
        yield f"{key} belongs to no ledger"


def the_songs_are_those_of_the_ledgers(evidence: Evidence) -> Findings:
    """Each partition of a song list has the lines of its playlists, and no others."""
    parts = song_parts(evidence.ledgers.values())
    objects = evidence.chaos.objects
    for key in sorted(
        parts.keys() | {key for key in objects if key.startswith("playlists/songs/")}
    ):
        if objects.get(key) != parts.get(key):
            yield f"{key} is not what the ledgers say"


def song_parts(ledgers: Iterable[Ledger]) -> dict[str, bytes]:
    """Return the song lists with the lines of these ledgers."""
    parts: dict[str, dict[str, bytes]] = defaultdict(dict)
    for ledger in ledgers:
        for key, line in render_lines(ledger).items():
            parts[key][ledger.playlist_id] = line
    return {key: encode_lines(lines) for key, lines in parts.items()}


def the_catalog_holds_every_outcome(evidence: Evidence) -> Findings:
    """The catalog equals a new merge of all messages the indexer took, and every page shows it.

    Messages from before the last damage to the catalog do not count, because they are lost with it.
    A damage report from before the catalog knew its playlist does not count either.
    """
    catalog = evidence.catalog
    taken = [
        message
        for message in evidence.merged(since=evidence.last_damage(CATALOG))
        if not isinstance(message, DamageReport)
        or (known := catalog.entries.get(message.playlist_id)) is None
        or message.at >= known.first_seen
    ]
    again = merge(catalog, taken)
    for playlist_id, entry in again.entries.items():
        known = catalog.entries.get(playlist_id)
        if known is None or replace(entry, announced=known.announced) != known:
            yield f"the catalog's entry of {playlist_id} is not what all its outcomes make of it"
    if again.report != catalog.report:
        yield "the catalog's report is not the newest"
    for playlist_id, _ in catalog.unsent():
        yield f"the page status of {playlist_id} was never sent"
    for playlist_id, entry in catalog.entries.items():
        snapshots, ledger = evidence.snapshots.get(playlist_id), evidence.ledgers.get(playlist_id)
        if snapshots and (entry.latest is None or entry.latest.time != snapshots[-1].time):
            yield f"the catalog does not know the newest snapshot of {playlist_id}"
        if ledger:
            page_status = entry.page_status(playlist_id, catalog.revision)
            for key, page in render_pages(replace(ledger, page_status=page_status)).items():
                if evidence.chaos.objects.get(key) != page.body:
                    yield f"{key} does not show the playlist's status"


def overview_pages_are_those_of_the_catalog(evidence: Evidence) -> Findings:
    objects = evidence.chaos.objects
    state = msgspec.json.decode(objects[SPOTIFY_STATE], type=SpotifyState)
    damaged = sorted(key for key in objects if key.startswith(DAMAGED))
    for key, page in render_overview(evidence.catalog, state, damaged).items():
        if objects.get(key) != page.body:
            yield f"{key} is not what the catalog says"


def follower_numbers_are_those_read(evidence: Evidence) -> Findings:
    """The follower numbers are exactly those that arrived; the newest read of a day counts.

    Numbers from before a damage to the series may be lost with it, and a damaged series holds none.
    Numbers that a forced run read ahead of the clock are dropped by the next run.
    """
    forced = {f"{run:%Y-%m-%d}" for run in evidence.chaos.forced}
    read: dict[str, dict[str, tuple[tuple[datetime, datetime], float, int]]] = defaultdict(dict)
    for handled in evidence.chaos.merged:
        message = decode_outcome(handled.body) if handled.body != POISON else None
        if isinstance(message, Outcome) and message.status == "ok" and message.header:
            playlist = evidence.served_whole(message.playlist_id, message.at)
            if playlist and message.header.followers is not None:
                days = read[followers_key(message.playlist_id)]
                found = (message.run, message.at), handled.since, playlist.followers
                day = f"{message.run:%Y-%m-%d}"
                days[day] = max(found, days.get(day, found))
    stored = {
        key: _decode_numbers(body)
        for key, body in evidence.chaos.objects.items()
        if key.startswith("playlists/followers/")
    }
    for key in sorted(read.keys() | stored.keys()):
        damaged = evidence.last_damage(key)
        known = stored.get(key, {})
        for day, (_, since, number) in read.get(key, {}).items():
            lost = day not in known and (since <= damaged or day in forced)
            if known.get(day) != number and not lost:
                yield f"{key} does not hold the number of {day} that was read"
        for day in known.keys() - read.get(key, {}).keys():
            yield f"{key} holds a number of {day}, when none was read"


def a_rebuild_gives_the_same_bytes(evidence: Evidence) -> Findings:
    before, after = evidence.chaos.objects, evidence.chaos.rebuilt
    # While the pages are missing, the owner is told so.
    told = {key for key in (CATALOG,) if _untold(before.get(key)) == _untold(after.get(key))}
    for key in sorted((before.keys() | after.keys()) - told):
        if before.get(key) != after.get(key):
            yield f"{key} is another after a rebuild"


def _untold(document: bytes | None) -> Catalog:
    return replace(decode_catalog(document), told={})


def pages_differ_from_peace_only_with_a_word(evidence: Evidence) -> Findings:
    """A playlist's pages are the same as without faults, or there is a named reason.

    A damaged catalog is a reason only for pages about the past.
    """
    for playlist_id, keys in differing_pages(evidence).items():
        excuses = evidence.excuses.get(playlist_id, set())
        if excuses == {CATALOG_DAMAGED}:
            keys = [key for key in keys if key.split("/")[1] not in _OF_THE_PAST]  # noqa: PLW2901
        if keys and excuses <= {CATALOG_DAMAGED}:
            yield f"{', '.join(keys)} differ from peace without a reason"


def differing_pages(evidence: Evidence) -> dict[str, list[str]]:
    """Return the pages that differ from those of the simulation without faults, by playlist."""
    chaos, peace = evidence.chaos.objects, evidence.peace.objects
    views = tuple(f"playlists/{view}/" for view in VIEWS)
    differing: dict[str, list[str]] = defaultdict(list)
    for key in sorted(chaos.keys() | peace.keys()):
        if key.startswith(views) and key != ALL_FEED and chaos.get(key) != peace.get(key):
            differing[key.split("/")[2][:22]].append(key)
    return differing


def playlists_in(objects: Mapping[str, bytes]) -> set[str]:
    """Return the playlists that have pages."""
    prefix = "playlists/pretty/"
    return {key.removeprefix(prefix)[:22] for key in objects if key.startswith(prefix)}


def nothing_is_silently_missing(evidence: Evidence) -> Findings:
    """After every run each playlist was either checked in it, or its status gives the reason.

    A dead letter sounds an alarm instead. If the library could not be listed, the run's report
    covers its new playlists. A damaged catalog is restored by the next run, except for playlists
    without a snapshot.
    """
    chaos = evidence.chaos
    damages = [action.moment for action in chaos.of_actions("damage") if action.whom == CATALOG]
    spoken_for = {(message.playlist_id, message.run) for message in evidence.dead_letters}
    known: set[str] = set()
    for day, document in chaos.catalogs.items():
        run = chaos.runs.get(day)
        if run and any(moment < run.timestamp() for moment in damages):
            damages = [moment for moment in damages if moment >= run.timestamp()]
            known.clear()
        if run and any(0 <= moment - run.timestamp() < _DAY_SECONDS for moment in damages):
            continue
        try:
            catalog = decode_catalog(document)
        except msgspec.DecodeError:
            continue  # it was damaged at that hour
        # The status document itself may have been damaged, or rolled back, and not written again yet.
        told = chaos.statuses.get(day, b"{}")
        status = _decode_json(told).get("playlists")
        if status is None or chaos.damaged.get(STATUS_JSON) == told:
            overdue = {*catalog.overdue()}
        else:
            overdue = _told_overdue(status)
        if run is not None and to_timestamp(run) not in evidence.given_up:
            unlisted = catalog.report is None or bool(catalog.report.failure)
            for playlist_id in evidence.owned(day):
                entry = catalog.entries.get(playlist_id)
                explained = entry is not None and (entry.status != "ok" or entry.run >= run)
                explained |= (playlist_id, run) in spoken_for
                explained |= playlist_id in overdue
                if not explained and not (unlisted and playlist_id not in known):
                    yield f"nothing shows that {playlist_id} was not checked in the run of {run}"
        known |= set(catalog.entries)


def _told_overdue(playlists: Mapping[str, Mapping[str, object]]) -> set[str]:
    return {playlist_id for playlist_id, entry in playlists.items() if entry.get("overdue_since")}


def _decode_json(body: bytes) -> dict[str, Any]:
    """Return a JSON object, an empty one if the bytes are not JSON."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        return {}


def _decode_numbers(body: bytes) -> dict[str, int]:
    """Return a series of followers, an empty one if the bytes are none."""
    try:
        return msgspec.json.decode(body, type=dict[str, int])
    except msgspec.DecodeError:
        return {}


def every_run_without_a_read_is_told_as_a_gap(evidence: Evidence) -> Findings:
    """Between two good checks a history names the days of all runs without a read, and no others.

    Facts that only a damaged catalog held may be missing, among them the good check of a run that
    was started again. Where the outcome of a read was lost, nobody knows of it.
    """
    lost = {
        (message.playlist_id, wording_day(message.run))
        for message in evidence.lost_on_the_way("OutcomeQueue")
        if isinstance(message, Outcome)
    }
    known = _runs_without_a_read(evidence, since=evidence.last_damage(CATALOG))
    for playlist_id, runs in _runs_without_a_read(evidence, since=0).items():
        gaps = _GAP.findall(_history(evidence, playlist_id))
        for day in sorted(map(wording_day, known.get(playlist_id, ()))):
            if not any(first <= day <= (last or first) for first, last in gaps):
                yield f"the history of {playlist_id} does not tell that it was not read on {day}"
        unread = set(map(wording_day, runs | known.get(playlist_id, set())))
        for first, _ in gaps:
            if first not in unread and (playlist_id, first) not in lost:
                yield f"the history of {playlist_id} tells a gap on {first}, when it was read"


def _runs_without_a_read(evidence: Evidence, since: float) -> dict[str, set[datetime]]:
    """Return, for each playlist, the runs before its last good check that had no good check.

    Only outcomes that the indexer took after `since` count.
    """
    good: dict[str, set[datetime]] = defaultdict(set)
    asked: dict[str, set[datetime]] = defaultdict(set)
    for message in evidence.merged(since):
        if isinstance(message, Outcome):
            asked[message.playlist_id].add(message.run)
            if message.status == "ok":
                good[message.playlist_id].add(message.run)
    return {
        playlist_id: {
            run
            for run in asked[playlist_id] - good[playlist_id]
            if ledger.first_read < run < max(good[playlist_id])
        }
        for playlist_id, ledger in evidence.ledgers.items()
        if good[playlist_id] and playlist_id not in evidence.forced
    }


def _history(evidence: Evidence, playlist_id: str) -> str:
    """Return the text of all history pages of a playlist."""
    prefix = f"playlists/history/{playlist_id}"
    pages = (body for key, body in evidence.chaos.objects.items() if key.startswith(prefix))
    return b"".join(pages).decode()


def removals_are_dated_truly(evidence: Evidence) -> Findings:
    """For every removal, the song was there when last seen, and gone when first missed."""
    for playlist_id, ledger in evidence.ledgers.items():
        if playlist_id in evidence.forced:
            continue
        history = _history(evidence, playlist_id)
        for occurrence in ledger.occurrences.values():
            uri = ledger.items[occurrence.item].uri
            for stay in occurrence.intervals:
                if stay.last_seen and stay.first_missing:
                    if not _was_removed_then(evidence, playlist_id, uri, occurrence.nth, stay):
                        yield f"{uri} did not leave {playlist_id} when its history says"
                    if not _is_worded(stay, history):
                        yield f"the history of {playlist_id} does not tell the gap around {uri}"


def _was_removed_then(
    evidence: Evidence, playlist_id: str, uri: str, nth: int, stay: Interval
) -> bool:
    assert stay.last_seen
    assert stay.first_missing
    # A row without an item may be any song.
    return any(
        before.count(uri) > nth or None in before
        for before in _uris_read(evidence, playlist_id, stay.last_seen)
    ) and any(
        after.count(uri) <= nth for after in _uris_read(evidence, playlist_id, stay.first_missing)
    )


def _uris_read(evidence: Evidence, playlist_id: str, run: str) -> Iterator[tuple[str | None, ...]]:
    """Yield the rows that the reads of a run may have seen, whenever these took place."""
    named = datetime.fromisoformat(run)
    moments = {
        sent.outcome.at
        for sent in evidence.sent[playlist_id]
        if sent.outcome.run == named and sent.outcome.status == "ok"
    }
    moments |= {
        snapshot.read_at for snapshot in evidence.snapshots[playlist_id] if snapshot.time == named
    }
    for moment in sorted(moments or {named}):
        for contents in evidence.served(playlist_id, moment):
            yield contents.uris


def _is_worded(stay: Interval, history: str) -> bool:
    assert stay.last_seen
    assert stay.first_missing
    last, first = map(datetime.fromisoformat, (stay.last_seen, stay.first_missing))
    if days_apart(last, first) <= 1:
        return f"#### {wording_day(first)}" in history
    return f"#### Between {wording_day(last)} and {wording_day(first)}" in history


def spotify_is_left_alone_when_it_asks(evidence: Evidence) -> Findings:
    """No request is sent while Spotify has asked to wait, and every long pause is stored."""
    chaos = evidence.chaos
    for request in chaos.too_early:
        yield f"sent while Spotify had asked to wait: {request}"
    for asked in chaos.asked_to_wait:
        stored = any(
            since < asked.until and asked.until - _A_SECOND <= until
            for since, until in chaos.parked
            if since < asked.moment + _STORED_AFTER_SECONDS
        )
        long = asked.until - asked.moment > _WAITED_FOR_SECONDS
        if long and asked.who not in chaos.struck and not stored:
            yield f"{asked.who} was asked to wait until {asked.until:.0f}, and did not store it"


def dead_letters_are_known_and_mended(evidence: Evidence) -> Findings:
    """Every dead letter is poison or a known message, and none is left at the end."""
    readers: dict[str, Callable[[str], object]] = {
        "FetchQueue": decode_fetch_request,
        "RenderQueue": parse_render_body,
        "OutcomeQueue": decode_outcome,
        "lister": unwrap_failure,
    }
    for queue, dead_letters in evidence.chaos.dead_letters.items():
        for dead_letter in dead_letters:
            try:
                if dead_letter != POISON:
                    readers[queue](dead_letter)
            except (ArchiveError, KeyError):
                yield f"unknown dead letter of {queue}: {dead_letter[:100]}"
    for message in evidence.chaos.left:
        yield f"still waits at the end: {message[:100]}"
    for queue, number in evidence.chaos.expired.items():
        if number and queue != "OutcomeQueue":
            yield f"{number} messages lay in {queue} for too long"


CHECKS: tuple[Check, ...] = (
    no_snapshot_is_lost,
    no_snapshot_is_partial,
    every_snapshot_is_a_change,
    ledgers_are_clean_folds,
    pages_are_those_of_the_ledgers,
    the_songs_are_those_of_the_ledgers,
    the_catalog_holds_every_outcome,
    overview_pages_are_those_of_the_catalog,
    documents_of_all_are_those_of_the_histories,
    follower_numbers_are_those_read,
    a_rebuild_gives_the_same_bytes,
    pages_differ_from_peace_only_with_a_word,
    nothing_is_silently_missing,
    removals_are_dated_truly,
    every_run_without_a_read_is_told_as_a_gap,
    spotify_is_left_alone_when_it_asks,
    dead_letters_are_known_and_mended,
    snapshots_are_in_the_order_of_reading,
    status_pages_are_true,
    nobody_waits_for_longer_than_faults_explain,
    nothing_is_later_than_the_clock,
    damaged_objects_are_set_aside_or_mended,
    functions_fail_only_when_struck,
    names_are_told_alike,
    the_catalog_tells_the_newest,
    the_status_is_the_last_word,
    requests_bring_what_is_known,
    no_great_loss_counts_at_once,
    a_great_loss_counts_the_second_time,
    reasons_are_true,
    snapshots_to_come_are_told,
    copies_are_named_soon,
    what_failed_comes_last,
    no_value_is_absurd,
    no_request_is_given_up,
    mails_tell_only_what_was_so,
    what_lasts_is_mailed,
    mails_come_seldom,
    each_change_is_an_event,
    each_change_is_in_a_digest,
    events_tell_only_what_changed,
)


def check_all(evidence: Evidence) -> dict[str, list[str]]:
    """Return the findings of each check, by the check's name in words."""
    return {check.__name__.replace("_", " "): list(_found(check, evidence)) for check in CHECKS}


def _found(check: Check, evidence: Evidence) -> Findings:
    try:
        yield from check(evidence)
    except Exception as error:  # noqa: BLE001 - whatever the code under test raises
        # The bucket is so broken that the check cannot read it.
        yield f"cannot be checked: {type(error).__name__}: {error}"
