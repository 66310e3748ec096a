"""Damaged, lost and forgotten objects: what protects the truth until they are mended."""

from datetime import timedelta

import pytest

from playlist_archive.documents.keys import CATALOG, INDEX
from playlist_archive.documents.messages import decode_render_request
from playlist_archive.documents.render_jobs import RenderJob
from playlist_archive.errors import (
    ContentsForbiddenError,
    PlaylistError,
    PlaylistNotFoundError,
    SpotifyParkedError,
    UnstablePlaylistError,
)
from playlist_archive.ports.bucket import Bucket
from playlist_archive.ports.credentials import Credentials
from playlist_archive.ports.queues import Queue
from playlist_archive.ports.spotify import Library, Reading
from playlist_archive.renderer.service import Renderer
from playlist_archive.spotify.state import update_state
from tests.support.actors import play_until
from tests.support.builders import (
    DAY,
    OTHER,
    PLAYLIST,
    RUN,
    a_header,
    a_library,
    a_reading,
    rows,
)
from tests.support.pipeline import plenty, render_snapshot
from tests.support.world import World
from tools.chaos.one_at_a_time import OneAtATime

pytestmark = pytest.mark.unit

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
LOGGED_IN = Credentials("id", "secret", "refresh")
PRETTY = f"playlists/pretty/{PLAYLIST}.md"


@pytest.fixture
def world() -> World:
    return World()


def damage(world: World, key: str) -> None:
    """Damage a snapshot, and let a rebuild find that."""
    world.pipeline.bucket.objects[key] = b"garbage"
    world.pipeline.lister.rebuild([PLAYLIST])
    while world.pipeline.render() or world.pipeline.index():
        pass


@pytest.mark.parametrize("older", [True, False], ids=["another can be read", "no other"])
def test_a_damaged_newest_snapshot_lets_no_great_loss_through(world: World, older: bool) -> None:
    if older:
        world.spotify.playlists[PLAYLIST] = a_reading(*range(40))
        world.run()
    world.spotify.playlists[PLAYLIST] = a_reading(*range(41), snapshot_id="v2")
    world.run(1)
    world.clock.moment += HOUR
    damage(world, world.snapshots()[-1])
    before = world.snapshots()
    world.spotify.playlists[PLAYLIST] = a_reading(snapshot_id="v3")
    world.run(2)

    assert world.entry().status == "held"
    assert world.snapshots() == before


@pytest.mark.parametrize("planned", [True, False], ids=["after the plan", "before the plan"])
def test_damage_that_is_found_while_a_request_waits_is_mended_by_the_next_run(
    world: World, planned: bool
) -> None:
    world.run()
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3, 4, snapshot_id="v2")
    world.run(1)
    newest = world.snapshots()[-1]
    world.clock.moment = RUN + 2 * DAY
    if not planned:
        damage(world, newest)
    world.pipeline.lister.run(RUN + 2 * DAY, plenty)
    world.clock.moment += MINUTE
    if planned:
        damage(world, newest)
    world.clock.moment += MINUTE
    world.pipeline.settle()
    world.run(3)

    assert len(world.snapshots()) == 3
    assert "Song 4" in world.pipeline.page(PRETTY)


def test_a_renderer_that_dies_over_a_damaged_snapshot_has_it_read_again_all_the_same() -> None:
    died = 0
    while True:
        world = World()
        world.run()
        world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3, 4, snapshot_id="v2")
        world.clock.moment = RUN + DAY
        world.pipeline.lister.run(RUN + DAY, plenty)
        world.pipeline.fetch()
        world.pipeline.index()
        newest = world.snapshots()[-1]
        world.pipeline.bucket.objects[newest] = b"garbage"

        def play(bucket: Bucket, queue: Queue, world: World = world, key: str = newest) -> None:
            renderer = Renderer(
                bucket=bucket,
                render_queue=world.pipeline.render_queue,
                outcome_queue=queue,
                clock=world.clock,
                pool=OneAtATime(),
            )
            render_snapshot(renderer, key)

        ended = play_until(world.pipeline.bucket, world.pipeline.outcome_queue, play, calls=died)
        world.pipeline.settle()
        world.run(2)

        assert "Song 4" in world.pipeline.page(PRETTY), died
        if ended:
            break
        died += 1
    assert died > 5


def test_a_ledger_that_was_deleted_shows_alias_and_status_again_after_one_snapshot(
    world: World,
) -> None:
    world.register(PLAYLIST, "My harbour")
    world.run()
    world.spotify.playlists[PLAYLIST] = UnstablePlaylistError("torn")
    world.run(1)
    page = world.pipeline.page(PRETTY)
    del world.pipeline.bucket.objects[f"state/ledgers/{PLAYLIST}.json"]
    render_snapshot(world.pipeline.renderer, world.snapshots()[-1])
    world.pipeline.settle()

    assert "My harbour" in page
    assert world.pipeline.page(PRETTY) == page


def test_a_ledger_that_was_put_back_in_an_older_version_shows_the_newest_status_after_a_change(
    world: World,
) -> None:
    world.run()
    world.spotify.playlists[PLAYLIST] = UnstablePlaylistError("torn")
    world.run(1)
    objects, ledger = world.pipeline.bucket.objects, f"state/ledgers/{PLAYLIST}.json"
    older = objects[ledger]
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3)
    world.run(2)
    objects[ledger] = older
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3, 4, snapshot_id="v2")
    world.run(3)

    assert len(world.snapshots()) == 2
    assert "unstable" not in world.pipeline.page(PRETTY).lower()
    assert "torn" not in world.pipeline.page(PRETTY)


def test_a_first_render_reports_no_damage(world: World) -> None:
    world.run()

    assert world.entry().doubted is None


def test_a_rebuild_that_goes_on_later_reports_no_damage(world: World) -> None:
    for day in range(3):
        world.spotify.playlists[PLAYLIST] = a_reading(*range(4 + day), snapshot_id=f"v{day}")
        world.run(day)
    world.pipeline.lister.rebuild("all")
    (body,) = world.pipeline.render_queue.take()
    left = iter([600.0, 30.0])
    world.pipeline.renderer.render(RenderJob(decode_render_request(body)), lambda: next(left, 30.0))
    world.pipeline.settle()

    assert world.entry().doubted is None


def test_a_library_that_misses_most_known_playlists_is_held_however_long_it_is() -> None:
    world = World()
    del world.pipeline.bucket.objects[f"registry/{PLAYLIST}"]
    world.spotify.stored_credentials = LOGGED_IN
    ids = [f"{number:022d}" for number in range(200)]
    own = [(id_, a_header(name=id_, playlist_id=id_)) for id_ in ids[:40]]
    followed = [(id_, a_header(owner="other", playlist_id=id_)) for id_ in ids[40:]]
    for id_, header in own:
        world.spotify.playlists[id_] = Reading(header, rows(1))
    world.spotify.library = a_library(*own, *followed)
    world.run()
    world.spotify.library = a_library(*own[:5], *followed)
    world.run(1)

    assert world.status()["counts"] == {"ok": 40}

    world.run(2)

    assert world.status()["counts"] == {"ok": 5, "retired": 35}


def test_a_snapshot_that_was_written_during_the_sweep_stays_the_newest(world: World) -> None:
    world.run()
    world.spotify.stored_credentials = LOGGED_IN
    world.spotify.library = a_library((PLAYLIST, a_header()))
    del world.pipeline.bucket.objects[CATALOG]
    world.clock.moment = RUN + 2 * DAY
    read_library = world.spotify.read_library

    def read_slowly() -> Library:
        library = read_library()
        world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3, 4, snapshot_id="v2")
        world.clock.moment += timedelta(seconds=10)
        world.pipeline.lister.registry_changed(PLAYLIST, world.clock.moment)
        world.pipeline.fetch()
        world.clock.moment += timedelta(seconds=30)
        return library

    world.spotify.read_library = read_slowly  # type: ignore[method-assign]
    world.pipeline.lister.run(RUN + 2 * DAY, plenty)
    world.spotify.stop = SpotifyParkedError("Spotify asked to wait", RUN + 3 * DAY)
    world.pipeline.settle()

    latest = world.entry().latest
    assert latest
    assert latest.rows == 4


def test_a_pause_that_began_before_the_run_defers_what_was_registered_since(world: World) -> None:
    world.run()
    parked_at = RUN + HOUR

    def park() -> None:
        state = world.spotify.state
        state = state.__class__(
            latest_run=state.latest_run,
            not_before=RUN + 3 * DAY,
            parked_at=parked_at,
            parked_since=parked_at,
            reason="Spotify asked to wait",
        )
        world.spotify.state = state
        update_state(world.pipeline.bucket, lambda _: state, parked_at)

    world.spotify.stop = SpotifyParkedError("Spotify asked to wait", RUN + 3 * DAY)
    start_run = world.spotify.start_run

    def start(run: object) -> None:
        start_run(run)  # type: ignore[arg-type]
        park()

    world.spotify.start_run = start  # type: ignore[method-assign]
    park()
    world.register_now(RUN + 2 * HOUR, OTHER)
    world.pipeline.fetch_queue.take()
    world.run(1)

    assert (world.entry(OTHER).status, world.entry(OTHER).run) == ("deferred", RUN + DAY)
    assert "Overdue" not in world.pipeline.page("playlists/status.md")


@pytest.mark.parametrize(
    "error",
    [
        UnstablePlaylistError("torn"),
        ContentsForbiddenError("closed", a_header("v2", name="New name")),
        PlaylistNotFoundError("gone"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_a_playlist_that_the_catalog_lost_is_called_alike_on_index_and_page(
    world: World, error: PlaylistError, listed: bool
) -> None:
    if listed:
        world.spotify.stored_credentials = LOGGED_IN
        world.spotify.library = a_library((PLAYLIST, a_header()))
    world.run()
    del world.pipeline.bucket.objects[CATALOG]
    if listed:
        world.spotify.library = a_library((PLAYLIST, a_header("v2", name="New name")))
    world.spotify.playlists[PLAYLIST] = error
    for day in (1, 2):
        world.run(day)

        assert "[Harbour mix]" in world.pipeline.page(INDEX)
        assert "### [Harbour mix]" in world.pipeline.page(PRETTY)
