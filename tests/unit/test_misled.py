"""The archive says nothing false after late or lost messages, damage and wrong clocks."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from playlist_archive.documents.catalog import decode_catalog
from playlist_archive.documents.keys import CATALOG, INDEX, STATUS_PAGE
from playlist_archive.documents.messages import RenderRequest, decode_fetch_request, encode_message
from playlist_archive.documents.snapshot import decode_snapshot
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.errors import (
    AuthorizationError,
    InvalidMessageError,
    SpotifyParkedError,
    UnstablePlaylistError,
)
from playlist_archive.ports.credentials import Credentials
from playlist_archive.spotify.state import update_state
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header, a_library, a_reading
from tests.support.pipeline import plenty
from tests.support.world import World

pytestmark = pytest.mark.unit

HOUR = timedelta(hours=1)
AHEAD = datetime(2036, 10, 2, 4, tzinfo=UTC)
LOGGED_IN = Credentials("id", "secret", "refresh")
PRETTY = f"playlists/pretty/{PLAYLIST}.md"
HISTORY = f"playlists/history/{PLAYLIST}.md"


@pytest.fixture
def world() -> World:
    return World()


def read_at(world: World) -> list[datetime]:
    """Return the times at which the snapshots were read, in the order of their keys."""
    return [
        decode_snapshot(world.pipeline.bucket.objects[key]).read_at for key in world.snapshots()
    ]


def headline(world: World) -> str:
    return world.pipeline.page(STATUS_PAGE).split("## ")[1].split("\n")[0]


# Lateness.


def test_the_snapshot_of_a_late_message_sorts_after_those_that_were_read_meanwhile(
    world: World,
) -> None:
    world.run()
    world.pipeline.lister.run(RUN + DAY, plenty)
    (late,) = world.pipeline.fetch_queue.take()
    world.pipeline.settle()
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3, 4, snapshot_id="v2")
    world.register_now(RUN + DAY + 5 * HOUR)
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3, 4, 5, snapshot_id="v3")
    world.clock.moment = RUN + DAY + 6 * HOUR
    world.pipeline.fetch_queue.bodies.append(late)
    world.pipeline.settle()

    assert [key[-21:] for key in world.snapshots()] == [
        "20261001T040000Z.json",
        "20261002T090000Z.json",
        "20261002T100000Z.json",
    ]
    history = world.pipeline.page(HISTORY)
    assert history.index("Added: [Song 5]") < history.index("Added: [Song 4]")
    assert "Removed" not in history
    assert world.entry().header == a_header("v3")


def test_a_run_that_is_started_again_after_a_good_check_does_not_date_changes_back(
    world: World,
) -> None:
    world.run()
    world.run(1)
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3, 4, snapshot_id="v2")
    world.clock.moment = RUN + DAY + 8 * HOUR
    world.pipeline.run(RUN + DAY)

    assert world.snapshots()[-1].endswith("20261002T120000Z.json")
    assert read_at(world) == sorted(read_at(world))


def test_contents_that_change_within_a_second_follow_by_a_second(world: World) -> None:
    world.run()
    for number in range(4, 7):
        world.spotify.playlists[PLAYLIST] = a_reading(1, number, snapshot_id=f"v{number}")
        world.pipeline.run(RUN)

    assert [key[-12:-6] for key in world.snapshots()] == ["040000", "040001", "040002", "040003"]


# A wrong clock.


def test_a_run_far_ahead_of_the_clock_is_refused_by_name(world: World) -> None:
    world.run()
    with pytest.raises(InvalidMessageError, match=r"2036-10-02T04:00:00Z.*26 hours ahead"):
        world.pipeline.lister.run(AHEAD, plenty)

    assert world.spotify.state.latest_run == RUN
    world.pipeline.lister.run(RUN + 26 * HOUR, plenty)


def test_results_of_a_forced_run_are_replaced_by_the_next_run(world: World) -> None:
    world.run()
    world.clock.moment = RUN + HOUR
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, snapshot_id="v2")
    world.pipeline.lister.run(AHEAD, plenty, force=True)
    world.pipeline.settle()
    assert world.snapshots()[-1].endswith("20361002T040000Z.json")

    world.spotify.playlists[PLAYLIST] = UnstablePlaylistError("torn")
    world.run(1)

    assert (world.entry().status, world.entry().since) == ("unstable", RUN + DAY)
    assert world.entry().checked == RUN
    page = world.pipeline.page(STATUS_PAGE)
    assert "| Last run | 2026-10-02 04:00 UTC |" in page
    assert world.snapshots()[-1].replace("/", "") in page.replace("/", "").replace("\\", "")
    status = world.status()["playlists"][PLAYLIST]  # type: ignore[index]
    assert status["last_checked"] == "2026-10-01T04:00:00Z"

    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3, snapshot_id="v3")
    world.run(2)

    assert world.entry().checked == RUN + 2 * DAY
    assert world.snapshots()[-1].endswith("20361002T040001Z.json")


def test_when_the_objects_dated_ahead_are_deleted_nothing_is_left_of_them(world: World) -> None:
    world.run()
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, snapshot_id="v2")
    world.pipeline.lister.run(AHEAD, plenty, force=True)
    world.pipeline.settle()
    world.run(1)
    del world.pipeline.bucket.objects[world.snapshots()[-1]]
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 4, snapshot_id="v3")
    world.run(2)
    world.run(3)

    assert [key[-21:] for key in world.snapshots()] == [
        "20261001T040000Z.json",
        "20261003T040000Z.json",
    ]
    assert "2036" not in world.pipeline.page(STATUS_PAGE)
    assert "2036" not in world.pipeline.page(HISTORY)
    assert headline(world) == "All is well"


def test_after_a_forced_run_a_fetcher_that_does_nothing_is_seen_all_the_same(world: World) -> None:
    world.run()
    world.clock.moment = RUN + HOUR
    world.pipeline.lister.run(AHEAD, plenty, force=True)
    world.pipeline.settle()
    for day in (1, 2):
        world.clock.moment = RUN + day * DAY
        world.pipeline.lister.run(RUN + day * DAY, plenty)
        world.pipeline.fetch_queue.take()
        world.pipeline.settle()

    assert headline(world) == "Something needs attention"
    status = world.status()
    assert status["up_to_date"] == 0
    shown = status["playlists"][PLAYLIST]  # type: ignore[index]
    assert shown["last_checked"] == "2026-10-01T04:00:00Z"
    assert shown["overdue_since"] == "2026-10-02T04:00:00Z"


def test_results_of_a_wrong_clock_are_replaced_once_the_clock_is_right(world: World) -> None:
    world.run()
    world.clock.moment = AHEAD
    world.pipeline.run(AHEAD)
    world.spotify.playlists[PLAYLIST] = UnstablePlaylistError("torn")
    world.run(1)

    assert (world.entry().status, world.entry().since) == ("unstable", RUN + DAY)
    assert world.entry().checked == RUN
    assert "| Last run | 2026-10-02 04:00 UTC |" in world.pipeline.page(STATUS_PAGE)


def test_a_run_a_day_ahead_cancels_no_real_one(world: World) -> None:
    world.run()
    world.clock.moment = RUN + HOUR
    world.pipeline.lister.run(RUN + 26 * HOUR, plenty)
    world.pipeline.settle()
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3, 4, snapshot_id="v2")
    world.run(1)

    assert "[Song 4]" in world.pipeline.page(PRETTY)
    assert "| Last run | 2026-10-02 04:00 UTC |" in world.pipeline.page(STATUS_PAGE)


def test_the_next_run_reads_again_after_future_snapshots_are_deleted_and_rebuilt(
    world: World,
) -> None:
    world.run()
    world.clock.moment = RUN + HOUR
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, snapshot_id="v2")
    world.pipeline.lister.run(AHEAD, plenty, force=True)
    world.pipeline.settle()
    world.run(1)
    del world.pipeline.bucket.objects[world.snapshots()[-1]]
    world.pipeline.lister.rebuild([PLAYLIST])
    world.pipeline.settle()
    world.run(2)

    assert "[Song 3]" not in world.pipeline.page(PRETTY)
    assert headline(world) == "All is well"


# Lost and damaged objects.


def test_a_lost_catalog_comes_back_with_every_page_status(world: World) -> None:
    world.run()
    del world.spotify.playlists[PLAYLIST]
    world.run(1)
    assert "does not find this playlist" in world.pipeline.page(PRETTY)

    del world.pipeline.bucket.objects[CATALOG]
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3)
    world.run(2)

    assert world.entry().status == "ok"
    assert "does not find this playlist" not in world.pipeline.page(PRETTY)


def test_a_catalog_that_was_rolled_back_is_noticed(world: World) -> None:
    world.run()
    old = world.pipeline.bucket.objects[CATALOG]
    del world.spotify.playlists[PLAYLIST]
    world.run(1)
    world.pipeline.bucket.objects[CATALOG] = old
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3)
    world.run(2)

    assert "does not find this playlist" not in world.pipeline.page(PRETTY)
    assert decode_catalog(world.pipeline.bucket.objects[CATALOG]).revision > 0


def test_a_retired_playlist_comes_back_by_name_into_a_catalog_that_was_lost(world: World) -> None:
    world.register(OTHER)
    world.spotify.playlists[OTHER] = a_reading(7)
    world.run()
    world.remove_now(RUN + HOUR, OTHER)
    del world.pipeline.bucket.objects[CATALOG]
    world.run(1)

    entry = world.entry(OTHER)
    assert (entry.status, entry.original_name(OTHER)) == ("retired", "Harbour mix")
    assert f"](/playlists/pretty/{OTHER}.md): retired since" in world.pipeline.page(INDEX)


def test_nothing_is_retired_when_the_catalog_is_lost_and_the_library_cannot_be_listed() -> None:
    world = World()
    world.spotify.stored_credentials = LOGGED_IN
    world.spotify.playlists[OTHER] = a_reading(7)
    world.spotify.library = a_library((OTHER, a_header()))
    world.run()
    del world.pipeline.bucket.objects[CATALOG]
    world.spotify.library = UnstablePlaylistError("half a sweep")
    world.run(1)

    assert {world.entry(id_).status for id_ in (PLAYLIST, OTHER)} == {"ok"}

    world.spotify.library = a_library()
    world.run(2)

    assert (world.entry(PLAYLIST).status, world.entry(OTHER).status) == ("ok", "retired")


@pytest.mark.parametrize("damaged", [b"", b"null", b'{"schema":1,"entr', b'{"schema":2}', b"\xff"])
def test_a_damaged_catalog_stops_no_run_and_is_kept(world: World, damaged: bytes) -> None:
    world.run()
    world.pipeline.bucket.objects[CATALOG] = damaged
    world.run(1)

    assert world.entry().status == "ok"
    objects = world.pipeline.bucket.objects
    assert objects[f"damaged/{CATALOG}/20261002T040000Z"] == damaged
    assert "damaged/state/catalog" in world.pipeline.page(STATUS_PAGE).replace("\\", "")
    assert headline(world) == "Something needs attention"


@pytest.mark.parametrize("damaged", [b"", b"null", b'{"2026-10-01": nul', b'{"2026-10-01": null}'])
def test_a_damaged_series_of_followers_concerns_its_playlist_alone(
    world: World, damaged: bytes
) -> None:
    world.register(OTHER)
    for playlist_id in (PLAYLIST, OTHER):
        world.spotify.playlists[playlist_id] = a_reading(1, followers=5)
    world.run()
    key = f"playlists/followers/{PLAYLIST}.json"
    world.pipeline.bucket.objects[key] = damaged
    world.run(1)

    objects = world.pipeline.bucket.objects
    assert json.loads(objects[key]) == {"2026-10-01": 5, "2026-10-02": 5}
    assert objects[f"damaged/{key}/20261002T040000Z"] == damaged
    assert world.entry(OTHER).checked == RUN + DAY


def test_a_copy_beside_the_catalog_does_not_stop_the_indexer(world: World) -> None:
    world.pipeline.bucket.objects[f"{CATALOG}.bak"] = b"a copy"
    world.run()

    assert headline(world) == "All is well"


def test_a_damaged_newest_snapshot_is_followed_by_a_later_one(world: World) -> None:
    world.run()
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, snapshot_id="v2")
    world.run(1)
    world.pipeline.bucket.objects[world.snapshots()[-1]] = b"half"
    world.pipeline.bucket.objects[CATALOG] = b""
    world.spotify.playlists[PLAYLIST] = a_reading(1, snapshot_id="v3")
    world.run(2)

    assert world.entry().status == "ok"
    assert world.snapshots()[-1].endswith("20261003T040000Z.json")


def test_a_damaged_ledger_is_rebuilt_with_the_status_in_the_catalog(
    world: World,
) -> None:
    world.run()
    del world.spotify.playlists[PLAYLIST]
    world.run(1)
    ledger = f"state/ledgers/{PLAYLIST}.json"
    world.pipeline.bucket.objects[ledger] = b"half"
    world.pipeline.bucket.objects[PRETTY] = b"half"
    world.pipeline.render_queue.bodies.append(encode_message(RenderRequest(playlist_id=PLAYLIST)))
    world.pipeline.settle()

    assert "does not find this playlist" in world.pipeline.page(PRETTY)
    assert f"damaged/{ledger}/20261002T040000Z" in world.pipeline.bucket.objects


def test_a_damaged_newest_snapshot_is_read_again_though_the_catalog_is_whole(
    world: World,
) -> None:
    world.run()
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, snapshot_id="v2")
    world.run(1)
    world.pipeline.bucket.objects[world.snapshots()[-1]] = b"half"
    world.pipeline.lister.rebuild("all")
    world.pipeline.settle()
    assert "[Song 3]" in world.pipeline.page(PRETTY)
    world.run(2)

    assert "[Song 3]" not in world.pipeline.page(PRETTY)


def test_a_damaged_only_snapshot_is_reported_and_read_again(world: World) -> None:
    world.run()
    key = world.snapshots()[0]
    world.pipeline.bucket.objects[key] = b"half"
    world.pipeline.lister.rebuild("all")
    world.pipeline.settle()
    assert f"damaged/{key}" in world.pipeline.page(STATUS_PAGE).replace("\\", "")
    world.run(1)

    assert world.snapshots()[-1].endswith("20261002T040000Z.json")


def test_a_snapshot_under_another_s_name_counts_for_nobody(world: World) -> None:
    world.run()
    objects = world.pipeline.bucket.objects
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, snapshot_id="v2")
    world.run(1)
    objects[f"snapshots/{PLAYLIST}/20261002T120000Z.json"] = objects[world.snapshots()[0]]
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3, snapshot_id="v3")
    world.run(2)

    assert "[Song 3]" in world.pipeline.page(PRETTY)


# Overdue playlists.


def test_a_fetcher_that_does_nothing_for_days_is_seen_on_the_status_page(world: World) -> None:
    world.run()
    for day in range(1, 6):
        world.clock.moment = RUN + day * DAY
        world.pipeline.lister.run(RUN + day * DAY, plenty)
        world.pipeline.fetch_queue.take()
        world.pipeline.settle()
        expected = "The last run is not complete" if day == 1 else "Something needs attention"
        assert headline(world) == expected

    page = world.pipeline.page(STATUS_PAGE)
    assert "| Playlists up to date | 0 of 1 |" in page
    assert "| 2026-10-02 04:00 UTC | 2026-10-01 04:00 UTC |" in page
    status = world.status()
    assert status["up_to_date"] == 0
    assert status["playlists"][PLAYLIST]["overdue_since"] == "2026-10-02T04:00:00Z"  # type: ignore[index]


def test_a_playlist_of_the_library_that_was_registered_while_the_catalog_was_lost_is_not_retired(
    world: World,
) -> None:
    world.spotify.stored_credentials = LOGGED_IN
    world.spotify.library = a_library((PLAYLIST, a_header()))
    del world.pipeline.bucket.objects[f"registry/{PLAYLIST}"]
    world.run()
    state = SpotifyState(latest_run=RUN)
    update_state(world.pipeline.bucket, lambda _: state, RUN)
    del world.pipeline.bucket.objects[CATALOG]
    world.register_now(RUN + timedelta(minutes=15))
    world.clock.moment = RUN + timedelta(hours=1)
    world.pipeline.run(RUN)
    world.remove_now(RUN + timedelta(hours=2))

    assert world.entry().status == "ok"


def test_the_owner_is_told_of_a_playlist_that_has_a_snapshot_but_no_pages(world: World) -> None:
    render = world.pipeline.render
    world.pipeline.render = lambda: False  # type: ignore[method-assign]
    for day in range(3):
        world.run(day)
    told = [text for _, text in world.pipeline.topic.mails if "pages do not show" in text]
    assert len(told) == 1

    world.pipeline.render = render  # type: ignore[method-assign]
    world.run(3)
    assert "all pages show the newest snapshots" in world.pipeline.topic.mails[-1][1]


def test_a_lost_message_is_seen_on_the_status_page(world: World) -> None:
    world.register(OTHER)
    world.spotify.playlists[OTHER] = a_reading(7)
    world.run()
    world.clock.moment = RUN + DAY
    world.pipeline.lister.run(RUN + DAY, plenty)
    world.pipeline.fetch_queue.bodies.pop()
    world.pipeline.settle()

    assert headline(world) == "The last run is not complete"
    assert "| Playlists up to date | 1 of 2 |" in world.pipeline.page(STATUS_PAGE)
    assert "### Overdue \\(1\\)" in world.pipeline.page(STATUS_PAGE)


def test_playlists_that_a_sweep_proves_unchanged_do_not_hide_that_nothing_is_read(
    world: World,
) -> None:
    world.spotify.stored_credentials = LOGGED_IN
    world.spotify.playlists[OTHER] = a_reading(7)
    world.spotify.library = a_library((OTHER, a_header()))
    world.run()
    world.clock.moment = RUN + DAY
    world.pipeline.lister.run(RUN + DAY, plenty)
    waiting = world.pipeline.fetch_queue.take()
    assert [decode_fetch_request(body).playlist_id for body in waiting] == [PLAYLIST]

    world.pipeline.index()
    assert world.checked() == 0

    world.spotify.playlists[PLAYLIST] = UnstablePlaylistError("torn")
    world.pipeline.fetch_queue.bodies = waiting
    world.pipeline.fetch()
    world.pipeline.index()
    assert world.checked() == 1


# Nothing to archive.


def test_an_archive_without_playlists_says_what_to_do_first(world: World) -> None:
    del world.pipeline.bucket.objects[f"registry/{PLAYLIST}"]
    world.run()

    assert headline(world) == "Nothing is archived yet"
    assert "Say make login" in world.pipeline.page(STATUS_PAGE)

    world.spotify.stored_credentials = LOGGED_IN
    world.spotify.library = a_library((OTHER, a_header(owner="someone.else")))
    world.run(1)

    page = world.pipeline.page(STATUS_PAGE)
    assert headline(world) == "Nothing is archived yet"
    assert "of the 1 in your library ArchiveMyPlaylists chooses none" in page


def test_refused_credentials_are_reported_although_there_is_nothing_to_read(
    world: World,
) -> None:
    del world.pipeline.bucket.objects[f"registry/{PLAYLIST}"]
    world.spotify.stop = AuthorizationError("Spotify does not know this client id and secret")
    world.run()

    assert headline(world) == "Something needs attention"
    assert "does not know this client id" in world.pipeline.page(STATUS_PAGE)


# Playlists that are added and removed.


def test_a_playlist_registered_again_while_spotify_wants_no_requests_waits_to_be_read(
    world: World,
) -> None:
    world.run()
    world.remove_now(RUN + HOUR)
    assert world.entry().status == "retired"
    world.spotify.stop = SpotifyParkedError("Spotify asked to wait", RUN + DAY)
    world.register_now(RUN + 2 * HOUR)

    assert world.entry().status == "deferred"


def a_library_world() -> World:
    """Return a world whose playlist is in the user's own library and in the registry."""
    world = World()
    world.spotify.stored_credentials = LOGGED_IN
    world.spotify.library = a_library((PLAYLIST, a_header()))
    world.run()
    return world


def test_a_playlist_of_the_library_outlives_its_registry_entry() -> None:
    world = a_library_world()
    world.remove_now(RUN + HOUR)
    assert world.entry().status == "ok"
    world.run(1)

    assert (world.entry().status, world.entry().source) == ("ok", "library")
    assert "Not archived" not in world.pipeline.page(HISTORY)


def test_an_excluded_playlist_is_retired_for_the_true_reason() -> None:
    world = a_library_world()
    world.pipeline.bucket.objects[f"excluded/{PLAYLIST}"] = b""
    del world.pipeline.bucket.objects[f"registry/{PLAYLIST}"]
    world.run(1)

    assert world.entry().status == "retired"
    assert world.entry().reason.startswith(f"left out by excluded/{PLAYLIST}")


def test_a_playlist_that_left_the_library_is_retired_for_the_true_reason() -> None:
    world = a_library_world()
    del world.pipeline.bucket.objects[f"registry/{PLAYLIST}"]
    world.run(1)
    world.spotify.library = a_library()
    world.run(2)

    assert world.entry().status == "retired"
    assert "ArchiveMyPlaylists" in world.entry().reason


def test_a_playlist_that_the_library_suddenly_shows_as_null_is_retired_by_the_next_run_only() -> (
    None
):
    world = a_library_world()
    del world.pipeline.bucket.objects[f"registry/{PLAYLIST}"]
    closed = a_library()._replace(closed=1)
    world.spotify.library = a_library((PLAYLIST, a_header()))._replace(closed=1)
    world.run(1)
    world.spotify.library = closed._replace(closed=2)
    world.run(2)
    assert world.entry().status == "ok"

    world.run(2)
    assert world.entry().status == "ok"

    world.run(3)
    assert world.entry().status == "retired"


def test_a_playlist_that_left_a_library_with_the_usual_nulls_is_retired_at_once() -> None:
    world = a_library_world()
    del world.pipeline.bucket.objects[f"registry/{PLAYLIST}"]
    world.spotify.library = a_library((PLAYLIST, a_header()))._replace(closed=2)
    world.run(1)
    world.spotify.library = a_library()._replace(closed=1)
    world.run(2)

    assert world.entry().status == "retired"


def test_a_playlist_that_is_removed_and_excluded_at_once_is_retired_for_the_true_reason() -> None:
    world = a_library_world()
    world.pipeline.bucket.objects[f"excluded/{PLAYLIST}"] = b""
    world.remove_now(RUN + HOUR)

    assert world.entry().reason.startswith(f"left out by excluded/{PLAYLIST}")


def test_a_playlist_removed_and_registered_in_one_second_is_archived(world: World) -> None:
    world.run()
    world.remove_now(RUN + HOUR)
    world.clock.moment += timedelta(seconds=1)
    world.register(PLAYLIST)
    world.pipeline.lister.registry_changed(PLAYLIST, RUN + HOUR)
    world.pipeline.settle()

    assert world.entry().status == "ok"


def test_a_registration_that_a_run_overtook_is_read_all_the_same(world: World) -> None:
    world.run()
    world.clock.moment = RUN + DAY - timedelta(seconds=5)
    world.register(OTHER)
    world.spotify.playlists[OTHER] = a_reading(7)
    world.pipeline.lister.registry_changed(OTHER, world.clock.moment)
    (registration,) = world.pipeline.fetch_queue.take()
    world.clock.moment = RUN + DAY
    world.pipeline.lister.run(RUN + DAY, plenty)
    world.pipeline.fetch_queue.bodies = [registration]
    world.pipeline.settle()

    assert world.entry(OTHER).status == "ok"


def test_a_library_that_loses_nearly_everything_at_once_is_looked_at_again() -> None:
    world = World()
    world.spotify.stored_credentials = LOGGED_IN
    ids = [f"{number:022d}" for number in range(6)]
    for playlist_id in ids:
        world.spotify.playlists[playlist_id] = a_reading(1)
    world.spotify.library = a_library(*((id_, a_header(name=id_)) for id_ in ids))
    world.run()
    world.spotify.library = a_library()
    world.run(1)

    assert {world.entry(id_).status for id_ in ids} == {"ok"}
    assert "lists only 0 of 6" in world.pipeline.page(STATUS_PAGE)

    world.run(2)

    assert {world.entry(id_).status for id_ in ids} == {"retired"}


def test_a_registry_entry_deleted_after_the_catalog_was_lost_retires_nothing_by_itself() -> None:
    world = a_library_world()
    del world.pipeline.bucket.objects[CATALOG]
    world.register_now(RUN + HOUR)
    world.remove_now(RUN + 2 * HOUR)

    assert world.entry().status == "ok"

    world.run(1)

    assert (world.entry().status, world.entry().source) == ("ok", "library")


def test_nothing_is_retired_between_runs_while_the_library_could_not_be_listed(
    world: World,
) -> None:
    world.spotify.stored_credentials = LOGGED_IN
    world.spotify.library = UnstablePlaylistError("half a sweep")
    world.run()
    world.remove_now(RUN + HOUR)

    assert world.entry().status == "ok"


# Names.


@pytest.mark.parametrize(
    "twin",
    [
        "Harbour mix ",
        " Harbour mix",
        "Harbour\N{ZERO WIDTH SPACE} mix",
        "\N{RIGHT-TO-LEFT OVERRIDE}Harbour mix",
        "Harbour mix\N{ZERO WIDTH NO-BREAK SPACE}",
    ],
)
def test_names_that_look_alike_get_distinct_names_on_index_and_pages(
    world: World, twin: str
) -> None:
    world.register(OTHER)
    reading = a_reading(7)
    world.spotify.playlists[OTHER] = reading._replace(
        header=msgspec.structs.replace(reading.header, name=twin)
    )
    world.run()

    index = world.pipeline.page(INDEX)
    (name,) = {"Harbour mix (2)"} & {
        world.entry(playlist_id).unique_name for playlist_id in (PLAYLIST, OTHER)
    }
    assert name.replace("(", "\\(").replace(")", "\\)") in index
    for playlist_id in (PLAYLIST, OTHER):
        title = world.pipeline.page(f"playlists/pretty/{playlist_id}.md")
        assert (
            f"### [{world.entry(playlist_id).unique_name}".replace("(", "\\(").replace(")", "\\)")
            in title
        )
    assert not set("\u200b\u202e\ufeff") & set(index)


def test_a_byte_order_mark_is_no_part_of_an_alias(world: World) -> None:
    world.register(PLAYLIST, "\ufeffOur summer\n")
    world.run()

    assert world.entry().alias == "Our summer"
    assert "### [Our summer](" in world.pipeline.page(PRETTY)
