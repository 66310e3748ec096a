"""What runs found out about one playlist, run by run, and the periods that follow from it.

A run is named by its time, and its outcomes are found out later. Where the name lies after the
moment of finding out, as in a simulation or with a wrong clock, the run is *ahead*. What is found
out later under an earlier name refutes it: that time had not come yet.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import groupby
from typing import Literal, Protocol, Self

import msgspec

from playlist_archive.documents.timestamps import Time

Status = Literal[
    "ok", "not_found", "forbidden", "invalid", "unstable", "held", "deferred", "retired"
]

# The reasons of a `deferred` playlist whose read is only a matter of its turn.
FIRST_READ_WAITS = "it waits for its first read"
NEXT_READ_WAITS = "it is archived again and waits to be read"


def spell_status(status: Status) -> str:
    """Return the word that pages and commands use for a status, as `not found`."""
    return status.replace("_", " ")


class StatusPeriod(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """Runs that found a playlist in the same status.

    They begin with `first`; `until` is the first run after them that found another, None while they
    last. `reason` is that of the last one, and `last` its time where it was not a good check, None
    if that is not known or it is the first.
    """

    first: Time
    status: Status
    reason: str = ""
    until: Time | None = None
    last: Time | None = None


class PageStatus(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a playlist's pages show besides its snapshots; a higher `revision` replaces a lower.

    `unique_name` is the name in the index, `name` the alias or Spotify's name it was made from;
    `alias` is empty where the owner gave none.
    `followers` and `snapshot_id` were read when `snapshot` was the newest. `gaps` are the newest periods, the
    oldest first, that did not read the playlist and that a good check has ended.
    """

    revision: int
    alias: str = ""
    name: str
    unique_name: str
    status: Status
    since: Time
    reason: str = ""
    snapshot: Time | None = None
    followers: int | None = None
    snapshot_id: str = ""
    gaps: tuple[StatusPeriod, ...] = ()


# An outcome that comes late may stand between two that were taken for neighbours. So many runs are
# remembered one by one: as many daily ones as OutcomeQueue (12 days) and its dead-letter queue
# (14 days) can hold back, and six.
RECENT = 32
NEWEST_GAPS = 100

_SECOND = timedelta(seconds=1)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


class Stamp(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """When something was found out: the run's time in seconds since 2020, and how long after it."""

    run: int
    after: int

    @classmethod
    def of(cls, run: datetime, at: datetime) -> Self:
        return cls((run - _EPOCH) // _SECOND, (at - run) // _SECOND)

    @property
    def moment(self) -> int:
        """The run's time, or when it was found out where that was before."""
        return self.run + min(self.after, 0)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Return what decides which of two is newer: the greater."""
        return self.moment, self.run, self.after

    @property
    def moment_time(self) -> datetime:
        return _EPOCH + self.moment * _SECOND

    @property
    def run_time(self) -> datetime:
        return _EPOCH + self.run * _SECOND

    @property
    def found(self) -> int:
        """When it was found out, in seconds since 2020."""
        return self.run + self.after

    @property
    def found_at(self) -> datetime:
        return _EPOCH + self.found * _SECOND


class Dated(Protocol):
    """What belongs to a run, and when it was found out."""

    @property
    def run(self) -> int: ...

    @property
    def moment(self) -> int: ...


class Check(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """What a run found out about a playlist; `followers` where it was told a number."""

    run: int
    after: int
    status: Status = "ok"
    reason: str = ""
    followers: int | None = None

    @property
    def moment(self) -> int:
        return Stamp(self.run, self.after).moment

    @property
    def run_time(self) -> datetime:
        return _EPOCH + self.run * _SECOND

    @property
    def at(self) -> datetime:
        return self.run_time + self.after * _SECOND

    @property
    def weight(self) -> tuple[object, ...]:
        """Return what decides which of two is a run's last word.

        It is the last good check or retirement, and only where there is none any other.
        """
        decisive = self.status in {"ok", "retired"}
        known = self.followers is not None, self.followers or 0
        return decisive, self.after, self.status, self.reason, *known


def reliable[D: Dated](dated: Iterable[D]) -> list[D]:
    """Return in the order of runs what nothing refutes.

    Refuted is what was found out under a later name, but before something else under an earlier.
    """
    kept: list[D] = []
    latest: int | None = None
    in_order = sorted(dated, key=lambda one: (one.run, one.moment))
    for _, of_run in groupby(in_order, key=lambda one: one.run):
        unrefuted = [one for one in of_run if latest is None or one.moment >= latest]
        kept += unrefuted
        latest = max((one.moment for one in unrefuted), default=latest)
    return kept


class History(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The newest runs one by one, oldest first, and what is left of those before them.

    A run may have a good check beside a retirement or beside one without a number, and several
    checks where it is ahead. `past` are the periods before the recent runs that were not good, and
    the last one; `checked` is the last good check among those runs.
    """

    recent: tuple[Check, ...] = ()
    past: tuple[StatusPeriod, ...] = ()
    checked: datetime | None = None

    def add(self, check: Check) -> "History":
        """Return the history with one more check, in whatever order they come."""
        recent, past, checked = self.recent, self.past, self.checked
        if past and recent and check.run < recent[0].run:
            # It comes too late to have a place among its neighbours.
            checked = _last_good([check], checked)
            return msgspec.structs.replace(self, checked=checked)
        of_run = [one for one in recent if one.run == check.run]
        if check in of_run or any(_outweighs(one, check) for one in of_run):
            return self
        others = [one for one in recent if not _outweighs(check, one)]
        kept = sorted(reliable([*others, check]), key=lambda one: (one.run, one.moment, one.weight))
        while len(kept) > RECENT and len({one.run for one in kept}) > RECENT:
            oldest = [one for one in kept if one.run == kept[0].run]
            past = _continue(past, _reads(oldest)[0])
            checked = _last_good(oldest, checked)
            kept = kept[len(oldest) :]
        return History(tuple(kept), past, checked)

    def without_refuted(self, runs: Iterable[Stamp]) -> "History":
        """Return the history without checks that were found out ahead of one of the runs."""
        dated: list[Check | Stamp] = [*self.recent, *runs]
        kept = [one for one in reliable(dated) if isinstance(one, Check)]
        return msgspec.structs.replace(self, recent=tuple(kept))

    def without_later(self, moment: datetime) -> "History":
        """Return the history without checks that were found out after a moment still to come."""
        kept = [one for one in self.recent if one.at <= moment]
        return msgspec.structs.replace(self, recent=tuple(kept))

    def runs(self) -> list[Check]:
        """Return the last word of each recent run, oldest first."""
        return by_run(self.recent)

    def periods(self) -> tuple[StatusPeriod, ...]:
        """Return the newest periods that were not good, and the one that lasts.

        A run that read the playlist is good, though it was started again and then left it out. Of
        the newest run the last word counts as well.
        """
        reads = _reads(self.recent)
        newest = [one for one in self.runs()[-1:] if one not in reads]
        return reduce(_continue, [*reads, *newest], self.past)

    def last_good(self) -> datetime | None:
        """Return the run of the last good check."""
        return _last_good(self.recent, self.checked)

    def followers(self) -> dict[str, int]:
        """Return the recent numbers of followers by day; of a day's runs the last one counts."""
        told = [one for one in self.recent if one.status == "ok" and one.followers is not None]
        return {f"{one.run_time:%Y-%m-%d}": one.followers or 0 for one in by_run(told)}

    def gaps(self) -> tuple[StatusPeriod, ...]:
        """Return the newest periods that were not good before a good check, oldest first."""
        statuses = {*(one.status for one in self.past), *(one.status for one in self.recent)}
        checked = self.last_good()
        if checked is None or statuses <= {"ok"}:
            return ()
        return tuple([one for one in self.periods() if one.until and one.first < checked])


def by_run(checks: Iterable[Check]) -> list[Check]:
    """Return the last word of each run; the checks come in the order of their runs."""
    return [
        max(of_run, key=lambda check: check.weight)
        for _, of_run in groupby(checks, key=lambda check: check.run)
    ]


def _reads(checks: Iterable[Check]) -> list[Check]:
    """Return the good check of each run, or its last word; the checks come in order of their runs."""
    return [
        max(of_run, key=lambda check: (check.status == "ok", check.weight))
        for _, of_run in groupby(checks, key=lambda check: check.run)
    ]


def _outweighs(one: Check, other: Check) -> bool:
    """Whether `one` leaves nothing to be known of `other`, whatever may be refuted later.

    A good check stays known beside a retirement in the same run, and one that was told a number
    beside one that was told none.
    """
    return (
        one.run == other.run
        and one.weight > other.weight
        and one.moment >= other.moment
        and not (one.status == "retired" and other.status == "ok")
        and not (one.followers is None and other.followers is not None)
    )


def _last_good(checks: Iterable[Check], before: datetime | None) -> datetime | None:
    good = [check.run_time for check in checks if check.status == "ok"]
    return max(filter(None, (*good, before)), default=None)


def _continue(periods: tuple[StatusPeriod, ...], check: Check) -> tuple[StatusPeriod, ...]:
    """Return the periods with the check of a later run; good ones stay only while they last."""
    run, status, reason = check.run_time, check.status, check.reason
    if not periods:
        return (StatusPeriod(run, status, reason),)
    *ended, last = periods
    if last.status == status == "ok":
        return periods
    if last.status == status:
        return (*ended, msgspec.structs.replace(last, reason=reason, last=run))
    if last.status != "ok":
        ended = [*ended, msgspec.structs.replace(last, until=run)][-NEWEST_GAPS:]
    return (*ended, StatusPeriod(run, status, reason))
