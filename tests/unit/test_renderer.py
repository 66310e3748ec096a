"""Renderers that die, meet, and are told things twice or in the wrong order."""

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from random import Random
from threading import Thread

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_archive.keys import ledger_key, snapshot_key
from playlist_archive.ledger import decode_ledger, encode_ledger
from playlist_archive.messages import RenderRequest, Standing
from playlist_archive.renderer import Renderer
from playlist_archive.snapshot import Snapshot, encode_snapshot
from tests.builders import DAY, PLAYLIST, RUN, a_header, rows
from tests.fakes import FakeBucket

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


class Death(BaseException):
    """The function was killed."""


@given(st.permutations(JOBS), st.lists(st.integers(0, 12), max_size=4))
def test_a_death_before_any_call_is_repaired_by_the_redelivery(
    jobs: Sequence[Job], deaths: list[int]
) -> None:
    bucket = a_bucket()
    waiting = [(job, False) for job in jobs]
    for countdown in deaths:
        job, again = waiting.pop(0)
        if not run_until(bucket, job, again=again, calls=countdown):
            # The queue shows the message again later, behind others.
            waiting.append((job, True))
        if not waiting:
            break
    for job, again in waiting:
        play(bucket, job, again=again)

    assert bucket.objects == CLEAN


def run_until(bucket: FakeBucket, job: Job, *, again: bool, calls: int) -> bool:
    """Run a job that dies before its call number `calls`; return whether it ended first."""
    left = iter(range(calls))

    def die_at_last(operation: str, key: str) -> None:
        if next(left, None) is None:
            raise Death

    bucket.before = die_at_last
    try:
        play(bucket, job, again=again)
    except Death:
        return False
    finally:
        bucket.before = lambda operation, key: None
    return True


class Actor:
    """A renderer on a thread of its own that makes one storage call for each `step`."""

    def __init__(self, bucket: FakeBucket, job: Job, *, again: bool) -> None:
        self._permits: SimpleQueue[bool] = SimpleQueue()
        self._stops: SimpleQueue[bool] = SimpleQueue()
        self.done = self.died = False
        self._view = View(bucket, self._wait)
        self._thread = Thread(target=self._play, args=(job, again), daemon=True)
        self._thread.start()
        self._stops.get(timeout=5)

    def step(self, *, die: bool = False) -> None:
        if not self.done:
            self._permits.put(not die)
            self._stops.get(timeout=5)

    def _wait(self) -> None:
        self._stops.put(True)
        if not self._permits.get(timeout=5):
            raise Death

    def _play(self, job: Job, again: bool) -> None:
        try:
            play(self._view, job, again=again)
        except Death:
            self.died = True
        self.done = True
        self._stops.put(True)


class View(FakeBucket):
    """The shared objects, seen by one renderer that asks before each call."""

    def __init__(self, shared: FakeBucket, wait: Callable[[], None]) -> None:
        super().__init__()
        self.objects, self.types = shared.objects, shared.types
        self.before = lambda operation, key: wait()


@settings(max_examples=300)
@given(st.permutations(JOBS), st.integers(0, 2**32).map(Random))
def test_two_renderers_at_once_leave_no_stale_page(jobs: Sequence[Job], chance: Random) -> None:
    """Interleave two renderers call by call, and now and then kill the one whose turn it is."""
    bucket = a_bucket()
    waiting = [(job, False) for job in jobs]
    playing: dict[bool, tuple[Job, Actor]] = {}
    while waiting or playing:
        for side in (False, True):
            if side not in playing and waiting:
                job, again = waiting.pop(0)
                playing[side] = job, Actor(bucket, job, again=again)
        side = chance.choice(sorted(playing))
        job, actor = playing[side]
        actor.step(die=chance.random() < DEATHS)
        if actor.done:
            del playing[side]
            if actor.died:
                waiting.append((job, True))

    key = ledger_key(PLAYLIST)
    ledger = msgspec.structs.replace(decode_ledger(bucket.objects[key]), repairs=0)
    assert bucket.objects | {key: encode_ledger(ledger)} == CLEAN
