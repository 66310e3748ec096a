"""Other programs hear of each change that was read live, at least once, and of nothing old."""

import json
from datetime import UTC, datetime

import pytest

from playlist_archive.documents.catalog import Catalog, decode_catalog
from playlist_archive.documents.change_events import ChangeEvent
from playlist_archive.documents.keys import (
    CATALOG,
    CHANGES_JSON,
    INDEX_JSON,
    ledger_key,
    snapshot_key,
)
from playlist_archive.documents.messages import RenderRequest, encode_message
from playlist_archive.documents.snapshot import Snapshot, encode_snapshot
from playlist_archive.indexer.service import Indexer
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header, a_reading, rows
from tests.support.fakes import FakeEventBus
from tests.support.pipeline import plenty
from tests.support.world import World
from tools.chaos.one_at_a_time import OneAtATime

pytestmark = pytest.mark.unit

REDELIVERED = DAY / 24


class Killed(BaseException):
    """The end of a function at this place."""


class Heard(World):
    """Two playlists, and a program that listens to the bus."""

    def __init__(self) -> None:
        super().__init__()
        self.bus = FakeEventBus()
        self.spotify.playlists[OTHER] = a_reading(1, 2)._replace(
            header=a_header(playlist_id=OTHER, name="Night ferry")
        )
        self.register(OTHER)
        self.switch(on=True)

    def switch(self, *, on: bool) -> None:
        self.pipeline.indexer = Indexer(
            bucket=self.pipeline.bucket,
            render_queue=self.pipeline.render_queue,
            clock=self.clock,
            pool=OneAtATime(),
            event_bus=self.bus if on else None,
        )

    def change(self, day: int, playlist_id: str = PLAYLIST, songs: int = 0) -> None:
        """Read a playlist with one more song, or with so many."""
        numbers = range(1, (songs or 10 + day) + 1)
        self.spotify.change(playlist_id, rows(*numbers), f"day-{day}")
        self.run(day)

    def heard(self) -> list[tuple[str, str]]:
        """Return playlist and day of what was published since it was asked last."""
        events = [json.loads(detail) for detail in self.bus.details]
        self.bus.details.clear()
        return [(event["playlist"]["id"], event["change"]["time"][:10]) for event in events]

    def catalog(self) -> Catalog:
        return decode_catalog(self.pipeline.bucket.objects[CATALOG])

    def rebuild(self, playlist_id: str = PLAYLIST) -> None:
        request = RenderRequest(playlist_id=playlist_id, rebuild=True)
        self.pipeline.render_queue.send([encode_message(request)])
        self.pipeline.settle()

    def import_snapshot(self, day: int, *numbers: int, source: str = "exportify") -> None:
        time, header = RUN + day * DAY, a_header()
        snapshot = Snapshot(
            playlist_id=PLAYLIST,
            source=source,
            time=time,
            read_at=time,
            name=header.name,
            description=header.description,
            owner=header.owner,
            url=header.url,
            snapshot_id="",
            rows=rows(*numbers),
        )
        key = snapshot_key(PLAYLIST, time)
        self.pipeline.bucket.objects[key] = encode_snapshot(snapshot)
        self.pipeline.bucket.metadata[key] = {"source": "import"}
        self.pipeline.rendered.add(key)


@pytest.fixture
def world() -> Heard:
    return Heard()


def day(number: int) -> str:
    return f"{RUN + number * DAY:%Y-%m-%d}"


def test_a_change_is_published_once_and_a_first_read_is_none(world: Heard) -> None:
    world.run(0)
    assert world.heard() == []

    world.change(1)
    assert world.heard() == [(PLAYLIST, day(1))]

    world.run(2)
    world.pipeline.indexer.index([])
    assert world.heard() == []


def test_an_event_says_what_changed(world: Heard) -> None:
    world.run(0)
    world.change(1, songs=4)

    [detail] = world.bus.details
    event = json.loads(detail)
    assert event["playlist"]["name"] == "Harbour mix"
    assert [song["name"] for song in event["change"]["added"]] == ["Song 4"]


def test_a_rebuild_publishes_nothing(world: Heard) -> None:
    world.run(0)
    world.change(1)
    world.change(2, OTHER)
    world.heard()

    del world.pipeline.bucket.objects[ledger_key(PLAYLIST)]
    world.rebuild(PLAYLIST)
    world.rebuild(OTHER)
    for key in (CHANGES_JSON, INDEX_JSON):
        del world.pipeline.bucket.objects[key]
    world.run(3)

    assert world.heard() == []


def test_an_import_publishes_nothing_and_the_next_change_is_heard(world: Heard) -> None:
    world.run(5)
    world.change(6)
    world.heard()
    for number in (1, 2, 3):
        world.import_snapshot(number, *range(number, number + 3))
    world.rebuild()
    assert world.pipeline.page(CHANGES_JSON).count('"source":"exportify"') == 2
    assert world.heard() == []

    world.change(7)
    assert world.heard() == [(PLAYLIST, day(7))]


def test_an_import_of_days_after_the_last_read_publishes_nothing(world: Heard) -> None:
    world.run(0)
    world.import_snapshot(4, 7, 8)
    world.clock.moment = RUN + 5 * DAY
    world.rebuild()

    assert '"source":"exportify"' in world.pipeline.page(CHANGES_JSON)
    assert world.heard() == []


class TestAfterAForcedRunFarAheadOfTheClock:
    """Its snapshot is dated 2030, and so are the later ones of the same playlist."""

    @pytest.fixture
    def world(self) -> Heard:
        world = Heard()
        world.run(0)
        world.change(1)
        world.spotify.change(PLAYLIST, rows(1, 2, 3, 4), "forced")
        world.pipeline.lister.run(datetime(2030, 1, 1, tzinfo=UTC), plenty, force=True)
        world.pipeline.settle()
        world.heard()
        return world

    def test_changes_of_the_present_are_published(self, world: Heard) -> None:
        world.change(2, OTHER)
        world.change(3)

        assert world.heard() == [(OTHER, day(2)), (PLAYLIST, "2030-01-01")]

    def test_once_its_snapshots_are_deleted_events_go_on(self, world: Heard) -> None:
        world.change(2)
        world.heard()
        for key in world.snapshots(PLAYLIST):
            if "/2030" in key:
                del world.pipeline.bucket.objects[key]
        world.rebuild()
        world.change(3)
        assert world.heard() == [(PLAYLIST, day(3))]

        world.change(4)
        assert world.heard() == [(PLAYLIST, day(4))]


def test_what_was_read_before_they_were_switched_on_is_not_published(world: Heard) -> None:
    world.switch(on=False)
    world.run(0)
    world.change(1)
    world.switch(on=True)
    world.run(2)
    assert world.heard() == []

    world.change(3, OTHER)
    assert world.heard() == [(OTHER, day(3))]


def test_a_change_in_the_very_run_after_they_were_switched_on_is_published(world: Heard) -> None:
    world.switch(on=False)
    world.run(0)
    world.switch(on=True)
    world.change(1)

    assert world.heard() == [(PLAYLIST, day(1))]


def test_what_happened_while_they_were_switched_off_is_not_published_later(world: Heard) -> None:
    world.run(0)
    world.switch(on=False)
    world.change(1)
    assert world.catalog().events is None

    world.switch(on=True)
    world.run(2)
    assert world.heard() == []


@pytest.mark.parametrize("lost", [(CATALOG,), (CATALOG, CHANGES_JSON), (CATALOG, INDEX_JSON)])
def test_where_the_catalog_was_lost_nothing_old_is_published(
    world: Heard, lost: tuple[str, ...]
) -> None:
    world.run(0)
    world.change(1)
    world.change(2, OTHER)
    world.heard()
    for key in lost:
        del world.pipeline.bucket.objects[key]
    world.run(3)
    assert world.heard() == []

    world.change(4)
    assert world.heard() == [(PLAYLIST, day(4))]


def test_what_the_bus_does_not_take_comes_with_the_next_batch_and_stops_nothing(
    world: Heard,
) -> None:
    world.run(0)
    world.bus.broken = True
    world.change(1)
    world.change(2, OTHER)
    assert world.heard() == []
    assert '"time":"2026-10-03' in world.pipeline.page(CHANGES_JSON)

    world.bus.broken = False
    world.run(3)
    assert world.heard() == [(PLAYLIST, day(1)), (OTHER, day(2))]


def test_an_event_that_is_refused_does_not_repeat_the_others(world: Heard) -> None:
    world.run(0)
    world.change(1)
    refused = json.loads(world.bus.details[0])["id"]
    world = Heard()
    world.bus.refused = {refused}
    world.run(0)
    world.spotify.change(OTHER, rows(1), "day-1")
    world.change(1)
    world.run(2)
    assert world.heard() == [(OTHER, day(1))]

    world.bus.refused.clear()
    world.run(3)
    assert world.heard() == [(PLAYLIST, day(1))]


@pytest.mark.parametrize("place", range(45))
def test_wherever_an_indexer_dies_the_redelivery_publishes_it(world: Heard, place: int) -> None:
    world.run(0)
    world.spotify.change(PLAYLIST, rows(1, 2, 3, 4), "day-1")
    world.clock.moment = RUN + DAY
    world.pipeline.lister.run(RUN + DAY, lambda: 600.0)
    world.pipeline.fetch()
    world.pipeline.render()
    bodies = world.pipeline.outcome_queue.bodies.copy()
    left = [place]

    def kill(operation: str, key: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    world.pipeline.bucket.before = kill
    try:
        world.pipeline.index()
    except Killed:
        world.clock.moment += REDELIVERED
        world.pipeline.outcome_queue.bodies = bodies
    world.pipeline.bucket.before = lambda operation, key: None
    world.pipeline.settle()

    assert set(world.heard()) == {(PLAYLIST, day(1))}
    world.run(2)
    assert world.heard() == []


def test_who_dies_before_it_is_stored_publishes_it_again_under_the_same_id(world: Heard) -> None:
    world.run(0)

    def kill(operation: str, key: str) -> None:
        if world.bus.details and (operation, key) == ("put", CATALOG):
            raise Killed

    world.pipeline.bucket.before = kill
    with pytest.raises(Killed):
        world.change(1)
    world.pipeline.bucket.before = lambda operation, key: None
    world.clock.moment += REDELIVERED
    world.pipeline.indexer.index([])

    first, second = (json.loads(detail)["id"] for detail in world.bus.details)
    assert first == second


def test_of_two_indexers_at_once_only_one_publishes_the_same(world: Heard) -> None:
    world.run(0)
    work = [lambda: world.pipeline.indexer.index([])]
    publish = world.bus.publish

    def interrupted(details: dict[str, str]) -> frozenset[str]:
        taken = publish(details)
        while work:
            work.pop()()
        return taken

    world.bus.publish = interrupted  # type: ignore[method-assign,assignment]
    world.change(1)

    assert world.heard() == [(PLAYLIST, day(1))]


def test_what_another_indexer_finds_meanwhile_is_published_as_well(world: Heard) -> None:
    world.run(0)
    publish = world.bus.publish

    def merge_another_change() -> None:
        world.spotify.change(OTHER, rows(1), "day-7")
        world.pipeline.lister.registry_changed(OTHER, world.clock.now())
        world.pipeline.settle()

    work = [merge_another_change]

    def interrupted(details: dict[str, str]) -> frozenset[str]:
        taken = publish(details)
        while work:
            work.pop()()
        return taken

    world.bus.publish = interrupted  # type: ignore[method-assign,assignment]
    world.change(1)

    assert world.heard() == [(PLAYLIST, day(1)), (OTHER, day(1))]
    assert world.catalog().telling is None


def test_many_songs_are_counted(world: Heard) -> None:
    world.run(0)
    world.change(1, songs=200)

    [detail] = world.bus.details
    event = json.loads(detail)
    assert event["complete"] is False
    assert event["change"]["counts"]["added"] == 197
    assert "added" not in event["change"]
    assert event["history"] in world.pipeline.bucket.objects
    assert ChangeEvent.__struct_fields__ == tuple(key for key in event if key != "schema")
