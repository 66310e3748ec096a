"""What happens when in a simulation, and what it leaves behind."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

type Torn = dict[tuple[str, date], int]
"""How often the stand-in moved a row of a playlist in the middle of a day's reads."""


@dataclass(frozen=True)
class Calendar:
    """What happens to the archive on which day, counted from 0, in peace and in chaos alike.

    The owner registers two playlists and later takes one back; one day is `skipped`, its schedule
    never fires; the indexer stands still from noon of the first to noon of the last day of
    `stopped`. In chaos, S3 refuses everything for hours on the day `outage`.
    """

    days: Sequence[date]
    registered: int
    unregistered: int
    skipped: int
    stopped: tuple[int, int]
    outage: int

    @classmethod
    def of(cls, days: Sequence[date]) -> "Calendar":
        def share(day_of_thirty: int) -> int:
            return day_of_thirty * len(days) // 30

        return cls(
            days=days,
            registered=share(3),
            unregistered=share(26),
            skipped=share(7),
            stopped=(share(10), share(20)),
            outage=share(23),
        )

    def is_stopped(self, day: date) -> bool:
        """Whether the indexer stands still on some of this day."""
        return self.stopped[0] <= self.days.index(day) <= self.stopped[1]

    def is_calm(self, number: int) -> bool:
        """Whether nothing goes wrong on this day: the last, so that all may heal."""
        return number == len(self.days) - 1


@dataclass
class Record:
    """What a simulation left behind.

    Attributes:
        objects: the bucket at the end.
        rebuilt: the bucket after ledgers and pages were thrown away and made again.
        written: the snapshots as they were when they were written.
        outcomes: what was sent to the indexer, and when.
        merged: what the indexer took.
        told: the playlists of which the status page ever told another status than `ok`.
        catalogs: the catalog at the end of each day.
        runs: the time of the run of each day that had one.
        turned: when the stand-in's day was turned, and to which.
        letters: what became dead letters, by queue; `left` is what lay there at the end.
        expired: how many messages lay in a queue for longer than it keeps them.
    """

    calendar: Calendar
    objects: dict[str, bytes] = field(default_factory=dict)
    rebuilt: dict[str, bytes] = field(default_factory=dict)
    written: dict[str, bytes] = field(default_factory=dict)
    outcomes: list[tuple[float, str]] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    catalogs: dict[date, bytes] = field(default_factory=dict)
    runs: dict[date, datetime] = field(default_factory=dict)
    turned: list[tuple[float, date]] = field(default_factory=list)
    torn: Torn = field(default_factory=dict)
    letters: dict[str, list[str]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    expired: Counter[str] = field(default_factory=Counter)
    injected: Counter[str] = field(default_factory=Counter)
    invocations: int = 0
    failed: int = 0
    sent: list[float] = field(default_factory=list)
    too_early: list[str] = field(default_factory=list)

    def most_requests_a_day(self) -> int:
        """Return how many requests Spotify was sent within 24 hours at most."""
        most = first = 0
        for last, moment in enumerate(self.sent):
            while moment - self.sent[first] >= 86_400:  # noqa: PLR2004 - a day
                first += 1
            most = max(most, last - first + 1)
        return most
