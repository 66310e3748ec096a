"""Writing past versions where there are none: what is stored stays, and little is held at a time."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.content_types import JSON
from playlist_archive.documents.keys import snapshot_key
from playlist_archive.documents.snapshot import decode_snapshot, encode_snapshot
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.imports.versions import LeftOuts, PastVersion, snapshot_of
from playlist_archive_cli.imports.writing import ImportedPlaylist, Writer
from tests.support.builders import OTHER, PLAYLIST, RUN, rows
from tests.support.fakes import FakeBucket, FakeClock

pytestmark = pytest.mark.unit

NOW = RUN + timedelta(days=365)


def a_version(number: int, playlist_id: str = PLAYLIST, **changes: object) -> PastVersion:
    version = PastVersion(
        playlist_id=playlist_id,
        time=RUN + timedelta(hours=number),
        source="git-archive",
        reference=f"commit {number}",
        name="Mix",
        unknown=("owner",),
        rows=rows(number),
    )
    return replace(version, **changes)


def write(
    bucket: FakeBucket,
    versions: Sequence[PastVersion] | Iterator[PastVersion],
    left_out: LeftOuts | None = None,
    *,
    dry_run: bool = False,
) -> list[ImportedPlaylist]:
    archive = Archive(bucket, "the archive", FakeClock(NOW), scheduled=True)
    return Writer(bucket, archive, dry_run=dry_run).write(versions, 0, left_out or LeftOuts())


def put(bucket: FakeBucket, version: PastVersion) -> None:
    snapshot = snapshot_of(version)
    key = snapshot_key(snapshot.playlist_id, snapshot.time)
    bucket.put(key, encode_snapshot(snapshot), JSON, replacing=None)


def test_what_says_something_else_stays_and_is_counted() -> None:
    bucket, left_out = FakeBucket(), LeftOuts()
    put(bucket, a_version(1))
    before = dict(bucket.objects)

    [playlist] = write(bucket, [a_version(1, name="Another")], left_out)

    assert bucket.objects == before
    assert (playlist.written, playlist.present, playlist.contradicting) == (0, 0, 1)
    assert not playlist.rebuild
    [one] = left_out.all()
    assert (one.unit, one.count) == ("version", 1)


def test_what_cannot_be_read_stays_too() -> None:
    bucket = FakeBucket()
    bucket.objects[snapshot_key(PLAYLIST, RUN)] = b"rubbish"

    [playlist] = write(bucket, [a_version(0)])

    assert bucket.objects == {snapshot_key(PLAYLIST, RUN): b"rubbish"}
    assert playlist.contradicting == 1


@pytest.mark.parametrize(
    "same",
    [
        a_version(1, reference="another clone"),
        a_version(1, previous_check=RUN - timedelta(days=1)),
    ],
)
def test_the_same_from_elsewhere_is_there_already(same: PastVersion) -> None:
    bucket = FakeBucket()
    put(bucket, a_version(1))

    [playlist] = write(bucket, [same])

    assert (playlist.present, playlist.contradicting) == (1, 0)


def test_snapshots_that_no_page_shows_want_a_rebuild() -> None:
    bucket = FakeBucket()
    put(bucket, a_version(1))

    [playlist] = write(bucket, [a_version(1)])

    assert playlist.rebuild


def test_a_damaged_history_wants_a_rebuild() -> None:
    bucket = FakeBucket()
    put(bucket, a_version(1))
    bucket.objects[f"playlists/history/{PLAYLIST}.json"] = b"rubbish"

    [playlist] = write(bucket, [a_version(1)])

    assert playlist.rebuild


def test_a_dry_run_counts_and_writes_nothing() -> None:
    bucket = FakeBucket()

    [playlist] = write(bucket, [a_version(1), a_version(2)], dry_run=True)

    assert playlist.written == 2
    assert bucket.objects == {}


def test_few_versions_are_held_however_many_there_are() -> None:
    bucket = FakeBucket()
    ahead: list[int] = []

    def versions() -> Iterator[PastVersion]:
        for number in range(300):
            ahead.append(number - len(bucket.objects))
            yield a_version(number)

    [playlist] = write(bucket, versions())

    assert playlist.written == 300
    assert max(ahead) <= 32


def test_no_versions_come_to_nothing() -> None:
    assert write(FakeBucket(), []) == []


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from([PLAYLIST, OTHER])), unique=True),
    st.data(),
)
def test_any_order_and_any_end_in_between_leave_the_same(
    wanted: list[tuple[int, str]], data: st.DataObject
) -> None:
    versions = [a_version(*one) for one in wanted]
    once, twice = FakeBucket(), FakeBucket()
    write(once, versions)
    write(twice, data.draw(st.permutations(versions))[: data.draw(st.integers(0, 12))])

    results = write(twice, data.draw(st.permutations(versions)))

    assert twice.objects == once.objects
    assert sum(one.written + one.present for one in results) == len(versions)
    assert all(one.contradicting == 0 for one in results)
    assert {decode_snapshot(body).playlist_id for body in once.objects.values()} == {
        playlist_id for _, playlist_id in wanted
    }
