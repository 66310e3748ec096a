"""How the fetcher handles one message, and how it ends an invocation."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from playlist_archive.documents.content_types import KEEP_FOR_EVER
from playlist_archive.documents.messages import (
    FetchRequest,
    Outcome,
    decode_outcome,
    encode_message,
)
from playlist_archive.documents.playlist import Header
from playlist_archive.documents.snapshot import decode_snapshot
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.errors import (
    AuthorizationError,
    BudgetSpentError,
    CrowdedOutError,
    OutOfTimeError,
    OversizedError,
    SpotifyParkedError,
    SpotifyUnavailableError,
    StorageError,
)
from playlist_archive.fetcher.service import Fetcher
from playlist_archive.ports.spotify import Reading
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header, a_reading
from tests.support.fakes import FakeBucket, FakeClock, FakeQueue, FakeSpotify
from tests.support.pipeline import plenty

pytestmark = pytest.mark.unit


class World:
    def __init__(self) -> None:
        self.bucket, self.clock, self.spotify = FakeBucket(), FakeClock(RUN), FakeSpotify()
        self.spotify.playlists = {PLAYLIST: a_reading(1, 2, 3), OTHER: a_reading(4)}
        self.fetch_queue, self.outcome_queue = FakeQueue(), FakeQueue()
        self.dead_letters = FakeQueue()
        self.fetcher = Fetcher(
            bucket=self.bucket,
            spotify=self.spotify,
            fetch_queue=self.fetch_queue,
            dead_letter_queue=self.dead_letters,
            outcome_queue=self.outcome_queue,
            clock=self.clock,
        )
        self.fetcher.open(plenty)

    def fetch(
        self, playlist_id: str = PLAYLIST, *, day: int = 0, known: Header | None = None
    ) -> Outcome | None:
        request = FetchRequest(
            playlist_id=playlist_id,
            run=RUN + day * DAY,
            source="library",
            snapshot_id=known.snapshot_id if known else "",
            header=known,
        )
        return self.fetcher.fetch(encode_message(request))

    def names(self) -> list[str]:
        keys = sorted(key for key in self.bucket.objects if key.startswith("snapshots/"))
        return [decode_snapshot(self.bucket.objects[key]).name for key in keys]


@pytest.fixture
def world() -> World:
    return World()


def test_a_known_version_writes_nothing_and_does_not_count_as_a_whole_read(world: World) -> None:
    world.fetch()
    outcome = world.fetch(day=1, known=a_header())

    assert outcome is not None
    assert (outcome.status, outcome.read, outcome.written) == ("ok", False, False)
    assert len(world.names()) == 1


def test_a_new_name_under_the_known_version_is_a_change(world: World) -> None:
    world.fetch()
    reading = world.spotify.playlists[PLAYLIST]
    assert isinstance(reading, Reading)
    world.spotify.playlists[PLAYLIST] = reading._replace(header=a_header(name="Renamed"))
    outcome = world.fetch(day=1, known=a_header())

    assert outcome is not None
    assert outcome.written
    assert world.names() == ["Harbour mix", "Renamed"]


def test_a_snapshot_says_that_it_may_be_kept_for_ever(world: World) -> None:
    world.fetch()

    assert list(world.bucket.cache_control.values()) == [KEEP_FOR_EVER]


def test_a_snapshot_whose_name_was_taken_still_names_its_run(world: World) -> None:
    world.fetch()
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2)
    world.clock.moment += timedelta(minutes=5)
    world.fetch()

    assert {key[-21:]: found["run"] for key, found in world.bucket.metadata.items()} == {
        "20261001T040000Z.json": "2026-10-01T04:00:00Z",
        "20261001T040500Z.json": "2026-10-01T04:00:00Z",
    }


@pytest.mark.parametrize(
    "error",
    [
        AuthorizationError("log in again"),
        BudgetSpentError("the budget is spent"),
        SpotifyUnavailableError("the token host is silent"),
    ],
)
def test_an_error_that_stops_an_invocation_defers_its_rest_without_a_request(
    world: World, error: Exception
) -> None:
    world.spotify.stop = error
    first = world.fetch()
    world.spotify.stop = None
    second = world.fetch(OTHER)

    assert first is not None
    assert second is not None
    assert {first.status, second.status} == {"deferred"}
    assert {first.reason, second.reason} == {str(error)}
    assert world.spotify.reads == []

    world.fetcher.close([])
    world.fetcher.open(plenty)
    later = world.fetch(OTHER)
    assert later is not None
    assert later.status == "ok"


def test_the_rest_of_a_batch_comes_back_at_once(world: World) -> None:
    world.fetch(OTHER)
    world.outcome_queue.take()
    world.spotify.stop = OutOfTimeError("too little time")
    with pytest.raises(OutOfTimeError):
        world.fetch()
    world.fetcher.close(["a", "b"], receives=40)

    assert world.fetch_queue.held == [("a", 0), ("b", 0)]
    assert world.outcome_queue.bodies == []


def test_a_playlist_too_long_for_any_invocation_is_not_tried_forever(world: World) -> None:
    world.spotify.playlists[PLAYLIST] = OutOfTimeError("too little time")
    outcome = world.fetch()

    assert outcome is not None
    assert (outcome.status, outcome.oversized) == ("deferred", True)
    assert "lower RequestIntervalMs" in outcome.reason
    assert world.fetch(OTHER)


@pytest.mark.parametrize(
    ("error", "oversized"),
    [
        (OversizedError("needs 200 requests, 150 a day are allowed"), True),
        (CrowdedOutError("needs 40 more requests, 12 of 150 a day are left now"), False),
    ],
)
def test_a_playlist_that_does_not_fit_is_put_off_alone(
    world: World, error: Exception, oversized: bool
) -> None:
    world.spotify.playlists[PLAYLIST] = error
    outcome, other = world.fetch(), world.fetch(OTHER)

    assert outcome is not None
    assert other is not None
    assert (outcome.status, outcome.oversized) == ("deferred", oversized)
    assert outcome.reason == str(error)
    assert other.status == "ok"


def test_a_run_of_ten_years_ahead_supersedes_nothing(world: World) -> None:
    world.spotify.start_run(RUN + 3650 * DAY)
    outcome = world.fetch()
    assert outcome is not None
    assert outcome.status == "ok"

    world.clock.moment = RUN + DAY
    world.spotify.state = SpotifyState(latest_run=RUN + DAY)
    outcome = world.fetch()
    assert outcome is not None
    assert outcome.status == "deferred"


def test_an_invocation_whose_storage_fails_at_once_holds_its_whole_batch(world: World) -> None:
    def fail(remaining_seconds: Callable[[], float]) -> None:
        raise StorageError("not now")

    world.spotify.open = fail  # type: ignore[method-assign]
    world.fetcher.open(plenty)
    with pytest.raises(StorageError):
        world.fetch()
    world.fetcher.close(["a", "b"], receives=3)
    assert world.fetch_queue.held == [("a", 60), ("b", 60)]
    assert world.spotify.reads == []

    del world.spotify.open
    world.fetcher.open(plenty)
    assert world.fetch()


def test_a_number_of_requests_that_could_not_be_stored_fails_nothing(world: World) -> None:
    def fail() -> None:
        raise StorageError("not now")

    world.spotify.close = fail  # type: ignore[method-assign]
    world.fetch()
    world.fetcher.close(["a"])

    assert world.fetch_queue.held == [("a", 60)]


@pytest.mark.parametrize(
    ("receives", "held"),
    [(1, 60), (10, 60), (11, 120), (12, 240), (16, 3840), (17, 7200), (5000, 7200)],
)
def test_a_message_that_fails_again_and_again_is_held_longer_each_time(
    world: World, receives: int, held: int
) -> None:
    world.fetcher.close(["a"], receives=receives)

    assert world.fetch_queue.held == [("a", held)]


@pytest.mark.parametrize(("receives", "held"), [(1, 30), (10, 30), (17, 7200)])
def test_a_lane_that_is_parked_again_and_again_is_held_longer(
    world: World, receives: int, held: int
) -> None:
    world.spotify.stop = SpotifyParkedError("wait", RUN + timedelta(seconds=30))
    with pytest.raises(SpotifyParkedError):
        world.fetch()
    world.fetcher.close(["a"], receives=receives)

    assert world.fetch_queue.held == [("a", held)]


@pytest.mark.parametrize(
    ("pause", "held"),
    [
        pytest.param(timedelta(minutes=10), 600),
        pytest.param(timedelta(hours=24), 24 * 3600 // 3, id="longest_hold"),
        pytest.param(timedelta(seconds=-5), 0, id="over by now"),
    ],
)
def test_a_parked_lane_is_held_until_spotify_may_be_asked(
    world: World, pause: timedelta, held: int
) -> None:
    world.spotify.stop = SpotifyParkedError("wait", RUN + pause)
    with pytest.raises(SpotifyParkedError):
        world.fetch()
    world.fetcher.close(["a", "b"])

    assert world.fetch_queue.held == [("a", held), ("b", held)]
    (outcome,) = map(decode_outcome, world.outcome_queue.bodies)
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.reason) == ("deferred", "wait")


def test_a_storage_that_fails_blocks_the_lane_for_a_minute(world: World) -> None:
    def fail(operation: str, key: str) -> None:
        raise StorageError(key)

    world.bucket.before = fail
    with pytest.raises(StorageError):
        world.fetch()
    world.fetcher.close(["a"])

    assert world.fetch_queue.held == [("a", 60)]


def test_a_new_invocation_forgets_why_the_last_one_stopped(world: World) -> None:
    world.spotify.stop = SpotifyParkedError("wait", RUN + DAY)
    with pytest.raises(SpotifyParkedError):
        world.fetch()
    world.spotify.stop = None
    world.fetcher.open(plenty)
    world.fetcher.close(["a"])

    assert world.fetch_queue.held == [("a", 60)]


def test_a_batch_that_was_read_whole_holds_nothing(world: World) -> None:
    world.fetch()
    world.fetcher.close([])

    assert world.fetch_queue.held == []


@pytest.mark.parametrize("playlist_id", ["../catalog", PLAYLIST + "x"])
def test_a_message_about_no_playlist_is_set_aside(world: World, playlist_id: str) -> None:
    assert world.fetch(playlist_id) is None
    assert len(world.dead_letters.bodies) == 1
    assert world.spotify.reads == []
