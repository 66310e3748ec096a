"""`list`: which playlists, in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.status import Status
from playlist_archive_cli.verbs.list_playlists import Listed, Order, choose, order

pytestmark = pytest.mark.unit

EARLY, LATE = "2026-10-01T04:00:00Z", "2026-10-04T04:00:00Z"


def listed(name: str, status: Status = "ok", changed: str | None = EARLY) -> Listed:
    songs = len(name) * 10 if changed else None
    return Listed(f"{name:022}", name, status, EARLY, "", songs, songs, changed, changed)


ALL = [
    listed("bb"),
    listed("C", "not_found", None),
    listed("a", "retired", LATE),
    listed("d", "forbidden"),
]


def names(playlists: list[Listed]) -> list[str]:
    return [one.name for one in playlists]


def test_failing_are_those_that_are_neither_read_nor_retired() -> None:
    assert names(choose(ALL, failing=True, retired=False)) == ["C", "d"]


def test_retired_are_only_those() -> None:
    assert names(choose(ALL, failing=False, retired=True)) == ["a"]


def test_both_together_are_all_that_are_not_well() -> None:
    assert names(choose(ALL, failing=True, retired=True)) == ["C", "a", "d"]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (Order.NAME, ["a", "bb", "C", "d"]),
        (Order.SONGS, ["bb", "a", "d", "C"]),
        (Order.CHANGED, ["a", "bb", "d", "C"]),
        (Order.CHECKED, ["a", "bb", "d", "C"]),
        (Order.STATUS, ["d", "C", "a", "bb"]),
    ],
)
def test_each_order_puts_first_what_it_is_about(by: Order, expected: list[str]) -> None:
    assert names(order(ALL, by)) == expected


@given(st.permutations(ALL), st.sampled_from(Order))
def test_the_order_does_not_depend_on_the_document_s(playlists: list[Listed], by: Order) -> None:
    assert order(playlists, by) == order(ALL, by)
