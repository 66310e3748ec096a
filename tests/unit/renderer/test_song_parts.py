"""Several playlists' renderers that write the same parts of the songs."""

from collections.abc import Sequence
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.keys import (
    DAMAGED,
    damaged_key,
    snapshot_key,
    song_ids_key,
    songs_key,
)
from playlist_archive.documents.messages import (
    DamageReport,
    RenderRequest,
    decode_outcome,
    decode_render_request,
)
from playlist_archive.documents.render_jobs import RenderJob
from playlist_archive.documents.snapshot import Snapshot, encode_snapshot
from playlist_archive.documents.songs import decode_lines, encode_lines
from playlist_archive.errors import ConflictError
from playlist_archive.renderer.service import Renderer
from playlist_archive.views import render_lines
from tests.support.actors import Actor, Play, act_at_once, play_until
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header, rows
from tests.support.fakes import FakeBucket, FakeClock, FakeQueue
from tests.support.pipeline import plenty, render_snapshot
from tests.support.rendered import rendered
from tests.support.song_parts import PART, SECOND, THIRD
from tools.chaos.one_at_a_time import OneAtATime

pytestmark = pytest.mark.unit

BESIDE = (PLAYLIST, SECOND, THIRD)
SONGS, IDS = songs_key(PLAYLIST), song_ids_key(PLAYLIST)


def a_snapshot(playlist_id: str, day: int, *numbers: int) -> Snapshot:
    header = msgspec.structs.asdict(a_header(f"v{day}", playlist_id=playlist_id))
    time = RUN + day * DAY
    return Snapshot(playlist_id=playlist_id, time=time, read_at=time, rows=rows(*numbers), **header)


# The last one is of the first playlist again, which has another song by then.
SNAPSHOTS = (
    a_snapshot(PLAYLIST, 0, 1, 2),
    a_snapshot(SECOND, 0, 2, 3),
    a_snapshot(OTHER, 0, 1),
    a_snapshot(PLAYLIST, 1, 4),
)


def expected(*snapshots: Snapshot) -> dict[str, bytes]:
    """Return the bucket that holds these snapshots and all that follows from them."""
    stored = {snapshot_key(one.playlist_id, one.time): encode_snapshot(one) for one in snapshots}
    of: dict[str, list[Snapshot]] = {}
    for one in snapshots:
        of.setdefault(one.playlist_id, []).append(one)
    return stored | rendered(*map(fold_all, of.values()))


CLEAN = expected(*SNAPSHOTS)


def a_bucket(objects: dict[str, bytes] = CLEAN) -> FakeBucket:
    bucket = FakeBucket()
    bucket.objects |= objects
    return bucket


def a_renderer(bucket: FakeBucket, queue: FakeQueue, outcomes: FakeQueue | None = None) -> Renderer:
    return Renderer(
        bucket=bucket,
        render_queue=queue,
        outcome_queue=outcomes or FakeQueue(),
        clock=FakeClock(),
        pool=OneAtATime(),
    )


def render(bucket: FakeBucket, request: RenderRequest, queue: FakeQueue) -> None:
    a_renderer(bucket, queue).render(RenderJob(request), plenty)


def look(
    bucket: FakeBucket, playlist_id: str, outcomes: FakeQueue | None = None
) -> list[RenderRequest]:
    """Render the playlist, and return what others are asked for."""
    queue = FakeQueue()
    job = RenderJob(RenderRequest(playlist_id=playlist_id))
    a_renderer(bucket, queue, outcomes).render(job, plenty)
    return list(map(decode_render_request, queue.bodies))


def settle(bucket: FakeBucket, queue: FakeQueue) -> int:
    """Render what is asked for until nothing waits; return how often."""
    number = 0
    while queue.bodies:
        for body in queue.take():
            number += 1
            render(bucket, decode_render_request(body), queue)
    return number


def arrive(bucket: FakeBucket, snapshot: Snapshot) -> None:
    key = snapshot_key(snapshot.playlist_id, snapshot.time)
    bucket.objects.setdefault(key, encode_snapshot(snapshot))


def playing(snapshot: Snapshot) -> Play:
    """Write the snapshot as the fetcher does, then render its playlist."""

    def play(bucket: FakeBucket, queue: FakeQueue) -> None:
        arrive(bucket, snapshot)
        key = snapshot_key(snapshot.playlist_id, snapshot.time)
        render_snapshot(a_renderer(bucket, queue), key)

    return play


def asked(*playlists: str) -> list[RenderRequest]:
    return [RenderRequest(playlist_id=playlist_id) for playlist_id in sorted(playlists)]


# Order, repetition, and several at once


@given(st.permutations(SNAPSHOTS + SNAPSHOTS[:2]))
def test_the_order_of_the_playlists_and_repetition_do_not_matter(
    snapshots: Sequence[Snapshot],
) -> None:
    bucket, queue = FakeBucket(), FakeQueue()
    for snapshot in snapshots:
        playing(snapshot)(bucket, queue)

    assert bucket.objects == CLEAN


@given(st.permutations((PLAYLIST, SECOND, OTHER)))
def test_a_rebuild_gives_the_same_bytes_in_any_order_of_playlists(order: Sequence[str]) -> None:
    snapshots = {key: body for key, body in CLEAN.items() if key.startswith("snapshots/")}
    bucket, queue = a_bucket(snapshots), FakeQueue()
    for playlist_id in order:
        render(bucket, RenderRequest(playlist_id=playlist_id, rebuild=True), queue)
    settle(bucket, queue)

    assert bucket.objects == CLEAN


def test_nothing_is_written_where_every_line_is_there() -> None:
    bucket = a_bucket()

    assert not [request for id_ in (PLAYLIST, SECOND, OTHER) for request in look(bucket, id_)]
    assert not bucket.puts()


def test_a_part_that_another_playlist_wrote_meanwhile_is_read_anew_and_nothing_else_is() -> None:
    bucket = a_bucket(expected(SNAPSHOTS[0]))
    arrive(bucket, SNAPSHOTS[1])

    def write_first(operation: str, key: str) -> None:
        if (operation, key) == ("put", SONGS):
            bucket.before = lambda operation, key: None
            mine = render_lines(fold_all(SNAPSHOTS[:1]))[SONGS]
            bucket.objects[SONGS] = encode_lines({PLAYLIST: mine, THIRD: b"[]"})

    bucket.before = write_first

    assert not look(bucket, SECOND)
    lines = msgspec.json.decode(bucket.objects[SONGS])["playlists"]
    assert sorted(lines) == sorted(BESIDE)
    assert bucket.calls.count(("get", SONGS)) == 2
    assert bucket.puts().count(SONGS) == 2
    for key in bucket.objects.keys() - {SONGS}:
        assert bucket.puts().count(key) <= 1


def test_a_renderer_gives_up_where_others_write_a_part_all_the_time() -> None:
    bucket = a_bucket(expected(SNAPSHOTS[0]))
    arrive(bucket, SNAPSHOTS[1])
    numbers = iter(range(10_000))

    def write_first(operation: str, key: str) -> None:
        if (operation, key) == ("put", SONGS):
            bucket.objects[SONGS] = encode_lines({PLAYLIST: b"[%d]" % next(numbers)})

    bucket.before = write_first

    with pytest.raises(ConflictError, match=SECOND):
        look(bucket, SECOND)


@pytest.mark.parametrize("snapshot", SNAPSHOTS[1:])
def test_wherever_a_renderer_dies_the_redelivery_writes_its_line(snapshot: Snapshot) -> None:
    before = expected(*(one for one in SNAPSHOTS if one is not snapshot))
    ended, calls = False, 0
    while not ended:
        bucket, queue = a_bucket(before), FakeQueue()
        ended = play_until(bucket, queue, playing(snapshot), calls=calls)
        playing(snapshot)(bucket, queue)
        settle(bucket, queue)

        assert bucket.objects == CLEAN
        calls += 1
    assert calls > 20


# The probability that a call is the last one of its renderer.
DEATHS = 0.03


@settings(max_examples=200)
@given(st.permutations(SNAPSHOTS), st.integers(2, 4), st.integers(0, 2**32))
def test_renderers_at_once_lose_no_line_and_leave_no_old_one(
    snapshots: Sequence[Snapshot], renderers: int, seed: int
) -> None:
    """Some are killed; the message of such a renderer comes again after the others."""
    bucket, queue, chance = FakeBucket(), FakeQueue(), Random(seed)
    act_at_once(
        snapshots,
        lambda snapshot: Actor(bucket, queue, playing(snapshot)),
        chance,
        actors=renderers,
        deaths=DEATHS,
    )
    settle(bucket, queue)

    assert bucket.objects == CLEAN


@pytest.mark.parametrize("ahead", range(0, 32, 2))
def test_an_old_line_that_comes_late_is_mended_by_whoever_wrote_it(ahead: int) -> None:
    """One renderer has the ledger from before; another finishes the newer one meanwhile."""
    bucket, queue = a_bucket(expected(SNAPSHOTS[1])), FakeQueue()
    slow = Actor(bucket, queue, playing(SNAPSHOTS[0]))
    for _ in range(ahead):
        slow.step()
    playing(SNAPSHOTS[3])(bucket, queue)
    while not slow.done:
        slow.step()
    settle(bucket, queue)

    assert bucket.objects == expected(SNAPSHOTS[0], SNAPSHOTS[1], SNAPSHOTS[3])


def retitled(day: int, title: str) -> Snapshot:
    snapshot = a_snapshot(PLAYLIST, day, 1)
    item = snapshot.rows[0].item
    assert item
    row = replace(snapshot.rows[0], item=replace(item, name=title))
    return replace(snapshot, rows=(row,))


@pytest.mark.parametrize("ahead", range(27))
def test_a_line_that_one_renderer_found_right_is_mended_after_another_overwrites_it(
    ahead: int,
) -> None:
    """The title of the third day is that of the first, so its renderer may find the line right."""
    history = (retitled(0, "Ebb"), retitled(1, "Flow"), retitled(2, "Ebb"))
    for behind in range(1, 27):
        bucket, queue = a_bucket(expected(history[0])), FakeQueue()
        first = Actor(bucket, queue, playing(history[1]))
        for _ in range(ahead):
            first.step()
        second = Actor(bucket, queue, playing(history[2]))
        for _ in range(behind):
            second.step()
        for actor in (first, second):
            while not actor.done:
                actor.step()

        assert bucket.objects == expected(*history)


# Damage

BOTH = expected(SNAPSHOTS[0], SNAPSHOTS[1], a_snapshot(THIRD, 0, 5), SNAPSHOTS[2])


@pytest.mark.parametrize("key", [SONGS, IDS])
def test_whoever_finds_a_part_missing_asks_for_every_other_line_of_it(key: str) -> None:
    bucket, queue = a_bucket(BOTH), FakeQueue()
    del bucket.objects[key]

    render(bucket, RenderRequest(playlist_id=SECOND), queue)

    assert list(map(decode_render_request, queue.bodies)) == asked(PLAYLIST, THIRD)
    assert settle(bucket, queue) == 2
    assert bucket.objects == BOTH


UNREADABLE_PARTS = [
    b"",
    b"null",
    b"\xff",
    BOTH[SONGS][:-9],
    BOTH[SONGS].replace(b'"schema": 1', b'"schema": 2'),
]


@pytest.mark.parametrize("damaged", UNREADABLE_PARTS, ids=range(len(UNREADABLE_PARTS)))
def test_a_part_that_cannot_be_read_is_set_aside_and_begun_anew(damaged: bytes) -> None:
    bucket, outcomes = a_bucket(BOTH), FakeQueue()
    bucket.objects[SONGS] = damaged

    requests = look(bucket, SECOND, outcomes)

    now = FakeClock().now()
    copy = {damaged_key(SONGS, now): damaged}
    assert requests == asked(PLAYLIST, THIRD)
    assert decode_outcome(outcomes.bodies[0]) == DamageReport(playlist_id=SECOND, at=now)
    assert not [request for id_ in (PLAYLIST, THIRD) for request in look(bucket, id_)]
    assert bucket.objects == BOTH | copy


def test_in_a_new_archive_nobody_is_asked_for_a_line() -> None:
    bucket, queue = FakeBucket(), FakeQueue()
    for snapshot in SNAPSHOTS:
        playing(snapshot)(bucket, queue)

    assert not queue.bodies


@pytest.mark.parametrize("damaged", [None, b"[" * 100_000])
def test_wherever_a_renderer_dies_over_a_damaged_part_every_line_comes_back(
    damaged: bytes | None,
) -> None:
    ended, calls = False, 0
    while not ended:
        bucket, queue = a_bucket(BOTH), FakeQueue()
        if damaged is None:
            del bucket.objects[SONGS]
        else:
            bucket.objects[SONGS] = damaged

        def play(bucket: FakeBucket, queue: FakeQueue) -> None:
            render(bucket, RenderRequest(playlist_id=SECOND), queue)

        ended = play_until(bucket, queue, play, calls=calls)
        play(bucket, queue)
        settle(bucket, queue)

        left = {key: body for key, body in bucket.objects.items() if not key.startswith(DAMAGED)}
        assert left == BOTH
        calls += 1
    assert calls > 15


@pytest.mark.parametrize("line", [b"null", b"{}", b'"[]"'])
def test_a_line_of_the_wrong_kind_is_left_out_and_asked_for(line: bytes) -> None:
    bucket, queue = a_bucket(BOTH), FakeQueue()
    lines = decode_lines(BOTH[SONGS], PART).good
    damage = {PLAYLIST: line, OTHER: line, "nobody": line}
    bucket.objects[SONGS] = encode_lines({**lines, **damage})

    render(bucket, RenderRequest(playlist_id=SECOND), queue)

    assert list(map(decode_render_request, queue.bodies)) == asked(PLAYLIST)
    settle(bucket, queue)
    assert bucket.objects == BOTH


def test_a_line_of_its_own_is_replaced_without_asking() -> None:
    bucket = a_bucket(expected(SNAPSHOTS[0]))
    bucket.objects[SONGS] = encode_lines({PLAYLIST: b"null"})

    assert not look(bucket, PLAYLIST)
    assert bucket.objects == expected(SNAPSHOTS[0])


def test_playlists_of_other_parts_are_not_asked() -> None:
    bucket = a_bucket(BOTH)
    del bucket.objects[songs_key(OTHER)]

    assert not look(bucket, OTHER)
    assert bucket.objects == BOTH
    assert int(songs_key(OTHER).split("/")[2].removesuffix(".json")) != PART
