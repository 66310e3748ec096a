"""Which run counts: a later one supersedes an earlier one, unless its time is still to come."""

from datetime import datetime, timedelta

# A day and a time zone: a run that is further ahead of the clock must be forced.
FURTHEST_AHEAD = timedelta(hours=26)
# Two clocks may differ by so much.
_SKEW = timedelta(minutes=10)


def supersedes(latest_run: datetime | None, run: datetime, now: datetime) -> bool:
    """Whether `latest_run` makes the earlier `run` obsolete.

    A latest run that is ahead of the clock supersedes only runs that are ahead themselves.
    """
    if latest_run is None or (_is_ahead(latest_run, now) and not _is_ahead(run, now)):
        return False
    return run < latest_run


def later_run(latest_run: datetime | None, run: datetime, now: datetime) -> datetime:
    """Return which of both is the latest run once `run` starts."""
    return latest_run if latest_run and supersedes(latest_run, run, now) else run


def _is_ahead(run: datetime, now: datetime) -> bool:
    return run - now > _SKEW
