"""Simulates the days of an archive: schedule, deliveries, the owner's actions, and all faults."""

import json
import random as stdlib_random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any, NamedTuple, TextIO

import msgspec

from playlist_archive.documents.keys import (
    ALL_FEED,
    CATALOG,
    CHANGES_JSON,
    CHANGES_PAGE,
    DAMAGED,
    INDEX_JSON,
    SNAPSHOTS,
    SPOTIFY_STATE,
    STATUS_JSON,
    STATUS_PAGE,
    registry_key,
)
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.ports.credentials import Credentials
from tools.chaos.actions import plan_actions
from tools.chaos.aws import Aws, S3Event
from tools.chaos.clock import SimulatedClock, govern_time
from tools.chaos.envelopes import wrap_failure, wrap_s3_event
from tools.chaos.environments import Answer, SimulatedFunction, hosting
from tools.chaos.faults import Mischief, plan_spotify_day
from tools.chaos.faulty_playlists import WildLibrary
from tools.chaos.pollers import POISON, Poller
from tools.chaos.queues import Message, SimulatedQueue
from tools.chaos.record import Action, Calendar, Handled, Heard, Mailed, Record, Written
from tools.chaos.scheduler import Scheduler
from tools.chaos.spotify import Wire
from tools.chaos.stack import Stack
from tools.chaos.world import World
from tools.stand_in.accounts import SCOPE, Client
from tools.stand_in.api import READ_LIKED
from tools.stand_in.server import StandIn
from tools.stand_in.shapes import App

_DAY_SECONDS = 86_400
_SEVERAL_PAGES = 100
# Lambda retries an event after one minute, then after two more.
_RETRY_SECONDS = (60, 120)
_DOUBLED, _LATE, _VERY_LATE, _LOST = 0.05, 0.05, 0.01, 0.002
_OUTAGE_SECONDS = 2.5 * 3_600
_VIEWS = ("pretty", "cumulative", "plain", "history", "feeds", "table", "songs")
_VICTIMS = 4
# One in this many seeds has a library without troubles, or an older kind of app.
_HEALTHY, _OLDER = 3, 4
# The number of first days of a healthy library without damage and without bad names.
_QUIET_DAYS = 2


class Conditions(NamedTuple):
    """The conditions on which the pages of a simulation without faults depend."""

    indexer_stands_still: bool
    app: App

    @classmethod
    def of(cls, days: Sequence[date], seed: int) -> "Conditions":
        app = App.OLDER if seed % _OLDER == 1 else App.NEW
        return cls(Calendar.of(days, seed).stopped is not None, app)


class Simulation:
    """One archive of a library, from its first day on.

    With `calm` there are no faults; `without` names kinds of actions and troubles to leave out.
    """

    def __init__(
        self,
        library: WildLibrary,
        days: Sequence[date],
        seed: int,
        *,
        calm: bool,
        log: TextIO,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self._library = library
        self._without = without
        self._calendar = Calendar.of(days, seed)
        self._seed = seed
        self._random = Random(seed)  # noqa: S311 - it is to be repeated
        self._log = log
        eve = days[0] - timedelta(days=1)
        self._stand_in = StandIn(
            library,
            app=Conditions.of(days, seed).app,
            day=eve,
            client=Client(scope=f"{SCOPE} {READ_LIKED}"),
        )
        parameters = {
            "SpotifyApiUrl": f"{self._stand_in.url}/v1",
            "SpotifyAccountsUrl": self._stand_in.url,
            "AlarmEmail": "owner@example.com",
            "Digest": "daily",
            "PublishEvents": "true",
            "ArchiveLikedSongs": "true",
        }
        # Some seeds have a healthy library, because otherwise no page would say that all is well.
        self._healthy = seed % _HEALTHY == 0
        if not calm and not self._healthy and "large" not in without:
            parameters["DailyRequestBudget"] = str(library.budget)
        self._stack = Stack(parameters)
        self._clock = SimulatedClock(self._run_time(0) - timedelta(hours=1))
        self._scheduler = Scheduler(self._clock)
        self._mischief = Mischief(self._clock, self._scheduler, self._random, calm=calm)
        self._record = Record(self._calendar)
        self._record.turned.append((self._clock.moment, eve))
        self._queues = {
            name: SimulatedQueue(shape, self._clock, self._random)
            for name, shape in self._stack.queues.items()
        }
        self._functions = {
            name: SimulatedFunction(shape, self._scheduler, self._mischief)
            for name, shape in self._stack.functions.items()
        }
        for function in self._functions.values():
            function.begun = partial(self._note_overlaps, function)
        self._pollers = {
            name: self._poller(function)
            for name, function in self._functions.items()
            if function.shape.source
        }
        for name, queue in self._queues.items():
            if queue.shape.dead_letters:
                queue.give_up = self._queues[queue.shape.dead_letters].send
                queue.loses = partial(self._lose, name)
        self._pollers["indexer"].handled = self._note_handled
        self._aws = Aws(self._queues, self._mischief)
        self._aws.watch = self._watch
        self._aws.mailed, self._aws.heard = self._note_mail, self._note_event
        self._wire = Wire(self._clock, self._scheduler, self._mischief)
        self._world = World(
            aws=self._aws,
            queues=self._queues,
            fetcher=self._pollers["fetcher"],
            clock=self._clock,
            scheduler=self._scheduler,
            mischief=self._mischief,
            record=self._record,
            call_lister=self._call_lister,
            edit=self._edit,
            ask_to_wait=self._ask_to_wait,
            wire=self._wire,
        )
        self._world.without = without
        # The fetcher returns messages on purpose to block FetchQueue; that is no failure.
        self._pollers["fetcher"].may_not_give_back = False
        tame = library.tame(days[0])
        known = [id_ for id_ in library.list_ids(days[0]) if id_ not in tame[:2]]
        self._victims = self._random.sample(known, min(_VICTIMS, len(known)))

    def _poller(self, function: SimulatedFunction) -> Poller:
        assert function.shape.source
        queue = self._queues[function.shape.source.queue]
        return Poller(function, queue, self._clock, self._scheduler, self._mischief)

    def run(self) -> Record:
        """Simulate all days, resolve dead letters, then rebuild ledgers and pages."""
        with self._hosting():
            # The owner starts a run before there is anything to archive.
            self._call_lister({})
            for number in range(len(self._calendar.days)):
                self._live(number)
            self._mischief.calm = True
            self._scheduler.settle()
            self._world.redrive()
            self._scheduler.settle()
            self._mend()
            self._close()
            self._rebuild()
        return self._record

    @contextmanager
    def _hosting(self) -> Iterator[None]:
        parameter = self._stack.parameters["CredentialsParameter"]
        # stamina and botocore draw their waits from the standard generator.
        stdlib_random.seed(self._seed)
        with ExitStack() as stack:
            stack.enter_context(self._stand_in)
            stack.enter_context(govern_time(self._clock, self._scheduler.wait))
            stack.enter_context(hosting(self._clock, self._scheduler, self._log))
            stack.enter_context(self._aws.run(parameter, self._credentials()))
            stack.enter_context(self._wire.connect(self._stand_in))
            stack.enter_context(self._scheduler.ending())
            yield

    def _credentials(self) -> str:
        given = Credentials(
            Client.id, Client.secret, Client.refresh_token, self._run_time(0) - timedelta(days=30)
        )
        return msgspec.json.encode(given).decode()

    def _run_time(self, number: int) -> datetime:
        hour, minute = self._stack.schedule()
        return datetime.combine(self._calendar.days[number], time(hour, minute), UTC)

    def _live(self, number: int) -> None:
        run = self._run_time(number).timestamp()
        self._scheduler.run_until(run)
        self._turn_stand_in(number)
        self._begin_day(number)
        if number != self._calendar.skipped:
            self._record.runs[self._calendar.days[number]] = self._run_time(number)
            self._schedule_run(run)
        self._scheduler.at(run + 6 * 3_600, self._world.redrive)
        noon = run + 8 * 3_600
        if number == self._calendar.registered:
            self._scheduler.at(noon, self._register)
        if number == self._calendar.unregistered:
            self._scheduler.at(noon, self._unregister)
        if self._calendar.turns_indexer(number):
            self._scheduler.at(noon, self._turn_indexer)
        if not self._mischief.calm:
            quiet = self._healthy and number < _QUIET_DAYS
            planned = plan_actions(self._random, self._victims, quiet=quiet)
            self._world.prepare(planned, self._run_time(number))
            if not self._calendar.is_calm(number) and self._random.random() < 0.5:  # noqa: PLR2004 - a half
                self._scheduler.at(
                    run + self._random.uniform(1_800, _DAY_SECONDS - 60),
                    partial(self._turn_stand_in, number + 1),
                )
        self._scheduler.run_until(run + _DAY_SECONDS - 1)
        self._end_day(number)

    def _turn_stand_in(self, number: int) -> None:
        """Make the stand-in serve another day, unless it already does."""
        day = self._calendar.days[number]
        if self._record.turned and self._record.turned[-1][1] == day:
            return
        self._stand_in.control.set_date(day)
        self._record.turned.append((self._clock.moment, day))

    def _begin_day(self, number: int) -> None:
        day, control = self._calendar.days[number], self._stand_in.control
        if self._mischief.calm:
            return
        # The stand-in forgets a new refresh token with its faults, so the owner logs in again.
        parameter = self._stack.parameters["CredentialsParameter"]
        self._aws.write_parameter(parameter, self._credentials())
        if self._calendar.is_calm(number):
            self._mischief.calm = True
            self._world.end()
            return
        self._wire.troubles = {
            playlist_id: trouble
            for playlist_id, trouble in self._library.troubles.items()
            if trouble not in self._without and not self._healthy
        }
        playlists = self._library.tame(day)
        long = [
            playlist_id
            for playlist_id in playlists
            if (found := self._library.find(playlist_id, day)) and len(found.rows) > _SEVERAL_PAGES
        ]
        # Unlike Spotify, the stand-in undoes such an edit at night and returns to an old version.
        # Only an archive with an up-to-date catalog can notice that.
        may_tear = not self._calendar.is_stopped(day)
        for kind, details in plan_spotify_day(self._random, playlists, long, may_tear=may_tear):
            control.add_fault(kind, **details)
        for queue in ("FetchQueue", "RenderQueue", "OutcomeQueue"):
            if self._mischief.strike(f"SQS: poison in {queue}", 0.1):
                self._queues[queue].send(POISON, group="spotify")
        if number == self._calendar.outage:
            begin = self._clock.moment + 60
            self._mischief.outage = (begin, begin + _OUTAGE_SECONDS)

    def _schedule_run(self, run: float) -> None:
        event = {"time": to_timestamp(datetime.fromtimestamp(run, UTC))}
        for delay in self._delays("schedule"):
            self._scheduler.at(run + min(delay, 3_000), partial(self._call_lister, event))

    def _edit(self, playlist_id: str) -> None:
        """Move a row of the playlist during its next read."""
        number = self._calendar.days.index(self._record.turned[-1][1])
        if not self._calendar.is_stopped(self._calendar.days[number]):
            self._stand_in.control.add_fault("torn", path=f"/playlists/{playlist_id}", times=1)

    def _ask_to_wait(self, seconds: int) -> None:
        """Answer only the next request for the library with 429."""
        self._stand_in.control.add_fault(
            "rate_limit", path="/me/playlists", times=1, retry_after=seconds
        )

    def _register(self) -> None:
        for playlist_id, alias in zip(self._chosen(), ("Our summer", "Rain, mostly"), strict=False):
            self._record.actions.append(
                Action(self._clock.moment, "register as planned", playlist_id)
            )
            self._aws.write(registry_key(playlist_id), alias.encode())

    def _unregister(self) -> None:
        self._aws.delete(registry_key(self._chosen()[0]))

    def _chosen(self) -> Sequence[str]:
        return self._library.tame(self._calendar.days[0])[:2]

    def _turn_indexer(self) -> None:
        indexer = self._pollers["indexer"]
        indexer.stands_still = not indexer.stands_still

    def _end_day(self, number: int) -> None:
        day, control = self._calendar.days[number], self._stand_in.control
        if not self._pollers["indexer"].stands_still:
            for key, kept in (
                (CATALOG, self._record.catalogs),
                (STATUS_JSON, self._record.statuses),
            ):
                if body := self._aws.find(key):
                    kept[day] = body
        for fault in control.state()["faults"]:
            self._record.injected[f"Spotify: {fault['kind']}"] += fault["struck"]
            if fault["struck"]:
                self._note_struck(number, fault)
        control.clear_faults()

    def _note_struck(self, number: int, fault: dict[str, Any]) -> None:
        """Record a fault of the stand-in, which affected one playlist or everything for a while."""
        path = (fault["path"] or "").split("/")
        about = path[2] if path[1:2] == ["playlists"] else ""
        moment = self._run_time(number).timestamp()
        if about:
            self._record.actions.append(Action(moment, "fault", about, fault["kind"]))
        elif fault["probability"] == 1.0 and fault["every"] == 1:
            self._record.actions.append(Action(moment, "stop", "", fault["kind"]))
        if fault["kind"] == "torn":
            # Either of the day's two versions may have been edited.
            for day in {self._calendar.days[number], self._record.turned[-1][1]}:
                edits = self._record.torn.get((about, day), 0)
                self._record.torn[about, day] = edits + fault["struck"]

    def _call_lister(self, event: dict[str, Any], begun: float = 0, tries: int = 0) -> None:
        """Begin an asynchronous invocation, which Lambda retries before it sends a dead letter."""
        lister = self._functions["lister"]
        first = begun or self._clock.moment

        def end(answer: Answer) -> None:
            if answer is not None:
                return
            if tries < lister.shape.retries:
                again = self._clock.moment + _RETRY_SECONDS[min(tries, 1)]
                if again - first <= lister.shape.longest_age_seconds:
                    repeat = partial(self._call_lister, event, first, tries + 1)
                    self._scheduler.at(again, repeat)
                    return
            self._queues[lister.shape.dead_letters].send(wrap_failure(event))

        lister.invoke(event, end)

    def _lose(self, queue: str, body: str) -> bool:
        if body == POISON or not self._mischief.strike(f"SQS: message lost in {queue}", _LOST):
            return False
        self._record.lost.append(Action(self._clock.moment, "lost", queue, body))
        return True

    def _note_overlaps(self, function: SimulatedFunction) -> None:
        """Count the other functions that are running when this one begins."""
        name = function.shape.name
        for other in self._functions.values():
            if other is function and other.at_work > 1:
                self._record.overlaps[name] += 1
            elif other is not function and other.at_work:
                self._record.overlaps["+".join(sorted((name, other.shape.name)))] += 1

    def _note_handled(self, message: Message, since: float) -> None:
        self._record.merged.append(Handled(since, self._clock.moment, message.body))

    def _note_mail(self, subject: str, text: str) -> None:
        self._record.mails.append(Mailed(self._clock.moment, subject, text))

    def _note_event(self, detail: str) -> None:
        self._record.events.append(Heard(self._clock.moment, detail))

    def _watch(self, event: S3Event) -> None:
        """Record a write, and send S3's notification about it."""
        body = self._aws.find(event.key) or b""
        if self._scheduler.current:
            self._note_written(event.key, body)
        elif event.key == SPOTIFY_STATE:
            self._wire.note_stored(0.0)
        for wanted in self._stack.notifications:
            fits = event.key.startswith(wanted.prefix) and event.key.endswith(wanted.suffix)
            if wanted.event == event.kind and fits:
                self._announce(event, wanted.target)

    def _note_written(self, key: str, body: bytes) -> None:
        record, now = self._record, self._clock.moment
        self._world.keep_version(key, body)
        if key.startswith(DAMAGED):
            record.set_aside.setdefault(key, now)
        elif key.startswith(SNAPSHOTS) and key not in record.written:
            record.written[key] = body
            record.written_at[key] = now
        elif key == SPOTIFY_STATE:
            state = msgspec.json.decode(body, type=SpotifyState)
            until = state.not_before.timestamp() if state.not_before else 0.0
            self._wire.note_stored(until)
            if until > now and (not record.parked or record.parked[-1][1] != until):
                record.parked.append((now, until))
        elif key in {STATUS_JSON, STATUS_PAGE}:
            record.pages.append(Written(now, key, body))
            if key == STATUS_JSON:
                for playlist_id, entry in json.loads(body)["playlists"].items():
                    if entry["status"] != "ok" or entry.get("overdue_since"):
                        record.told.add(playlist_id)

    def _announce(self, event: S3Event, target: str) -> None:
        now = self._clock.moment
        announcement = wrap_s3_event(event, now)
        deliver: Callable[[], None] = (
            partial(self._queues[target].send, json.dumps(announcement))
            if target in self._queues
            else partial(self._call_lister, announcement)
        )
        for delay in self._delays("S3 event"):
            self._scheduler.at(now + delay, deliver)

    def _delays(self, what: str) -> list[float]:
        """Return the delays of each delivery: usually one, and usually a short one."""
        delays = []
        for _ in range(2 if self._mischief.strike(f"{what}: doubled", _DOUBLED) else 1):
            delay = 0.0 if self._mischief.calm else self._random.uniform(0, 3)
            if self._mischief.strike(f"{what}: late", _LATE):
                delay = self._random.uniform(10, 1_800)
            elif self._mischief.strike(f"{what}: very late", _VERY_LATE):
                delay = self._random.uniform(3_600, 2 * _DAY_SECONDS)
            delays.append(delay)
        return delays

    def _mend(self) -> None:
        """Rebuild playlists that are still damaged, as an owner would.

        Their pages or ledgers are still damaged, or a message to the renderer was lost.
        """
        playlists = self._world.list_unmended()
        if playlists:
            self._record.actions += [
                Action(self._clock.moment, "rebuild", id_) for id_ in playlists
            ]
            self._call_lister({"rebuild": playlists})
            self._scheduler.settle()

    def _close(self) -> None:
        record = self._record
        record.objects = self._aws.read_all()
        record.asked = self._queues["FetchQueue"].sent
        record.outcomes = self._queues["OutcomeQueue"].sent
        record.sent = self._wire.sent
        record.hurt = self._wire.hurt
        record.asked_to_wait = self._wire.asked_to_wait
        record.misled = self._wire.misled
        record.too_early = self._wire.too_early
        for function in self._functions.values():
            record.invocations += function.invocations
            record.failed += function.failed
            record.broken += function.broken
            record.struck |= function.struck
        for name, queue in self._queues.items():
            record.left += [f"{name}: {message.body}" for message in queue]
            record.expired[name] = len(queue.expired)
        record.injected += self._mischief.injected

    def _rebuild(self) -> None:
        made = (
            "state/ledgers/",
            *(f"playlists/{view}/" for view in _VIEWS),
            *(INDEX_JSON, CHANGES_JSON, CHANGES_PAGE, ALL_FEED),
        )
        for key in self._record.objects:
            if key.startswith(made):
                self._aws.delete(key)
        self._call_lister({"rebuild": "all"})
        self._scheduler.settle()
        self._record.rebuilt = self._aws.read_all()
