"""The documents about all playlists that the indexer keeps from their histories."""

import json
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from itertools import count
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.catalog import Catalog, decode_catalog, encode_catalog
from playlist_archive.documents.keys import (
    CATALOG,
    CHANGES_JSON,
    CHANGES_PAGE,
    INDEX_JSON,
)
from playlist_archive.documents.messages import Outcome, OutcomeMessage, PagesWritten, RunReport
from playlist_archive.errors import ConflictError
from playlist_archive.indexer import shared_documents
from playlist_archive.indexer.service import Indexer
from playlist_archive.indexer.shared_documents import SharedDocuments
from playlist_archive.ports.concurrency import open_pool
from tests.support.actors import Actor, Play, act_at_once, play_until
from tests.support.builders import DAY, RUN
from tests.support.fakes import FakeBucket, FakeClock, FakeQueue
from tests.support.histories import (
    IDS,
    SHARED,
    Step,
    Version,
    a_catalog,
    assert_true,
    history_of,
    snapshots_at,
    steps,
)
from tools.chaos.one_at_a_time import OneAtATime

pytestmark = pytest.mark.unit

FIRST, SECOND, THIRD = IDS
HOUR = timedelta(hours=1)


# Later than all changes of these tests.
LATE = RUN + 1000 * DAY
NEWEST = 2**60  # a revision of a page status


def follow(
    bucket: FakeBucket,
    catalog: Catalog,
    written: AbstractSet[str] = frozenset(),
    now: datetime = LATE,
) -> bool:
    return SharedDocuments(bucket, FakeClock(now), OneAtATime()).follow(catalog, written).differed


def archive_of(versions: dict[str, Version]) -> tuple[FakeBucket, Catalog]:
    """Return a bucket with the histories of playlists and all that follows from them."""
    bucket, catalog = FakeBucket(), a_catalog(versions)
    for version in versions.values():
        bucket.objects |= history_of(version)
    follow(bucket, catalog, set(versions))
    return bucket, catalog


def changing(playlist_id: str, *days: int) -> Version:
    """Return a playlist of which a song more is there on each of these days; the first begins."""
    letters = "abcdefghijkl"
    return snapshots_at(
        playlist_id, [(RUN + day * DAY, letters[: number + 1]) for number, day in enumerate(days)]
    )


SOME: dict[str, Version] = {
    FIRST: changing(FIRST, 0, 1, 35, 36),
    SECOND: changing(SECOND, 0, 2, 10, 40),
    THIRD: changing(THIRD, 5),
}


def read(bucket: FakeBucket, key: str) -> dict[str, list[dict[str, object]]]:
    document: dict[str, list[dict[str, object]]] = json.loads(bucket.objects[key])
    return document


def test_without_any_playlist_all_documents_say_so() -> None:
    bucket = FakeBucket()
    follow(bucket, Catalog())

    assert_true(bucket, Catalog())
    assert "Nothing has changed yet" in bucket.objects[CHANGES_PAGE].decode()


def test_the_documents_say_what_all_histories_say() -> None:
    bucket, catalog = archive_of(SOME)

    assert_true(bucket, catalog)
    times = [change["time"] for change in read(bucket, CHANGES_JSON)["changes"]]
    assert times == [
        "2026-11-10T04:00:00Z",
        "2026-11-06T04:00:00Z",
        "2026-11-05T04:00:00Z",
        "2026-10-11T04:00:00Z",
    ]


def test_the_index_has_those_that_were_not_read_first_and_the_retired_ones_next() -> None:
    bucket, catalog = archive_of(SOME)
    entries = {
        playlist_id: replace(catalog.entries[playlist_id], status=status)
        for playlist_id, status in zip(IDS, ("ok", "retired", "not_found"), strict=True)
    }
    catalog = replace(catalog, entries=entries)
    follow(bucket, catalog)

    assert_true(bucket, catalog)
    assert [entry["id"] for entry in read(bucket, INDEX_JSON)["playlists"]] == [
        THIRD,
        SECOND,
        FIRST,
    ]


class TestOrder:
    @settings(max_examples=200)
    @given(steps(), st.data())
    def test_order_and_repetition_of_messages_do_not_matter(
        self, planned: list[Step], data: st.DataObject
    ) -> None:
        bucket, catalog = FakeBucket(), Catalog()
        present: dict[str, Version] = {}
        waiting: list[str] = []
        now = data.draw(st.sampled_from([LATE, RUN + 50 * DAY]), "the clock")
        for step in planned:
            for key in [key for key in bucket.objects if step.playlist_id in key]:
                del bucket.objects[key]
            bucket.objects |= history_of(step.version)
            present[step.playlist_id] = step.version
            waiting.append(step.playlist_id)
            if data.draw(st.booleans(), "the catalog knows"):
                catalog = a_catalog(present)
            if data.draw(st.booleans(), "some messages arrive"):
                arriving = data.draw(st.sets(st.sampled_from(waiting)))
                follow(bucket, catalog, arriving, now)
                left = [playlist_id for playlist_id in waiting if playlist_id not in arriving]
                waiting = data.draw(st.sampled_from([left, waiting]), "they arrive again")
        catalog = a_catalog(present)
        for playlist_id in data.draw(st.permutations(waiting)):
            follow(bucket, catalog, {playlist_id}, now)
        follow(bucket, catalog, now=now)

        assert_true(bucket, catalog, now)

    def test_a_message_before_its_catalog_entry_is_not_lost(self) -> None:
        bucket = FakeBucket()
        bucket.objects |= history_of(SOME[FIRST])
        follow(bucket, Catalog(), {FIRST})
        catalog = a_catalog({FIRST: SOME[FIRST]})
        follow(bucket, catalog)

        assert_true(bucket, catalog)

    def test_a_new_snapshot_is_noticed_without_a_message(self) -> None:
        bucket, _ = archive_of(SOME)
        later = {**SOME, FIRST: changing(FIRST, 0, 1, 35, 36, 41)}
        bucket.objects |= history_of(later[FIRST])
        follow(bucket, a_catalog(later))

        assert_true(bucket, a_catalog(later))

    def test_a_rename_reaches_them_without_a_message(self) -> None:
        bucket, catalog = archive_of(SOME)
        entry = replace(catalog.entries[FIRST], unique_name="Our | summer")
        catalog = replace(catalog, entries={**catalog.entries, FIRST: entry})
        bucket.calls.clear()
        follow(bucket, catalog)

        assert_true(bucket, catalog)
        assert "Our \\| summer" in bucket.objects[CHANGES_PAGE].decode()
        assert not [key for _, key in bucket.calls if key.startswith("playlists/history/")]

    def test_what_leaves_the_catalog_leaves_the_documents(self) -> None:
        bucket, _ = archive_of(SOME)
        fewer = a_catalog({FIRST: SOME[FIRST]})
        follow(bucket, fewer)

        assert_true(bucket, fewer)


class TestThirtyDays:
    def test_a_new_change_ends_the_days_of_the_oldest(self) -> None:
        bucket, _ = archive_of(SOME)
        later = {**SOME, THIRD: changing(THIRD, 5, 60)}
        bucket.objects |= history_of(later[THIRD])
        follow(bucket, a_catalog(later), {THIRD})

        assert_true(bucket, a_catalog(later))
        assert len(read(bucket, CHANGES_JSON)["changes"]) == 4

    def test_when_the_newest_change_vanishes_older_ones_return(self) -> None:
        """A damaged snapshot was left out of a rebuild, so the thirty days end earlier."""
        bucket, _ = archive_of({**SOME, THIRD: changing(THIRD, 5, 67)})
        assert len(read(bucket, CHANGES_JSON)["changes"]) == 2
        bucket.objects |= history_of(SOME[THIRD])
        catalog = a_catalog(SOME)
        follow(bucket, catalog, {THIRD})

        assert_true(bucket, catalog)
        assert len(read(bucket, CHANGES_JSON)["changes"]) == 4

    def test_a_change_that_is_ahead_of_the_clock_does_not_move_them(self) -> None:
        """A run was forced, or a clock was wrong. Both playlists still have changes of the present."""
        now = RUN + 41 * DAY
        forced = {**SOME, FIRST: changing(FIRST, 0, 1, 35, 36, 900)}
        bucket, catalog = archive_of(SOME)
        bucket.objects |= history_of(forced[FIRST])
        catalog = a_catalog(forced)
        follow(bucket, catalog, {FIRST}, now)

        assert_true(bucket, catalog, now)
        assert len(read(bucket, CHANGES_JSON)["changes"]) == 5

        for key in SHARED:
            del bucket.objects[key]
        follow(bucket, catalog, now=now)
        assert_true(bucket, catalog, now)

    def test_days_that_lay_ahead_of_the_clock_come_back_with_all_their_changes(self) -> None:
        forced = {**SOME, FIRST: changing(FIRST, 0, 1, 35, 36, 900)}
        bucket, catalog = archive_of(forced)
        assert len(read(bucket, CHANGES_JSON)["changes"]) == 1
        follow(bucket, catalog, now=RUN + 41 * DAY)

        assert_true(bucket, catalog, RUN + 41 * DAY)

    def test_days_with_more_changes_than_a_history_holds_are_whole(self) -> None:
        """A history keeps at most a hundred changes; older ones stand in their year's document."""
        often = snapshots_at(
            FIRST, [(RUN + number * 4 * HOUR, "ab"[: 1 + number % 2]) for number in range(170)]
        )
        bucket, catalog = archive_of({FIRST: often})

        assert_true(bucket, catalog)
        assert len(read(bucket, CHANGES_JSON)["changes"]) == 169

    def test_they_may_reach_into_the_year_before(self) -> None:
        often = snapshots_at(
            FIRST,
            [(RUN + 80 * DAY + number * 4 * HOUR, "ab"[: 1 + number % 2]) for number in range(250)],
        )
        bucket, catalog = archive_of({FIRST: often})

        years = sorted(key[-9:-5] for key in bucket.objects if key.count("-") == 1)
        assert years == ["2026", "2027"]
        assert_true(bucket, catalog)

    def test_a_year_before_them_is_not_read(self) -> None:
        seldom = snapshots_at(
            FIRST, [(RUN + number * DAY, "ab"[: 1 + number % 2]) for number in range(170)]
        )
        bucket, catalog = archive_of({FIRST: seldom})

        assert_true(bucket, catalog)
        assert f"playlists/history/{FIRST}-2026.json" in bucket.objects
        assert not [key for _, key in bucket.calls if key.endswith("-2026.json")]


def without(field: str) -> Callable[[bytes], bytes]:
    def remove(body: bytes) -> bytes:
        document = json.loads(body)
        del document[field]
        return json.dumps(document).encode()

    return remove


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda body: body[: len(body) // 2],
    "nested": lambda _: b"[" * 100_000,
    "of another schema": lambda body: body.replace(b'"schema": 1', b'"schema": 99'),
    "no document": lambda _: b"null",
}


class TestDamage:
    @pytest.mark.parametrize("key", SHARED)
    def test_a_missing_document_is_made_anew(self, key: str) -> None:
        bucket, catalog = archive_of(SOME)
        before = dict(bucket.objects)
        del bucket.objects[key]
        follow(bucket, catalog)

        assert bucket.objects == before

    @pytest.mark.parametrize("damage", DAMAGES)
    @pytest.mark.parametrize("key", [INDEX_JSON, CHANGES_JSON])
    def test_a_damaged_document_is_set_aside_and_made_anew(self, key: str, damage: str) -> None:
        bucket, catalog = archive_of(SOME)
        before = dict(bucket.objects)
        bucket.objects[key] = spoilt = DAMAGES[damage](before[key])
        follow(bucket, catalog)

        copies = {name: body for name, body in bucket.objects.items() if name not in before}
        assert list(copies.values()) == [spoilt]
        assert next(iter(copies)).startswith(f"damaged/{key}/")
        assert {name: bucket.objects[name] for name in before} == before

    @pytest.mark.parametrize(
        ("key", "old", "new"),
        [
            (INDEX_JSON, "2026-11-10T04:00:00Z", "yesterday"),
            (CHANGES_JSON, "2026-11-10T04:00:00Z", "yesterday"),
            (CHANGES_JSON, "2026-10-11T04:00:00Z", "2026-10-12T04:00:00Z"),
            (CHANGES_JSON, f'"id":"{FIRST}"', '"id":"another"'),
        ],
    )
    def test_a_document_that_makes_no_sense_is_made_anew(
        self, key: str, old: str, new: str
    ) -> None:
        bucket, catalog = archive_of(SOME)
        bucket.objects[key] = bucket.objects[key].replace(old.encode(), new.encode())
        follow(bucket, catalog)

        assert_true(bucket, catalog)
        assert any(name.startswith(f"damaged/{key}/") for name in bucket.objects)

    @pytest.mark.parametrize("key", SHARED)
    def test_a_document_of_yesterday_is_brought_up_to_date(self, key: str) -> None:
        bucket, _ = archive_of({FIRST: SOME[FIRST][:-1], SECOND: SOME[SECOND][:-2]})
        yesterday = bucket.objects[key]
        for version in SOME.values():
            bucket.objects |= history_of(version)
        catalog = a_catalog(SOME)
        follow(bucket, catalog, set(SOME))
        bucket.objects[key] = yesterday
        follow(bucket, catalog)

        assert_true(bucket, catalog)

    @pytest.mark.parametrize("damage", DAMAGES)
    def test_a_damaged_history_stops_nothing_and_what_was_known_of_it_stays(
        self, damage: str
    ) -> None:
        bucket, _ = archive_of(SOME)
        later = {**SOME, SECOND: changing(SECOND, 0, 2, 10, 40, 41)}
        bucket.objects |= history_of(later[SECOND])
        key = f"playlists/history/{FIRST}.json"
        good = bucket.objects[key]
        bucket.objects[key] = DAMAGES[damage](good)
        follow(bucket, a_catalog(later), {FIRST, SECOND})
        bucket.objects[key] = good

        assert_true(bucket, a_catalog(later))

    def test_the_history_of_another_playlist_counts_as_damaged(self) -> None:
        bucket, catalog = archive_of(SOME)
        before = dict(bucket.objects)
        bucket.objects[f"playlists/history/{FIRST}.json"] = before[
            f"playlists/history/{SECOND}.json"
        ]
        follow(bucket, catalog, {FIRST})

        assert {key: bucket.objects[key] for key in SHARED} == {key: before[key] for key in SHARED}

    def test_without_its_years_changes_a_history_counts_as_damaged(self) -> None:
        often = snapshots_at(
            FIRST, [(RUN + number * 4 * HOUR, "ab"[: 1 + number % 2]) for number in range(170)]
        )
        bucket, catalog = archive_of({FIRST: often})
        before = dict(bucket.objects)
        del bucket.objects[f"playlists/history/{FIRST}-2026.json"]
        follow(bucket, catalog, {FIRST})

        assert {key: bucket.objects[key] for key in SHARED} == {key: before[key] for key in SHARED}

    def test_with_its_years_changes_of_another_time_a_history_counts_as_damaged(self) -> None:
        """Its renderer writes them one by one."""
        times = [RUN + number * 4 * HOUR for number in range(170)]
        rows_at = [(time, "ab"[: 1 + number % 2]) for number, time in enumerate(times)]
        bucket, catalog = archive_of({FIRST: snapshots_at(FIRST, rows_at[:140])})
        before = dict(bucket.objects)
        year = f"playlists/history/{FIRST}-2026.json"
        newer = history_of(snapshots_at(FIRST, rows_at))
        assert newer[year] != before[year]
        bucket.objects |= {**newer, year: before[year]}
        follow(bucket, catalog, {FIRST})

        assert {key: bucket.objects[key] for key in SHARED} == {key: before[key] for key in SHARED}

    @pytest.mark.parametrize("number", [0, 1, -1])
    def test_a_history_with_a_time_that_is_none_counts_as_damaged(self, number: int) -> None:
        bucket, catalog = archive_of(
            {FIRST: snapshots_at(FIRST, [(RUN + day * DAY, "a") for day in range(40)])}
        )
        before = dict(bucket.objects)
        key = f"playlists/history/{FIRST}.json"
        document = json.loads(before[key])
        document["snapshots"][number]["time"] = "2026-10-01T04:00:00"
        bucket.objects[key] = json.dumps(document).encode()
        follow(bucket, catalog, {FIRST})

        assert {key: bucket.objects[key] for key in SHARED} == {key: before[key] for key in SHARED}

    def test_what_is_known_of_a_history_that_is_gone_goes_too(self) -> None:
        bucket, catalog = archive_of(SOME)
        del bucket.objects[f"playlists/history/{SECOND}.json"]
        follow(bucket, catalog, {SECOND})

        assert_true(bucket, catalog)
        entry = next(it for it in read(bucket, INDEX_JSON)["playlists"] if it["id"] == SECOND)
        assert "last_snapshot" not in entry
        assert SECOND not in bucket.objects[CHANGES_PAGE].decode()

    def test_a_history_that_is_missing_is_looked_for_again(self) -> None:
        bucket, catalog = FakeBucket(), a_catalog(SOME)
        follow(bucket, catalog)
        for version in SOME.values():
            bucket.objects |= history_of(version)
        follow(bucket, catalog)

        assert_true(bucket, catalog)


MANY = {f"{number:022}": changing(f"{number:022}", 0, number) for number in range(1, 60)}


class TestManyPlaylists:
    """A batch reads only so many histories; the next ones go on."""

    @pytest.mark.parametrize("lost", [(INDEX_JSON,), (CHANGES_JSON,), (INDEX_JSON, CHANGES_JSON)])
    def test_lost_documents_come_back_in_several_batches(
        self, monkeypatch: pytest.MonkeyPatch, lost: Sequence[str]
    ) -> None:
        bucket, catalog = archive_of(MANY)
        monkeypatch.setattr(shared_documents, "MOST_READ", 10)
        for key in lost:
            del bucket.objects[key]
        batches = 0
        while follow(bucket, catalog):
            batches += 1
            bucket.calls.clear()

        assert_true(bucket, catalog)
        assert 3 <= batches <= 6

    @pytest.mark.parametrize("order", [1, -1])
    def test_the_changes_stay_while_a_lost_index_comes_back(
        self, monkeypatch: pytest.MonkeyPatch, order: int
    ) -> None:
        bucket, catalog = archive_of(SOME)
        before = bucket.objects[CHANGES_JSON]
        monkeypatch.setattr(shared_documents, "MOST_READ", 1)
        monkeypatch.setattr(shared_documents, "sample", lambda needed, most: needed[::order][:most])
        bucket.objects[INDEX_JSON] = b"{}"
        while follow(bucket, catalog):
            assert bucket.objects[CHANGES_JSON] == before

        assert_true(bucket, catalog)

    def test_a_batch_reads_no_more_than_that_and_what_its_messages_name(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bucket, catalog = FakeBucket(), a_catalog(MANY)
        monkeypatch.setattr(shared_documents, "MOST_READ", 10)
        follow(bucket, catalog, set(list(MANY)[:20]))

        reads = [key for _, key in bucket.calls if key.startswith("playlists/history/")]
        assert len(reads) == len(set(reads)) == 30

    def test_playlists_without_a_history_do_not_keep_others_from_their_turn(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bucket, catalog = FakeBucket(), a_catalog(MANY)
        monkeypatch.setattr(shared_documents, "MOST_READ", 10)
        last = max(MANY)
        bucket.objects |= history_of(MANY[last])
        for _ in range(200):
            if follow(bucket, catalog) and last in bucket.objects[CHANGES_PAGE].decode():
                return
        pytest.fail("its turn never came")

    def test_older_changes_return_in_several_batches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        bucket, _ = archive_of({**MANY, FIRST: changing(FIRST, 0, 80)})
        bucket.objects |= history_of(changing(FIRST, 0))
        catalog = a_catalog({**MANY, FIRST: changing(FIRST, 0)})
        monkeypatch.setattr(shared_documents, "MOST_READ", 10)
        follow(bucket, catalog, {FIRST})
        while follow(bucket, catalog):
            pass

        assert_true(bucket, catalog)


def test_histories_are_read_by_real_threads_alike() -> None:
    bucket, catalog = archive_of(SOME)
    with open_pool() as pool:
        again = FakeBucket()
        again.objects = {
            key: body
            for key, body in bucket.objects.items()
            if key.startswith("playlists/history/")
        }
        SharedDocuments(again, FakeClock(LATE), pool).follow(catalog, frozenset())

    assert again.objects == bucket.objects


def test_nothing_is_written_that_did_not_change() -> None:
    bucket, catalog = archive_of(SOME)
    bucket.calls.clear()

    assert not follow(bucket, catalog, set(SOME))
    assert bucket.puts() == []


def test_what_others_wrote_meanwhile_is_not_overwritten() -> None:
    bucket, catalog = archive_of(SOME)
    later = {**SOME, FIRST: changing(FIRST, 0, 1, 35, 36, 41)}
    bucket.objects |= history_of(later[FIRST])

    def meddle(operation: str, key: str) -> None:
        if (operation, key) == ("put", CHANGES_JSON):
            bucket.objects[CHANGES_JSON] = b"of another"

    bucket.before = meddle
    with pytest.raises(ConflictError):
        follow(bucket, catalog, {FIRST})
    assert bucket.objects[CHANGES_JSON] == b"of another"


# The indexer, which brings them up to date with every batch.


def written(playlist_id: str) -> PagesWritten:
    return PagesWritten(playlist_id=playlist_id, last=RUN, revision=NEWEST)


def indexing(*playlists: str) -> Play:
    def play(bucket: FakeBucket, queue: FakeQueue) -> None:
        Indexer(
            bucket=bucket, render_queue=queue, clock=FakeClock(RUN + 90 * DAY), pool=OneAtATime()
        ).index([written(playlist_id) for playlist_id in playlists])

    return play


EARLIER: dict[str, Version] = {
    FIRST: SOME[FIRST][:2],
    SECOND: SOME[SECOND][:3],
    THIRD: changing(THIRD, 5, 67),
}


def rendered_anew() -> FakeBucket:
    """Return an archive in which the history of each playlist has become another.

    The newest change of all has vanished, and the catalog knows no other snapshots than before:
    only messages tell of the new histories.
    """
    bucket, catalog = archive_of(EARLIER)
    bucket.objects[CATALOG] = encode_catalog(catalog)
    indexing()(bucket, FakeQueue())
    for playlist_id, version in SOME.items():
        for key in [key for key in bucket.objects if playlist_id in key]:
            del bucket.objects[key]
        bucket.objects |= history_of(version)
    bucket.calls.clear()
    return bucket


def assert_clean(bucket: FakeBucket) -> None:
    assert_true(bucket, decode_catalog(bucket.objects[CATALOG]))
    times = [change["time"] for change in read(bucket, CHANGES_JSON)["changes"]]
    assert "2026-11-10T04:00:00Z" in times
    assert "2026-12-07T04:00:00Z" not in times


def test_pages_that_show_the_newest_status_are_not_asked_for_again() -> None:
    bucket = rendered_anew()
    queue = FakeQueue()
    indexing(*IDS)(bucket, queue)

    assert queue.bodies == []
    assert CATALOG not in bucket.puts()
    assert_clean(bucket)


def test_what_all_share_is_written_once_a_batch() -> None:
    bucket = rendered_anew()
    indexing(*IDS, *IDS)(bucket, FakeQueue())

    assert sorted(bucket.puts()) == sorted(SHARED)


def test_a_run_without_changes_costs_at_most_three_writes() -> None:
    """The lister writes the state of Spotify besides, so that a run costs four."""
    bucket = rendered_anew()
    indexing(*IDS)(bucket, FakeQueue())
    for day in (89, 90):
        bucket.calls.clear()
        run = RUN + day * DAY
        messages: list[OutcomeMessage] = [RunReport(run=run, at=run, planned=0, unchanged=3)]
        messages += [
            Outcome(playlist_id=playlist_id, run=run, at=run, status="ok") for playlist_id in IDS
        ]
        Indexer(
            bucket=bucket, render_queue=FakeQueue(), clock=FakeClock(run), pool=OneAtATime()
        ).index(messages)

    assert sorted(bucket.puts()) == [
        "playlists/status.json",
        "playlists/status.md",
        "state/catalog.json",
    ]


@pytest.mark.parametrize("number", range(len(IDS)))
def test_a_death_before_any_call_is_repaired_by_the_redelivery(number: int) -> None:
    for calls in count():
        bucket = rendered_anew()
        queue = FakeQueue()
        for playlist_id in IDS[:number]:
            indexing(playlist_id)(bucket, queue)
        ended = play_until(bucket, queue, indexing(IDS[number]), calls=calls)
        for playlist_id in IDS[number:]:
            indexing(playlist_id)(bucket, queue)

        assert_clean(bucket)
        if ended:
            break
    assert calls > 10


@pytest.mark.parametrize("number", range(len(IDS)))
def test_a_death_is_repaired_even_if_its_message_comes_last(number: int) -> None:
    for calls in count():
        bucket = rendered_anew()
        queue = FakeQueue()
        ended = play_until(bucket, queue, indexing(IDS[number]), calls=calls)
        for playlist_id in (*IDS[:number], *IDS[number + 1 :], IDS[number]):
            indexing(playlist_id)(bucket, queue)

        assert_clean(bucket)
        if ended:
            break


# The probability that a call is the last one of its indexer.
DEATHS = 0.03
# One indexer may do all of its work between two calls of the other.
BURSTS = (1, 5, 50)


@settings(max_examples=150)
@given(st.permutations([*IDS, FIRST]), st.integers(0, 2**32).map(Random))
def test_two_indexers_at_once_end_in_the_same_documents(
    messages: Sequence[str], chance: Random
) -> None:
    """Interleave two indexers call by call, and now and then kill the one whose turn it is."""
    bucket = rendered_anew()
    queue = FakeQueue()
    act_at_once(
        messages,
        lambda playlist_id: Actor(bucket, queue, indexing(playlist_id)),
        chance,
        actors=2,
        deaths=DEATHS,
        bursts=BURSTS,
    )

    assert_clean(bucket)
    assert queue.bodies == []
