"""Renderers of a playlist of which the long past is put away.

Here that begins with the fourth song, and two of five changes are archived at once.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents import fold as folding
from playlist_archive.documents import old_removals
from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.keys import (
    damaged_key,
    ledger_key,
    ledger_part_key,
    snapshot_key,
    song_ids_key,
    songs_key,
)
from playlist_archive.documents.ledger import decode_ledger, with_page_status
from playlist_archive.documents.ledger_partitions import decode_part
from playlist_archive.documents.messages import (
    DamageReport,
    RenderRequest,
    decode_outcome,
    decode_render_request,
)
from playlist_archive.documents.render_jobs import RenderJob
from playlist_archive.documents.snapshot import Snapshot, encode_snapshot
from playlist_archive.documents.status import PageStatus
from playlist_archive.renderer.service import SECONDS_FOR_PAGES, Renderer
from tests.support.actors import Actor, Play, act_at_once, play_until
from tests.support.fakes import FakeBucket, FakeClock, FakeQueue
from tests.support.pipeline import plenty
from tests.support.rendered import rendered
from tests.support.strategies import (
    PLAYLIST_ID,
    page_status_of,
    playlist_histories,
    rows_of,
    snapshot_of,
    song,
)
from tools.chaos.one_at_a_time import OneAtATime

pytestmark = pytest.mark.unit

LEDGER = ledger_key(PLAYLIST_ID)
YEARS = range(2019, 2024)


@pytest.fixture(autouse=True, scope="module")
def few() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(old_removals, "MOST_SONGS", 3)
        patch.setattr(folding, "NEWEST_CHANGES", 4)
        patch.setattr(folding, "ARCHIVED_AT_ONCE", 2)
        yield


# Songs that go for good, come back after years, or come twice; a rename of a song that is named in
# old changes, and one of the playlist.
CONTENTS = {
    "2019-01-05": "abc",
    "2019-03-01": "bcd",
    "2019-09-01": "cde",
    "2020-02-01": "def",
    "2020-05-01": "dfgg",
    "2021-01-10": "dgh",
    "2021-01-20": "dgha",
    "2022-03-01": "dhi",
    "2022-03-02": "dij",
    "2023-07-01": "dbj",
    "2023-08-01": "Dbk",
    "2024-10-01": "Dkl",
}


def a_snapshot(letters: str, date: str) -> Snapshot:
    """Return a snapshot; a capital is a song with another title."""
    rows = [
        replace(row, item=song(letter.lower(), name="Other")) if letter.isupper() else row
        for letter in letters
        for row in rows_of(letter)
    ]
    return snapshot_of(rows, date)


SNAPSHOTS = tuple(a_snapshot(letters, date) for date, letters in CONTENTS.items())


def key_of(snapshot: Snapshot) -> str:
    return snapshot_key(PLAYLIST_ID, snapshot.time)


def clean(*snapshots: Snapshot, page_status: PageStatus | None = None) -> dict[str, bytes]:
    """Return the expected bucket, made without a renderer from a ledger that holds everything."""
    ledger = fold_all(snapshots)
    if page_status:
        ledger = with_page_status(ledger, page_status)
    stored = {key_of(one): encode_snapshot(one) for one in snapshots}
    return stored | rendered(ledger)


def a_renderer(
    bucket: FakeBucket, queue: FakeQueue | None = None, outcomes: FakeQueue | None = None
) -> Renderer:
    return Renderer(
        bucket=bucket,
        render_queue=queue or FakeQueue(),
        outcome_queue=outcomes or FakeQueue(),
        clock=FakeClock(),
        pool=OneAtATime(),
    )


def ask(
    bucket: FakeBucket,
    request: RenderRequest | None = None,
    *,
    queue: FakeQueue | None = None,
    outcomes: FakeQueue | None = None,
    remaining: Callable[[], float] = plenty,
) -> None:
    request = request or RenderRequest(playlist_id=PLAYLIST_ID)
    a_renderer(bucket, queue, outcomes).render(RenderJob(request), remaining)


def announce(bucket: FakeBucket, snapshot: Snapshot) -> None:
    """Write the snapshot as the fetcher does, then render it."""
    bucket.objects.setdefault(key_of(snapshot), encode_snapshot(snapshot))
    job = RenderJob(RenderRequest(playlist_id=PLAYLIST_ID), (snapshot.time,))
    a_renderer(bucket).render(job, plenty)


def a_bucket(*snapshots: Snapshot) -> FakeBucket:
    """Return a bucket in which these snapshots were rendered at once."""
    bucket = FakeBucket()
    bucket.objects = {key_of(one): encode_snapshot(one) for one in snapshots}
    ask(bucket)
    bucket.calls.clear()
    return bucket


def parts_of(bucket: FakeBucket) -> dict[int, bytes]:
    years = (ledger_part_key(PLAYLIST_ID, year) for year in range(2015, 2030))
    return {int(key[-9:-5]): bucket.objects[key] for key in years if key in bucket.objects}


def test_what_is_long_past_stands_in_parts_by_year() -> None:
    bucket = a_bucket(*SNAPSHOTS)

    ledger = decode_ledger(bucket.objects[LEDGER])
    parts = {year: decode_part(body) for year, body in parts_of(bucket).items()}
    assert parts.keys() == ledger.put_away.keys() == {2019, 2020, 2021, 2022, 2023}
    gone = {
        year: "".join(one.uri[-1] for one in part.items.values()) for year, part in parts.items()
    }
    assert gone == {2019: "", 2020: "ce", 2021: "f", 2022: "agh", 2023: ""}
    assert "".join(one.uri[-1] for one in ledger.items.values()) == "bdijkl"
    assert not ledger.years
    assert len(ledger.changes) <= 4


def test_the_ledger_and_its_parts_hold_every_song_once() -> None:
    bucket = a_bucket(*SNAPSHOTS)

    whole = fold_all(SNAPSHOTS)
    ledger = decode_ledger(bucket.objects[LEDGER])
    numbers = [*ledger.items]
    for body in parts_of(bucket).values():
        numbers += decode_part(body).items
    assert sorted(numbers) == list(whole.items)
    assert ledger.songs_ever == len(whole.items)
    assert ledger.occurrences_ever == len(whole.occurrences)


# Order, repetition, crashes, several at once


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations(SNAPSHOTS + SNAPSHOTS[:3]))
def test_order_and_repetition_do_not_matter(snapshots: Sequence[Snapshot]) -> None:
    bucket = FakeBucket()
    for snapshot in snapshots:
        announce(bucket, snapshot)

    assert bucket.objects == clean(*SNAPSHOTS)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(playlist_histories(min_size=4, max_size=12, most_days=300))
def test_day_by_day_or_at_once_the_bytes_are_the_same(history: list[Snapshot]) -> None:
    bucket = FakeBucket()
    for snapshot in history:
        announce(bucket, snapshot)

    assert bucket.objects == clean(*history)


def test_each_day_of_the_past_leaves_what_a_fold_at_once_leaves() -> None:
    bucket = FakeBucket()
    for number, snapshot in enumerate(SNAPSHOTS, start=1):
        announce(bucket, snapshot)

        assert bucket.objects == clean(*SNAPSHOTS[:number])


@pytest.mark.parametrize("number", [5, 7, 9, 11])
def test_wherever_a_renderer_dies_the_redelivery_repairs_it(number: int) -> None:
    before, expected = a_bucket(*SNAPSHOTS[:number]), clean(*SNAPSHOTS[: number + 1])

    def play(bucket: FakeBucket, _: FakeQueue) -> None:
        announce(bucket, SNAPSHOTS[number])

    ended, calls = False, 0
    while not ended:
        bucket = FakeBucket()
        bucket.objects, bucket.metadata = dict(before.objects), dict(before.metadata)
        ended = play_until(bucket, FakeQueue(), play, calls=calls)
        announce(bucket, SNAPSHOTS[number])

        assert bucket.objects == expected
        calls += 1
    assert calls > 20


@pytest.mark.parametrize("number", [8, 10])
def test_wherever_a_renderer_dies_the_next_day_repairs_it(number: int) -> None:
    """Its own message may have become a dead letter."""
    before, expected = a_bucket(*SNAPSHOTS[:number]), clean(*SNAPSHOTS[: number + 2])

    def play(bucket: FakeBucket, _: FakeQueue) -> None:
        announce(bucket, SNAPSHOTS[number])

    ended, calls = False, 0
    while not ended:
        bucket = FakeBucket()
        bucket.objects, bucket.metadata = dict(before.objects), dict(before.metadata)
        bucket.objects[key_of(SNAPSHOTS[number])] = encode_snapshot(SNAPSHOTS[number])
        ended = play_until(bucket, FakeQueue(), play, calls=calls)
        announce(bucket, SNAPSHOTS[number + 1])

        assert bucket.objects == expected
        calls += 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations(SNAPSHOTS[5:]), st.integers(2, 3), st.integers(0, 2**32))
def test_renderers_at_once_leave_nothing_old(
    snapshots: Sequence[Snapshot], renderers: int, seed: int
) -> None:
    """Some are killed; the message of such a renderer comes again after the others."""
    bucket = a_bucket(*SNAPSHOTS[:5])

    def playing(snapshot: Snapshot) -> Play:
        return lambda view, _: announce(view, snapshot)

    act_at_once(
        snapshots,
        lambda snapshot: Actor(bucket, FakeQueue(), playing(snapshot)),
        Random(seed),
        actors=renderers,
        deaths=0.01,
        bursts=(1, 5, 40),
    )

    assert bucket.objects == clean(*SNAPSHOTS)


def test_a_fold_that_needs_several_invocations_puts_away_as_it_goes() -> None:
    bucket, queue, asked = FakeBucket(), FakeQueue(), 0
    bucket.objects = {key_of(one): encode_snapshot(one) for one in SNAPSHOTS}
    queue.bodies = [msgspec.json.encode(RenderRequest(playlist_id=PLAYLIST_ID)).decode()]
    while queue.bodies:
        [body] = queue.take()
        times = iter([plenty()])
        ask(
            bucket,
            decode_render_request(body),
            queue=queue,
            remaining=lambda times=times: next(times, SECONDS_FOR_PAGES - 1),  # type: ignore[misc]
        )
        asked += 1

    assert asked > 10
    ask(bucket)
    assert bucket.objects == clean(*SNAPSHOTS)


# What a render reads


def test_on_most_days_nothing_that_was_put_away_is_read_or_written() -> None:
    bucket = a_bucket(*SNAPSHOTS)
    announce(bucket, a_snapshot("Dlm", "2024-10-02"))

    years = [*(f"/{year}." for year in YEARS), *(f"-{year}." for year in YEARS)]
    touched = {(call, key) for call, key in bucket.calls if any(one in key for one in years)}
    assert {call for call, _ in touched} == {"describe", "put"}
    # A song that began its stay in that year stands in another row.
    table = f"playlists/table/{PLAYLIST_ID}/2023.json.gz"
    assert [key for call, key in touched if call == "put"] == [table]


def test_a_song_that_comes_back_is_taken_out_of_the_part_of_its_year() -> None:
    bucket = a_bucket(*SNAPSHOTS)
    last = a_snapshot("Dle", "2024-10-02")
    announce(bucket, last)

    assert bucket.objects == clean(*SNAPSHOTS, last)
    written = [key for key in bucket.puts() if key.startswith("state/")]
    assert written == [LEDGER, ledger_part_key(PLAYLIST_ID, 2020)]
    prefix = f"playlists/cumulative/{PLAYLIST_ID}/"
    assert {key for key in bucket.puts() if key.startswith(prefix)} == {
        f"{prefix}2020.json",
        f"{prefix}2020.md",
    }


def test_songs_that_went_long_ago_are_written_when_a_month_begins_in_which_one_joins_them() -> None:
    bucket = a_bucket(*SNAPSHOTS)
    gone = {songs_key(PLAYLIST_ID, gone=True), song_ids_key(PLAYLIST_ID, gone=True)}
    for date, letters in (("2024-10-02", "Dlm"), ("2025-09-30", "Dln")):
        announce(bucket, a_snapshot(letters, date))
        assert not gone & set(bucket.puts())

    announce(bucket, a_snapshot("Dlo", "2025-11-01"))
    assert gone < set(bucket.puts())


def test_a_new_name_of_the_playlist_is_written_on_every_page_of_a_year() -> None:
    bucket = a_bucket(*SNAPSHOTS)
    status = page_status_of(revision=3, unique_name="Kitchen radio (2)")
    ask(bucket, RenderRequest(playlist_id=PLAYLIST_ID, page_status=status))

    assert bucket.objects == clean(*SNAPSHOTS, page_status=status)
    assert f"playlists/cumulative/{PLAYLIST_ID}/2020.json" in bucket.puts()


def test_a_page_of_a_year_that_somebody_else_wrote_is_mended() -> None:
    bucket = a_bucket(*SNAPSHOTS)
    for key in (
        f"playlists/cumulative/{PLAYLIST_ID}/2020.md",
        f"playlists/table/{PLAYLIST_ID}/2019.json.gz",
    ):
        bucket.put(key, b"old", "text/plain", replacing=bucket.get(key).etag)  # type: ignore[union-attr]
    del bucket.objects[f"playlists/history/{PLAYLIST_ID}-2019.json"]
    ask(bucket)

    assert bucket.objects == clean(*SNAPSHOTS)


def test_a_rebuild_mends_pages_whose_stamps_are_right() -> None:
    bucket = a_bucket(*SNAPSHOTS)
    bucket.objects[f"playlists/cumulative/{PLAYLIST_ID}/2020.md"] = b"spoilt"
    ask(bucket, RenderRequest(playlist_id=PLAYLIST_ID, rebuild=True))

    assert bucket.objects == clean(*SNAPSHOTS)


def test_a_rebuild_of_what_is_right_writes_nothing() -> None:
    bucket = a_bucket(*SNAPSHOTS)
    ask(bucket, RenderRequest(playlist_id=PLAYLIST_ID, rebuild=True))

    assert not bucket.puts()


# Damage


@pytest.mark.parametrize("year", YEARS)
def test_a_part_that_is_missing_is_made_anew_from_the_snapshots(year: int) -> None:
    bucket, outcomes = a_bucket(*SNAPSHOTS), FakeQueue()
    del bucket.objects[ledger_part_key(PLAYLIST_ID, year)]
    ask(bucket, outcomes=outcomes)

    assert bucket.objects == clean(*SNAPSHOTS)
    assert not [
        one for one in map(decode_outcome, outcomes.bodies) if isinstance(one, DamageReport)
    ]


def spoil(year: int, damaged: bytes, *, keeps_stamp: bool) -> FakeBucket:
    bucket = a_bucket(*SNAPSHOTS)
    key = ledger_part_key(PLAYLIST_ID, year)
    bucket.objects[key] = damaged
    if not keeps_stamp:
        bucket.metadata[key] = {}
    return bucket


def assert_mended(bucket: FakeBucket, year: int, damaged: bytes, *snapshots: Snapshot) -> None:
    """Render, and assert that the part was set aside, reported, and made anew."""
    outcomes, now, key = FakeQueue(), FakeClock().now(), ledger_part_key(PLAYLIST_ID, year)
    ask(bucket, outcomes=outcomes)

    assert bucket.objects == clean(*snapshots) | {damaged_key(key, now): damaged}
    report = DamageReport(playlist_id=PLAYLIST_ID, at=now)
    assert decode_outcome(outcomes.bodies[0]) == report


DAMAGED_PARTS = [b"", b"{}", b"[" * 100_000, b'{"schema":2}']


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("damaged", DAMAGED_PARTS, ids=range(len(DAMAGED_PARTS)))
def test_a_part_that_cannot_be_read_is_set_aside_and_made_anew(year: int, damaged: bytes) -> None:
    assert_mended(spoil(year, damaged, keeps_stamp=False), year, damaged, *SNAPSHOTS)


@pytest.mark.parametrize("damaged", DAMAGED_PARTS, ids=range(len(DAMAGED_PARTS)))
def test_a_part_whose_stamp_is_right_is_found_damaged_where_it_is_read(damaged: bytes) -> None:
    bucket, last = spoil(2020, damaged, keeps_stamp=True), a_snapshot("Dle", "2024-10-02")
    bucket.objects[key_of(last)] = encode_snapshot(last)

    assert_mended(bucket, 2020, damaged, *SNAPSHOTS, last)


def test_a_part_of_another_time_is_made_anew_without_a_copy() -> None:
    bucket = a_bucket(*SNAPSHOTS)
    older = a_bucket(*SNAPSHOTS[:-1])
    for year, body in parts_of(older).items():
        bucket.objects[ledger_part_key(PLAYLIST_ID, year)] = body
        bucket.metadata[ledger_part_key(PLAYLIST_ID, year)] = {}
    ask(bucket)

    assert bucket.objects == clean(*SNAPSHOTS)


def test_a_ledger_that_is_lost_finds_its_parts_right() -> None:
    bucket = a_bucket(*SNAPSHOTS)
    del bucket.objects[LEDGER]
    ask(bucket)

    assert bucket.objects == clean(*SNAPSHOTS)
    assert bucket.puts() == [LEDGER]


def test_a_snapshot_that_comes_late_is_folded_into_the_past() -> None:
    late = a_snapshot("bcx", "2019-05-01")
    bucket = a_bucket(*SNAPSHOTS)
    announce(bucket, late)

    assert bucket.objects == clean(*SNAPSHOTS, late)
