"""A run or a rebuild that the owner starts is followed to its end."""

import pytest

from playlist_archive.documents.keys import STATUS_JSON
from playlist_archive.errors import (
    AuthorizationError,
    ContentsForbiddenError,
    SpotifyParkedError,
)
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.runs import rebuild_now, run_now, wake_indexer
from playlist_archive_cli.screen import plain_lines
from playlist_archive_cli.verbs.start_run import tell_rebuild, tell_run
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header, a_reading
from tests.support.fakes import FakeSpotify
from tests.support.handlers import load_event
from tests.support.living_stack import LivingClock, LivingStack

pytestmark = pytest.mark.unit


@pytest.fixture
def spotify() -> FakeSpotify:
    spotify = FakeSpotify()
    spotify.playlists[PLAYLIST] = a_reading(1, 2, 3)
    return spotify


@pytest.fixture
def stack(spotify: FakeSpotify) -> LivingStack:
    """Return a stack with two registered playlists, of which Spotify does not find one."""
    clock = LivingClock(RUN)
    spotify.now = clock.now
    stack = LivingStack(spotify, clock)
    stack.bucket.objects[f"registry/{PLAYLIST}"] = b""
    stack.registered = stack._registry()
    return stack


def test_a_run_ends_when_every_playlist_is_read_and_its_pages_are_written(
    stack: LivingStack, capsys: pytest.CaptureFixture[str]
) -> None:
    end = run_now(stack.connect())

    assert not end.failed
    assert (end.run, end.planned, end.up_to_date, end.changed) == ("2026-10-01T04:00:00Z", 1, 1, 1)
    assert f"playlists/pretty/{PLAYLIST}.json" in stack.bucket.objects
    assert not stack.pipeline.render_queue.bodies
    assert capsys.readouterr().err == (
        "run 2026-10-01T04:00:00Z: 1 playlist to read\n1 of 1 read\n"
    )


def test_a_run_with_nothing_to_read_ends_too(stack: LivingStack) -> None:
    stack.bucket.objects.clear()
    stack.registered = {}

    end = run_now(stack.connect())

    assert (end.planned, end.playlists, end.failed) == (0, 0, False)


def test_a_playlist_that_cannot_be_read_fails_the_run_and_is_named(
    stack: LivingStack, spotify: FakeSpotify
) -> None:
    stack.bucket.objects[f"registry/{OTHER}"] = b"Ours"
    spotify.playlists[OTHER] = ContentsForbiddenError("closed to this app")

    end = run_now(stack.connect())

    assert end.failed
    assert [(one.id, one.name, one.status) for one in end.not_read] == [
        (OTHER, "Ours", "forbidden")
    ]
    assert "Ours\tforbidden\tclosed to this app" in list(plain_lines(tell_run(end)))


def test_a_run_without_authorisation_fails_and_says_why(
    stack: LivingStack, spotify: FakeSpotify
) -> None:
    spotify.stop = AuthorizationError("Spotify refuses the refresh token")

    end = run_now(stack.connect())

    assert end.failed
    assert "Spotify refuses the refresh token" in "\n".join(plain_lines(tell_run(end)))


def test_a_pause_that_spotify_asks_for_is_told_and_is_no_failure(
    stack: LivingStack, spotify: FakeSpotify
) -> None:
    run_now(stack.connect())
    stack.clock.moment = RUN + DAY
    until = RUN + 2 * DAY
    spotify.stop = SpotifyParkedError("rate limit", until)
    stack.bucket.objects["state/spotify.json"] = (
        b'{"schema":1,"not_before":"2026-10-03T04:00:00Z","parked_at":"2026-10-02T04:00:00Z",'
        b'"reason":"rate limit"}'
    )

    end = run_now(stack.connect())

    assert end.not_before == "2026-10-03T04:00:00Z"
    assert not end.failed
    assert "2026-10-03 04:00 UTC" in next(iter(plain_lines(tell_run(end))))


@pytest.mark.parametrize("broken", ["fetcher", "renderer", "indexer"])
def test_a_function_that_does_nothing_ends_the_wait_and_fails(
    stack: LivingStack, broken: str
) -> None:
    run_now(stack.connect())
    stack.clock.moment = RUN + DAY
    stack.broken = {broken}
    if broken == "renderer":
        stack.pipeline.render_queue.send(["waiting"])

    end = run_now(stack.connect())

    assert end.failed
    assert end.unfinished
    assert "playlist-archive logs --run" in "\n".join(plain_lines(tell_run(end)))


def test_a_message_that_was_given_up_ends_the_wait_and_fails(stack: LivingStack) -> None:
    stack.dead_letters["Fetch"] = 1  # an old one
    stack.broken = {"fetcher"}
    work = stack.work

    def give_up() -> None:
        stack.dead_letters["Fetch"] = 2
        work()

    stack.work = give_up  # type: ignore[method-assign]

    end = run_now(stack.connect())

    assert end.given_up == {"FetchDeadLetterQueue": 1}
    assert end.failed


def test_who_may_not_see_the_queues_follows_the_status_page(stack: LivingStack) -> None:
    stack.refused = {"get_queue_attributes"}

    end = run_now(stack.connect())

    assert (end.up_to_date, end.failed) == (1, False)


def test_a_lister_that_fails_is_quoted(stack: LivingStack) -> None:
    stack.bucket.before = lambda _, key: (
        (_ for _ in ()).throw(OSError(f"no {key}")) if (key == "registry/") else None
    )

    with pytest.raises(CommandError, match=r"the lister failed: OSError: no registry/"):
        run_now(stack.connect())


def test_an_indexer_is_woken_by_the_event_that_stands_among_the_examples(
    stack: LivingStack,
) -> None:
    wake_indexer(stack.connect())

    assert stack.events == [load_event("after-deployment.json")]
    assert STATUS_JSON in stack.bucket.objects


def test_an_indexer_that_fails_is_quoted(stack: LivingStack) -> None:
    stack.bucket.before = lambda operation, key: (
        (_ for _ in ()).throw(OSError(f"no {key}")) if operation == "put" else None
    )

    with pytest.raises(CommandError, match=r"the indexer failed: OSError: no "):
        wake_indexer(stack.connect())


def test_an_earlier_run_ahead_of_the_clock_is_not_taken_for_this_one(
    stack: LivingStack, spotify: FakeSpotify
) -> None:
    stack.call_lister({"time": "2026-10-20T04:00:00Z", "force": True})
    stack.pipeline.settle()
    spotify.playlists[PLAYLIST] = a_reading(1, 2, snapshot_id="v2")
    stack.clock.moment = RUN + DAY

    end = run_now(stack.connect())

    assert (end.run, end.up_to_date) == ("2026-10-02T04:00:00Z", 1)
    assert not end.failed


def test_a_rebuild_writes_the_pages_again_and_reads_nothing(
    stack: LivingStack, spotify: FakeSpotify
) -> None:
    run_now(stack.connect())
    reads = list(spotify.reads)
    pages = {key: body for key, body in stack.bucket.objects.items() if "/pretty/" in key}
    for key in pages:
        del stack.bucket.objects[key]

    end = rebuild_now(stack.connect())

    assert (end.playlists, end.failed) == (1, False)
    assert pages.items() <= stack.bucket.objects.items()
    assert spotify.reads == reads


def test_one_playlist_can_be_rebuilt(stack: LivingStack) -> None:
    rebuild_now(stack.connect(), [PLAYLIST])

    assert stack.events == [{"rebuild": [PLAYLIST]}]


def test_a_rebuild_that_does_not_move_fails(stack: LivingStack) -> None:
    run_now(stack.connect())
    stack.broken = {"renderer"}

    end = rebuild_now(stack.connect())

    assert end.failed
    assert "1 in RenderQueue" in next(iter(plain_lines(tell_rebuild(end))))


def test_who_may_not_see_the_queues_is_told_that_the_rebuild_is_only_begun(
    stack: LivingStack,
) -> None:
    run_now(stack.connect())
    stack.refused = {"get_queue_attributes"}

    end = rebuild_now(stack.connect())

    assert (end.watched, end.failed) == (False, False)
    assert "how far" in next(iter(plain_lines(tell_rebuild(end))))


def test_spotify_s_names_are_told_as_they_are_in_the_index(
    stack: LivingStack, spotify: FakeSpotify
) -> None:
    spotify.playlists[PLAYLIST] = ContentsForbiddenError("closed", a_header())

    assert [one.name for one in run_now(stack.connect()).not_read] == ["Harbour mix"]
