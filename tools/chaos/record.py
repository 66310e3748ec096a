"""What happens when in a simulation, and what it leaves behind."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

type Torn = dict[tuple[str, date], int]
"""How often the stand-in moved a row of a playlist in the middle of a day's reads."""


@dataclass(frozen=True)
class Calendar:
    """What happens to the archive on which day, counted from 0, in peace and in chaos alike.

    The owner registers two playlists and later takes one back; one day is `skipped`, its schedule
    never fires; with every other seed the indexer stands still from noon of the first to noon of
    the last day of `stopped`. In chaos, S3 refuses everything for hours on the day `outage`.
    """

    days: Sequence[date]
    registered: int
    unregistered: int
    skipped: int
    stopped: tuple[int, int] | None
    outage: int

    @classmethod
    def of(cls, days: Sequence[date], seed: int) -> "Calendar":
        def share(day_of_thirty: int) -> int:
            return day_of_thirty * len(days) // 30

        return cls(
            days=days,
            registered=share(3),
            unregistered=share(26),
            skipped=share(7),
            stopped=(share(10), share(20)) if seed % 2 else None,
            outage=share(23),
        )

    def is_stopped(self, day: date) -> bool:
        """Whether the indexer stands still on some of this day."""
        return self.stopped is not None and (
            self.stopped[0] <= self.days.index(day) <= self.stopped[1]
        )

    def turns_indexer(self, number: int) -> bool:
        return self.stopped is not None and number in self.stopped

    def is_calm(self, number: int) -> bool:
        """Whether nothing goes wrong on this day: the last, so that all may heal."""
        return number == len(self.days) - 1


class Handled(NamedTuple):
    """A message that a function handled: from when until when, and what it said."""

    since: float
    until: float
    body: str


class Written(NamedTuple):
    """An object as it was written at a moment."""

    moment: float
    key: str
    body: bytes


class Action(NamedTuple):
    """Something that somebody did to the archive, to which object or playlist, and how."""

    moment: float
    what: str
    whom: str
    how: str = ""


class Hurt(NamedTuple):
    """A request to Spotify without a good answer.

    `about` is the playlist that it was about, empty for none; `who` sent it, as `fetcher-7`;
    `status` is None where no answer came.
    """

    moment: float
    about: str
    who: str
    status: int | None


class AskedToWait(NamedTuple):
    """Spotify asked `who`, as `fetcher-7`, at a moment to send nothing until another."""

    moment: float
    until: float
    who: str


@dataclass
class Record:
    """What a simulation left behind.

    Attributes:
        objects: the bucket at the end.
        rebuilt: the bucket after ledgers and pages were thrown away and made again.
        written: the snapshots as they were when they were written; `written_at` is when.
        asked: what was sent to the fetcher, and when.
        outcomes: what was sent to the indexer, and when.
        merged: what the indexer took.
        pages: the status pages that were written.
        told: the playlists of which the status page ever told another status than `ok`.
        catalogs: the catalog at the end of each day; `statuses` the status page then.
        runs: the time of the run of each day that had one.
        forced: the times of runs that were forced though they lay ahead; `forced_at` is when.
        turned: when the stand-in's day was turned, and to which.
        parked: until when requests were forbidden, and since when that was stored.
        letters: what became dead letters, by queue; `left` is what lay there at the end.
        lost: the messages that never came back, by queue.
        expired: how many messages lay in a queue for longer than it keeps them.
        deeds: what was done to registry and objects by hand.
        damaged: what damaged objects were then.
        set_aside: when which copy of a damaged object was made.
        dead: when the fetcher stood still.
        hurt: which requests to Spotify failed.
        asked_to_wait: when Spotify asked to send nothing.
        struck: the invocations that were killed, or met a fault of AWS.
        overlaps: how often which functions were at work at the same time as another began.
        broken: the failures of functions that nothing had struck.
        misled: the playlists of which Spotify said something wrong.
    """

    calendar: Calendar
    objects: dict[str, bytes] = field(default_factory=dict)
    rebuilt: dict[str, bytes] = field(default_factory=dict)
    written: dict[str, bytes] = field(default_factory=dict)
    written_at: dict[str, float] = field(default_factory=dict)
    asked: list[tuple[float, str]] = field(default_factory=list)
    outcomes: list[tuple[float, str]] = field(default_factory=list)
    merged: list[Handled] = field(default_factory=list)
    pages: list[Written] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    catalogs: dict[date, bytes] = field(default_factory=dict)
    statuses: dict[date, bytes] = field(default_factory=dict)
    runs: dict[date, datetime] = field(default_factory=dict)
    forced: list[datetime] = field(default_factory=list)
    forced_at: list[float] = field(default_factory=list)
    turned: list[tuple[float, date]] = field(default_factory=list)
    parked: list[tuple[float, float]] = field(default_factory=list)
    torn: Torn = field(default_factory=dict)
    dead_letters: dict[str, list[str]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    lost: list[Action] = field(default_factory=list)
    expired: Counter[str] = field(default_factory=Counter)
    injected: Counter[str] = field(default_factory=Counter)
    actions: list[Action] = field(default_factory=list)
    damaged: dict[str, bytes] = field(default_factory=dict)
    set_aside: dict[str, float] = field(default_factory=dict)
    dead: list[tuple[float, float]] = field(default_factory=list)
    hurt: list[Hurt] = field(default_factory=list)
    asked_to_wait: list[AskedToWait] = field(default_factory=list)
    struck: set[str] = field(default_factory=set)
    misled: set[str] = field(default_factory=set)
    overlaps: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    invocations: int = 0
    failed: int = 0
    sent: list[tuple[float, str]] = field(default_factory=list)
    too_early: list[str] = field(default_factory=list)

    def most_requests_a_day(self) -> int:
        """Return how many requests Spotify was sent within 24 hours at most."""
        most = first = 0
        for last, (moment, _) in enumerate(self.sent):
            while moment - self.sent[first][0] >= 86_400:  # noqa: PLR2004 - a day
                first += 1
            most = max(most, last - first + 1)
        return most

    def day_at(self, moment: float) -> date:
        """Return the stand-in's day at a moment, which is known in whole seconds."""
        turns = self.turned
        return turns[max(0, bisect_right(turns, moment, key=lambda turn: int(turn[0])) - 1)][1]

    def of_actions(self, *what: str) -> list[Action]:
        return [action for action in self.actions if action.what in what]
