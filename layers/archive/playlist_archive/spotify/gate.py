"""Whether and when the next request may be sent.

Spotify limits an app by a rolling window of 30 seconds and by an unpublished daily quota, and
answers 429 for both (Spotify: Rate limits, Quota modes). So requests are paced, counted over 24
hours, and stopped for all functions once Spotify asks for a long pause.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from playlist_archive.bucket import Bucket
from playlist_archive.clock import Clock
from playlist_archive.errors import BudgetSpentError, OutOfTimeError, SpotifyParkedError
from playlist_archive.spotify.state import (
    Pages,
    SpotifyState,
    hour_of,
    load_state,
    update_state,
)

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 30
# A request may take its time-outs and one short 429; another is sent only with this left.
_RESERVE_SECONDS = 75
_DAY_SECONDS = 86_400
# Without a usable Retry-After: a minute, then longer each time it happens again.
_DEFAULT_PAUSES_SECONDS = (60, 900, 3_600, 4 * 3_600, 12 * 3_600, _DAY_SECONDS)


class Gate:
    """The one place that every request passes, and the memory behind it.

    One object serves many invocations; `open` starts one, `close` ends it.
    """

    def __init__(
        self, bucket: Bucket, clock: Clock, *, daily_budget: int, interval_seconds: float
    ) -> None:
        self._bucket = bucket
        self._clock = clock
        self._daily_budget = daily_budget
        self._interval_seconds = interval_seconds
        # Moments of the monotonic clock.
        self._next_start = float("-inf")
        self._sent: Counter[datetime] = Counter()
        self._asked_at: datetime | None = None
        self._remaining_seconds: Callable[[], float] = lambda: float("inf")
        self.state = SpotifyState()

    def open(self, remaining_seconds: Callable[[], float]) -> None:
        """Begin an invocation that has `remaining_seconds()` left at any moment."""
        self._remaining_seconds = remaining_seconds
        known = self.state.asked_at
        self.state = load_state(self._bucket)
        if self.state.asked_at and self.state.asked_at != known:
            # Another function asked; moments are stored in whole seconds, rounded down.
            ago = (self._clock.now() - self.state.asked_at).total_seconds() - 1
            begun = self._clock.monotonic() - ago
            self._next_start = max(self._next_start, begun + self._interval_seconds)

    def close(self) -> None:
        """Store how many requests were sent; raises `StorageError`."""
        if self._sent:
            self._update(lambda state: state)

    def start_run(self, run: datetime) -> None:
        """Store that `run` supersedes all earlier ones."""
        if self.state.latest_run is None or run > self.state.latest_run:
            self._update(
                lambda state: msgspec.structs.replace(
                    state, latest_run=max(run, state.latest_run or run)
                )
            )

    def remember_pages(self, pages: Pages) -> None:
        """Store which endpoint this app reads rows from."""
        if self.state.pages != pages:
            self._update(lambda state: msgspec.structs.replace(state, pages=pages))

    def check(self) -> None:
        """Say whether a request may be sent now.

        Raises:
            SpotifyParkedError: Spotify asked to wait.
            BudgetSpentError: the day's requests are used up.
            OutOfTimeError: the invocation ends too soon.
        """
        now = self._clock.now()
        if self.state.not_before is not None and self.state.parked(now):
            raise SpotifyParkedError(self.state.reason, self.state.not_before)
        spent = self.state.requests_within_a_day(now) + self._sent.total()
        if self._daily_budget and spent >= self._daily_budget:
            raise BudgetSpentError(
                f"the budget of {self._daily_budget} requests in 24 hours is spent"
            )
        if self._remaining_seconds() < _RESERVE_SECONDS:
            raise OutOfTimeError("too little time is left for another request")

    def pass_one(self) -> None:
        """Wait for the next request's turn and count it; raises as `check`."""
        self.check()
        wait = self._next_start - self._clock.monotonic()
        if self._interval_seconds and wait > 0:
            self._clock.sleep(wait)
        self._next_start = self._clock.monotonic() + self._interval_seconds
        self._asked_at = self._clock.now()
        self._sent[hour_of(self._asked_at)] += 1

    def note_answer(self) -> None:
        """Forget strikes and pauses: Spotify answers again."""
        if self.state.strikes or self.state.parked_since:
            self._update(lambda state: msgspec.structs.replace(state, strikes=0, parked_since=None))

    def wait_or_park(self, retry_after: str | None, *, quota: bool, waited: bool) -> None:
        """Obey a 429: wait here if it is short and the first, else stop all requests.

        Raises:
            SpotifyParkedError: requests are stopped, and this is stored.
        """
        seconds = _parse_retry_after(retry_after)
        if seconds is not None and seconds <= LONGEST_WAIT_SECONDS and not quota and not waited:
            logger.info("spotify asked to wait %s s", seconds)
            self._clock.sleep(seconds + 1)
            return
        self._park(seconds, quota=quota)

    def _park(self, seconds: int | None, *, quota: bool) -> None:
        now = self._clock.now()
        cause = "the app's daily quota is used up" if quota else "too many requests"

        def park(state: SpotifyState) -> SpotifyState:
            # A strike is an answer that did not say how long to wait.
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
        sent, asked_at = self._sent, self._asked_at
        self.state = update_state(
            self._bucket, lambda state: change(state).with_requests(sent, asked_at, now)
        )
        self._sent = Counter()


def _parse_retry_after(text: str | None) -> int | None:
    """Return whole seconds, None where the header is missing, zero or garbled.

    A number of more than seven digits, over a hundred days, is taken for garbled.
    """
    match = re.fullmatch(r"\s*([0-9]{1,7})\s*", text or "")
    return int(match[1]) or None if match else None


def _default_pause(strikes: int) -> int:
    return _DEFAULT_PAUSES_SECONDS[min(strikes, len(_DEFAULT_PAUSES_SECONDS)) - 1]
