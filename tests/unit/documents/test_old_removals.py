"""Which songs went long ago: more than a year before the month of the newest change."""

import pytest
from hypothesis import given

from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.old_removals import long_ago, went_long_ago, years_long_ago
from playlist_archive.documents.snapshot import Snapshot
from tests.support.strategies import playlist_histories, snapshot_of

pytestmark = pytest.mark.unit


def folded(**contents: str) -> Ledger:
    """Fold contents by their days, as in `folded(d2024_03_01="ab")`."""
    return fold_all(snapshot_of(rows, day[1:].replace("_", "-")) for day, rows in contents.items())


def letters(ledger: Ledger) -> dict[str, int]:
    return {ledger.items[item].name[-1]: year for item, year in went_long_ago(ledger).items()}


def test_a_song_that_went_a_year_before_the_month_of_the_newest_change_went_long_ago() -> None:
    ledger = folded(d2024_02_01="abcd", d2024_02_29="acd", d2024_03_01="ad", d2025_03_31="d")

    assert letters(ledger) == {"b": 2024}


def test_it_went_in_the_year_when_it_was_last_missing_first() -> None:
    ledger = folded(
        d2021_05_01="ab", d2021_06_01="b", d2021_07_01="ab", d2022_01_01="b", d2023_02_01="bc"
    )

    assert letters(ledger) == {"a": 2022}


def test_a_song_that_came_back_or_of_which_one_row_is_left_did_not_go() -> None:
    ledger = folded(d2021_05_01="aab", d2021_06_01="a", d2023_02_01="ba")

    assert letters(ledger) == {}


def test_a_song_of_two_rows_went_with_the_last_of_them() -> None:
    ledger = folded(d2020_05_01="aab", d2020_06_01="ab", d2021_06_01="b", d2023_02_01="bc")

    assert letters(ledger) == {"a": 2021}


def test_days_without_a_change_move_nothing() -> None:
    """The newest change counts, and not the newest snapshot."""
    before = folded(d2022_05_01="ab", d2022_06_01="a")
    later = fold_all(
        [
            *(snapshot_of(rows, day) for rows, day in (("ab", "2022-05-01"), ("a", "2022-06-01"))),
            snapshot_of("a", "2026-06-01", snapshot_id="other"),
        ]
    )

    assert letters(before) == letters(later) == {}


def test_where_nothing_ever_changed_nothing_went() -> None:
    ledger = folded(d2022_05_01="ab")

    assert (letters(ledger), years_long_ago(ledger)) == ({}, [])


def test_years_are_those_with_a_snapshot_long_ago_newest_first() -> None:
    ledger = folded(d2019_05_01="ab", d2021_06_01="a", d2022_06_30="ab", d2023_06_01="a")

    assert years_long_ago(ledger) == [2021, 2019]


def test_the_first_years_of_the_calendar_are_no_trouble() -> None:
    assert long_ago(folded(d0001_05_01="ab", d0001_06_01="a")) == "0000-06-01T00:00:00Z"


@given(playlist_histories(max_size=12, most_days=200))
def test_what_went_stands_in_one_of_the_years_and_more_than_a_year_before_the_newest_change(
    history: list[Snapshot],
) -> None:
    ledger = fold_all(history)
    went = went_long_ago(ledger)

    assert set(went.values()) <= set(years_long_ago(ledger))
    newest = f"{ledger.changes[-1].time:%Y-%m-%d}" if ledger.changes else ""
    for item, occurrence in ((one.item, one) for one in ledger.occurrences.values()):
        end = occurrence.intervals[-1].first_missing
        if item in went:
            assert end
            assert f"{int(end[:4]) + 1}{end[4:10]}" < newest
