"""The calendar of a simulation, and the record of all that it left behind."""

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
    """The days of planned events, counted from 0, the same with and without faults.

    Attributes:
        registered: the day on which the owner registers two playlists.
        unregistered: the day on which the owner takes one of them back.
        skipped: the day on which the schedule does not fire.
        stopped: the days from noon to noon of which the indexer does not run, with odd seeds.
        outage: the day on which S3 refuses everything for hours, in chaos only.
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
        """Whether the indexer does not run for a part of this day."""
        return self.stopped is not None and (
            self.stopped[0] <= self.days.index(day) <= self.stopped[1]
        )

    def turns_indexer(self, number: int) -> bool:
        return self.stopped is not None and number in self.stopped

    def is_calm(self, number: int) -> bool:
        """Whether the day has no faults, so that the archive can recover: the last day."""
        return number == len(self.days) - 1


class Handled(NamedTuple):
    """A message that a function handled, with the start and the end of its batch."""

    since: float
    until: float
    body: str


class Written(NamedTuple):
    """An object and the time at which it was written."""

    moment: float
    key: str
    body: bytes


class Mailed(NamedTuple):
    """A mail to the owner, and when SNS accepted it."""

    moment: float
    subject: str
    text: str


class Heard(NamedTuple):
    """The detail of an event, and when the bus accepted it."""

    moment: float
    detail: str


class Action(NamedTuple):
    """An action on the archive: `whom` is its object or playlist, `how` its details."""

    moment: float
    what: str
    whom: str
    how: str = ""


class Hurt(NamedTuple):
    """A request to Spotify without a good answer.

    Attributes:
        about: the playlist that it asked for, empty if none.
        who: the invocation that sent it, as `fetcher-7`.
        status: the HTTP status, None if no answer came.
    """

    moment: float
    about: str
    who: str
    status: int | None


class AskedToWait(NamedTuple):
    """Spotify asked the invocation `who`, as `fetcher-7`, to send nothing until a time."""

    moment: float
    until: float
    who: str


@dataclass
class Record:
    """All that a simulation left behind.

    Attributes:
        objects: the bucket at the end.
        rebuilt: the bucket after ledgers and pages were deleted and rebuilt.
        written: the snapshots as written; `written_at` holds the times.
        asked: the messages to the fetcher, with their times.
        outcomes: the messages to the indexer, with their times.
        merged: the messages that the indexer received.
        pages: the status pages as written.
        mails: the mails that SNS accepted for the owner.
        events: the events that the bus accepted.
        told: the playlists that the status page ever showed with another status than `ok`.
        catalogs: the catalog at the end of each day; `statuses` holds the status document.
        runs: the time of each day's run; days without one are missing.
        forced: the times of forced runs ahead of the clock; `forced_at` says when they began.
        turned: when the stand-in's day changed, and to which day.
        parked: the times in which requests were forbidden.
        torn: the edits in mid-read, by playlist and day.
        dead_letters: all dead letters, by queue; `left` holds those that were left at the end.
        lost: the dead letters that were never sent again, and other lost messages.
        expired: the number of messages that exceeded a queue's retention period.
        injected: the number of faults and actions of each kind.
        actions: the actions on registry and objects.
        damaged: the damaged bytes of each damaged object.
        set_aside: when each copy of a damaged object was made.
        dead: the times in which the fetcher did not run.
        hurt: the failed requests to Spotify.
        asked_to_wait: the pauses that Spotify asked for.
        struck: the invocations that were killed, or affected by a fault of AWS, with their ends.
        misled: the playlists for which Spotify sent a wrong value.
        overlaps: how often an invocation began while another function was running.
        broken: the failures of functions that no injected fault had struck.
        sent: the requests to the Web API, with their times.
        too_early: the requests that were sent during a pause.
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
    mails: list[Mailed] = field(default_factory=list)
    events: list[Heard] = field(default_factory=list)
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
    struck: dict[str, float] = field(default_factory=dict)
    misled: set[str] = field(default_factory=set)
    overlaps: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    invocations: int = 0
    failed: int = 0
    sent: list[tuple[float, str]] = field(default_factory=list)
    too_early: list[str] = field(default_factory=list)

    def most_requests_a_day(self) -> int:
        """Return the highest number of requests to Spotify within 24 hours."""
        most = first = 0
        for last, (moment, _) in enumerate(self.sent):
            while moment - self.sent[first][0] >= 86_400:  # noqa: PLR2004 - a day
                first += 1
            most = max(most, last - first + 1)
        return most

    def day_at(self, moment: float) -> date:
        """Return the stand-in's day at a time, which may be rounded to whole seconds."""
        turns = self.turned
        return turns[max(0, bisect_right(turns, moment, key=lambda turn: int(turn[0])) - 1)][1]

    def of_actions(self, *what: str) -> list[Action]:
        return [action for action in self.actions if action.what in what]
