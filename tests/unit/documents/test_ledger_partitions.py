"""Parts of a ledger: what goes into them, and that it comes back."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from msgspec.structs import replace

from playlist_archive.documents import fold as folding
from playlist_archive.documents import old_removals
from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.ledger_partitions import (
    PartitionedSongs,
    decode_part,
    put_away,
    recalled,
    touched,
)
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.year_sums import add_sums, sums_of
from tests.support.strategies import playlist_histories, snapshot_of

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True, scope="module")
def few() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(old_removals, "MOST_SONGS", 2)
        patch.setattr(folding, "NEWEST_CHANGES", 3)
        patch.setattr(folding, "ARCHIVED_AT_ONCE", 2)
        yield


def a_ledger() -> Ledger:
    contents = {"2019-05-01": "abc", "2019-06-01": "bc", "2020-06-01": "cd", "2021-06-01": "ce"}
    contents |= {"2022-06-01": "cf", "2023-06-01": "cg"}
    return fold_all(snapshot_of(rows, day) for day, rows in contents.items())


def letters(ledger: Ledger) -> str:
    return "".join(item.uri[-1] for item in ledger.items.values())


def test_a_short_ledger_keeps_everything() -> None:
    ledger = fold_all([snapshot_of("ab", "2019-05-01"), snapshot_of("a", "2023-05-01")])

    assert put_away(ledger) == (ledger, {})


def test_songs_that_went_long_ago_go_unless_a_new_change_names_them() -> None:
    hot, parts = put_away(a_ledger())

    assert letters(hot) == "cdefg"
    assert {
        year: "".join(item.uri[-1] for item in decode_part(part).items.values())
        for year, part in parts.items()
    } == {2019: "a", 2020: "b", 2021: ""}


def test_a_song_is_found_in_its_part_and_no_other_by_its_address() -> None:
    away = PartitionedSongs(put_away(a_ledger())[0])

    assert away.years_of(snapshot_of("bcx", "2024-01-01")) == [2020]
    assert away.years_of(snapshot_of("?cdxyz", "2024-01-01")) == []


@given(playlist_histories(min_size=3, max_size=12, most_days=300))
def test_what_was_put_away_comes_back_as_it_was(history: list[Snapshot]) -> None:
    whole = fold_all(history)
    hot, parts = put_away(whole)

    assert recalled(hot, map(decode_part, parts.values())) == whole
    assert (hot.songs_ever, hot.occurrences_ever) == (whole.songs_ever, whole.occurrences_ever)
    assert hot.archived_counts == whole.archived_counts


@given(playlist_histories(min_size=3, max_size=12, most_days=300))
def test_putting_away_changes_no_sum(history: list[Snapshot]) -> None:
    whole = fold_all(history)
    hot, _ = put_away(whole)

    assert add_sums([sums_of(hot), *(part.sums for part in hot.put_away.values())]) == sums_of(
        whole
    )


@given(playlist_histories(min_size=3, max_size=12, most_days=300))
def test_what_was_put_away_is_not_touched_again(history: list[Snapshot]) -> None:
    hot, _ = put_away(fold_all(history))

    assert touched(hot) == []
    assert put_away(hot) == (hot, {})


def test_another_text_or_row_or_order_is_another_sum() -> None:
    ledger = a_ledger()
    sums = sums_of(ledger)
    [first, *_] = ledger.items
    renamed = {**ledger.items, first: replace(ledger.items[first], name="Other")}

    assert sums_of(replace(ledger, items=renamed)).texts[2019] != sums.texts[2019]
    assert sums_of(replace(ledger, rows=ledger.rows[::-1])).stays[2019] != sums.stays[2019]
    assert sums_of(replace(ledger, items=renamed)).songs[2019] != sums.songs[2019]
