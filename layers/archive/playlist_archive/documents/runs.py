"""A later run supersedes an earlier one, unless its time is in the future."""

from datetime import datetime, timedelta

# A day and two hours: a run that is further ahead of the clock must be forced.
FURTHEST_AHEAD = timedelta(hours=26)
# The most by which two clocks may differ.
_SKEW = timedelta(minutes=10)


def supersedes(latest_run: datetime | None, run: datetime, now: datetime) -> bool:
    """Whether `latest_run` makes the earlier `run` obsolete.

    A latest run that is ahead of the clock supersedes only runs that are ahead too.
    """
    if latest_run is None or (_is_ahead(latest_run, now) and not _is_ahead(run, now)):
        return False
    return run < latest_run


def later_run(latest_run: datetime | None, run: datetime, now: datetime) -> datetime:
    """Return the latest run after the start of `run`."""
    return latest_run if latest_run and supersedes(latest_run, run, now) else run


def _is_ahead(run: datetime, now: datetime) -> bool:
    return run - now > _SKEW
