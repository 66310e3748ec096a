"""The checks of one playlist, run by run, and the status periods derived from them.

A run is named by its time, and its outcomes are found later. If the name is later than the moment
at which an outcome is found, as in a simulation or with a wrong clock, the run is *ahead*. An
outcome that is found later under an earlier name refutes it, because that time had not come yet.
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

# The reasons of a `deferred` playlist that only waits to be read.
FIRST_READ_WAITS = "it waits for its first read"
NEXT_READ_WAITS = "it is archived again and waits to be read"


def spell_status(status: Status) -> str:
    """Return the wording of a status on pages and in commands, such as `not found`."""
    return status.replace("_", " ")


class StatusPeriod(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """A series of runs that found a playlist in the same status.

    It begins with the run `first`; `until` is the first later run with another status, None while
    the period lasts. `reason` is from the last run of the period. `last` is that run if it was no
    good check, None if it is unknown or the first one.
    """

    first: Time
    status: Status
    reason: str = ""
    until: Time | None = None
    last: Time | None = None


class PageStatus(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What pages show besides the snapshots; a higher `revision` replaces a lower one.

    `unique_name` is the name in the index, made from `name`, which is the alias or Spotify's name;
    `alias` is empty if the owner gave none. `followers` and `snapshot_id` were read when `snapshot`
    was the newest snapshot. `gaps` are the newest periods, oldest first, without a good check that
    a good check has ended.
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


# A late outcome may belong between two others. So this many runs are kept one by one: as many daily
# runs as OutcomeQueue (12 days) and its dead-letter queue (14 days) can delay, and six more.
RECENT = 32
NEWEST_GAPS = 100

_SECOND = timedelta(seconds=1)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


class Stamp(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """When something was found: the run's time in seconds since 2020, and the delay after it."""

    run: int
    after: int

    @classmethod
    def of(cls, run: datetime, at: datetime) -> Self:
        return cls((run - _EPOCH) // _SECOND, (at - run) // _SECOND)

    @property
    def moment(self) -> int:
        """The run's time, or the moment at which it was found if that was earlier."""
        return self.run + min(self.after, 0)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Return the sort key by which the greater of two is the newer one."""
        return self.moment, self.run, self.after

    @property
    def moment_time(self) -> datetime:
        return _EPOCH + self.moment * _SECOND

    @property
    def run_time(self) -> datetime:
        return _EPOCH + self.run * _SECOND

    @property
    def found(self) -> int:
        """The moment at which it was found, in seconds since 2020."""
        return self.run + self.after

    @property
    def found_at(self) -> datetime:
        return _EPOCH + self.found * _SECOND


class Dated(Protocol):
    """A result of a run, and when it was found."""

    @property
    def run(self) -> int: ...

    @property
    def moment(self) -> int: ...


class Check(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """The result of a run for a playlist; `followers` if it got a number."""

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
        """Return the sort key by which the greater of two is a run's final check.

        That is the last good check or retirement; if there is none, the last check.
        """
        decisive = self.status in {"ok", "retired"}
        known = self.followers is not None, self.followers or 0
        return decisive, self.after, self.status, self.reason, *known


def reliable[D: Dated](dated: Iterable[D]) -> list[D]:
    """Return the results that nothing refutes, in the order of runs.

    A result is refuted if another one was found later under an earlier name.
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
    """The recent runs one by one, oldest first, and a summary of those before them.

    A run may have a good check besides a retirement or a good check without a number, and several
    checks if it is ahead. `past` are the periods without a good check before the recent runs, and
    the last period; `checked` is the last good check among those runs.
    """

    recent: tuple[Check, ...] = ()
    past: tuple[StatusPeriod, ...] = ()
    checked: datetime | None = None

    def add(self, check: Check) -> "History":
        """Return the history with one more check, whatever their order."""
        recent, past, checked = self.recent, self.past, self.checked
        if past and recent and check.run < recent[0].run:
            # It is too late for a place among the recent runs.
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
        """Return the history without checks that one of the runs refutes."""
        dated: list[Check | Stamp] = [*self.recent, *runs]
        kept = [one for one in reliable(dated) if isinstance(one, Check)]
        return msgspec.structs.replace(self, recent=tuple(kept))

    def without_later(self, moment: datetime) -> "History":
        """Return the history without checks that were found after a moment in the future."""
        kept = [one for one in self.recent if one.at <= moment]
        return msgspec.structs.replace(self, recent=tuple(kept))

    def runs(self) -> list[Check]:
        """Return the final check of each recent run, oldest first."""
        return by_run(self.recent)

    def periods(self) -> tuple[StatusPeriod, ...]:
        """Return the newest periods without a good check, and the present period.

        A run that read the playlist is good, even if it was started again and then retired it. For
        the newest run the final check counts as well.
        """
        reads = _reads(self.recent)
        newest = [one for one in self.runs()[-1:] if one not in reads]
        return reduce(_continue, [*reads, *newest], self.past)

    def last_good(self) -> datetime | None:
        """Return the run of the last good check."""
        return _last_good(self.recent, self.checked)

    def followers(self) -> dict[str, int]:
        """Return the recent follower numbers by day; the last run of a day counts."""
        told = [one for one in self.recent if one.status == "ok" and one.followers is not None]
        return {f"{one.run_time:%Y-%m-%d}": one.followers or 0 for one in by_run(told)}

    def gaps(self) -> tuple[StatusPeriod, ...]:
        """Return the newest periods without a good check that a good check ended, oldest first."""
        statuses = {*(one.status for one in self.past), *(one.status for one in self.recent)}
        checked = self.last_good()
        if checked is None or statuses <= {"ok"}:
            return ()
        return tuple([one for one in self.periods() if one.until and one.first < checked])


def by_run(checks: Iterable[Check]) -> list[Check]:
    """Return the final check of each run; the checks are sorted by run."""
    return [
        max(of_run, key=lambda check: check.weight)
        for _, of_run in groupby(checks, key=lambda check: check.run)
    ]


def _reads(checks: Iterable[Check]) -> list[Check]:
    """Return the good check of each run, or its final one; the checks are sorted by run."""
    return [
        max(of_run, key=lambda check: (check.status == "ok", check.weight))
        for _, of_run in groupby(checks, key=lambda check: check.run)
    ]


def _outweighs(one: Check, other: Check) -> bool:
    """Whether `other` can be dropped beside `one`, whatever may be refuted later.

    A good check is kept beside a retirement in the same run, and one with a follower number beside
    one without.
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
    """Return the periods with the check of a later run; ended good periods are dropped."""
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
