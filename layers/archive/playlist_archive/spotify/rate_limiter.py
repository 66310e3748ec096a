"""The rate limiter: decides whether and when the next request may be sent.

Spotify limits an app in a rolling window of 30 seconds and by an unpublished daily quota, and
answers 429 for both (Spotify: Rate limits, Quota modes). So this module spaces requests, counts
them over 24 hours, and stops them for all functions when Spotify asks for a long pause.
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil

import msgspec

from playlist_archive.documents.runs import later_run
from playlist_archive.documents.spotify_state import Pages, SpotifyState, hour_of
from playlist_archive.errors import (
    BudgetSpentError,
    CrowdedOutError,
    OutOfTimeError,
    OversizedError,
    SpotifyParkedError,
)
from playlist_archive.ports.bucket import Bucket
from playlist_archive.ports.clock import Clock
from playlist_archive.spotify.retry_after import parse_retry_after
from playlist_archive.spotify.state import load_state, update_state

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 30
# A request is sent only if this time is left: its deadline, and one short pause after a 429.
RESERVE_SECONDS = 75
# The time for an answer and for reading the stored state, besides the interval.
SECONDS_PER_REQUEST = 0.5
_DAY_SECONDS = 86_400
# Pauses after a 429 without a usable Retry-After: a minute, then longer each time.
_DEFAULT_PAUSES_SECONDS = (60, 900, 3_600, 4 * 3_600, 12 * 3_600, _DAY_SECONDS)


class RateLimiter:
    """Admits or delays every request, based on the stored state.

    It serves many invocations: `open` begins one, `close` ends it.
    """

    def __init__(
        self, bucket: Bucket, clock: Clock, *, daily_budget: int, interval_seconds: float
    ) -> None:
        self._bucket = bucket
        self._clock = clock
        self._daily_budget = daily_budget
        self._interval_seconds = interval_seconds
        # A monotonic time.
        self._next_start = float("-inf")
        self._sent: Counter[datetime] = Counter()
        self._asked_at: datetime | None = None
        self._run: datetime | None = None
        self._remaining_seconds: Callable[[], float] = lambda: float("inf")
        self._whole_seconds = float("inf")
        self.state = SpotifyState()

    def open(self, remaining_seconds: Callable[[], float]) -> None:
        """Begin an invocation; `remaining_seconds` returns its remaining time."""
        self._remaining_seconds = remaining_seconds
        self._whole_seconds = remaining_seconds()
        self._run = None
        self._read_state()

    def _read_state(self) -> None:
        """Load the state stored by other functions; a longer pause known here is kept."""
        known = self.state
        self.state = load_state(self._bucket).with_pause_of(known)
        if self.state.asked_at and self.state.asked_at != known.asked_at:
            # Another function sent a request; its time is stored in whole seconds, rounded down.
            ago = max(0.0, (self._clock.now() - self.state.asked_at).total_seconds()) - 1
            begun = self._clock.monotonic() - ago
            self._next_start = max(self._next_start, begun + self._interval_seconds)

    def close(self) -> None:
        """Store the number of requests sent and the run that began; raises as `update_state`."""
        if self._sent or self._with_run(self.state, self._clock.now()) != self.state:
            self._update(lambda state: state)

    def start_run(self, run: datetime) -> None:
        """Let `run` supersede all earlier ones; the next write of the state stores that.

        A separate PUT would be the fifth one of a run without news.
        """
        self._run = run

    def _with_run(self, state: SpotifyState, now: datetime) -> SpotifyState:
        if self._run is None:
            return state
        return msgspec.structs.replace(
            state, latest_run=later_run(state.latest_run, self._run, now)
        )

    def remember_pages(self, pages: Pages) -> None:
        """Store the endpoint from which this app can read rows."""
        if self.state.pages != pages:
            self._update(lambda state: msgspec.structs.replace(state, pages=pages))

    def check(self) -> None:
        """Raise an error if no request may be sent now.

        Raises:
            SpotifyParkedError: Spotify asked to wait.
            BudgetSpentError: the day's requests are used up.
            OutOfTimeError: the invocation ends too soon.
        """
        now = self._clock.now()
        if self.state.not_before is not None and self.state.parked(now):
            raise SpotifyParkedError(self.state.reason, self.state.not_before)
        if self._daily_budget and self._spent() >= self._daily_budget:
            raise BudgetSpentError(
                f"the budget of {self._daily_budget} requests in 24 hours is spent"
            )
        if self._remaining_seconds() < RESERVE_SECONDS:
            raise OutOfTimeError("too little time is left for another request")

    def make_room(self, more: int) -> None:
        """Raise an error if a playlist, after its first request, cannot get `more` requests.

        Raises:
            OversizedError: it needs more than a day's budget, or more than a whole invocation.
            CrowdedOutError: it needs more than the day's budget has left.
            OutOfTimeError: it may need more time than this invocation has left.
        """
        whole, budget = 1 + more, self._daily_budget
        if budget and whole > budget:
            raise OversizedError(
                f"needs {whole} requests, {budget} a day are allowed: raise DailyRequestBudget"
            )
        each = self._interval_seconds + SECONDS_PER_REQUEST
        usable = max(0.0, self._whole_seconds - RESERVE_SECONDS)
        if whole * each > usable:
            raise OversizedError(
                f"needs {whole} requests, which take {ceil(whole * each / 60)} minutes, an "
                f"invocation has {usable // 60:.0f}: lower RequestIntervalMs"
            )
        left = max(0, budget - self._spent())
        if budget and more > left:
            raise CrowdedOutError(
                f"needs {more} more requests, {left} of {budget} a day are left now: "
                "raise DailyRequestBudget if that does not change"
            )
        if more * each + RESERVE_SECONDS > self._remaining_seconds():
            raise OutOfTimeError(f"too little time is left for another {more} requests")

    def _spent(self) -> int:
        return self.state.requests_within_a_day(self._clock.now()) + self._sent.total()

    def acquire(self) -> None:
        """Wait until the next request may be sent, and count it; raises as `check`.

        The stored state is read again, because Spotify may have asked another function to wait.
        """
        self.check()
        self._wait_for_turn()
        self._read_state()
        self.check()
        # Another function may have sent a request in the meantime.
        self._wait_for_turn()
        self._next_start = self._clock.monotonic() + self._interval_seconds
        self._asked_at = self._clock.now()
        self._sent[hour_of(self._asked_at)] += 1

    def _wait_for_turn(self) -> None:
        wait = self._next_start - self._clock.monotonic()
        if self._interval_seconds and wait > 0:
            self._clock.sleep(wait)

    def note_answer(self) -> None:
        """Reset strikes and the beginning of the pause, because Spotify answers again."""
        if self.state.strikes or self.state.parked_since:
            self._update(lambda state: msgspec.structs.replace(state, strikes=0, parked_since=None))

    def wait_or_pause(self, retry_after: str | None, *, quota: bool, waited: bool) -> None:
        """Obey a 429: wait if it is the first and the pause is short, else stop all requests.

        Args:
            retry_after: the header of that name, None if it is missing.
            quota: whether the answer says that the daily quota is used up.
            waited: whether this request has already waited once.

        Raises:
            SpotifyParkedError: all requests are stopped, and the pause is stored.
        """
        seconds = parse_retry_after(retry_after, self._clock.now())
        if seconds is not None and seconds <= LONGEST_WAIT_SECONDS and not quota and not waited:
            logger.info("spotify asked to wait %s s", seconds)
            self._clock.sleep(seconds + 1)
            return
        self._park(seconds, quota=quota)

    def _park(self, seconds: int | None, *, quota: bool) -> None:
        now = self._clock.now()
        cause = "the app's daily quota is used up" if quota else "too many requests"

        def park(state: SpotifyState) -> SpotifyState:
            # A strike is a 429 that does not say how long to wait.
            strikes = state.strikes + 1 if seconds is None else 0
            pause = seconds or (_DAY_SECONDS if quota else _default_pause(strikes))
            not_before = now + timedelta(seconds=pause + 1)
            if state.not_before and state.not_before >= not_before:
                return msgspec.structs.replace(state, strikes=strikes)
            return msgspec.structs.replace(
                state,
                not_before=not_before,
                parked_at=now,
                parked_since=state.parked_since or now,
                reason=f"Spotify asked to wait until {not_before:%Y-%m-%d %H:%M} UTC: {cause}",
                strikes=strikes,
            )

        self._update(park)
        logger.warning(self.state.reason)
        if self.state.not_before is not None:
            raise SpotifyParkedError(self.state.reason, self.state.not_before)

    def _update(self, change: Callable[[SpotifyState], SpotifyState]) -> None:
        now = self._clock.now()
        sent, asked_at, known = self._sent, self._asked_at, self.state

        def merge(state: SpotifyState) -> SpotifyState:
            started = self._with_run(change(state.with_pause_of(known)), now)
            return started.with_requests(sent, asked_at, now)

        self.state = update_state(self._bucket, merge, now)
        self._sent = Counter()


def _default_pause(strikes: int) -> int:
    return _DEFAULT_PAUSES_SECONDS[min(strikes, len(_DEFAULT_PAUSES_SECONDS)) - 1]
