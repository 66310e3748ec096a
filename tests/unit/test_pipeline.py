"""The four services together, judged by the bucket that they leave."""

import json
import re
from datetime import datetime, timedelta

import msgspec
import pytest

from playlist_archive.documents.playlist import Row
from playlist_archive.documents.snapshot import decode_snapshot
from playlist_archive.errors import (
    AuthorizationError,
    ContentsForbiddenError,
    SpotifyParkedError,
    UnstablePlaylistError,
)
from playlist_archive.ports.credentials import Credentials
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header, a_library, a_reading, rows
from tests.support.world import World

pytestmark = pytest.mark.unit

PRETTY = f"playlists/pretty/{PLAYLIST}.md"
CUMULATIVE = f"playlists/cumulative/{PLAYLIST}.json"
HISTORY = f"playlists/history/{PLAYLIST}.md"


@pytest.fixture
def world() -> World:
    return World()


def test_a_registered_playlist_is_read_and_its_pages_are_written(world: World) -> None:
    world.run()

    assert world.snapshots() == [f"snapshots/{PLAYLIST}/20261001T040000Z.json"]
    assert world.entry().status == "ok"
    assert "[Song 2]" in world.pipeline.page(PRETTY)
    assert f"[Harbour mix](/{PRETTY})" in world.pipeline.page("playlists/index.md")
    assert "All is well" in world.pipeline.page("playlists/status.md")


def test_the_same_contents_under_a_new_snapshot_id_write_no_snapshot(world: World) -> None:
    world.run()
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3, snapshot_id="v2")
    world.run(1)

    assert len(world.snapshots()) == 1
    assert world.entry().checked == RUN + DAY
    assert "Snapshot ID: `v2`" in world.pipeline.page(PRETTY)


def test_new_followers_alone_write_no_snapshot_but_show_on_the_page(world: World) -> None:
    world.spotify.playlists[PLAYLIST] = a_reading(1, followers=10)
    world.run()
    world.spotify.playlists[PLAYLIST] = a_reading(1, followers=11)
    world.run(1)

    assert len(world.snapshots()) == 1
    assert "11 likes" in world.pipeline.page(PRETTY)
    assert json.loads(world.pipeline.page(f"playlists/followers/{PLAYLIST}.json")) == {
        "2026-10-01": 10,
        "2026-10-02": 11,
    }


def test_a_change_writes_one_snapshot_named_by_its_run(world: World) -> None:
    world.run()
    world.spotify.playlists[PLAYLIST] = a_reading(1, 3, 4, snapshot_id="v2")
    world.run(1)

    assert world.snapshots()[1] == f"snapshots/{PLAYLIST}/20261002T040000Z.json"
    removed = [track for track in _cumulative(world) if track["date_removed"]]
    assert [(track["name"], track["date_removed"]) for track in removed] == [
        ("Song 2", "2026-10-02")
    ]


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        pytest.param(range(20), range(9), "held", id="more than half of twenty"),
        pytest.param(range(20), range(10), "ok", id="just half of twenty"),
        pytest.param(range(19), range(1), "ok", id="nearly all of nineteen"),
        pytest.param(range(1), range(0), "held", id="the only one"),
        pytest.param(range(30), range(100, 130), "ok", id="thirty for thirty others"),
    ],
)
def test_a_great_loss_counts_only_when_the_next_run_reads_the_same(
    world: World, before: range, after: range, status: str
) -> None:
    world.spotify.playlists[PLAYLIST] = a_reading(*before)
    world.run()
    world.spotify.playlists[PLAYLIST] = a_reading(*after, snapshot_id="v2")
    world.run(1)

    assert world.entry().status == status
    assert len(world.snapshots()) == (1 if status == "held" else 2)

    world.run(2)

    assert world.entry().status == "ok"
    assert len(world.snapshots()) == 2


def test_a_held_read_that_is_not_confirmed_never_happened(world: World) -> None:
    world.spotify.playlists[PLAYLIST] = a_reading(*range(30))
    world.run()
    world.spotify.playlists[PLAYLIST] = a_reading(1, snapshot_id="v2")
    world.run(1)

    assert world.entry().status == "held"

    world.spotify.playlists[PLAYLIST] = a_reading(*range(30))
    world.run(2)

    assert world.entry().status == "ok"
    assert len(world.snapshots()) == 1
    assert not any(track["date_removed"] for track in _cumulative(world))


def test_a_cut_that_is_edited_every_day_counts_when_the_next_run_loses_as_much(
    world: World,
) -> None:
    world.spotify.playlists[PLAYLIST] = a_reading(*range(30))
    world.run()
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, snapshot_id="v2")
    world.run(1)
    world.spotify.playlists[PLAYLIST] = a_reading(1, 3, 4, snapshot_id="v3")
    world.run(2)

    assert world.entry().status == "ok"
    assert len(world.snapshots()) == 2


def test_a_read_of_nothing_is_not_confirmed_by_a_read_of_less(world: World) -> None:
    world.spotify.playlists[PLAYLIST] = a_reading(*range(30))
    world.run()
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, snapshot_id="v2")
    world.run(1)
    world.spotify.playlists[PLAYLIST] = a_reading(snapshot_id="v3")
    world.run(2)

    assert (world.entry().status, len(world.snapshots())) == ("held", 1)

    world.run(3)

    assert (world.entry().status, len(world.snapshots())) == ("ok", 2)


def test_neither_the_same_run_nor_a_registration_confirms_a_great_loss(world: World) -> None:
    world.spotify.playlists[PLAYLIST] = a_reading(*range(30))
    world.run()
    world.spotify.playlists[PLAYLIST] = a_reading(1, snapshot_id="v2")
    world.run(1)
    world.run(1)
    for later in (60, 120):
        world.clock.moment = RUN + DAY + timedelta(seconds=later)
        world.pipeline.lister.registry_changed(PLAYLIST, world.clock.moment)
        world.pipeline.settle()

    assert (world.entry().status, len(world.snapshots())) == ("held", 1)

    world.run(2)

    assert (world.entry().status, len(world.snapshots())) == ("ok", 2)


def test_rows_that_all_turn_null_are_a_great_loss(world: World) -> None:
    world.run()
    reading = a_reading(1, 2, 3, snapshot_id="v2")
    world.spotify.playlists[PLAYLIST] = reading._replace(rows=(Row(), Row(), Row()))
    world.run(1)

    assert world.entry().status == "held"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, "not_found"),
        (ContentsForbiddenError("closed", a_header()), "forbidden"),
        (UnstablePlaylistError("torn"), "unstable"),
        (ZeroDivisionError("a bug"), "invalid"),
    ],
)
def test_a_playlist_that_cannot_be_read_keeps_its_past_and_shows_the_reason(
    world: World, error: Exception | None, status: str
) -> None:
    world.run()
    rows_before = world.pipeline.page(f"playlists/plain/{PLAYLIST}")
    if error:
        world.spotify.playlists[PLAYLIST] = error
    else:
        del world.spotify.playlists[PLAYLIST]
    world.run(1)
    world.run(2)

    entry = world.entry()
    assert (entry.status, entry.since, entry.checked) == (status, RUN + DAY, RUN)
    assert world.pipeline.page(f"playlists/plain/{PLAYLIST}") == rows_before
    assert "2026-10-02" in world.pipeline.page(PRETTY)
    assert "Not read" in world.pipeline.page("playlists/index.md")
    assert "Something needs attention" in world.pipeline.page("playlists/status.md")

    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3)
    world.run(9)

    assert world.entry().status == "ok"
    assert "2026-10-02" not in world.pipeline.page(PRETTY)
    gap = f"> Not readable from 2026-10-02 to 2026-10-09: {entry.reason}\n"
    assert gap in world.pipeline.page(HISTORY)


def test_a_removal_after_days_without_a_read_is_shown_as_a_range(world: World) -> None:
    world.run()
    world.spotify.playlists[PLAYLIST] = UnstablePlaylistError("torn")
    world.run(1)
    world.run(2)
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, snapshot_id="v2")
    world.run(3)

    assert (
        decode_snapshot(world.pipeline.bucket.objects[world.snapshots()[1]]).previous_check == RUN
    )
    assert "between 2026-10-01 and 2026-10-04" in world.pipeline.page(HISTORY).lower()


def test_what_a_full_read_finds_in_the_known_version_happened_since_the_full_read_before(
    world: World,
) -> None:
    world.spotify.library = a_library((PLAYLIST, a_header()))
    world.spotify.stored_credentials = Credentials("id", "secret", "refresh")
    world.run()
    taken_down = a_reading(1, 2, 3)
    assert taken_down.rows
    first, *others = taken_down.rows
    assert first.item
    gone = msgspec.structs.replace(first, item=msgspec.structs.replace(first.item, playable=False))
    for day in range(1, 31):
        world.spotify.playlists[PLAYLIST] = taken_down._replace(rows=(gone, *others))
        world.run(day)

    history = json.loads(world.pipeline.page(f"playlists/history/{PLAYLIST}.json"))
    (change,) = history["changes"]
    assert [song["name"] for song in change["unavailable"]] == ["Song 1"]
    assert change["after"] == "2026-10-01T04:00:00Z"
    assert "#### Between 2026-10-01 and" in world.pipeline.page(HISTORY)


def test_no_follower_number_is_written_for_a_playlist_that_was_not_read(world: World) -> None:
    world.spotify.playlists[PLAYLIST] = a_reading(1, followers=10)
    world.run()
    world.spotify.playlists[PLAYLIST] = UnstablePlaylistError("torn")
    world.run(1)

    assert json.loads(world.pipeline.page(f"playlists/followers/{PLAYLIST}.json")) == {
        "2026-10-01": 10
    }


def test_a_parked_lane_keeps_its_messages_and_defers_every_waiting_playlist(world: World) -> None:
    world.register(OTHER)
    world.spotify.playlists[OTHER] = a_reading(7)
    world.run()
    not_before = RUN + DAY * 1.5
    world.spotify.stop = SpotifyParkedError("Spotify asked to wait", not_before)
    world.spotify.state = msgspec.structs.replace(
        world.spotify.state,
        latest_run=RUN + DAY,
        not_before=not_before,
        parked_at=RUN + DAY,
        reason="Spotify asked to wait",
    )
    world.pipeline.bucket.objects["state/spotify.json"] = msgspec.json.encode(world.spotify.state)
    world.run(1)

    assert {world.entry(PLAYLIST).status, world.entry(OTHER).status} == {"deferred"}
    assert len(world.pipeline.fetch_queue.bodies) == 2

    world.spotify.stop = None
    world.clock.moment = not_before
    world.pipeline.settle()

    assert {world.entry(PLAYLIST).status, world.entry(OTHER).status} == {"ok"}


def test_a_second_run_while_parked_asks_nothing_and_goes_on_by_itself(
    world: World,
) -> None:
    world.run()
    not_before = RUN + DAY * 2.5
    world.spotify.stop = SpotifyParkedError("Spotify asked to wait", not_before)
    world.spotify.stored_credentials = Credentials("id", "secret", "refresh")
    world.run(1)
    world.run(2)

    assert len(world.spotify.reads) == 1
    assert (world.entry().status, world.entry().since) == ("deferred", RUN + DAY)
    assert "Spotify asked to wait" in world.pipeline.page("playlists/status.md")

    world.spotify.stop = None
    world.clock.moment = not_before
    world.pipeline.settle()

    assert len(world.spotify.reads) == 2
    assert (world.entry().status, world.entry().checked) == ("ok", RUN + 2 * DAY)


def test_a_description_is_shown_as_text(world: World) -> None:
    reading = a_reading(1)
    markup = 'Rock &amp; roll. See <a href="spotify:playlist:x">part two</a>'
    header = msgspec.structs.replace(reading.header, description=markup)
    world.spotify.playlists[PLAYLIST] = reading._replace(header=header)
    world.run()

    page = world.pipeline.page(PRETTY)
    assert "Rock & roll. See part two" in page.replace("\\", "").replace("&amp;", "&")
    assert "<a" not in page
    stored = decode_snapshot(world.pipeline.bucket.objects[world.snapshots()[0]])
    assert stored.description == markup


def test_an_ended_authorisation_defers_everything_and_names_the_remedy(world: World) -> None:
    world.run()
    world.spotify.stop = AuthorizationError("log in again")
    world.spotify.stored_credentials = Credentials("id", "secret", "refresh")
    world.run(1)

    assert (world.entry().status, world.entry().reason) == ("deferred", "log in again")
    assert "log in again" in world.pipeline.page("playlists/status.md")
    assert "log in again" in world.pipeline.page(PRETTY)


def test_a_later_run_supersedes_requests_that_an_earlier_one_left_queued(world: World) -> None:
    world.pipeline.lister.run(RUN, lambda: 600.0)
    world.clock.moment = RUN + DAY
    world.pipeline.lister.run(RUN + DAY, lambda: 600.0)
    world.pipeline.settle()

    assert world.spotify.reads == [PLAYLIST]
    assert world.snapshots() == [f"snapshots/{PLAYLIST}/20261002T040000Z.json"]


def test_a_playlist_that_a_run_did_not_reach_has_a_gap(world: World) -> None:
    world.run()
    for number in (1, 2):
        world.clock.moment = RUN + number * DAY
        world.pipeline.lister.run(RUN + number * DAY, lambda: 600.0)
    world.pipeline.settle()

    assert world.entry().checked == RUN + 2 * DAY
    gap = "> Not readable on 2026-10-02: the next run began before it was read\n"
    assert gap in world.pipeline.page(HISTORY)


def test_a_redelivered_message_writes_no_second_snapshot(world: World) -> None:
    world.pipeline.lister.run(RUN, lambda: 600.0)
    bodies = list(world.pipeline.fetch_queue.bodies)
    world.pipeline.settle()
    world.clock.moment += DAY / 24
    world.pipeline.fetch_queue.bodies = bodies
    world.pipeline.settle()

    assert len(world.snapshots()) == 1


def test_a_malformed_message_is_set_aside_and_stops_nothing(world: World) -> None:
    world.pipeline.lister.run(RUN, lambda: 600.0)
    world.pipeline.fetch_queue.bodies.insert(0, "not json")
    world.pipeline.settle()

    assert world.pipeline.dead_letters.bodies == ["not json"]
    assert world.entry().status == "ok"


def test_deleting_the_registry_entry_retires_the_playlist_and_keeps_its_pages(
    world: World,
) -> None:
    world.run()
    del world.pipeline.bucket.objects[f"registry/{PLAYLIST}"]
    world.pipeline.lister.registry_changed(PLAYLIST, RUN + DAY / 2)
    world.pipeline.settle()

    assert world.entry().status == "retired"
    assert "[Song 2]" in world.pipeline.page(PRETTY)
    assert "Retired" in world.pipeline.page("playlists/index.md")
    reads = len(world.spotify.reads)

    world.run(1)

    assert len(world.spotify.reads) == reads


def test_a_registration_between_runs_is_read_at_once_under_its_own_time(world: World) -> None:
    world.run()
    world.spotify.playlists[OTHER] = a_reading(9)
    world.register(OTHER, "Our name\n")
    world.pipeline.lister.registry_changed(OTHER, RUN + DAY / 2)
    world.pipeline.settle()

    assert world.snapshots(OTHER) == [f"snapshots/{OTHER}/20261001T160000Z.json"]
    assert "Our name" in world.pipeline.page(f"playlists/pretty/{OTHER}.md")
    assert world.spotify.state.latest_run == RUN


def test_bad_registry_entries_are_reported_and_stop_nothing(world: World) -> None:
    world.register(f"{OTHER}?si=abc")
    world.register("My favourites")
    world.register(OTHER, "two\nlines")
    world.spotify.playlists[OTHER] = a_reading(1)
    world.run()

    page = world.pipeline.page("playlists/status.md")
    assert world.entry().status == world.entry(OTHER).status == "ok"
    assert f"write {OTHER} instead" in page
    assert "My favourites" in page
    assert "the alias is ignored" in page


def test_an_unchanged_library_costs_no_reads(world: World) -> None:
    world.spotify.stored_credentials = Credentials("id", "secret", "refresh")
    header = a_header()
    world.spotify.library = a_library((PLAYLIST, header))
    world.run()
    reads = len(world.spotify.reads)
    world.run(1)

    assert len(world.spotify.reads) == reads
    assert world.entry().checked == RUN + DAY


def test_a_playlist_that_left_the_library_is_retired_only_after_a_complete_sweep(
    world: World,
) -> None:
    world.spotify.stored_credentials = Credentials("id", "secret", "refresh")
    world.spotify.playlists[OTHER] = a_reading(1)
    world.spotify.library = a_library((OTHER, a_header()))
    world.run()
    assert world.entry(OTHER).status == "ok"

    world.spotify.library = UnstablePlaylistError("half a sweep")
    world.run(1)
    assert world.entry(OTHER).status == "ok"

    world.spotify.library = a_library()
    world.run(2)
    assert world.entry(OTHER).status == "retired"


def test_rebuilding_leaves_every_byte_as_it_was(world: World) -> None:
    for day, numbers in enumerate([(1, 2, 3), (2, 3), (3, 2, 1), (4,), (1, 4)]):
        world.spotify.playlists[PLAYLIST] = a_reading(*numbers, snapshot_id=f"v{day}")
        world.run(day)
    reading = world.spotify.playlists[PLAYLIST]
    world.spotify.playlists[PLAYLIST] = UnstablePlaylistError("torn")
    world.run(5)
    world.spotify.playlists[PLAYLIST] = reading
    world.run(6)
    assert "Not readable on 2026-10-06" in world.pipeline.page(HISTORY)
    before = dict(world.pipeline.bucket.objects)
    for key in before:
        if key.startswith(("state/ledgers/", "playlists/pretty", "playlists/cumulative")):
            del world.pipeline.bucket.objects[key]
    world.pipeline.lister.rebuild("all")
    world.pipeline.settle()

    assert world.pipeline.bucket.objects == before


def test_a_run_without_changes_writes_only_documents_with_its_time(world: World) -> None:
    world.run()
    world.pipeline.bucket.calls.clear()
    world.run(1)

    assert sorted(world.pipeline.bucket.puts()) == [
        "playlists/status.json",
        "playlists/status.md",
        "state/catalog.json",
    ]


# What the indexer writes once a batch for all playlists.
_OF_ALL_PLAYLISTS = re.compile(
    r"state/catalog|playlists/(index|status|changes|metadata/|followers/|feeds/all)"
)


def puts_of_a_playlist(world: World) -> list[str]:
    return [key for key in world.pipeline.bucket.puts() if not _OF_ALL_PLAYLISTS.match(key)]


def test_a_changed_playlist_costs_at_most_thirteen_puts_in_one_year(world: World) -> None:
    world.run()
    world.pipeline.bucket.calls.clear()
    world.spotify.playlists[PLAYLIST] = a_reading(2, 1, 4, snapshot_id="v2")
    world.run(1)

    assert sorted(puts_of_a_playlist(world)) == [
        f"playlists/cumulative/{PLAYLIST}.json",
        f"playlists/cumulative/{PLAYLIST}.md",
        f"playlists/feeds/{PLAYLIST}.atom",
        f"playlists/history/{PLAYLIST}.json",
        f"playlists/history/{PLAYLIST}.md",
        f"playlists/plain/{PLAYLIST}",
        f"playlists/pretty/{PLAYLIST}.json",
        f"playlists/pretty/{PLAYLIST}.md",
        "playlists/songs/9.ids.json",
        "playlists/songs/9.json",
        f"playlists/table/{PLAYLIST}/2026.json.gz",
        f"snapshots/{PLAYLIST}/20261002T040000Z.json",
        f"state/ledgers/{PLAYLIST}.json",
    ]


def test_songs_that_only_move_or_go_leave_the_songs_of_the_archive_alone(world: World) -> None:
    world.run()
    world.pipeline.bucket.calls.clear()
    for day, numbers in enumerate([(3, 1, 2), (1, 3)], start=1):
        world.spotify.playlists[PLAYLIST] = a_reading(*numbers, snapshot_id=f"changed{day}")
        world.run(day)

    assert len(world.snapshots()) == 3
    assert not [key for key in puts_of_a_playlist(world) if key.startswith("playlists/songs/")]


def _cumulative(world: World) -> list[dict[str, object]]:
    tracks: list[dict[str, object]] = json.loads(world.pipeline.page(CUMULATIVE))["tracks"]
    return tracks


def test_a_snapshot_whose_name_is_taken_by_other_contents_is_named_by_its_moment(
    world: World,
) -> None:
    world.pipeline.lister.run(RUN, lambda: 600.0)
    bodies = list(world.pipeline.fetch_queue.bodies)
    world.pipeline.settle()
    world.spotify.playlists[PLAYLIST] = a_reading(5, snapshot_id="v2")
    world.clock.moment = datetime(2026, 10, 1, 5, 30, tzinfo=RUN.tzinfo)
    world.pipeline.fetch_queue.bodies = bodies
    world.pipeline.settle()

    assert world.snapshots()[1] == f"snapshots/{PLAYLIST}/20261001T053000Z.json"
    assert decode_snapshot(world.pipeline.bucket.objects[world.snapshots()[1]]).rows == rows(5)
