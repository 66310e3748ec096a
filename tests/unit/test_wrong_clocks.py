"""A function whose clock is wrong leaves nothing false behind once its clock is right again."""

import json
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.builders import DAY, PLAYLIST, RUN, a_reading
from tests.support.fakes import FakeClock
from tests.support.world import World

pytestmark = pytest.mark.unit

HISTORY = f"playlists/history/{PLAYLIST}.json"
HOUR = timedelta(hours=1)
# A run that is more than 26 hours ahead of the lister's clock is refused.
BEHIND = (timedelta(0), -HOUR / 6, -2 * HOUR, -25 * HOUR)
AHEAD = (HOUR / 6, 2 * HOUR, 27 * HOUR, 3 * DAY, 400 * DAY)
FAR_BEHIND = (-27 * HOUR, -3 * DAY, -400 * DAY)


class OwnClock(FakeClock):
    """The clock of one function, which is `wrong` by so much."""

    def __init__(self, right: FakeClock) -> None:
        super().__init__()
        self._right = right
        self.wrong = timedelta(0)

    def now(self) -> datetime:
        return self._right.now() + self.wrong

    def monotonic(self) -> float:
        return self._right.monotonic()

    def sleep(self, seconds: float) -> None:
        self._right.sleep(seconds)


class Town(World):
    """An archive whose four functions have a clock each."""

    def __init__(self) -> None:
        super().__init__()
        self.clocks = [OwnClock(self.clock) for _ in range(4)]
        lister, fetcher, renderer, indexer = self.clocks
        pipeline = self.pipeline
        for clock, owners in (
            (lister, [pipeline.lister]),
            (fetcher, [pipeline.fetcher]),
            (renderer, [pipeline.renderer, pipeline.renderer._writer]),
            (indexer, [pipeline.indexer, pipeline.indexer._store, pipeline.indexer._shared]),
        ):
            for owner in owners:
                vars(owner)["_clock"] = clock

    def change_and_run(self, day: int) -> None:
        numbers = range(day, day + 3)
        self.spotify.playlists[PLAYLIST] = a_reading(*numbers, snapshot_id=f"of day {day}")
        self.run(day)


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(BEHIND + AHEAD),
            *[st.sampled_from(BEHIND + AHEAD + FAR_BEHIND)] * 3,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_what_wrong_clocks_left_is_true_when_they_are_right_again(
    days: list[tuple[timedelta, ...]],
) -> None:
    town = Town()
    town.change_and_run(0)
    for day, wrong in enumerate(days, start=1):
        for clock, error in zip(town.clocks, wrong, strict=True):
            clock.wrong = error
        town.change_and_run(day)
    for clock in town.clocks:
        clock.wrong = timedelta(0)
    last = len(days) + 3
    for day in range(len(days) + 1, last + 1):
        town.change_and_run(day)

    runs = [f"{RUN + day * DAY:%Y-%m-%d}" for day in range(last + 1)]
    history = json.loads(town.pipeline.page(HISTORY))
    changes = [(change["after"][:10], change["time"][:10]) for change in history["changes"]]
    assert changes == [*pairwise(runs)][::-1]
    assert history["gaps"] == []
    status = town.status()
    assert (status["headline"], status["run"]) == ("All is well", f"{runs[-1]}T04:00:00Z")
