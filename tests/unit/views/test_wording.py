from datetime import UTC, datetime, timedelta, timezone

import pytest

from playlist_archive.views.wording import (
    artist_names,
    counted,
    day,
    day_or_days,
    days_apart,
    song_by,
    songs_and_rows,
    total_length,
    track_length,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, "0:00"),
        (999, "0:00"),
        (1000, "0:01"),
        (59_999, "0:59"),
        (60_000, "1:00"),
        (3_599_999, "59:59"),
        (3_600_000, "1:00:00"),
        (3_661_000, "1:01:01"),
        (86_400_000, "1 day, 0:00:00"),
        (172_800_000, "2 days, 0:00:00"),
        (-1, "0:00"),
        (10**17, "999999999 days, 23:59:59"),
    ],
)
def test_track_length(duration_ms: int, text: str) -> None:
    assert track_length(duration_ms) == text


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (0, "0 sec"),
        (999, "0 sec"),
        (1000, "1 sec"),
        (59_999, "59 sec"),
        (60_000, "1 min 0 sec"),
        (3_599_999, "59 min 59 sec"),
        (3_600_000, "1 hr 0 min"),
        (86_399_999, "23 hr 59 min"),
        (86_400_000, "1 day 0 hr 0 min"),
        (1_001_001_001, "11 day 14 hr 3 min"),
        (-1, "0 sec"),
        (10**17, "999,999,999 day 23 hr 59 min"),
        (1_001_001_001_001, "11,585 day 15 hr 50 min"),
    ],
)
def test_total_length(duration_ms: int, text: str) -> None:
    assert total_length(duration_ms) == text


@pytest.mark.parametrize(
    ("songs", "text"),
    [(0, "0 songs"), (1, "1 song"), (2, "2 songs"), (5392, "5,392 songs")],
)
def test_counts_have_singular_and_plural(songs: int, text: str) -> None:
    assert counted(songs, "song") == text


@pytest.mark.parametrize(
    ("times", "rows", "text"),
    [
        ([1] * 25, 25, "25 songs"),
        ([1] * 23 + [2, 2], 27, "25 songs, 27 rows (2 twice)"),
        (
            [1, 2, 3],
            1_007,
            "3 songs, 1,007 rows (1 twice, 1 in 3 rows, 1,001 not named by Spotify)",
        ),
    ],
)
def test_songs_and_rows(times: list[int], rows: int, text: str) -> None:
    assert songs_and_rows(times, rows) == text


def test_days_are_those_of_utc() -> None:
    east = datetime(2024, 3, 2, 1, tzinfo=timezone(timedelta(hours=9)))

    assert day(east) == "2024-03-01"
    assert days_apart(east, datetime(2024, 3, 2, tzinfo=UTC)) == 1
    assert days_apart(datetime(2024, 2, 29, 23, tzinfo=UTC), east) == 1


@pytest.mark.parametrize(
    ("after", "when"),
    [(3, "2024-03-04"), (2, "Between 2024-03-02 and 2024-03-04")],
)
def test_what_happened_while_days_were_missed_has_no_day(after: int, when: str) -> None:
    assert (
        day_or_days(datetime(2024, 3, after, tzinfo=UTC), datetime(2024, 3, 4, tzinfo=UTC)) == when
    )


@pytest.mark.parametrize(
    ("artists", "text"),
    [
        (["Kite"], "Tide by Kite"),
        (["Kite", "", "Velvet Ferry"], "Tide by Kite, Velvet Ferry"),
        ([""], "Tide"),
        ([], "Tide"),
    ],
)
def test_song_is_by_those_artists_whose_names_are_known(artists: list[str], text: str) -> None:
    assert song_by("Tide", artist_names(artists)) == text
