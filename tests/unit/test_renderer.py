"""Renderers that die, meet, and are told things twice or in the wrong order."""

from collections.abc import Callable, Sequence
from random import Random

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playlist_archive.errors import ConflictError
from playlist_archive.keys import ledger_key, snapshot_key
from playlist_archive.ledger import NEWEST_CHANGES, decode_ledger, encode_ledger, fold
from playlist_archive.messages import RenderRequest, Standing
from playlist_archive.renderer import Renderer
from playlist_archive.snapshot import Row, Snapshot, encode_snapshot
from playlist_archive.views import render_pages
from tests.actors import Actor, Play, play_until
from tests.builders import DAY, PLAYLIST, RUN, a_header, rows
from tests.fakes import FakeBucket, FakeQueue

pytestmark = pytest.mark.unit

type Job = Callable[[Renderer, FakeBucket, bool], object]


def a_snapshot(day: int, *numbers: int) -> Snapshot:
    header = msgspec.structs.asdict(a_header(f"v{day}"))
    time = RUN + day * DAY
    return Snapshot(
        playlist_id=PLAYLIST,
        time=time,
        read_at=time,
        previous_check=time - DAY if day else None,
        rows=rows(*numbers),
        **header,
    )


# Days 0 and 2 look the same, so that a page may be right before it is written.
SNAPSHOTS = (a_snapshot(0, 1, 2), a_snapshot(1, 2, 3), a_snapshot(2, 1, 2), a_snapshot(3))
STANDING = Standing(
    revision=7,
    name="Harbour mix",
    unique_name="Harbour mix (2)",
    status="unstable",
    since=RUN + 9 * DAY,
    reason="torn",
)


def render(snapshot: Snapshot) -> Job:
    """Write the snapshot as the fetcher does, then have it rendered."""
    key = snapshot_key(PLAYLIST, snapshot.time)

    def job(renderer: Renderer, bucket: FakeBucket, again: bool) -> object:
        bucket.objects.setdefault(key, encode_snapshot(snapshot))
        return renderer.render_snapshot(key, again=again)

    return job


def tell(standing: Standing) -> Job:
    request = RenderRequest(playlist_id=PLAYLIST, standing=standing)
    return lambda renderer, _, again: renderer.render_request(request, again=again)


def a_bucket() -> FakeBucket:
    """Return a bucket with the first snapshot: a standing is announced only after it."""
    bucket = FakeBucket()
    first = SNAPSHOTS[0]
    bucket.objects[snapshot_key(PLAYLIST, first.time)] = encode_snapshot(first)
    return bucket


def play(bucket: FakeBucket, *jobs: Job, again: bool = False) -> FakeBucket:
    for job in jobs:
        job(Renderer(bucket=bucket), bucket, again)
    return bucket


JOBS: tuple[Job, ...] = (*map(render, SNAPSHOTS), tell(STANDING))


CLEAN = play(FakeBucket(), *JOBS).objects


@given(st.permutations(JOBS + JOBS[:2]))
def test_order_and_repetition_do_not_matter(jobs: Sequence[Job]) -> None:
    assert play(a_bucket(), *jobs).objects == CLEAN


def test_a_rebuild_leaves_every_byte_as_it_was() -> None:
    bucket = FakeBucket()
    bucket.objects |= CLEAN
    Renderer(bucket=bucket).render_request(
        RenderRequest(playlist_id=PLAYLIST, rebuild=True), again=False
    )

    assert bucket.objects == CLEAN
    assert not bucket.puts()


def test_an_older_standing_does_not_replace_a_newer_one() -> None:
    older = tell(msgspec.structs.replace(STANDING, revision=6, status="ok"))

    assert play(FakeBucket(), *JOBS, older).objects == CLEAN


def test_a_standing_for_a_playlist_that_was_never_read_is_dropped() -> None:
    assert not play(FakeBucket(), tell(STANDING)).objects


def test_a_render_reads_ledger_and_snapshot_and_writes_what_changed() -> None:
    bucket = play(FakeBucket(), JOBS[0])
    before = dict(bucket.objects)
    bucket.calls.clear()
    play(bucket, JOBS[1])

    key = snapshot_key(PLAYLIST, SNAPSHOTS[1].time)
    changed = {name for name, body in bucket.objects.items() if before.get(name) != body} - {key}
    assert [call for call in bucket.calls if call[0] != "put"] == [
        ("get", key),
        ("get", ledger_key(PLAYLIST)),
    ]
    assert sorted(bucket.puts()) == sorted(changed)
    assert changed


# One call in so many is the last one of its renderer.
DEATHS = 0.06


YEAR_PAGE = f"playlists/history/{PLAYLIST}-2026.md"


def test_pages_of_years_are_left_alone_until_their_texts_change() -> None:
    bucket = FakeBucket()
    days = NEWEST_CHANGES + 2
    play(bucket, *(render(a_snapshot(day, day % 2, 2)) for day in range(days)))

    ledger = decode_ledger(bucket.objects[ledger_key(PLAYLIST)])
    assert list(ledger.years) == [2026]
    assert YEAR_PAGE not in render_pages(ledger, ledger)

    renamed = msgspec.structs.replace(rows(2)[0].item, name="Song two")  # type: ignore[type-var]
    last = a_snapshot(days, 1, 2)
    last = msgspec.structs.replace(last, rows=(last.rows[0], Row(RUN, item=renamed)))
    assert YEAR_PAGE in render_pages(fold(ledger, last), ledger)

    play(bucket, render(last))
    before = dict(bucket.objects)
    Renderer(bucket=bucket).render_request(
        RenderRequest(playlist_id=PLAYLIST, rebuild=True), again=False
    )
    assert bucket.objects == before


@given(st.permutations(JOBS), st.lists(st.integers(0, 12), max_size=4))
def test_a_death_before_any_call_is_repaired_by_the_redelivery(
    jobs: Sequence[Job], deaths: list[int]
) -> None:
    bucket = a_bucket()
    waiting = [(job, False) for job in jobs]
    for countdown in deaths:
        job, again = waiting.pop(0)
        if not play_until(bucket, FakeQueue(), playing(job, again=again), calls=countdown):
            # The queue shows the message again later, behind others.
            waiting.append((job, True))
        if not waiting:
            break
    for job, again in waiting:
        play(bucket, job, again=again)

    assert without_repairs(bucket) == CLEAN


def without_repairs(bucket: FakeBucket) -> dict[str, bytes]:
    """Return all objects, and a ledger that does not count how often doubt was cleared up."""
    key = ledger_key(PLAYLIST)
    ledger = msgspec.structs.replace(decode_ledger(bucket.objects[key]), repairs=0)
    return bucket.objects | {key: encode_ledger(ledger)}


def playing(job: Job, *, again: bool) -> Play:
    return lambda bucket, _: play(bucket, job, again=again)


def play_two(bucket: FakeBucket, jobs: Sequence[Job], chance: Random) -> None:
    """Interleave two renderers call by call, and now and then kill the one whose turn it is.

    A message whose renderer died or gave up comes again behind the others.
    """
    waiting = [(job, False) for job in jobs]
    acting: dict[bool, tuple[Job, Actor]] = {}
    while waiting or acting:
        for side in (False, True):
            if side not in acting and waiting:
                job, again = waiting.pop(0)
                acting[side] = job, Actor(bucket, FakeQueue(), playing(job, again=again))
        side = chance.choice(sorted(acting))
        job, actor = acting[side]
        try:
            actor.step(die=chance.random() < DEATHS)
        except ConflictError:
            actor.died = True
        if actor.done:
            del acting[side]
            if actor.died:
                waiting.append((job, True))


@settings(max_examples=300)
@given(st.permutations(JOBS), st.integers(0, 2**32))
@example([JOBS[number] for number in (4, 1, 0, 2, 3)], 348)  # a mender that died after it mended
def test_two_renderers_at_once_leave_no_stale_page(jobs: Sequence[Job], seed: int) -> None:
    bucket = a_bucket()
    play_two(bucket, jobs, Random(seed))

    assert without_repairs(bucket) == CLEAN
