"""The sample library as `make run` archives it: day by day, four weeks that end today.

Besides the library's own changes, two playlists are registered, and Spotify does not answer for
some. So, like a real archive, this one has a gap, and playlists that fail, are forbidden or are
retired.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from playlist_archive.documents.keys import SPOTIFY_STATE, registry_key
from tools.local.simulation import Simulation
from tools.local.stack import Stack
from tools.stand_in.control import Control
from tools.stand_in.faults import Kind
from tools.stand_in.sample import LAST_DAY, LIGHTHOUSE, RUNNING, STAIRWELL, TALK

DAYS_OF_A_RUN = 7
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Trouble:
    """A playlist for which Spotify's answer is wrong on some days, counted from 0."""

    playlist_id: str
    kind: Kind
    days: range


# A playlist that did not change is not read, so each trouble begins with a change.
TROUBLES = (
    Trouble(RUNNING, "not_found", range(3, 5)),
    Trouble(TALK, "not_found", range(6, LAST_DAY + 1)),
)
# The days on which a playlist is registered.
REGISTRATIONS = {LIGHTHOUSE: range(LAST_DAY + 1), STAIRWELL: range(4)}


def last_run(stack: Stack, remembered: datetime | None) -> datetime | None:
    """Return the time of the newest run, None before the first.

    The owner may have started one since the last simulated day, and it supersedes all before it.
    """
    latest = stack.read_json(SPOTIFY_STATE).get("latest_run")
    started = datetime.fromisoformat(latest) if latest else None
    return max(filter(None, (remembered, started)), default=None)


def plan_days(now: datetime, last: datetime | None) -> list[datetime]:
    """Return the times of the next runs: a day apart, up to seven, none ahead of the clock.

    The first of all is four weeks ago; `last` is the newest run so far. A registration gets the time of the clock, so a run ahead
    of that would count as the newer one. When the days have caught up with the clock, the next run
    is one of now.
    """
    first = now - LAST_DAY * _DAY if last is None else last + _DAY
    days = [first + number * _DAY for number in range(DAYS_OF_A_RUN)]
    return [day for day in days if day <= now] or [now]


def prepare(simulation: Simulation, since: date, day: date) -> None:
    """Prepare the owner's actions and Spotify's faults on `day`; the library began on `since`."""
    number = (day - since).days
    _answer_wrongly(simulation.stand_in.control, min(number, LAST_DAY))
    _register(simulation.stack, number)


def _answer_wrongly(spotify: Control, number: int) -> None:
    spotify.clear_faults()
    for trouble in TROUBLES:
        if number in trouble.days:
            spotify.add_fault(trouble.kind, path=f"/playlists/{trouble.playlist_id}", times=None)


def _register(stack: Stack, number: int) -> None:
    """Write and delete the owner's registry entries of this day, before the day's run."""
    with stack.unnoticed():
        for playlist_id, days in REGISTRATIONS.items():
            if number == days.start:
                stack.put(registry_key(playlist_id), "")
            elif number == days.stop:
                stack.delete(registry_key(playlist_id))
