"""The days of an archive: schedule, deliveries, the owner's hand, and everything going wrong."""

import heapq
import json
import random as stdlib_random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Any, TextIO

import msgspec

from playlist_archive.credentials import Credentials
from playlist_archive.keys import CATALOG, SNAPSHOTS, SPOTIFY_STATE, STATUS_JSON, registry_key
from playlist_archive.moments import to_moment
from playlist_archive.spotify.state import SpotifyState
from tools.chaos.aws import Aws, S3Event
from tools.chaos.clock import SimulatedClock, govern_time
from tools.chaos.envelopes import unwrap_failure, wrap_failure, wrap_messages, wrap_s3_event
from tools.chaos.faults import Mischief, plan_spotify_day
from tools.chaos.functions import SimulatedFunction
from tools.chaos.queues import SimulatedQueue
from tools.chaos.record import Calendar, Record
from tools.chaos.spotify import Wire
from tools.chaos.stack import Stack
from tools.spotify.accounts import Client
from tools.spotify.library import Library
from tools.spotify.server import StandIn

POISON = "no message of this archive"

_DAY_SECONDS = 86_400
_SEVERAL_PAGES = 100
# Lambda tries an event again after one minute, then after two more.
_RETRY_SECONDS = (60, 120)
_DOUBLED, _LATE, _VERY_LATE, _UNDELETED = 0.05, 0.05, 0.01, 0.02
_OUTAGE_SECONDS = 2.5 * 3_600
_VIEWS = ("pretty", "cumulative", "plain", "history")


class Simulation:
    """One archive of a library, from its first day on; `calm` is without any fault."""

    def __init__(
        self, library: Library, days: Sequence[date], seed: int, *, calm: bool, log: TextIO
    ) -> None:
        self._library = library
        self._calendar = Calendar.of(days)
        self._seed = seed
        self._random = Random(seed)  # noqa: S311 - it is to be repeated
        self._stand_in = StandIn(library, day=days[0])
        urls = {
            "SpotifyApiUrl": f"{self._stand_in.url}/v1",
            "SpotifyAccountsUrl": self._stand_in.url,
        }
        self._stack = Stack(urls)
        self._clock = SimulatedClock(self._run_time(0) - timedelta(hours=1))
        self._mischief = Mischief(self._clock, self._random, calm=calm)
        self._queues = {
            name: SimulatedQueue(shape, self._clock, self._random)
            for name, shape in self._stack.queues.items()
        }
        for queue in self._queues.values():
            if queue.shape.dead_letters:
                queue.give_up = self._queues[queue.shape.dead_letters].send
        self._functions = {
            name: SimulatedFunction(shape, self._mischief, log)
            for name, shape in self._stack.functions.items()
        }
        self._aws = Aws(self._stack, self._queues, self._mischief)
        self._aws.watch = self._watch
        self._wire = Wire(self._clock, self._mischief)
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._indexer_runs = True
        self._record = Record(self._calendar)

    def run(self) -> Record:
        """Live through all days, mend what was given up, then make everything again."""
        with self._world():
            for number in range(len(self._calendar.days)):
                self._live(number)
            self._mischief.calm = True
            self._settle()
            self._redrive()
            self._settle()
            self._close()
            self._rebuild()
        return self._record

    @contextmanager
    def _world(self) -> Iterator[None]:
        parameter = self._stack.parameters["CredentialsParameter"]
        # stamina and botocore draw how long they wait from the standard generator.
        stdlib_random.seed(self._seed)
        with ExitStack() as stack:
            stack.enter_context(self._stand_in)
            stack.enter_context(govern_time(self._clock))
            stack.enter_context(self._aws.run(parameter, self._credentials()))
            stack.enter_context(self._wire.watch())
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
        self._go_on_until(run)
        self._turn_stand_in(number)
        if number != self._calendar.skipped:
            self._record.runs[self._calendar.days[number]] = self._run_time(number)
            self._schedule_run(run)
        self._at(run + 6 * 3_600, self._redrive)
        noon = run + 8 * 3_600
        if number == self._calendar.registered:
            self._at(noon, self._register)
        if number == self._calendar.unregistered:
            self._at(noon, self._unregister)
        if number in self._calendar.stopped:
            self._at(noon, self._turn_indexer)
        self._go_on_until(run + _DAY_SECONDS - 1)
        self._end_day(number)

    def _turn_stand_in(self, number: int) -> None:
        day, control = self._calendar.days[number], self._stand_in.control
        control.set_date(day)
        self._record.turned.append((self._clock.moment, day))
        if self._calendar.is_calm(number):
            self._mischief.calm = True
        if self._mischief.calm:
            return
        # The stand-in forgets a new refresh token with its faults: the owner logs in again.
        parameter = self._stack.parameters["CredentialsParameter"]
        self._aws.write_parameter(parameter, self._credentials())
        playlists = self._library.list_ids(day)
        long = [
            playlist_id
            for playlist_id in playlists
            if (found := self._library.find(playlist_id, day)) and len(found.rows) > _SEVERAL_PAGES
        ]
        # It undoes an edit by night, and Spotify never returns to an old version: only an archive
        # whose catalog is up to date can notice.
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
        event = {"time": to_moment(datetime.fromtimestamp(run, UTC))}
        for delay in self._delays("schedule"):
            self._at(run + min(delay, 3_000), self._lister_call(event))

    def _register(self) -> None:
        for playlist_id, alias in zip(self._chosen(), ("Our summer", "Rain, mostly"), strict=False):
            self._aws.write(registry_key(playlist_id), alias.encode())

    def _unregister(self) -> None:
        self._aws.delete(registry_key(self._chosen()[0]))

    def _chosen(self) -> Sequence[str]:
        return self._library.list_ids(self._calendar.days[0])[:2]

    def _turn_indexer(self) -> None:
        self._indexer_runs = not self._indexer_runs

    def _end_day(self, number: int) -> None:
        day, control = self._calendar.days[number], self._stand_in.control
        if self._indexer_runs:
            self._record.catalogs[day] = self._aws.read(CATALOG)
        for fault in control.state()["faults"]:
            self._record.injected[f"Spotify: {fault['kind']}"] += fault["struck"]
            if fault["kind"] == "torn" and fault["struck"]:
                playlist_id = fault["path"].split("/")[2]
                self._record.torn[playlist_id, day] = fault["struck"]
        control.clear_faults()

    def _redrive(self) -> None:
        for name, queue in self._queues.items():
            source = self._queues.get(queue.shape.dead_letters)
            if source is not None:
                for letter in source:
                    self._record.letters.setdefault(name, []).append(letter.body)
                    source.delete(letter)
                    if letter.body != POISON:
                        again = f"again-{next(self._number)}"
                        queue.send(letter.body, group=letter.group, deduplication_id=again)
        lister = self._functions["lister"].shape
        for letter in self._queues[lister.dead_letters]:
            self._record.letters.setdefault("lister", []).append(letter.body)
            self._queues[lister.dead_letters].delete(letter)
            self._lister_call(unwrap_failure(letter.body))()

    def _at(self, moment: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (moment, next(self._number), action))

    def _go_on_until(self, end: float) -> None:
        while (step := self._next_step()) and step[0] < end:
            self._clock.advance_to(step[0])
            step[1]()
        self._clock.advance_to(end)

    def _settle(self) -> None:
        """Go on until nothing waits any more."""
        while step := self._next_step():
            self._clock.advance_to(step[0])
            step[1]()

    def _next_step(self) -> tuple[float, Callable[[], None]] | None:
        steps: list[tuple[float, Callable[[], None]]] = []
        if self._agenda:
            steps.append((self._agenda[0][0], self._do_next))
        for function in self._functions.values():
            source = function.shape.source
            if source is None or (function.shape.name == "indexer" and not self._indexer_runs):
                continue
            ready = self._queues[source.queue].ready_at()
            if ready is not None:
                steps.append((ready + source.window_seconds, self._feeder(function)))
        return min(steps, key=lambda step: step[0], default=None)

    def _do_next(self) -> None:
        heapq.heappop(self._agenda)[2]()

    def _feeder(self, function: SimulatedFunction) -> Callable[[], None]:
        def feed() -> None:
            source = function.shape.source
            assert source
            queue = self._queues[source.queue]
            messages = queue.receive(source.batch_size)
            if not messages:
                return
            answer = self._invoke(function, wrap_messages(messages))
            if answer is None:
                return
            failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
            done = [message for message in messages if message.id not in failed]
            if function.shape.name == "indexer":
                self._record.merged += [message.body for message in done]
            for message in done:
                if not self._mischief.strike("SQS: delivered again", _UNDELETED):
                    queue.delete(message)

        return feed

    def _invoke(self, function: SimulatedFunction, event: dict[str, Any]) -> Any:
        self._wire.begin_invocation()
        return function.invoke(event)

    def _lister_call(
        self, event: dict[str, Any], begun: float = 0, tries: int = 0
    ) -> Callable[[], None]:
        """Return an asynchronous invocation, which Lambda repeats and at last gives up."""

        def call() -> None:
            function = self._functions["lister"]
            first = begun or self._clock.moment
            if self._invoke(function, event) is not None:
                return
            shape = function.shape
            if tries < shape.retries:
                again = self._clock.moment + _RETRY_SECONDS[min(tries, 1)]
                if again - first <= shape.longest_age_seconds:
                    self._at(again, self._lister_call(event, first, tries + 1))
                    return
            self._queues[shape.dead_letters].send(wrap_failure(event))

        return call

    def _watch(self, event: S3Event) -> None:
        """Note what is written, and let S3 announce it."""
        if event.key.startswith(SNAPSHOTS) and event.key not in self._record.written:
            self._record.written[event.key] = self._aws.read(event.key)
        elif event.key == SPOTIFY_STATE:
            state = msgspec.json.decode(self._aws.read(event.key), type=SpotifyState)
            self._wire.stored_until = state.not_before.timestamp() if state.not_before else 0.0
        elif event.key == STATUS_JSON:
            status = json.loads(self._aws.read(event.key))
            for playlist_id, entry in status["playlists"].items():
                if entry["status"] != "ok":
                    self._record.told.add(playlist_id)
        for wanted in self._stack.notifications:
            fits = event.key.startswith(wanted.prefix) and event.key.endswith(wanted.suffix)
            if wanted.event == event.kind and fits:
                self._announce(event, wanted.target)

    def _announce(self, event: S3Event, target: str) -> None:
        now = self._clock.moment
        announcement = wrap_s3_event(event, now)
        deliver = (
            partial(self._queues[target].send, json.dumps(announcement))
            if target in self._queues
            else self._lister_call(announcement)
        )
        for delay in self._delays("S3 event"):
            self._at(now + delay, deliver)

    def _delays(self, what: str) -> list[float]:
        """Return after how many seconds something is delivered: once as a rule, soon as a rule."""
        delays = []
        for _ in range(2 if self._mischief.strike(f"{what}: doubled", _DOUBLED) else 1):
            delay = 0.0 if self._mischief.calm else self._random.uniform(0, 3)
            if self._mischief.strike(f"{what}: late", _LATE):
                delay = self._random.uniform(10, 1_800)
            elif self._mischief.strike(f"{what}: very late", _VERY_LATE):
                delay = self._random.uniform(3_600, 2 * _DAY_SECONDS)
            delays.append(delay)
        return delays

    def _close(self) -> None:
        record = self._record
        record.objects = self._aws.read_all()
        record.outcomes = self._queues["OutcomeQueue"].sent
        record.sent = self._wire.sent
        record.too_early = self._wire.too_early
        for function in self._functions.values():
            record.invocations += function.invocations
            record.failed += function.failed
        for name, queue in self._queues.items():
            record.left += [f"{name}: {message.body}" for message in queue]
            record.expired[name] = len(queue.expired)
        record.injected += self._mischief.injected

    def _rebuild(self) -> None:
        made = ("state/ledgers/", *(f"playlists/{view}/" for view in _VIEWS))
        for key in self._record.objects:
            if key.startswith(made):
                self._aws.delete(key)
        self._lister_call({"rebuild": "all"})()
        self._settle()
        self._record.rebuilt = self._aws.read_all()
