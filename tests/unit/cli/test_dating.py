"""A file is dated by what is said, or by the newest day that it names, and never in the future."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.keys import snapshot_key
from playlist_archive.documents.snapshot import Snapshot, encode_snapshot
from playlist_archive_cli.dates import parse_date
from playlist_archive_cli.errors import WrongUseError
from playlist_archive_cli.imports.dating import (
    last_moment,
    newest_day,
    placed_in_its_day,
    stored_on_that_day,
)
from playlist_archive_cli.imports.found import FoundPlaylist, parse_moment
from playlist_archive_cli.imports.versions import snapshot_of
from tests.support.fakes import FakeBucket
from tests.support.strategies import PLAYLIST_ID, rows_of

pytestmark = pytest.mark.unit

NOW = datetime(2026, 10, 10, 9, 30, tzinfo=UTC)
FOUND = FoundPlaylist("exportify", "mix.csv", "mix", frozenset(), rows_of("ab"))


def added(text: str) -> FoundPlaylist:
    return FOUND._replace(rows=rows_of("a", datetime.fromisoformat(text)))


@pytest.mark.parametrize("text", ["2026-10-11", "20261010T093001Z"])
def test_no_file_is_from_the_future(text: str) -> None:
    with pytest.raises(WrongUseError, match="lies in the future"):
        last_moment(parse_date(text), NOW)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-09", "2026-10-09T23:59:59+00:00"),
        ("2026-10-10", "2026-10-10T09:30:00+00:00"),
        ("20261010T093000Z", "2026-10-10T09:30:00+00:00"),
        ("20210304T050607Z", "2021-03-04T05:06:07+00:00"),
    ],
)
def test_a_day_counts_to_its_end_or_to_now(text: str, moment: str) -> None:
    assert last_moment(parse_date(text), NOW).isoformat() == moment


def test_an_export_is_from_the_newest_day_that_any_of_its_playlists_names() -> None:
    old, new = added("2021-03-04T12:00:00Z"), FOUND._replace(modified=parse_moment("2021-03-05"))

    assert newest_day([new, old, FOUND]) == parse_date("2021-03-05")
    assert newest_day([FOUND]) is None
    assert newest_day([]) is None


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_of_a_file_is_in_utc_and_of_spotifys_time(moment: datetime) -> None:
    parsed = parse_moment(moment.isoformat())

    assert parsed is None or (parsed == moment.astimezone(UTC) and parsed.tzinfo is UTC)
    assert parsed or not 2001 < moment.year < 8999


@pytest.mark.parametrize("text", ["", "x", "1970-01-01T00:00:00Z", "0001-01-01", "9999-12-31"])
def test_what_is_no_moment_of_spotifys_time_is_unknown(text: str) -> None:
    assert parse_moment(text) is None


def test_a_file_of_today_that_is_stored_already_has_the_time_that_it_had() -> None:
    bucket = FakeBucket()
    first = FOUND.version(PLAYLIST_ID, NOW)
    store(bucket, snapshot_of(first))

    later = replace(first, time=NOW.replace(hour=11))
    assert stored_on_that_day(bucket, later) == NOW
    assert stored_on_that_day(bucket, replace(later, rows=rows_of("b"))) is None
    assert stored_on_that_day(bucket, replace(later, source="spotify-export")) is None
    assert stored_on_that_day(bucket, replace(later, time=NOW.replace(day=9))) is None


def store(bucket: FakeBucket, snapshot: Snapshot) -> None:
    key = snapshot_key(snapshot.playlist_id, snapshot.time)
    bucket.put(key, encode_snapshot(snapshot), "application/json", replacing=None)


@pytest.mark.parametrize(
    ("songs", "time"),
    [
        ("ab", "03:59:59"),  # as it was before the reads of the day
        ("abc", "13:59:59"),
        ("abcd", "23:59:59"),
        ("x", "23:59:59"),
    ],
)
def test_a_file_of_a_day_stands_where_the_reads_of_that_day_have_its_songs(
    songs: str, time: str
) -> None:
    bucket = FakeBucket()
    for read, found in (
        ("2026-10-08T04", "ab"),
        ("2026-10-09T04", "abc"),
        ("2026-10-09T14", "abcd"),
    ):
        moment = datetime.fromisoformat(f"{read}:00:00+00:00")
        store(bucket, snapshot_of(FOUND._replace(rows=rows_of(found)).version(PLAYLIST_ID, moment)))
    end = datetime(2026, 10, 9, 23, 59, 59, tzinfo=UTC)
    version = FOUND._replace(rows=rows_of(songs)).version(PLAYLIST_ID, end, "day")

    placed = placed_in_its_day(bucket, version)

    assert f"{placed:%Y-%m-%d %H:%M:%S}" == f"2026-10-09 {time}"
    store(bucket, snapshot_of(replace(version, time=placed)))
    assert placed_in_its_day(bucket, version) == placed


@pytest.mark.parametrize(
    ("songs", "time"), [("ab", "23:59:58"), ("b", "23:59:59"), ("a", "23:59:59")]
)
def test_files_of_two_sources_stand_side_by_side_where_they_tell_the_same(
    songs: str, time: str
) -> None:
    bucket = FakeBucket()
    end = datetime(2026, 10, 9, 23, 59, 59, tzinfo=UTC)
    of_csv = snapshot_of(FOUND.version(PLAYLIST_ID, end, "day"))
    store(bucket, of_csv)
    export = FOUND._replace(source="spotify-export", rows=rows_of(songs))
    version = export.version(PLAYLIST_ID, end, "day")

    placed = placed_in_its_day(bucket, version)

    assert f"{placed:%H:%M:%S}" == time
    if placed == end:
        return  # it contradicts the other one, which is told
    store(bucket, snapshot_of(replace(version, time=placed)))
    assert placed_in_its_day(bucket, version) == placed
    assert placed_in_its_day(bucket, FOUND.version(PLAYLIST_ID, end, "day")) == end
