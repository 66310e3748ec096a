"""What must hold after chaos; each check yields what it found wrong, in plain words."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from playlist_archive.catalog import Catalog, decode_catalog
from playlist_archive.errors import ArchiveError
from playlist_archive.events import parse_render_body
from playlist_archive.keys import (
    CATALOG,
    SPOTIFY_STATE,
    followers_key,
    ledger_key,
    parse_snapshot_key,
)
from playlist_archive.ledger import Interval, Ledger, decode_ledger, fold_all
from playlist_archive.merge import merge
from playlist_archive.messages import (
    FetchRequest,
    LedgerLost,
    Outcome,
    RunReport,
    decode_fetch_request,
    decode_outcome,
)
from playlist_archive.moments import to_moment
from playlist_archive.snapshot import Snapshot, decode_snapshot
from playlist_archive.spotify.state import SpotifyState
from playlist_archive.views import VIEWS, render_pages
from playlist_archive.views.site import render_site
from playlist_archive.views.wording import day as wording_day
from playlist_archive.views.wording import days_apart
from tools.chaos.envelopes import unwrap_failure
from tools.chaos.record import Record
from tools.chaos.simulation import POISON
from tools.spotify.library import Library, Playlist

_GAP = re.compile(
    r"^> Not (?:readable|archived) (?:on|from) (\S{10})(?: to (\S{10}))?", re.MULTILINE
)

type Findings = Iterator[str]
type Check = Callable[["Evidence"], Findings]


class Contents(NamedTuple):
    """What a snapshot must have in common with the playlist that the stand-in served."""

    name: str
    description: str
    owner: str
    uris: tuple[str | None, ...]

    @classmethod
    def served(cls, playlist: Playlist, edits: int = 0) -> "Contents":
        """Return what the playlist is after so many edits in mid-read: its first row goes last."""
        uris = tuple(row.item.uri if row.item else None for row in playlist.rows)
        first = edits % len(uris) if uris else 0
        return cls(
            playlist.name,
            playlist.description or "",
            playlist.owner.id,
            uris[first:] + uris[:first],
        )

    @classmethod
    def kept(cls, snapshot: Snapshot) -> "Contents":
        uris = tuple(row.item.uri if row.item else None for row in snapshot.rows)
        return cls(snapshot.name, snapshot.description, snapshot.owner.id, uris)


class Evidence:
    """What chaos and peace left behind, and the library that both archived."""

    def __init__(self, library: Library, chaos: Record, peace: Record) -> None:
        self.library = library
        self.chaos = chaos
        self.peace = peace

    @cached_property
    def snapshots(self) -> dict[str, list[Snapshot]]:
        """The snapshots of each playlist, oldest first."""
        found: dict[str, list[Snapshot]] = defaultdict(list)
        for key, body in self.chaos.objects.items():
            if parsed := parse_snapshot_key(key):
                found[parsed[0]].append(decode_snapshot(body))
        return found

    @cached_property
    def ledgers(self) -> dict[str, Ledger]:
        ledgers = (
            decode_ledger(body)
            for key, body in self.chaos.objects.items()
            if key.startswith("state/ledgers/")
        )
        return {ledger.playlist_id: ledger for ledger in ledgers}

    @cached_property
    def catalog(self) -> Catalog:
        return decode_catalog(self.chaos.objects[CATALOG])

    @cached_property
    def outcomes(self) -> list[Outcome]:
        """What the functions said about playlists, whether it arrived or not."""
        found = _decode(body for _, body in self.chaos.outcomes)
        return [message for message in found if isinstance(message, Outcome)]

    def served(self, playlist_id: str, moment: datetime) -> set[Contents]:
        """Return what the stand-in may have shown of a playlist at a moment."""
        day = self._day(moment)
        playlist = self.library.find(playlist_id, day)
        if playlist is None:
            return set()
        edits = self.chaos.torn.get((playlist_id, day), 0)
        return {Contents.served(playlist, number) for number in range(edits + 1)}

    def owned(self, day: date) -> list[str]:
        """Return the playlists that are archived unasked."""
        found = ((id_, self.library.find(id_, day)) for id_ in self.library.list_ids(day))
        user = self.library.user
        return [id_ for id_, playlist in found if playlist and playlist.is_readable_by(user)]

    def served_whole(self, playlist_id: str, moment: datetime) -> Playlist | None:
        return self.library.find(playlist_id, self._day(moment))

    def _day(self, moment: datetime) -> date:
        """Return the stand-in's day at a moment, which is known in whole seconds."""
        turns = self.chaos.turned
        return turns[bisect_right(turns, moment.timestamp(), key=lambda turn: int(turn[0])) - 1][1]

    @cached_property
    def given_up(self) -> set[str]:
        """The runs that the lister gave up, as `2026-10-01T04:00:00Z`."""
        letters = map(unwrap_failure, self.chaos.letters.get("lister", []))
        return {event["time"] for event in letters if "time" in event}

    @cached_property
    def excuses(self) -> Mapping[str, set[str]]:
        """Why a playlist's pages may tell another story than in peace.

        It was not read on a day on which it was read in peace, or it really was another.
        """
        read = _good_checks(self.chaos)
        excuses: dict[str, set[str]] = defaultdict(set)
        for playlist_id, runs in _good_checks(self.peace).items():
            for run in runs - read.get(playlist_id, set()):
                if to_moment(run) in self.given_up:
                    excuses[playlist_id].add("its run was given up")
                elif self.chaos.calendar.is_stopped(self._day(run)):
                    excuses[playlist_id].add("not read while the indexer stood still")
                elif playlist_id in self.chaos.told:
                    excuses[playlist_id].add("not read, as its status said")
        for playlist_id, _ in self.chaos.torn:
            excuses[playlist_id].add("edited in mid-read")
        return excuses


def _good_checks(record: Record) -> dict[str, set[datetime]]:
    """Return in which runs each playlist was checked with success."""
    runs: dict[str, set[datetime]] = defaultdict(set)
    for message in _decode(body for _, body in record.outcomes):
        if isinstance(message, Outcome) and message.status == "ok":
            runs[message.playlist_id].add(message.run)
    return runs


def _decode(bodies: Iterator[str]) -> Iterator[Outcome | RunReport | LedgerLost]:
    return (decode_outcome(body) for body in bodies if body != POISON)


def no_snapshot_is_lost(evidence: Evidence) -> Findings:
    """What was written stands, and every good check left its contents there."""
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
                "but the snapshots do not hold what it was"
            )


def no_snapshot_is_partial(evidence: Evidence) -> Findings:
    """Every snapshot is a version that the library had when it was read."""
    for playlist_id, snapshots in evidence.snapshots.items():
        for snapshot in snapshots:
            if Contents.kept(snapshot) not in evidence.served(playlist_id, snapshot.read_at):
                yield f"{playlist_id} never was as its snapshot of {snapshot.time} says"


def every_snapshot_is_a_change(evidence: Evidence) -> Findings:
    for playlist_id, snapshots in evidence.snapshots.items():
        for before, after in pairwise(snapshots):
            if before.content_hash() == after.content_hash():
                yield f"the snapshot of {playlist_id} of {after.time} repeats the one before it"


def ledgers_are_clean_folds(evidence: Evidence) -> Findings:
    for playlist_id in evidence.snapshots.keys() | evidence.ledgers.keys():
        ledger = evidence.ledgers.get(playlist_id)
        snapshots = evidence.snapshots.get(playlist_id)
        if ledger is None or snapshots is None:
            yield f"{ledger_key(playlist_id)} and the snapshots do not go together"
        elif replace(ledger, standing=None) != fold_all(snapshots):
            yield f"{ledger_key(playlist_id)} is not the fold of the snapshots"


def pages_are_those_of_the_ledgers(evidence: Evidence) -> Findings:
    objects = evidence.chaos.objects
    views = tuple(f"playlists/{view}/" for view in VIEWS)
    left = {key for key in objects if key.startswith(views)}
    for ledger in evidence.ledgers.values():
        pages = render_pages(ledger)
        left -= pages.keys()
        for key, page in pages.items():
            if objects.get(key) != page.body:
                yield f"{key} is not what its ledger says"
    for key in sorted(left):
        yield f"{key} belongs to no ledger"


def the_catalog_holds_every_outcome(evidence: Evidence) -> Findings:
    """All that the indexer took, merged once more, changes nothing; the renderer knows it all."""
    catalog = evidence.catalog
    again = merge(catalog, _decode(iter(evidence.chaos.merged)))
    for playlist_id, entry in again.entries.items():
        if entry != catalog.entries.get(playlist_id):
            yield f"the catalog's entry of {playlist_id} is not what all its outcomes make of it"
    if again.report != catalog.report:
        yield "the catalog's report is not the newest"
    for playlist_id, _ in catalog.unsent():
        yield f"the standing of {playlist_id} was never told"
    for playlist_id, entry in catalog.entries.items():
        snapshots, ledger = evidence.snapshots.get(playlist_id), evidence.ledgers.get(playlist_id)
        if snapshots and (entry.latest is None or entry.latest.time != snapshots[-1].time):
            yield f"the catalog does not know the newest snapshot of {playlist_id}"
        announced = entry.announced.standing if entry.announced else None
        if ledger and ledger.standing != announced:
            yield f"the pages of {playlist_id} do not know how it stands"


def site_pages_are_those_of_the_catalog(evidence: Evidence) -> Findings:
    objects = evidence.chaos.objects
    state = msgspec.json.decode(objects[SPOTIFY_STATE], type=SpotifyState)
    for key, page in render_site(evidence.catalog, state).items():
        if objects.get(key) != page.body:
            yield f"{key} is not what the catalog says"


def follower_numbers_are_those_read(evidence: Evidence) -> Findings:
    """Every number that arrived is kept, and no other is."""
    read: dict[str, dict[str, int]] = defaultdict(dict)
    for message in _decode(iter(evidence.chaos.merged)):
        if isinstance(message, Outcome) and message.status == "ok" and message.header:
            playlist = evidence.served_whole(message.playlist_id, message.at)
            if playlist and message.header.followers is not None:
                read[followers_key(message.playlist_id)][f"{message.run:%Y-%m-%d}"] = (
                    playlist.followers
                )
    stored = {
        key: msgspec.json.decode(body, type=dict[str, int])
        for key, body in evidence.chaos.objects.items()
        if key.startswith("playlists/followers/")
    }
    for key in sorted(read.keys() | stored.keys()):
        if read.get(key) != stored.get(key):
            yield f"{key} holds other numbers than were read"


def a_rebuild_gives_the_same_bytes(evidence: Evidence) -> Findings:
    before, after = evidence.chaos.objects, evidence.chaos.rebuilt
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield f"{key} is another after a rebuild"


def pages_differ_from_peace_only_with_a_word(evidence: Evidence) -> Findings:
    for playlist_id, keys in differing_pages(evidence).items():
        if playlist_id not in evidence.excuses:
            yield f"{', '.join(keys)} differ from peace without a word"


def differing_pages(evidence: Evidence) -> dict[str, list[str]]:
    """Return the pages that are not as in peace, by playlist."""
    chaos, peace = evidence.chaos.objects, evidence.peace.objects
    views = tuple(f"playlists/{view}/" for view in VIEWS)
    differing: dict[str, list[str]] = defaultdict(list)
    for key in sorted(chaos.keys() | peace.keys()):
        if key.startswith(views) and chaos.get(key) != peace.get(key):
            differing[key.split("/")[2][:22]].append(key)
    return differing


def nothing_is_silently_missing(evidence: Evidence) -> Findings:
    """After every run each playlist was either checked in it or says why not.

    For what became a dead letter the alarm speaks, and for a new playlist of a library that could
    not be listed the report of the run.
    """
    dead = {letter for letters in evidence.chaos.letters.values() for letter in letters}
    letters = [message for message in map(_try_decode, dead) if message]
    spoken_for = {(message.playlist_id, message.run) for message in letters}
    known: set[str] = set()
    for day, document in evidence.chaos.catalogs.items():
        catalog, run = decode_catalog(document), evidence.chaos.runs.get(day)
        if run is not None and to_moment(run) not in evidence.given_up:
            unlisted = catalog.report is not None and catalog.report.failure
            for playlist_id in evidence.owned(day):
                entry = catalog.entries.get(playlist_id)
                told = entry is not None and (entry.status != "ok" or entry.run >= run)
                told |= (playlist_id, run) in spoken_for
                if not told and not (unlisted and playlist_id not in known):
                    yield f"nothing tells that {playlist_id} was not checked in the run of {run}"
        known = set(catalog.entries)


def _try_decode(body: str) -> FetchRequest | Outcome | None:
    for decode in (decode_fetch_request, decode_outcome):
        with suppress(ArchiveError):
            message = decode(body)
            return None if isinstance(message, RunReport | LedgerLost) else message
    return None


def every_run_without_a_read_is_told_as_a_gap(evidence: Evidence) -> Findings:
    """Between two good checks, a history names the days of all runs that did not read, and no other."""
    good: dict[str, set[datetime]] = defaultdict(set)
    asked: dict[str, set[datetime]] = defaultdict(set)
    for message in _decode(iter(evidence.chaos.merged)):
        if isinstance(message, Outcome):
            asked[message.playlist_id].add(message.run)
            if message.status == "ok":
                good[message.playlist_id].add(message.run)
    for playlist_id, ledger in evidence.ledgers.items():
        unread = {
            wording_day(run)
            for run in asked[playlist_id] - good[playlist_id]
            if ledger.first_read < run < max(good[playlist_id])
        }
        gaps = _GAP.findall(_history(evidence, playlist_id))
        for day in sorted(unread):
            if not any(first <= day <= (last or first) for first, last in gaps):
                yield f"the history of {playlist_id} does not tell that it was not read on {day}"
        for first, _ in gaps:
            if first not in unread:
                yield f"the history of {playlist_id} tells a gap on {first}, when it was read"


def _history(evidence: Evidence, playlist_id: str) -> str:
    """Return the text of all history pages of a playlist."""
    prefix = f"playlists/history/{playlist_id}"
    pages = (body for key, body in evidence.chaos.objects.items() if key.startswith(prefix))
    return b"".join(pages).decode()


def removals_are_dated_truly(evidence: Evidence) -> Findings:
    """A song was there when it is said to have been seen last, and gone when it was missed."""
    for playlist_id, ledger in evidence.ledgers.items():
        told = _history(evidence, playlist_id)
        for occurrence in ledger.occurrences:
            uri = ledger.items[occurrence.item].uri
            for stay in occurrence.intervals:
                if stay.last_seen and stay.first_missing:
                    if not _was_removed_then(evidence, playlist_id, uri, occurrence.nth, stay):
                        yield f"{uri} did not leave {playlist_id} when its history says"
                    if not _is_worded(stay, told):
                        yield f"the history of {playlist_id} does not tell the gap around {uri}"


def _was_removed_then(
    evidence: Evidence, playlist_id: str, uri: str, nth: int, stay: Interval
) -> bool:
    assert stay.last_seen
    assert stay.first_missing
    last = evidence.served_whole(playlist_id, datetime.fromisoformat(stay.last_seen))
    first = evidence.served_whole(playlist_id, datetime.fromisoformat(stay.first_missing))
    if last is None or first is None:
        return False
    before, after = Contents.served(last).uris, Contents.served(first).uris
    # A row that Spotify says nothing about may be any song.
    return (before.count(uri) > nth or None in before) and after.count(uri) <= nth


def _is_worded(stay: Interval, told: str) -> bool:
    assert stay.last_seen
    assert stay.first_missing
    last, first = map(datetime.fromisoformat, (stay.last_seen, stay.first_missing))
    if days_apart(last, first) <= 1:
        return f"#### {wording_day(first)}" in told
    return f"#### Between {wording_day(last)} and {wording_day(first)}" in told


def spotify_is_left_alone_when_it_asks(evidence: Evidence) -> Findings:
    for request in evidence.chaos.too_early:
        yield f"sent while Spotify had asked to wait: {request}"


def dead_letters_are_known_and_mended(evidence: Evidence) -> Findings:
    """Each letter is poison or a message of ours that was given up, and was handled at last."""
    readers: dict[str, Callable[[str], object]] = {
        "FetchQueue": decode_fetch_request,
        "RenderQueue": parse_render_body,
        "OutcomeQueue": decode_outcome,
        "lister": unwrap_failure,
    }
    for queue, letters in evidence.chaos.letters.items():
        for letter in letters:
            try:
                if letter != POISON:
                    readers[queue](letter)
            except (ArchiveError, KeyError):
                yield f"nobody knows this letter of {queue}: {letter[:100]}"
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
    the_catalog_holds_every_outcome,
    site_pages_are_those_of_the_catalog,
    follower_numbers_are_those_read,
    a_rebuild_gives_the_same_bytes,
    pages_differ_from_peace_only_with_a_word,
    nothing_is_silently_missing,
    removals_are_dated_truly,
    every_run_without_a_read_is_told_as_a_gap,
    spotify_is_left_alone_when_it_asks,
    dead_letters_are_known_and_mended,
)


def check_all(evidence: Evidence) -> dict[str, list[str]]:
    """Return what each check found, by its name in words."""
    return {check.__name__.replace("_", " "): list(check(evidence)) for check in CHECKS}
