"""Indexers that are killed, run at the same time, or get messages twice or in the wrong order."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import count
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_archive.documents.catalog import Catalog, decode_catalog, encode_catalog
from playlist_archive.documents.keys import CATALOG, SPOTIFY_STATE, STATUS_JSON
from playlist_archive.documents.messages import Latest, Outcome, RunReport, decode_render_request
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.documents.status import PageStatus, Status
from playlist_archive.errors import ConflictError
from playlist_archive.indexer.service import Indexer
from tests.support.actors import Actor, Play, act_at_once, play_until
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header
from tests.support.fakes import FakeBucket, FakeClock, FakeQueue
from tools.chaos.one_at_a_time import OneAtATime

pytestmark = pytest.mark.unit

type Batch = Sequence[Outcome | RunReport]


def an_outcome(day: int, status: Status, playlist_id: str = PLAYLIST) -> Outcome:
    run = RUN + day * DAY
    good = status == "ok"
    return Outcome(
        playlist_id=playlist_id,
        run=run,
        at=run,
        status=status,
        reason="" if good else "why",
        source="registry",
        header=a_header(f"v{day}", followers=10 + day, playlist_id=playlist_id) if good else None,
        read=good,
        latest=Latest(run, f"digest {day}", 3) if good else None,
        written=good,
    )


def a_report(day: int) -> RunReport:
    run = RUN + day * DAY
    return RunReport(run=run, at=run, planned=2, unchanged=day)


# The second playlist has the name of the first, so its distinct name has to be sent as well.
BATCHES: tuple[Batch, ...] = (
    [a_report(0), an_outcome(0, "ok")],
    [an_outcome(0, "ok", OTHER)],
    [a_report(1), an_outcome(1, "unstable"), an_outcome(1, "ok", OTHER)],
    [a_report(2), an_outcome(2, "ok"), an_outcome(2, "not_found", OTHER)],
)


def indexing(batch: Batch) -> Play:
    def play(bucket: FakeBucket, queue: FakeQueue) -> None:
        Indexer(
            bucket=bucket, render_queue=queue, clock=FakeClock(RUN + 3 * DAY), pool=OneAtATime()
        ).index(batch)

    return play


def clean_run() -> FakeBucket:
    bucket, queue = FakeBucket(), FakeQueue()
    for batch in BATCHES:
        indexing(batch)(bucket, queue)
    return bucket


CLEAN = clean_run()


def assert_clean(bucket: FakeBucket, queue: FakeQueue) -> None:
    """Assert that all pages are those of a clean run, and the newest page statuses were sent."""
    catalog = decode_catalog(bucket.objects[CATALOG])
    assert not list(catalog.unsent())
    assert uncounted(catalog) == uncounted(decode_catalog(CLEAN.objects[CATALOG]))
    for key in CLEAN.objects.keys() - {CATALOG}:
        assert bucket.objects[key] == CLEAN.objects[key], key
    sent: dict[str, PageStatus] = {}
    for body in queue.bodies:
        request = decode_render_request(body)
        known = sent.get(request.playlist_id)
        assert request.page_status
        if known is None or request.page_status.revision > known.revision:
            sent[request.playlist_id] = request.page_status
    for playlist_id, entry in catalog.entries.items():
        assert entry.announced is None or sent.get(playlist_id) == entry.announced.page_status


def uncounted(catalog: Catalog) -> bytes:
    """Return the catalog without the fields that depend on the number of writes."""
    entries = {
        playlist_id: msgspec.structs.replace(entry, announced=None)
        for playlist_id, entry in catalog.entries.items()
    }
    return encode_catalog(msgspec.structs.replace(catalog, revision=0, entries=entries))


@given(st.permutations(BATCHES + BATCHES[:2]))
def test_order_and_repetition_of_batches_do_not_matter(batches: Sequence[Batch]) -> None:
    bucket, queue = FakeBucket(), FakeQueue()
    for batch in batches:
        indexing(batch)(bucket, queue)

    assert_clean(bucket, queue)


@pytest.mark.parametrize("number", range(len(BATCHES)))
def test_a_death_before_any_call_is_repaired_by_the_redelivery(number: int) -> None:
    for calls in count():
        bucket, queue = FakeBucket(), FakeQueue()
        for batch in BATCHES[:number]:
            indexing(batch)(bucket, queue)
        ended = play_until(bucket, queue, indexing(BATCHES[number]), calls=calls)
        for batch in BATCHES[number:]:
            indexing(batch)(bucket, queue)

        assert_clean(bucket, queue)
        if ended:
            break
    assert calls > 10


@pytest.mark.parametrize("number", range(len(BATCHES) - 1))
def test_a_death_is_repaired_even_if_its_batch_comes_last(number: int) -> None:
    for calls in count():
        bucket, queue = FakeBucket(), FakeQueue()
        ended = play_until(bucket, queue, indexing(BATCHES[number]), calls=calls)
        for batch in (*BATCHES[:number], *BATCHES[number + 1 :], BATCHES[number]):
            indexing(batch)(bucket, queue)

        assert_clean(bucket, queue)
        if ended:
            break


# The probability that a call is the last one of its indexer.
DEATHS = 0.03
# One indexer may do all of its work between two calls of the other.
BURSTS = (1, 5, 50)


@settings(max_examples=150)
@given(st.permutations(BATCHES), st.integers(0, 2**32).map(Random))
def test_two_indexers_at_once_leave_no_stale_page(batches: Sequence[Batch], chance: Random) -> None:
    """Interleave two indexers call by call, and now and then kill the one whose turn it is."""
    bucket, queue = FakeBucket(), FakeQueue()
    act_at_once(
        batches,
        lambda batch: Actor(bucket, queue, indexing(batch)),
        chance,
        actors=2,
        deaths=DEATHS,
        bursts=BURSTS,
    )

    assert_clean(bucket, queue)


def test_a_batch_reads_and_writes_each_shared_object_once() -> None:
    bucket, queue = FakeBucket(), FakeQueue()
    indexing(BATCHES[0])(bucket, queue)
    before = dict(bucket.objects)
    bucket.calls.clear()
    indexing([a_report(1), an_outcome(1, "ok")])(bucket, queue)

    changed = [key for key, body in bucket.objects.items() if before.get(key) != body]
    assert sorted(bucket.puts()) == sorted(changed)
    gets = [
        key
        for operation, key in bucket.calls
        if operation == "get" and not key.startswith("playlists/history/")
    ]
    pages = [key for key in CLEAN.objects if key.startswith(("playlists/", "state/"))]
    assert set(gets) <= {*pages, SPOTIFY_STATE}
    # These two objects are read before the merge, and again for the pages.
    twice = {STATUS_JSON, SPOTIFY_STATE}
    assert {key for key, count in Counter(gets).items() if count > 1} == twice


def test_a_batch_that_brings_nothing_new_writes_nothing() -> None:
    bucket, queue = FakeBucket(), FakeQueue()
    for batch in BATCHES:
        indexing(batch)(bucket, queue)
    bucket.calls.clear()
    queue.bodies.clear()
    indexing(BATCHES[-1])(bucket, queue)

    assert not bucket.puts()
    assert not queue.bodies


def index_beaten(bucket: FakeBucket, clock: FakeClock, times: int) -> None:
    """Index the first batch while another indexer merges something new before each publication.

    The other one has not come to publish it.
    """
    days, merging = iter(range(times)), list[int]()

    def intrude(operation: str, key: str) -> None:
        if operation != "put" or not key.startswith("playlists/"):
            return
        if merging:
            raise RuntimeError("it is killed")
        if key == STATUS_JSON and (day := next(days, None)) is not None:
            merging.append(day)
            with suppress(RuntimeError):
                indexing([an_outcome(1, "ok", f"{day:022}")])(bucket, FakeQueue())
            merging.clear()

    bucket.before = intrude
    indexer = Indexer(bucket=bucket, render_queue=FakeQueue(), clock=clock, pool=OneAtATime())
    indexer.index(BATCHES[0])


@pytest.mark.parametrize("status", ["held", "unstable", "invalid", "not_found", "forbidden", "ok"])
def test_what_was_found_out_before_a_pause_outweighs_the_pause_however_late_it_comes(
    status: Status,
) -> None:
    bucket, queue = FakeBucket(), FakeQueue()
    run = RUN + DAY
    learnt = run + timedelta(seconds=22)
    state = SpotifyState(
        latest_run=run, not_before=run + DAY, parked_at=learnt, reason="Spotify asked to wait"
    )
    indexer = Indexer(
        bucket=bucket,
        render_queue=queue,
        clock=FakeClock(run + timedelta(minutes=1)),
        pool=OneAtATime(),
    )
    indexer.index([a_report(0), an_outcome(0, "ok")])
    bucket.objects[SPOTIFY_STATE] = msgspec.json.encode(state)

    indexer.index([a_report(1)])
    waiting = decode_catalog(bucket.objects[CATALOG]).entries[PLAYLIST]
    assert (waiting.status, waiting.reason) == ("deferred", "Spotify asked to wait")

    indexer.index([msgspec.structs.replace(an_outcome(1, status), at=run + timedelta(seconds=15))])
    assert decode_catalog(bucket.objects[CATALOG]).entries[PLAYLIST].status == status


def test_an_indexer_that_others_beat_many_times_still_publishes() -> None:
    bucket = FakeBucket()

    index_beaten(bucket, FakeClock(RUN + 3 * DAY), times=30)

    published = msgspec.json.decode(bucket.objects[STATUS_JSON])["playlists"]
    assert published.keys() == {PLAYLIST, *(f"{day:022}" for day in range(30))}


def test_an_indexer_that_others_beat_for_a_minute_gives_its_batch_back_in_time() -> None:
    clock = FakeClock(RUN + 3 * DAY)

    with pytest.raises(ConflictError, match="all the time"):
        index_beaten(FakeBucket(), clock, times=10_000)

    assert 60 <= sum(clock.slept) < 65
