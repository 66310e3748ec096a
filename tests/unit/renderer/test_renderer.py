"""Renderers that are killed, overlap, run out of time, find damage, or get late messages."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta
from random import Random
from time import sleep
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_archive.documents.fold import NEWEST_CHANGES, Fold, fold_all
from playlist_archive.documents.keys import (
    damaged_key,
    ledger_key,
    snapshot_key,
    snapshots_prefix,
    view_key,
)
from playlist_archive.documents.ledger import decode_ledger, encode_ledger, with_page_status
from playlist_archive.documents.messages import (
    PagesWritten,
    RenderRequest,
    decode_outcome,
    decode_render_request,
)
from playlist_archive.documents.playlist import Row
from playlist_archive.documents.render_jobs import RenderJob
from playlist_archive.documents.snapshot import Snapshot, encode_snapshot
from playlist_archive.documents.status import PageStatus
from playlist_archive.errors import ConflictError, OutOfTimeError, StorageError
from playlist_archive.ports import read_ahead
from playlist_archive.ports.concurrency import open_pool
from playlist_archive.renderer import fold_snapshots
from playlist_archive.renderer.service import SECONDS_FOR_PAGES, Rendered, Renderer
from playlist_archive.views import render_pages
from tests.support.actors import Actor, Play, play_until
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header, rows
from tests.support.fakes import FakeBucket, FakeClock, FakeQueue
from tests.support.pipeline import plenty, render_snapshot
from tests.support.rendered import rendered
from tools.chaos.one_at_a_time import OneAtATime

pytestmark = pytest.mark.unit

type RemainingSeconds = Callable[[], float]
type Job = Callable[[Renderer, FakeBucket, RemainingSeconds], Rendered]


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


# Days 0 and 2 are the same, so that a page may be right before it is written.
SNAPSHOTS = (a_snapshot(0, 1, 2), a_snapshot(1, 2, 3), a_snapshot(2, 1, 2), a_snapshot(3))
PAGE_STATUS = PageStatus(
    revision=7,
    name="Harbour mix",
    unique_name="Harbour mix (2)",
    status="unstable",
    since=RUN + 9 * DAY,
    reason="torn",
)
LEDGER = ledger_key(PLAYLIST)


def key_of(snapshot: Snapshot) -> str:
    return snapshot_key(PLAYLIST, snapshot.time)


def render(snapshot: Snapshot) -> Job:
    """Write the snapshot as the fetcher does, then render it."""

    def job(renderer: Renderer, bucket: FakeBucket, remaining: RemainingSeconds) -> Rendered:
        bucket.objects.setdefault(key_of(snapshot), encode_snapshot(snapshot))
        return render_snapshot(renderer, key_of(snapshot), remaining)

    return job


def ask(request: RenderRequest) -> Job:
    return lambda renderer, _, remaining: renderer.render(RenderJob(request), remaining)


def tell(page_status: PageStatus) -> Job:
    return ask(RenderRequest(playlist_id=PLAYLIST, page_status=page_status))


LOOK = ask(RenderRequest(playlist_id=PLAYLIST))
REBUILD = ask(RenderRequest(playlist_id=PLAYLIST, rebuild=True))


def a_bucket(*snapshots: Snapshot) -> FakeBucket:
    """Return a bucket with these snapshots, none of which is rendered yet."""
    bucket = FakeBucket()
    bucket.objects |= {key_of(snapshot): encode_snapshot(snapshot) for snapshot in snapshots}
    return bucket


def a_renderer(
    bucket: FakeBucket,
    queue: FakeQueue | None = None,
    pool: Executor | None = None,
    outcomes: FakeQueue | None = None,
) -> Renderer:
    return Renderer(
        bucket=bucket,
        render_queue=queue or FakeQueue(),
        outcome_queue=outcomes or FakeQueue(),
        clock=FakeClock(),
        pool=pool or OneAtATime(),
    )


def play(bucket: FakeBucket, *jobs: Job, remaining: RemainingSeconds = plenty) -> FakeBucket:
    for job in jobs:
        job(a_renderer(bucket), bucket, remaining)
    return bucket


def clean(*snapshots: Snapshot, page_status: PageStatus | None = None) -> dict[str, bytes]:
    """Return the expected bucket, made without a renderer."""
    ledger = fold_all(snapshots)
    if page_status:
        ledger = with_page_status(ledger, page_status)
    return a_bucket(*snapshots).objects | rendered(ledger)


JOBS: tuple[Job, ...] = (*map(render, SNAPSHOTS), tell(PAGE_STATUS))
CLEAN = clean(*SNAPSHOTS, page_status=PAGE_STATUS)


def a_clean_bucket() -> FakeBucket:
    bucket = FakeBucket()
    bucket.objects |= CLEAN
    return bucket


# A page status is sent only after the first snapshot, so there is always a snapshot.


@given(st.permutations(JOBS + JOBS[:2]))
def test_order_and_repetition_do_not_matter(jobs: Sequence[Job]) -> None:
    assert play(a_bucket(SNAPSHOTS[0]), *jobs).objects == CLEAN


def test_a_rebuild_leaves_every_byte_as_it_was() -> None:
    bucket = play(a_clean_bucket(), REBUILD)

    assert bucket.objects == CLEAN
    assert not bucket.puts()


def test_an_older_page_status_does_not_replace_a_newer_one() -> None:
    older = tell(msgspec.structs.replace(PAGE_STATUS, revision=6, status="ok"))

    assert play(FakeBucket(), *JOBS, older).objects == CLEAN


def test_a_page_status_for_a_playlist_that_was_never_read_is_dropped() -> None:
    assert not play(FakeBucket(), tell(PAGE_STATUS)).objects


def test_a_render_folds_all_snapshots_that_are_there() -> None:
    """The notifications of the others may be late or lost."""
    bucket = a_bucket(*SNAPSHOTS)

    assert play(bucket, JOBS[1]).objects == clean(*SNAPSHOTS)


def test_a_render_reads_new_snapshots_and_every_page_and_writes_pages_that_differ() -> None:
    bucket = play(FakeBucket(), JOBS[0])
    before = dict(bucket.objects)
    bucket.calls.clear()
    play(bucket, JOBS[1])

    pages = sorted(key for key in bucket.objects if key.startswith("playlists/"))
    changed = {name for name, body in bucket.objects.items() if before.get(name) != body}
    changed -= {key_of(SNAPSHOTS[1])}
    assert [call for call in bucket.calls if call[0] != "put"] == [
        ("get", key_of(SNAPSHOTS[1])),
        ("get", LEDGER),
        ("list", snapshots_prefix(PLAYLIST)),
        *(("get", key) for key in pages),
        *(("get", key) for key in pages if key not in changed),
        ("get", LEDGER),
    ]
    assert bucket.puts()[0] == LEDGER
    assert sorted(bucket.puts()) == sorted(changed)


def test_the_run_is_that_of_the_newest_snapshot_or_of_the_request() -> None:
    bucket = a_bucket(*SNAPSHOTS[:2])
    for snapshot, run in zip(
        SNAPSHOTS[:2], ("2026-10-01T04:00:00Z", "2026-10-02T04:00:00Z"), strict=True
    ):
        bucket.metadata[key_of(snapshot)] = {"run": run}
    request = ask(RenderRequest(playlist_id=PLAYLIST, run=RUN + 5 * DAY))

    runs = [job(a_renderer(bucket), bucket, plenty).run for job in (LOOK, LOOK, request)]

    assert runs == ["2026-10-02T04:00:00Z", None, "2026-10-06T04:00:00Z"]


def announce(*snapshots: Snapshot) -> Job:
    """Have these snapshots rendered as S3 asks for it, in one batch."""
    job = RenderJob(
        RenderRequest(playlist_id=PLAYLIST), tuple(snapshot.time for snapshot in snapshots)
    )
    return lambda renderer, _, remaining: renderer.render(job, remaining)


def an_import(*snapshots: Snapshot) -> FakeBucket:
    bucket = a_bucket(*snapshots)
    bucket.metadata |= {key_of(snapshot): {"source": "import"} for snapshot in snapshots}
    return bucket


def test_imported_snapshots_wait_for_the_rebuild() -> None:
    bucket = an_import(*SNAPSHOTS)

    play(bucket, announce(*SNAPSHOTS[:3]), announce(SNAPSHOTS[3]))
    assert bucket.calls == [("get", key_of(snapshot)) for snapshot in SNAPSHOTS]

    play(bucket, REBUILD)
    assert bucket.objects == clean(*SNAPSHOTS)


def test_an_import_before_what_was_read_changes_nothing_until_the_rebuild() -> None:
    bucket = play(a_bucket(SNAPSHOTS[2]), LOOK)
    bucket.objects |= an_import(*SNAPSHOTS[:2]).objects
    bucket.metadata |= an_import(*SNAPSHOTS[:2]).metadata
    bucket.calls.clear()

    play(bucket, announce(*SNAPSHOTS[:2]))
    assert not bucket.puts()

    play(bucket, REBUILD)
    assert bucket.objects == clean(*SNAPSHOTS[:3])


def test_a_snapshot_that_was_read_is_folded_though_imported_ones_are_announced_with_it() -> None:
    bucket = an_import(SNAPSHOTS[0])
    bucket.objects |= a_bucket(SNAPSHOTS[1]).objects

    play(bucket, announce(*SNAPSHOTS[:2]))

    assert bucket.objects == clean(*SNAPSHOTS[:2])


def test_a_page_status_is_shown_though_imported_snapshots_are_announced_with_it() -> None:
    request = RenderRequest(playlist_id=PLAYLIST, page_status=PAGE_STATUS)
    job = RenderJob(request, (SNAPSHOTS[0].time,))

    bucket = play(
        an_import(SNAPSHOTS[0]), lambda renderer, _, remaining: renderer.render(job, remaining)
    )

    assert bucket.objects == clean(SNAPSHOTS[0], page_status=PAGE_STATUS)


def test_an_announced_snapshot_that_is_gone_is_no_import() -> None:
    bucket = play(a_bucket(SNAPSHOTS[0]), announce(SNAPSHOTS[1]))

    assert bucket.objects == clean(SNAPSHOTS[0])


@pytest.mark.parametrize("run", ["yesterday", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
def test_a_snapshot_need_not_tell_a_plausible_run(run: str) -> None:
    bucket = a_bucket(SNAPSHOTS[0])
    bucket.metadata[key_of(SNAPSHOTS[0])] = {"run": run}

    assert LOOK(a_renderer(bucket), bucket, plenty).run is None


def test_snapshots_long_before_the_announced_one_are_listed_and_folded() -> None:
    """The ledger was last written so long ago that a longer list is necessary."""
    bucket = play(FakeBucket(), JOBS[0])
    lost, last = a_snapshot(1, 2, 3), a_snapshot(400, 1, 3)
    bucket.objects[key_of(lost)] = encode_snapshot(lost)
    play(bucket, render(last))

    assert bucket.objects == clean(SNAPSHOTS[0], lost, last)


def test_a_snapshot_that_comes_between_its_read_and_the_list_is_folded() -> None:
    bucket = play(FakeBucket(), JOBS[0])
    late = encode_snapshot(SNAPSHOTS[1])

    def put_before_list(operation: str, _: str) -> None:
        if operation == "list":
            bucket.objects[key_of(SNAPSHOTS[1])] = late

    bucket.before = put_before_list
    render_snapshot(a_renderer(bucket), key_of(SNAPSHOTS[1]))

    assert bucket.objects == clean(*SNAPSHOTS[:2])


@pytest.mark.parametrize("error", [ConflictError, StorageError])
def test_a_page_that_cannot_be_written_gives_the_message_back_once_all_calls_have_ended(
    error: type[Exception],
) -> None:
    failing = view_key("pretty", PLAYLIST, ".json")
    going_on: set[str] = set()

    class Slow(FakeBucket):
        def put(self, key: str, *args: Any, **options: Any) -> str:
            going_on.add(key)
            try:
                if key == failing:
                    raise error(key)
                sleep(0.001)
                return super().put(key, *args, **options)
            finally:
                going_on.remove(key)

    bucket = Slow()
    bucket.objects |= a_bucket(SNAPSHOTS[0]).objects
    with open_pool() as pool, pytest.raises(error):
        render_snapshot(a_renderer(bucket, pool=pool), key_of(SNAPSHOTS[0]))

    assert not going_on
    repaired = FakeBucket()
    repaired.objects = bucket.objects
    assert play(repaired, JOBS[0]).objects == clean(SNAPSHOTS[0])


def test_threads_write_the_same_bytes() -> None:
    bucket = a_bucket(SNAPSHOTS[0])
    with open_pool() as pool:
        for job in JOBS:
            job(a_renderer(bucket, pool=pool), bucket, plenty)

    assert bucket.objects == CLEAN


YEAR_PAGE = f"playlists/history/{PLAYLIST}-2026.md"


def test_pages_of_years_are_written_when_they_differ() -> None:
    bucket = FakeBucket()
    days = NEWEST_CHANGES + 2
    play(bucket, *(render(a_snapshot(day, day % 2, 2)) for day in range(days)))
    bucket.calls.clear()

    play(bucket, render(a_snapshot(days, 3, 2)))
    assert YEAR_PAGE not in bucket.puts()

    bucket.objects[YEAR_PAGE] = b"old"
    play(bucket, LOOK)
    assert bucket.puts()[-1] == YEAR_PAGE

    renamed = msgspec.structs.replace(rows(1)[0].item, name="Song one")  # type: ignore[type-var]
    last = a_snapshot(days + 1, 1, 2)
    last = msgspec.structs.replace(last, rows=(Row(RUN, item=renamed), last.rows[1]))
    bucket.calls.clear()
    play(bucket, render(last))
    assert YEAR_PAGE in bucket.puts()


# What the indexer is told


def told(job: Job, bucket: FakeBucket, remaining: RemainingSeconds = plenty) -> list[PagesWritten]:
    """Return what the indexer is told about pages."""
    outcomes = FakeQueue()
    job(a_renderer(bucket, outcomes=outcomes), bucket, remaining)
    messages = map(decode_outcome, outcomes.bodies)
    return [message for message in messages if isinstance(message, PagesWritten)]


def test_the_indexer_is_told_of_every_finished_render_though_nothing_was_written() -> None:
    bucket = a_bucket(*SNAPSHOTS[:2])
    bucket.metadata[key_of(SNAPSHOTS[1])] = {"run": "2026-10-02T04:00:00Z"}

    first, again = told(LOOK, bucket), told(LOOK, bucket)

    last = SNAPSHOTS[1].time
    assert first == [PagesWritten(playlist_id=PLAYLIST, last=last, run=RUN + DAY)]
    assert again == [PagesWritten(playlist_id=PLAYLIST, last=last)]
    shown = PagesWritten(playlist_id=PLAYLIST, last=last, revision=PAGE_STATUS.revision)
    assert told(tell(PAGE_STATUS), bucket) == [shown]


def test_the_indexer_is_not_told_of_pages_that_another_message_will_write() -> None:
    assert not told(REBUILD, a_bucket(*SNAPSHOTS), Countdown(2))


@pytest.mark.parametrize("job", [LOOK, tell(PAGE_STATUS), REBUILD])
def test_the_indexer_is_not_told_of_a_playlist_without_snapshots(job: Job) -> None:
    assert not told(job, FakeBucket())


def test_the_indexer_is_not_told_of_imported_snapshots_that_wait_for_a_rebuild() -> None:
    assert not told(announce(*SNAPSHOTS), an_import(*SNAPSHOTS))


def test_wherever_a_renderer_dies_the_indexer_is_told_after_the_last_write() -> None:
    for calls in range(100):
        bucket, outcomes = a_bucket(SNAPSHOTS[0]), FakeQueue()

        def play_first(bucket: FakeBucket, queue: FakeQueue) -> object:
            return JOBS[0](a_renderer(bucket, outcomes=queue), bucket, plenty)

        if play_until(bucket, outcomes, play_first, calls=calls):
            break
        assert not outcomes.bodies
        assert told(JOBS[0], bucket) == [PagesWritten(playlist_id=PLAYLIST, last=RUN)]
    assert calls > 25
    assert len(outcomes.bodies) == 1


# Late, repeated and removed snapshots


def snapshots_read(bucket: FakeBucket) -> list[str]:
    return [
        key
        for operation, key in bucket.calls
        if operation == "get" and key.startswith(snapshots_prefix(PLAYLIST))
    ]


@pytest.mark.parametrize("snapshot", SNAPSHOTS)
def test_a_repeated_event_reads_no_other_snapshot_and_writes_nothing(snapshot: Snapshot) -> None:
    bucket = play(a_clean_bucket(), render(snapshot))

    assert snapshots_read(bucket) == [key_of(snapshot)]
    assert not bucket.puts()


def test_a_repeated_event_reads_only_its_own_and_newer_snapshots() -> None:
    bucket = play(FakeBucket(), *JOBS[:2])
    bucket.objects |= a_bucket(*SNAPSHOTS).objects
    bucket.calls.clear()
    play(bucket, JOBS[0])

    assert snapshots_read(bucket) == [key_of(SNAPSHOTS[number]) for number in (0, 2, 3)]


@given(st.permutations(SNAPSHOTS), st.sets(st.integers(0, 3)))
def test_snapshots_may_be_copied_in_any_order(copied: Sequence[Snapshot], late: set[int]) -> None:
    """Each notification comes at once, or only after all snapshots are there."""
    bucket = FakeBucket()
    for number, snapshot in enumerate(copied):
        bucket.objects[key_of(snapshot)] = encode_snapshot(snapshot)
        if number not in late:
            play(bucket, render(snapshot))
    play(bucket, *(render(copied[number]) for number in sorted(late)))

    assert bucket.objects == clean(*SNAPSHOTS)


@pytest.mark.parametrize("removed", [0, 1, 2])
def test_a_removed_snapshot_is_noticed_by_the_next_event_of_the_past(removed: int) -> None:
    bucket = play(FakeBucket(), *JOBS[:4])
    del bucket.objects[key_of(SNAPSHOTS[removed])]
    left = [snapshot for snapshot in SNAPSHOTS if snapshot is not SNAPSHOTS[removed]]

    assert play(bucket, render(left[0])).objects == clean(*left)


def test_one_snapshot_removed_and_another_added_is_noticed() -> None:
    bucket = play(FakeBucket(), *JOBS[:4])
    del bucket.objects[key_of(SNAPSHOTS[1])]
    added = msgspec.structs.replace(SNAPSHOTS[1], time=SNAPSHOTS[1].time + timedelta(hours=1))

    play(bucket, render(added))

    assert bucket.objects == clean(SNAPSHOTS[0], added, *SNAPSHOTS[2:])


@pytest.mark.parametrize("job", [LOOK, JOBS[0], JOBS[3]])
def test_a_ledger_without_fingerprint_is_made_again(job: Job) -> None:
    """An earlier version wrote no fingerprints."""
    bucket = a_clean_bucket()
    stored = decode_ledger(CLEAN[LEDGER])
    bucket.objects[LEDGER] = encode_ledger(msgspec.structs.replace(stored, fingerprint=""))

    assert play(bucket, job).objects == CLEAN


# Damage


def spoil(ledger: bytes) -> Iterator[bytes]:
    """Return documents that are no ledger, or belong to another playlist, or are inconsistent."""
    yield from (b"", b"null", b"{}", b"\xff", b'{"schema":2}', ledger[:100], b"[" * 100_000)
    yield ledger.replace(PLAYLIST.encode(), OTHER.encode())
    yield ledger.replace(b"Harbour", b"\xff\xfe")
    good = decode_ledger(ledger)
    replace = msgspec.structs.replace
    for bad in (
        replace(good, items={}),
        replace(good, items={**good.items, len(good.items): rows(9)[0].item}),
        replace(
            good, items={99 if number == 0 else number: good.items[number] for number in good.items}
        ),
        replace(good, occurrences={}),
        replace(
            good, occurrences={**good.occurrences, 0: replace(good.occurrences[0], intervals=())}
        ),
        replace(good, changes=(replace(good.changes[0], added=(99,)),)),
        replace(good, changes=(replace(good.changes[0], renamed=((-1, "x"),)),)),
        replace(good, changes=(), years={2026: ()}),
    ):
        yield encode_ledger(bad)


DAMAGED_LEDGERS = list(spoil(CLEAN[LEDGER]))


@pytest.mark.parametrize("job", [LOOK, JOBS[0], JOBS[3], REBUILD])
@pytest.mark.parametrize("damaged", DAMAGED_LEDGERS, ids=range(len(DAMAGED_LEDGERS)))
def test_a_ledger_that_cannot_be_read_is_set_aside_and_made_again(damaged: bytes, job: Job) -> None:
    bucket = a_clean_bucket()
    bucket.objects[LEDGER] = damaged
    play(bucket, job)

    copy = {damaged_key(LEDGER, FakeClock().now()): damaged}
    assert bucket.objects == clean(*SNAPSHOTS) | copy

    # The page status was lost with the ledger, so the next one counts, whatever its revision.
    told = msgspec.structs.replace(PAGE_STATUS, revision=1)
    assert play(bucket, tell(told)).objects == clean(*SNAPSHOTS, page_status=told) | copy


def test_a_rebuild_restores_the_page_status_of_an_unreadable_ledger() -> None:
    bucket = a_clean_bucket()
    bucket.objects[LEDGER] = b"{"
    play(bucket, ask(RenderRequest(playlist_id=PLAYLIST, page_status=PAGE_STATUS, rebuild=True)))

    assert CLEAN.items() <= bucket.objects.items()


def test_a_damaged_ledger_is_left_alone_where_there_is_nothing_to_make_it_of() -> None:
    bucket = FakeBucket()
    bucket.objects[LEDGER] = b"{"
    play(bucket, LOOK, LOOK)

    assert bucket.objects == {LEDGER: b"{"}


def no_snapshots(good: Snapshot) -> Iterator[bytes]:
    """Return documents that are no snapshot, or do not match their key."""
    document = encode_snapshot(good)
    yield from (b"", b"null", b'{"schema":2}', document[:99], b"[" * 100_000)
    yield document.replace(b"Harbour", b"\xff\xfe")
    for wrong in (
        msgspec.structs.replace(good, playlist_id=OTHER),
        msgspec.structs.replace(good, time=good.time + timedelta(seconds=1)),
        msgspec.structs.replace(good, time=good.time.replace(tzinfo=None)),
    ):
        yield encode_snapshot(wrong)


DAMAGED_SNAPSHOTS = list(no_snapshots(SNAPSHOTS[1]))


@pytest.mark.parametrize("damaged", DAMAGED_SNAPSHOTS, ids=range(len(DAMAGED_SNAPSHOTS)))
def test_a_snapshot_that_cannot_be_read_is_copied_once_and_skipped(damaged: bytes) -> None:
    key = key_of(SNAPSHOTS[1])
    bucket = a_bucket(*SNAPSHOTS)
    bucket.objects[key] = damaged
    play(bucket, LOOK, REBUILD)

    good = (SNAPSHOTS[0], *SNAPSHOTS[2:])
    copy = {damaged_key(key, SNAPSHOTS[1].time): damaged}
    expected = clean(*good) | {key: damaged} | copy
    del expected[LEDGER]
    assert expected.items() <= bucket.objects.items()
    assert bucket.objects.keys() - expected.keys() == {LEDGER}


@given(st.permutations(range(4)), st.sets(st.integers(0, 3), min_size=1, max_size=3))
def test_damaged_snapshots_end_in_the_same_bytes_however_their_events_come(
    order: Sequence[int], damaged: set[int]
) -> None:
    def store(bucket: FakeBucket, number: int) -> Job:
        body = b"?" if number in damaged else encode_snapshot(SNAPSHOTS[number])
        bucket.objects[key_of(SNAPSHOTS[number])] = body
        return render(SNAPSHOTS[number])

    once, one_by_one = FakeBucket(), FakeBucket()
    jobs = [store(once, number) for number in range(4)]
    play(once, *jobs)
    for number in order:
        play(one_by_one, store(one_by_one, number))

    assert one_by_one.objects == once.objects
    newest = max({0, 1, 2, 3} - damaged)
    once.calls.clear()
    play(once, jobs[0])
    newer = SNAPSHOTS[newest + 1 :]
    assert snapshots_read(once) == [key_of(snapshot) for snapshot in (SNAPSHOTS[0], *newer)]


@pytest.mark.parametrize("damaged", [b"", b"\xff", b"half a pa"])
def test_a_damaged_page_is_overwritten(damaged: bytes) -> None:
    for key in render_pages(decode_ledger(CLEAN[LEDGER])):
        bucket = a_clean_bucket()
        bucket.objects[key] = damaged

        assert play(bucket, LOOK).objects == CLEAN


# Many snapshots, and little time


def test_few_snapshots_are_read_ahead_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bucket = a_bucket(*(a_snapshot(day, day % 5) for day in range(60)))
    ahead: list[int] = []
    folded = 0

    class Counting(Fold):
        def add(self, snapshot: Snapshot, skipped: Sequence[datetime] = ()) -> None:
            nonlocal folded
            ahead.append(len(snapshots_read(bucket)) - folded)
            folded += 1
            super().add(snapshot, skipped)

    monkeypatch.setattr(fold_snapshots, "Fold", Counting)
    play(bucket, LOOK)

    assert folded == 60
    assert max(ahead) == read_ahead.READS_AHEAD


class Countdown:
    """The remaining time of an invocation, which ends after `questions` calls."""

    def __init__(self, questions: int) -> None:
        self._left = questions

    def __call__(self) -> float:
        self._left -= 1
        return plenty() if self._left >= 0 else SECONDS_FOR_PAGES - 1


def waiting_jobs(queue: FakeQueue) -> list[Job]:
    """Take from the queue the messages that continue a fold, and return their jobs."""
    jobs = [ask(decode_render_request(body)) for body in queue.bodies]
    queue.bodies.clear()
    return jobs


def test_a_fold_that_runs_out_of_time_continues_with_another_message() -> None:
    bucket, queue = a_bucket(*SNAPSHOTS), FakeQueue()
    for snapshot in SNAPSHOTS:
        bucket.metadata[key_of(snapshot)] = {"run": "2026-10-09T04:00:00Z"}
    request = RenderRequest(playlist_id=PLAYLIST, page_status=PAGE_STATUS, rebuild=True)
    rendered = a_renderer(bucket, queue).render(RenderJob(request), Countdown(2))

    assert rendered == Rendered(0, "2026-10-09T04:00:00Z")
    assert list(map(decode_render_request, queue.bodies)) == [
        RenderRequest(playlist_id=PLAYLIST, run=RUN + 8 * DAY, page_status=PAGE_STATUS)
    ]
    stored = decode_ledger(bucket.objects[LEDGER])
    assert stored == with_page_status(fold_all(SNAPSHOTS[:2]), PAGE_STATUS)
    assert bucket.puts() == [LEDGER]


def test_a_render_without_time_to_begin_changes_nothing() -> None:
    bucket, queue = a_clean_bucket(), FakeQueue()

    with pytest.raises(OutOfTimeError):
        REBUILD(a_renderer(bucket, queue), bucket, Countdown(0))

    assert not queue.bodies
    assert not bucket.calls


@settings(max_examples=150)
@given(
    st.sampled_from([(FakeBucket, LOOK), (a_clean_bucket, REBUILD), (a_clean_bucket, JOBS[1])]),
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 24)), max_size=8),
)
def test_wherever_time_or_life_ends_the_bytes_are_those_of_one_fold(
    begin: tuple[Callable[[], FakeBucket], Job], ends: list[tuple[int, int]]
) -> None:
    make, job = begin
    bucket, queue = make(), FakeQueue()
    bucket.objects |= a_bucket(*SNAPSHOTS).objects
    waiting = [job]
    for questions, calls in ends:
        if not waiting:
            break
        job = waiting.pop(0)
        hop = playing(job, Countdown(questions))
        if not play_until(bucket, queue, hop, calls=calls):
            waiting.append(job)
        waiting += waiting_jobs(queue)
    while waiting:
        play_until(bucket, queue, playing(waiting.pop(0), plenty), calls=100)
        waiting += waiting_jobs(queue)

    page_status = PAGE_STATUS if make is a_clean_bucket else None
    assert bucket.objects == clean(*SNAPSHOTS, page_status=page_status)


# Renderers that are killed, and several at once


def playing(job: Job, remaining: RemainingSeconds = plenty) -> Play:
    return lambda bucket, queue: job(a_renderer(bucket, queue), bucket, remaining)


@given(st.permutations(JOBS), st.lists(st.integers(0, 30), max_size=4))
def test_a_death_before_any_call_is_repaired_by_the_redelivery(
    jobs: Sequence[Job], deaths: list[int]
) -> None:
    bucket = a_bucket(SNAPSHOTS[0])
    waiting = list(jobs)
    for countdown in deaths:
        job = waiting.pop(0)
        if not play_until(bucket, FakeQueue(), playing(job), calls=countdown):
            # The queue delivers the message again later, after others.
            waiting.append(job)
        if not waiting:
            break

    assert play(bucket, *waiting).objects == CLEAN


@pytest.mark.parametrize("calls", range(1, 30))
def test_a_dead_letter_that_is_sent_again_much_later_mends_the_pages_of_its_renderer(
    calls: int,
) -> None:
    """Meanwhile other renderers have rendered everything that happened since."""
    bucket = a_bucket(SNAPSHOTS[0])
    slow = Actor(bucket, FakeQueue(), playing(JOBS[0]))
    for _ in range(calls - 1):
        slow.step()
    play(bucket, *JOBS[1:])
    slow.step(die=True)

    assert play(bucket, JOBS[0]).objects == CLEAN


@pytest.mark.parametrize("ahead", range(26))
def test_a_page_that_one_renderer_found_right_is_mended_after_another_overwrites_it(
    ahead: int,
) -> None:
    """Each does some calls. Then the first one ends, as it sees no newer ledger, then the other."""
    for behind in range(1, 27):
        bucket = play(FakeBucket(), JOBS[0])
        first = Actor(bucket, FakeQueue(), playing(JOBS[1]))
        for _ in range(ahead):
            first.step()
        second = Actor(bucket, FakeQueue(), playing(JOBS[2]))
        for _ in range(behind):
            second.step()
        for actor in (first, second):
            while not actor.done:
                actor.step()

        assert bucket.objects == clean(*SNAPSHOTS[:3])


# The probability that a call is the last one of its renderer.
DEATHS = 0.04


def play_together(bucket: FakeBucket, jobs: Sequence[Job], chance: Random, renderers: int) -> None:
    """Interleave renderers call by call, and now and then kill the one whose turn it is.

    Some run out of time. The message of a renderer that was killed or gave up comes again after the
    others.
    """
    queue = FakeQueue()
    waiting = list(jobs)
    acting: dict[int, tuple[Job, Actor]] = {}
    while waiting or acting:
        for place in range(renderers):
            if place not in acting and waiting:
                job = waiting.pop(0)
                remaining = Countdown(chance.choice([1, 2, 3, 4, 1_000]))
                acting[place] = job, Actor(bucket, queue, playing(job, remaining))
        place = chance.choice(sorted(acting))
        job, actor = acting[place]
        try:
            actor.step(die=chance.random() < DEATHS)
        except (ConflictError, OutOfTimeError):
            actor.died = True
        if actor.done:
            del acting[place]
            if actor.died:
                waiting.append(job)
            waiting += waiting_jobs(queue)


@settings(max_examples=300)
@given(st.permutations((*JOBS, REBUILD)), st.integers(2, 3), st.integers(0, 2**32))
def test_renderers_at_once_leave_no_stale_page(
    jobs: Sequence[Job], renderers: int, seed: int
) -> None:
    bucket = a_bucket(SNAPSHOTS[0])
    play_together(bucket, jobs, Random(seed), renderers)

    assert bucket.objects == CLEAN
