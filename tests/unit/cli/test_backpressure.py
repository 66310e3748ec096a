"""An import goes on as the renderer follows, and never waits for one that stands still."""

from collections.abc import Iterable, Mapping

import pytest

from playlist_archive_cli.imports.backpressure import MOST_WAITING, Backpressure
from tests.support.fakes import FakeClock

pytestmark = pytest.mark.unit


class FakeQueues:
    """Queues whose render queue holds these one after the other, and then the last for ever."""

    def __init__(self, counts: Iterable[int | None]) -> None:
        self.counts = list(counts)

    def waiting(self) -> Mapping[str, int] | None:
        count = self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]
        return None if count is None else {"Fetch": 5000, "Render": count, "Outcome": 5000}


def seconds_waited(*counts: int | None) -> float:
    clock = FakeClock()
    Backpressure(FakeQueues(counts), clock).wait()
    return sum(clock.slept)


@pytest.mark.parametrize("count", [0, MOST_WAITING - 1, None])
def test_it_goes_on_at_once_while_few_wait_or_nobody_may_know(count: int | None) -> None:
    assert seconds_waited(count) == 0


def test_it_waits_until_few_wait() -> None:
    assert seconds_waited(5000, 4000, 4500, 3000, MOST_WAITING, MOST_WAITING - 1) == 5


def test_it_waits_for_a_slow_renderer() -> None:
    assert seconds_waited(*[count for count in range(1500, 900, -10) for _ in range(50)]) > 2000


def test_a_renderer_that_stands_still_is_waited_for_once() -> None:
    clock = FakeClock()
    backpressure = Backpressure(FakeQueues([5000]), clock)

    backpressure.wait()
    assert 60 <= sum(clock.slept) <= 65

    clock.slept.clear()
    backpressure.wait()
    assert not clock.slept
