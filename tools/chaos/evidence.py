"""The evidence for the checks: the records with and without faults, and facts derived from them."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cached_property
from typing import NamedTuple

from msgspec.structs import replace

from playlist_archive.documents.catalog import Catalog, decode_catalog
from playlist_archive.documents.keys import (
    CATALOG,
    ledger_part_key,
    parse_ledger_key,
    parse_snapshot_key,
)
from playlist_archive.documents.ledger import Ledger, decode_ledger
from playlist_archive.documents.ledger_partitions import decode_part, recalled
from playlist_archive.documents.messages import (
    DamageReport,
    FetchRequest,
    Outcome,
    OutcomeMessage,
    PagesWritten,
    RunReport,
    decode_fetch_request,
    decode_outcome,
)
from playlist_archive.documents.snapshot import Snapshot, decode_snapshot
from playlist_archive.documents.status import Status
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.errors import ArchiveError
from playlist_archive.events import parse_render_body
from tools.chaos.envelopes import unwrap_failure
from tools.chaos.faulty_playlists import WildLibrary
from tools.chaos.pollers import POISON
from tools.chaos.record import Record
from tools.stand_in.library import LIKED_SONGS, Playlist

# The longest time of a read; the playlist may change meanwhile.
_LONGEST_READ_SECONDS = 600
# An excuse for pages about the past only.
CATALOG_DAMAGED = "the catalog was damaged"


class Contents(NamedTuple):
    """The contents that a snapshot must share with the playlist that the stand-in served."""

    name: str
    description: str
    owner: str
    uris: tuple[str | None, ...]

    @classmethod
    def served(cls, playlist: Playlist, edits: int = 0) -> "Contents":
        """Return the contents after `edits` edits, each of which moves the first row to the end."""
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


class Sent(NamedTuple):
    """A message to the indexer, and when it was sent."""

    moment: float
    outcome: Outcome


class Evidence:
    """The records of chaos (with faults) and peace (without), and the library of both."""

    def __init__(self, library: WildLibrary, chaos: Record, peace: Record) -> None:
        self.library = library
        self.chaos = chaos
        self.peace = peace

    @cached_property
    def snapshots(self) -> dict[str, list[Snapshot]]:
        """The snapshots of each playlist, in the order of their keys."""
        found: dict[str, list[Snapshot]] = defaultdict(list)
        for key, body in self.chaos.objects.items():
            if parsed := parse_snapshot_key(key):
                found[parsed[0]].append(decode_snapshot(body))
        return found

    @cached_property
    def ledgers(self) -> dict[str, Ledger]:
        """The ledgers, including their yearly partitions."""
        objects = self.chaos.objects
        ledgers = [decode_ledger(body) for key, body in objects.items() if parse_ledger_key(key)]
        return {
            ledger.playlist_id: replace(
                recalled(
                    ledger,
                    [
                        decode_part(objects[ledger_part_key(ledger.playlist_id, year)])
                        for year in ledger.put_away
                    ],
                ),
                gone=None,
            )
            for ledger in ledgers
        }

    @cached_property
    def catalog(self) -> Catalog:
        return decode_catalog(self.chaos.objects[CATALOG])

    @cached_property
    def sent(self) -> dict[str, list[Sent]]:
        """The outcomes that were sent about each playlist, whether they arrived or not."""
        found: dict[str, list[Sent]] = defaultdict(list)
        for moment, body in self.chaos.outcomes:
            if body != POISON and isinstance(message := decode_outcome(body), Outcome):
                found[message.playlist_id].append(Sent(moment, message))
        return found

    @cached_property
    def outcomes(self) -> list[Outcome]:
        return [sent.outcome for found in self.sent.values() for sent in found]

    @cached_property
    def requests(self) -> dict[str, list[tuple[float, FetchRequest]]]:
        """The lister's requests to the fetcher, by playlist."""
        found: dict[str, list[tuple[float, FetchRequest]]] = defaultdict(list)
        for moment, request in self.asked:
            found[request.playlist_id].append((moment, request))
        return found

    @cached_property
    def asked(self) -> list[tuple[float, FetchRequest]]:
        """The lister's requests to the fetcher, in their order."""
        return [
            (moment, decode_fetch_request(body))
            for moment, body in self.chaos.asked
            if body != POISON
        ]

    @cached_property
    def taken(self) -> dict[str, list[Sent]]:
        """The outcomes of each playlist that the indexer took, with the end of their batch."""
        found: dict[str, list[Sent]] = defaultdict(list)
        for handled in self.chaos.merged:
            if handled.body != POISON and isinstance(
                message := decode_outcome(handled.body), Outcome
            ):
                found[message.playlist_id].append(Sent(handled.until, message))
        return found

    def merged(self, since: float = 0) -> Iterator[OutcomeMessage]:
        """Return the messages of all batches that the indexer began after `since`."""
        bodies = (handled.body for handled in self.chaos.merged if handled.since > since)
        return decode_outcomes(bodies)

    def lost_on_the_way(self, queue: str) -> Iterator[OutcomeMessage]:
        """Return the messages that were lost in a queue, or never sent again from its dead letters."""
        return decode_outcomes(action.how for action in self.chaos.lost if action.whom == queue)

    def merged_at(self, outcome: Outcome) -> float:
        """Return when the indexer first merged an outcome, infinity if it never did."""
        return self._merged_at.get((outcome.playlist_id, outcome.run, outcome.at), float("inf"))

    @cached_property
    def _merged_at(self) -> dict[tuple[str, datetime, datetime], float]:
        ends: dict[tuple[str, datetime, datetime], float] = {}
        for handled in self.chaos.merged:
            for message in decode_outcomes([handled.body]):
                if isinstance(message, Outcome):
                    found = message.playlist_id, message.run, message.at
                    ends[found] = min(handled.until, ends.get(found, handled.until))
        return ends

    def served(self, playlist_id: str, moment: datetime) -> set[Contents]:
        """Return the contents that the stand-in may have shown to a read that ended at `moment`."""
        found: set[Contents] = set()
        for day in self.days_of_a_read(moment):
            if playlist := self.library.find(playlist_id, day):
                edits = self.chaos.torn.get((playlist_id, day), 0)
                found |= {Contents.served(playlist, number) for number in range(edits + 1)}
        return found

    def days_of_a_read(self, moment: datetime) -> set[date]:
        end = moment.timestamp()
        return {self.chaos.day_at(end), self.chaos.day_at(end - _LONGEST_READ_SECONDS)}

    def served_whole(self, playlist_id: str, moment: datetime) -> Playlist | None:
        return self.library.find(playlist_id, self.chaos.day_at(moment.timestamp()))

    def owned(self, day: date) -> list[str]:
        """Return what the day's run had to archive: the user's own playlists, and Liked Songs."""
        run = self.chaos.runs[day].timestamp() if day in self.chaos.runs else 0.0
        present = self.in_library(day)
        listed = [
            id_
            for id_ in self.library.list_ids(day)
            if id_ in present and not self._is_excluded(id_, run)
        ]
        return [*listed, LIKED_SONGS]

    def _is_excluded(self, playlist_id: str, moment: float) -> bool:
        """Whether a playlist was excluded and not registered."""
        excluded = self.has_entry("exclude", playlist_id, moment)
        return excluded and not self.has_entry("register", playlist_id, moment)

    def has_entry(self, kind: str, playlist_id: str, moment: float) -> bool:
        """Whether an entry existed at a moment; `kind` is the action that writes it."""
        opposite = {"exclude": "include", "register": "deregister"}[kind]
        actions = [
            action.what
            for action in self.chaos.of_actions(kind, opposite)
            if action.whom == playlist_id and action.moment <= moment
        ]
        return bool(actions) and actions[-1] == kind

    def was_registered(self, playlist_id: str, moment: float) -> bool:
        """Whether a playlist had ever been registered before a moment."""
        return any(
            action.whom == playlist_id and action.moment <= moment
            for action in self.chaos.of_actions("register", "register as planned")
        )

    def in_library(self, day: date) -> set[str]:
        """Return the library's playlists on a day that belong to the user."""
        found = ((id_, self.library.find(id_, day)) for id_ in self.library.list_ids(day))
        user = self.library.user
        return {id_ for id_, playlist in found if playlist and playlist.is_readable_by(user)}

    def is_outage(self, moment: float) -> bool:
        """Whether a moment is on the day of the S3 outage."""
        number = self.chaos.calendar.days.index(self.chaos.day_at(moment))
        calm = self.chaos.calendar.is_calm(number)
        return number == self.chaos.calendar.outage and not calm

    @cached_property
    def dead_letters(self) -> list[FetchRequest | Outcome]:
        """The messages about single playlists that became dead letters or were lost."""
        bodies = {
            dead_letter
            for dead_letters in self.chaos.dead_letters.values()
            for dead_letter in dead_letters
        }
        bodies |= {lost.how for lost in self.chaos.lost}
        return [message for body in sorted(bodies) if (message := _try_decode(body))]

    @cached_property
    def unrendered(self) -> set[str]:
        """The playlists with a lost message to the renderer."""
        found: set[str] = set()
        for lost in self.chaos.lost:
            if lost.whom == "RenderQueue":
                request, keys = parse_render_body(lost.how)
                parsed = filter(None, map(parse_snapshot_key, keys))
                found |= {request.playlist_id} if request else {id_ for id_, _ in parsed}
        return found

    @cached_property
    def given_up(self) -> set[str]:
        """The runs whose event became a dead letter of the lister, as `2026-10-01T04:00:00Z`."""
        dead_letters = map(unwrap_failure, self.chaos.dead_letters.get("lister", []))
        return {event["time"] for event in dead_letters if "time" in event}

    def last_damage(self, key: str, before: float = float("inf")) -> float:
        """Return when an object was last damaged, 0 if it never was."""
        moments = (
            action.moment
            for action in self.chaos.of_actions("damage")
            if action.whom == key and action.moment < before
        )
        return max(moments, default=0.0)

    def was_spoilt(self, playlist_id: str, moment: float) -> bool:
        """Whether a snapshot of a playlist was damaged then; every second action restores it."""
        actions = [
            action.moment for action in self.chaos.of_actions("spoil") if action.whom == playlist_id
        ]
        return bisect_right(actions, moment) % 2 == 1

    @cached_property
    def handled_by_hand(self) -> set[str]:
        """The playlists whose registry entries or exclusions the owner changed."""
        actions = self.chaos.of_actions("register", "deregister", "exclude", "include")
        return {action.whom for action in actions}

    @cached_property
    def forced(self) -> set[str]:
        """The playlists that a forced run requested, or sent an outcome about."""
        runs = set(self.chaos.forced)
        reported = {outcome.playlist_id for outcome in self.outcomes if outcome.run in runs}
        return reported | {
            id_
            for id_, requests in self.requests.items()
            if any(request.run in runs for _, request in requests)
        }

    @cached_property
    def run_moments(self) -> list[float]:
        return [run.timestamp() for run in self.chaos.runs.values()]

    @property
    def ended(self) -> datetime:
        """When the last object was written that had not been there before."""
        return datetime.fromtimestamp(max(self.chaos.written_at.values()), UTC)

    def windows(self) -> Iterator[tuple[date, float, float]]:
        """Yield each day with a run, and the times of that run and of the next one."""
        days = list(self.chaos.runs)
        ends = [*self.run_moments[1:], float("inf")]
        yield from zip(days, self.run_moments, ends, strict=True)

    @cached_property
    def excuses(self) -> Mapping[str, set[str]]:
        """The reasons why a playlist's pages may differ from those without faults.

        The playlist was not read on a day on which it was read without faults, or it was read at
        another time or by another run, or it had changed, or somebody changed stored objects.
        """
        excuses: dict[str, set[str]] = defaultdict(set)
        for playlist_id, reason in (*self._unread(), *self._read_otherwise()):
            excuses[playlist_id].add(reason)
        for playlist_id in self._read_more_often():
            excuses[playlist_id].add("read between two reads of peace, before it changed")
        playlists_by_reason: Mapping[str, Iterable[str]] = {
            "edited in mid-read": (playlist_id for playlist_id, _ in self.chaos.torn),
            "its registry entry was changed": self.handled_by_hand,
            "a snapshot of it was damaged": {
                action.whom for action in self.chaos.of_actions("spoil")
            },
            "a forced run reached it": self.forced,
            "Spotify told something wrong": self.chaos.misled,
            "its name depends on those of others": self.library.confusable,
            CATALOG_DAMAGED: self.snapshots if self.last_damage(CATALOG) else (),
        }
        for reason, playlists in playlists_by_reason.items():
            for playlist_id in playlists:
                excuses[playlist_id].add(reason)
        return excuses

    def _unread(self) -> Iterator[tuple[str, str]]:
        """Yield the playlists that a run read without faults but not with them, and the reason.

        A held loss counts as a read. If the run read nothing in chaos, the history gives another
        reason for its day, and a later run is the first to find the loss.
        """
        good, held = runs_that_found(self.peace, "ok"), runs_that_found(self.peace, "held")
        still_good = runs_that_found(self.chaos, "ok")
        still_read = runs_that_found(self.chaos, "ok", "held")
        for playlist_id in sorted(good.keys() | held.keys()):
            for run in (good[playlist_id] - still_good[playlist_id]) | (
                held[playlist_id] - still_read[playlist_id]
            ):
                if to_timestamp(run) in self.given_up:
                    yield playlist_id, "its run was given up"
                elif self.chaos.calendar.is_stopped(self.chaos.day_at(run.timestamp())):
                    yield playlist_id, "not read while the indexer stood still"
                elif playlist_id in self.chaos.told:
                    yield playlist_id, "not read, as its status said"
                elif run in self.unlisted and not self._was_known(playlist_id, run):
                    yield playlist_id, "new in a library that could not be listed"

    @cached_property
    def unlisted(self) -> set[datetime]:
        """The runs that never listed the library, according to their reports."""
        listed = {report.run for report in self.reports if not report.failure}
        return {report.run for report in self.reports} - listed

    def _was_known(self, playlist_id: str, run: datetime) -> bool:
        """Whether an outcome of a playlist was sent in a run or in an earlier one."""
        return any(sent.outcome.run <= run for sent in self.sent.get(playlist_id, ()))

    @cached_property
    def reports(self) -> list[RunReport]:
        """The reports that the lister sent, whether they arrived or not."""
        messages = decode_outcomes(body for _, body in self.chaos.outcomes)
        return [message for message in messages if isinstance(message, RunReport)]

    def _read_otherwise(self) -> Iterator[tuple[str, str]]:
        """Yield the playlists that an unscheduled run read or missed, or that were read late."""
        scheduled = set(self.chaos.runs.values())
        for playlist_id, snapshots in self.snapshots.items():
            if any(snapshot.time not in scheduled for snapshot in snapshots):
                yield playlist_id, "changed between two runs"
        for outcome in self.outcomes:
            if outcome.status != "ok" and outcome.run not in scheduled:
                yield outcome.playlist_id, "not read in a run that peace did not have"
            if outcome.status in {"ok", "held"} and self._had_changed(outcome):
                yield outcome.playlist_id, "read when it was another already"

    def _read_more_often(self) -> Iterator[str]:
        """Yield the playlists whose time of change is known more exactly with faults than without.

        They were read by another run, and found unchanged, between two reads of peace. Such a read
        may be on the day of the first one, because a change is dated after a moment and not after a
        day.
        """
        peace = runs_that_found(self.peace, "ok")
        for playlist_id, runs in runs_that_found(self.chaos, "ok").items():
            good = sorted(peace[playlist_id])
            for run in runs - peace[playlist_id]:
                until = next((other for other in good if other > run), run)
                if any(
                    run < snapshot.time <= until for snapshot in self.snapshots.get(playlist_id, ())
                ):
                    yield playlist_id

    def _had_changed(self, outcome: Outcome) -> bool:
        """Whether a playlist got another version between a run's time and the read."""
        days = {self.chaos.day_at(moment.timestamp()) for moment in (outcome.run, outcome.at)}
        found = {day: self.library.find(outcome.playlist_id, day) for day in days}
        return len({playlist.snapshot_id if playlist else "" for playlist in found.values()}) > 1


def decode_outcomes(bodies: Iterable[str]) -> Iterator[OutcomeMessage]:
    return (decode_outcome(body) for body in bodies if body != POISON)


def runs_that_found(record: Record, *statuses: Status) -> dict[str, set[datetime]]:
    """Return the runs that found each playlist in one of these statuses."""
    runs: dict[str, set[datetime]] = defaultdict(set)
    for message in decode_outcomes(body for _, body in record.outcomes):
        if isinstance(message, Outcome) and message.status in statuses:
            runs[message.playlist_id].add(message.run)
    return runs


def _try_decode(body: str) -> FetchRequest | Outcome | None:
    for decode in (decode_fetch_request, decode_outcome):
        with suppress(ArchiveError):
            message = decode(body)
            return None if isinstance(message, RunReport | DamageReport | PagesWritten) else message
    return None
