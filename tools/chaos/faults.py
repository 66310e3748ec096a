"""The injected faults, drawn from one seeded generator, and counted."""

from collections import Counter
from collections.abc import Sequence
from http import HTTPStatus
from random import Random
from typing import Any, NamedTuple

from tools.chaos.clock import SimulatedClock
from tools.chaos.scheduler import Scheduler

# Probabilities for each call of a function to AWS or Spotify.
_KILL = 0.002
_AWS_FAULT = 0.015
# The number of attempts in a row that a fault of AWS strikes; boto3 makes four.
_LASTS = (1, 1, 1, 1, 2, 3, 6)
_LOST_ANSWER = 0.005
# The probability of a slow call, and how many times as long it takes.
_SLOW, _SLOWER = 0.02, (10, 200)
# The probability for each day that a fault stops all further reads.
_STOP = 0.1

type StandInFault = tuple[str, dict[str, Any]]
"""A kind of `tools.stand_in.faults`, and its details."""


class AwsFault(NamedTuple):
    """A fault of a call to AWS; without `status` there is no answer at all, after `seconds`."""

    what: str
    takes_effect: bool
    status: HTTPStatus | None
    seconds: float


_REFUSED = AwsFault(
    "refused with 503", takes_effect=False, status=HTTPStatus.SERVICE_UNAVAILABLE, seconds=0.1
)
_AWS_FAULTS = (
    _REFUSED,
    AwsFault(
        "failed with 500 before its effect",
        takes_effect=False,
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        seconds=0.5,
    ),
    AwsFault(
        "failed with 500 after its effect",
        takes_effect=True,
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        seconds=0.5,
    ),
    AwsFault("not connected", takes_effect=False, status=None, seconds=5),
    AwsFault("timed out before its effect", takes_effect=False, status=None, seconds=20),
    AwsFault("timed out after its effect", takes_effect=True, status=None, seconds=20),
)
_PARTLY = {
    "GetObject": AwsFault("body cut short", takes_effect=True, status=HTTPStatus.OK, seconds=1),
    "SendMessageBatch": AwsFault(
        "batch taken in part", takes_effect=True, status=HTTPStatus.OK, seconds=1
    ),
    "PutEvents": AwsFault(
        "events taken in part", takes_effect=True, status=HTTPStatus.OK, seconds=1
    ),
}


class Mischief:
    """Decides which calls fail: none outside of functions, and none with `calm`.

    Attributes:
        injected: the number of injected faults of each kind.
        outage: the start and the end of the time in which S3 refuses everything.
    """

    def __init__(
        self, clock: SimulatedClock, scheduler: Scheduler, random: Random, *, calm: bool
    ) -> None:
        self.calm = calm
        self.random = random
        self.injected: Counter[str] = Counter()
        self.outage = (float("inf"), float("inf"))
        self._clock = clock
        self._scheduler = scheduler
        self._lasting: dict[str, int] = {}

    @property
    def strikes_now(self) -> bool:
        return self._scheduler.current is not None and not self.calm

    def seconds_left(self) -> float:
        task = self._scheduler.current
        return (task.deadline if task else float("inf")) - self._clock.moment

    def pass_time(self, seconds: float) -> None:
        """Let the other tasks run for so long."""
        self._scheduler.wait(seconds)

    def travel(self, what: str, usual_seconds: float) -> None:
        """Let the time of a call or of its answer pass, which varies."""
        seconds = usual_seconds * self.random.uniform(0.5, 1.5)
        if self.strikes_now and self.strike(f"{what}: slow", _SLOW):
            seconds *= self.random.uniform(*_SLOWER)
            self._mark()
        self.pass_time(seconds)

    def strike(self, what: str, probability: float) -> bool:
        if self.calm or self.random.random() >= probability:
            return False
        self.injected[what] += 1
        return True

    def kill(self, when: str) -> None:
        task = self._scheduler.current
        if task and self.strikes_now and self.strike(f"function: killed {when}", _KILL):
            self._mark()
            raise task.die()

    def lose_answer(self) -> bool:
        return self.strikes_now and self.strike("Spotify: answer lost", _LOST_ANSWER)

    def fail_aws(self, service: str, operation: str) -> AwsFault | None:
        """Return the fault of this attempt, None if it succeeds."""
        if not self.strikes_now:
            return None
        begin, end = self.outage
        if service == "s3" and begin <= self._clock.moment < end:
            fault = _REFUSED
        elif self._lasting.get(service, 0) or self.random.random() < _AWS_FAULT:
            lasts = self._lasting.get(service, 0) or self.random.choice(_LASTS)
            self._lasting[service] = lasts - 1
            partly = [_PARTLY[operation]] if operation in _PARTLY else []
            fault = self.random.choice([*_AWS_FAULTS, *partly])
        else:
            return None
        self.injected[f"{service}: {fault.what}"] += 1
        self._mark()
        return fault

    def _mark(self) -> None:
        """Mark the present task as struck, so that it may fail."""
        if self._scheduler.current:
            self._scheduler.current.struck = True


def plan_spotify_day(
    random: Random, playlists: Sequence[str], long: Sequence[str], *, may_tear: bool
) -> list[StandInFault]:
    """Return a day's faults of Spotify; playlists in `long` have several pages."""
    always: list[StandInFault] = [
        ("server_error", {"probability": 0.04}),
        ("server_error_html", {"probability": 0.01, "status": 502}),
        ("reset", {"probability": 0.02}),
        ("html", {"probability": 0.005}),
        ("empty", {"probability": 0.005}),
        ("empty_string", {"probability": 0.005}),
        ("empty_object", {"probability": 0.005}),
        ("rate_limit", {"probability": 0.02, "retry_after": random.randint(1, 30)}),
        ("rate_limit_text", {"probability": 0.005, "retry_after": 2}),
        ("expired_token", {"every": 50}),
    ]
    victim = f"/playlists/{random.choice(playlists)}"
    pages = f"/playlists/{random.choice(long or playlists)}"
    after = random.randint(3, 40)
    host = "^/api/token"
    blips: list[StandInFault] = [
        ("rate_limit", {"after": after, "times": 1, "retry_after": random.randint(31, 7_200)}),
        ("rate_limit", {"after": after, "times": 1, "retry_after": "soon"}),
        ("rate_limit_empty", {"after": after, "times": 1}),
        ("truncated", {"path": f"{pages}/items", "keep_rows": random.randint(0, 40)}),
        ("truncated", {"path": "/me/playlists", "keep_rows": 7}),
        ("early_end", {"path": f"{pages}/items"}),
        ("not_found", {"path": victim}),
        ("forbidden", {"path": victim}),
        ("forbidden_html", {"after": after, "times": 5}),
        ("server_error", {"path": host, "times": 2}),
        ("rate_limit", {"path": host, "times": 1, "retry_after": random.randint(31, 7_200)}),
        ("rotated_refresh_token", {"times": 1}),
    ]
    if may_tear:
        blips += [
            ("torn", {"path": f"{pages}/items", "times": 1}),
            ("torn", {"path": f"{pages}/items"}),
        ]
    stops: list[StandInFault] = [
        ("rate_limit", {"after": after, "times": 1, "retry_after": random.randint(7_200, 99_000)}),
        ("quota_exceeded", {"after": after, "times": 1}),
        ("premium_required", {"after": after, "times": 1}),
        ("server_error", {"after": after, "times": 40}),
        ("rate_limit", {"path": host, "times": 1}),
        ("invalid_grant", {"times": 1}),
    ]
    chosen = random.sample(blips, 2)
    if random.random() < _STOP:
        chosen.append(random.choice(stops))
    return [
        (kind, {"times": None, "seed": random.getrandbits(32), **details})
        for kind, details in always + chosen
    ]
