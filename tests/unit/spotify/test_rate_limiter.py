"""The limiter: when the next request may be sent, and what is stored about the last ones."""

import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.content_types import JSON
from playlist_archive.documents.keys import DAMAGED, SPOTIFY_STATE
from playlist_archive.documents.runs import supersedes
from playlist_archive.errors import (
    BudgetSpentError,
    CrowdedOutError,
    OutOfTimeError,
    OversizedError,
    SpotifyParkedError,
)
from playlist_archive.spotify.exchange import CONNECT_SECONDS, EXCHANGE_SECONDS
from playlist_archive.spotify.rate_limiter import LONGEST_WAIT_SECONDS, RESERVE_SECONDS, RateLimiter
from playlist_archive.spotify.retry_after import parse_retry_after
from playlist_archive.spotify.state import load_state
from playlist_archive.spotify.tokens import ANSWER_SECONDS, PATIENCE_SECONDS
from tests.support.builders import DAY, RUN
from tests.support.fakes import FakeBucket, FakeClock
from tests.support.pipeline import plenty

pytestmark = pytest.mark.unit

HOUR = timedelta(hours=1)


class World:
    def __init__(self) -> None:
        self.bucket, self.clock = FakeBucket(), FakeClock(RUN)

    def limiter(self, budget: int = 0, interval: float = 0, seconds: float = 600) -> RateLimiter:
        limiter = RateLimiter(
            self.bucket, self.clock, daily_budget=budget, interval_seconds=interval
        )
        limiter.open(lambda: seconds)
        return limiter

    def sent(self) -> int:
        return load_state(self.bucket).requests_within_a_day(self.clock.now())


@pytest.fixture
def world() -> World:
    return World()


def test_one_function_paces_itself(world: World) -> None:
    limiter = world.limiter(interval=2)
    limiter.acquire()
    world.clock.moment += timedelta(seconds=0.5)
    limiter.acquire()
    world.clock.moment += timedelta(seconds=3)
    limiter.acquire()

    assert world.clock.slept == [1.5]


@pytest.mark.parametrize(("later", "slept"), [(0, [3]), (1, [2]), (3, []), (60, [])])
def test_the_next_function_waits_for_its_turn_too(
    world: World, later: int, slept: list[float]
) -> None:
    lister, fetcher = world.limiter(interval=2), world.limiter(interval=2)
    lister.acquire()
    lister.close()
    world.clock.moment += timedelta(seconds=later)
    fetcher.open(plenty)
    fetcher.acquire()

    # Times are stored in whole seconds, so one second more than the interval is safe.
    assert world.clock.slept == slept


def test_a_function_does_not_wait_for_itself_longer_than_the_interval(world: World) -> None:
    limiter = world.limiter(interval=2)
    limiter.acquire()
    limiter.close()
    limiter.open(plenty)
    limiter.acquire()

    assert world.clock.slept == [2]


def test_without_an_interval_nothing_is_waited_for(world: World) -> None:
    first = world.limiter()
    first.acquire()
    first.close()
    world.limiter().acquire()

    assert world.clock.slept == []


def test_requests_of_two_functions_add_up(world: World) -> None:
    lister, fetcher = world.limiter(budget=3), world.limiter(budget=3)
    lister.acquire()
    fetcher.acquire()
    fetcher.acquire()
    lister.close()
    fetcher.close()

    assert world.sent() == 3
    with pytest.raises(BudgetSpentError, match="3 requests"):
        world.limiter(budget=3).acquire()
    world.limiter(budget=4).acquire()
    world.limiter(budget=0).acquire()


def test_closing_twice_counts_once(world: World) -> None:
    limiter = world.limiter()
    limiter.acquire()
    limiter.close()
    calls = len(world.bucket.calls)
    limiter.close()

    assert len(world.bucket.calls) == calls
    assert world.sent() == 1


def test_requests_are_forgotten_a_day_after_the_end_of_their_hour(world: World) -> None:
    world.clock.moment = RUN + timedelta(minutes=59)
    limiter = world.limiter(budget=1)
    limiter.acquire()
    limiter.close()
    world.clock.moment = RUN + DAY + timedelta(minutes=59, seconds=59)
    with pytest.raises(BudgetSpentError):
        world.limiter(budget=1).acquire()
    world.clock.moment = RUN + DAY + HOUR
    limiter = world.limiter(budget=1)
    limiter.acquire()
    limiter.close()

    stored = json.loads(world.bucket.objects[SPOTIFY_STATE])
    assert stored["requests"] == {"2026-10-02T05:00:00Z": 1}
    assert stored["asked_at"] == "2026-10-02T05:00:00Z"


def test_the_slowest_exchange_ends_within_the_reserve() -> None:
    slowest = CONNECT_SECONDS + EXCHANGE_SECONDS

    assert slowest + LONGEST_WAIT_SECONDS + 1 <= RESERVE_SECONDS
    assert PATIENCE_SECONDS + slowest <= RESERVE_SECONDS


def test_two_answers_of_the_token_host_that_never_begin_leave_time_for_a_third() -> None:
    assert 2 * (CONNECT_SECONDS + ANSWER_SECONDS) < PATIENCE_SECONDS


@pytest.mark.parametrize(("seconds", "passes"), [(75, True), (74.9, False)])
def test_a_request_needs_time_for_its_slowest_end(
    world: World, seconds: float, passes: bool
) -> None:
    limiter = world.limiter(seconds=seconds)
    if passes:
        limiter.check()
    else:
        with pytest.raises(OutOfTimeError):
            limiter.check()


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [
        ("31", 31),
        (" 31 ", 31),
        ("9999999", 9_999_999),
        pytest.param("10000000", 60, id="absurd"),
        pytest.param("9" * 5000, 60, id="more_digits_than_python_reads"),
        ("Thu, 01 Oct 2026 04:10:00 GMT", 600),
        ("Thursday, 01-Oct-26 04:10:00 GMT", 600),
        ("Thu Oct  1 04:10:00 2026", 600),
        pytest.param("Thu, 01 Oct 2026 04:00:00 GMT", 60, id="a_date_that_is_over"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", 60, id="an_absurd_date"),
        pytest.param("Thu, 01 Oct 2026 04:10:00 +99999999", 60, id="no_date"),
        pytest.param("1.5", 60, id="a_fraction"),
        pytest.param("", 60, id="empty"),
    ],
)
def test_a_pause_is_stored_with_its_reason(world: World, retry_after: str, pause: int) -> None:
    limiter = world.limiter()
    with pytest.raises(SpotifyParkedError) as caught:
        limiter.wait_or_pause(retry_after, quota=False, waited=False)

    until = RUN + timedelta(seconds=pause + 1)
    state = load_state(world.bucket)
    assert (state.not_before, state.parked_at) == (until, RUN)
    assert caught.value.not_before == until
    assert state.reason == str(caught.value)
    assert state.reason == (
        f"Spotify asked to wait until {until:%Y-%m-%d %H:%M} UTC: too many requests"
    )
    world.clock.moment = until - timedelta(seconds=1)
    with pytest.raises(SpotifyParkedError):
        world.limiter().check()
    world.clock.moment = until
    world.limiter().check()


def test_a_shorter_pause_does_not_shorten_a_longer_one(world: World) -> None:
    first, second = world.limiter(), world.limiter()
    with pytest.raises(SpotifyParkedError):
        first.wait_or_pause("7200", quota=True, waited=False)
    with pytest.raises(SpotifyParkedError) as caught:
        second.wait_or_pause("60", quota=False, waited=False)

    assert caught.value.not_before == RUN + 2 * HOUR + timedelta(seconds=1)
    assert "06:00" in str(caught.value)
    assert "daily quota is used up" in load_state(world.bucket).reason


def test_pauses_grow_to_a_day_until_an_answer_comes(world: World) -> None:
    limiter = world.limiter()
    pauses = []
    for _ in range(8):
        with pytest.raises(SpotifyParkedError) as caught:
            limiter.wait_or_pause(None, quota=False, waited=False)
        pauses.append((caught.value.not_before - world.clock.now()).total_seconds() - 1)
        world.clock.moment = caught.value.not_before

    assert pauses == [60, 900, 3600, 14400, 43200, 86400, 86400, 86400]

    limiter.note_answer()
    assert load_state(world.bucket).strikes == 0
    calls = len(world.bucket.calls)
    limiter.note_answer()
    assert len(world.bucket.calls) == calls


def test_pauses_without_an_answer_between_them_are_one(world: World) -> None:
    limiter = world.limiter()
    for pause in ("72000", "3600", "72000"):
        with pytest.raises(SpotifyParkedError) as caught:
            limiter.wait_or_pause(pause, quota=True, waited=False)
        world.clock.moment = caught.value.not_before

    state = load_state(world.bucket)
    assert state.parked_at == RUN + 21 * HOUR + timedelta(seconds=2)
    last = world.clock.moment - timedelta(seconds=1)
    assert state.hours_parked(last) == pytest.approx(41, abs=0.01)
    assert state.hours_parked(world.clock.moment) == 0

    limiter.note_answer()
    with pytest.raises(SpotifyParkedError):
        limiter.wait_or_pause("3600", quota=True, waited=False)
    assert load_state(world.bucket).hours_parked(world.clock.moment + HOUR / 2) == 0.5


def test_an_answer_that_crosses_a_pause_does_not_hide_it(world: World) -> None:
    with pytest.raises(SpotifyParkedError) as caught:
        world.limiter().wait_or_pause("3600", quota=True, waited=False)
    world.clock.moment = caught.value.not_before
    answered, told_to_wait = world.limiter(), world.limiter()
    with pytest.raises(SpotifyParkedError):
        told_to_wait.wait_or_pause("7200", quota=True, waited=False)
    answered.note_answer()

    assert load_state(world.bucket).hours_parked(world.clock.moment + HOUR) == 1


def test_a_pause_that_spotify_names_is_no_strike(world: World) -> None:
    limiter = world.limiter()
    for retry_after in (None, "100"):
        with pytest.raises(SpotifyParkedError):
            limiter.wait_or_pause(retry_after, quota=False, waited=False)
    assert load_state(world.bucket).strikes == 0


def test_the_endpoint_of_an_apps_rows_is_stored_once(world: World) -> None:
    limiter = world.limiter()
    limiter.remember_pages("items")
    calls = len(world.bucket.calls)
    limiter.remember_pages("items")
    assert len(world.bucket.calls) == calls
    assert world.limiter().state.pages == "items"


def start(limiter: RateLimiter, run: datetime) -> datetime | None:
    """Begin a run, and return the one that is stored as the latest afterwards."""
    limiter.open(plenty)
    limiter.start_run(run)
    limiter.close()
    return limiter.state.latest_run


def test_an_earlier_run_does_not_supersede_a_later_one(world: World) -> None:
    world.clock.moment = RUN + DAY
    early, late = world.limiter(), world.limiter()
    start(late, RUN + DAY)
    assert start(early, RUN) == RUN + DAY
    assert start(late, RUN) == RUN + DAY
    world.bucket.calls.clear()
    assert start(late, RUN + DAY) == RUN + DAY
    assert world.bucket.puts() == []
    assert load_state(world.bucket).latest_run == RUN + DAY


def test_a_run_far_ahead_of_the_clock_gives_way_to_one_that_is_not(world: World) -> None:
    limiter = world.limiter()
    start(limiter, RUN + 3650 * DAY)
    assert start(limiter, RUN) == RUN
    start(limiter, RUN + 3650 * DAY)
    assert start(limiter, RUN + 3000 * DAY) == RUN + 3650 * DAY


def test_a_run_and_its_requests_are_stored_at_once(world: World) -> None:
    limiter = world.limiter()
    limiter.open(plenty)
    limiter.start_run(RUN)
    limiter.acquire()
    limiter.acquire()
    limiter.close()

    assert world.bucket.puts() == [SPOTIFY_STATE]
    assert load_state(world.bucket).latest_run == RUN
    assert world.sent() == 2


def test_a_run_is_not_forgotten_when_something_else_is_stored(world: World) -> None:
    limiter = world.limiter()
    limiter.open(plenty)
    limiter.start_run(RUN)
    limiter.remember_pages("tracks")

    assert load_state(world.bucket).latest_run == RUN


def test_a_run_that_was_never_stored_is_not_the_next_invocations(world: World) -> None:
    limiter = world.limiter()
    limiter.open(plenty)
    limiter.start_run(RUN + DAY)
    limiter.open(plenty)
    limiter.acquire()
    limiter.close()

    assert load_state(world.bucket).latest_run is None


@pytest.mark.parametrize(
    ("latest", "run", "expected"),
    [
        (None, timedelta(), False),
        (timedelta(), timedelta(), False),
        (timedelta(), -DAY, True),
        (timedelta(), DAY, False),
        (timedelta(minutes=10), timedelta(), True),
        (timedelta(minutes=10, seconds=1), timedelta(), False),
        (DAY, timedelta(), False),
        (3 * DAY, 26 * HOUR, True),
        (3 * DAY, 2 * DAY, True),
        (3 * DAY, 4 * DAY, False),
    ],
)
def test_a_run_ahead_of_the_clock_supersedes_only_others_that_are(
    latest: timedelta | None, run: timedelta, expected: bool
) -> None:
    assert supersedes(None if latest is None else RUN + latest, RUN + run, RUN) is expected


def test_a_function_obeys_a_pause_that_another_stored_during_its_batch(world: World) -> None:
    fetcher, lister = world.limiter(), world.limiter()
    fetcher.acquire()
    with pytest.raises(SpotifyParkedError):
        lister.wait_or_pause("3600", quota=True, waited=False)

    with pytest.raises(SpotifyParkedError, match="quota"):
        fetcher.acquire()
    lister.close()
    fetcher.close()
    assert world.sent() == 1


def test_a_request_costs_one_look_at_the_stored_state(world: World) -> None:
    limiter = world.limiter(interval=1)
    world.bucket.calls.clear()
    limiter.acquire()
    limiter.acquire()

    assert world.bucket.calls == [("get", SPOTIFY_STATE)] * 2


def test_a_function_counts_requests_that_another_sent_during_its_batch(world: World) -> None:
    fetcher, lister = world.limiter(budget=2), world.limiter(budget=2)
    lister.acquire()
    lister.close()
    fetcher.acquire()
    with pytest.raises(BudgetSpentError):
        fetcher.acquire()


@pytest.mark.parametrize("lost", [None, b"", b"{", b'{"schema":1}', b"\xff"])
def test_a_state_that_was_lost_does_not_shorten_a_pause_that_is_known(
    world: World, lost: bytes | None
) -> None:
    limiter = world.limiter()
    with pytest.raises(SpotifyParkedError):
        limiter.wait_or_pause("3600", quota=False, waited=False)
    if lost is None:
        del world.bucket.objects[SPOTIFY_STATE]
    else:
        world.bucket.objects[SPOTIFY_STATE] = lost

    limiter.open(plenty)
    with pytest.raises(SpotifyParkedError, match="05:00"):
        limiter.check()
    limiter.start_run(RUN)
    limiter.close()
    with pytest.raises(SpotifyParkedError, match="05:00"):
        world.limiter().check()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\x00",
        b"[" * 100_000,
        b'{"schema":2}',
        b'{"schema":1,"reason":"\xff"}',
        b'{"schema":1,"not_before":"2026-10-01T04:00:00"}',
        b'{"schema":1,"strikes":-1}',
        b'{"schema":1,"requests":{"2026-10-01T04:00:00Z":1e99}}',
    ],
)
def test_a_state_that_cannot_be_read_is_set_aside_and_begun_anew(world: World, body: bytes) -> None:
    world.bucket.put(SPOTIFY_STATE, body, JSON, replacing=None)
    limiter = world.limiter(budget=1)
    limiter.acquire()
    limiter.close()

    assert world.sent() == 1
    [aside] = [key for key in world.bucket.objects if key.startswith(DAMAGED)]
    assert aside == f"damaged/{SPOTIFY_STATE}/20261001T040000Z"
    assert world.bucket.objects[aside] == body


def test_future_times_in_the_state_block_no_request(world: World) -> None:
    body = (
        b'{"schema":1,"asked_at":"9999-12-31T23:59:59Z","requests":'
        b'{"9999-12-31T23:00:00Z":999,"0001-01-01T00:00:00Z":999}}'
    )
    world.bucket.put(SPOTIFY_STATE, body, JSON, replacing=None)
    limiter = world.limiter(budget=1, interval=2)
    limiter.acquire()
    limiter.close()

    assert world.clock.slept == [3]
    assert world.sent() == 1


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} .{0,20}"))
def test_no_retry_after_does_more_than_name_a_pause(text: str) -> None:
    seconds = parse_retry_after(text, RUN)
    assert seconds is None or 0 < seconds <= 9_999_999


def test_a_playlist_that_no_day_can_pay_for_is_oversized(world: World) -> None:
    limiter = world.limiter(budget=150)
    limiter.make_room(149)
    with pytest.raises(OversizedError) as caught:
        limiter.make_room(199)
    assert str(caught.value) == (
        "needs 200 requests, 150 a day are allowed: raise DailyRequestBudget"
    )


def test_a_playlist_that_needs_more_than_is_left_is_crowded_out(world: World) -> None:
    limiter = world.limiter(budget=10)
    for _ in range(4):
        limiter.acquire()
    limiter.make_room(6)
    with pytest.raises(CrowdedOutError) as caught:
        limiter.make_room(7)
    assert str(caught.value) == (
        "needs 7 more requests, 6 of 10 a day are left now: "
        "raise DailyRequestBudget if that does not change"
    )


def test_a_playlist_that_takes_longer_than_an_invocation_is_oversized(world: World) -> None:
    limiter = world.limiter(interval=9.5)
    limiter.make_room(50)
    with pytest.raises(OversizedError) as caught:
        limiter.make_room(59)
    assert str(caught.value) == (
        "needs 60 requests, which take 10 minutes, an invocation has 8: lower RequestIntervalMs"
    )


def test_a_playlist_is_not_begun_with_too_little_time_for_all_of_it(world: World) -> None:
    seconds = [600.0]
    limiter = RateLimiter(world.bucket, world.clock, daily_budget=0, interval_seconds=0.5)
    limiter.open(lambda: seconds[0])
    seconds[0] = 174.0
    limiter.make_room(99)
    with pytest.raises(OutOfTimeError):
        limiter.make_room(100)
