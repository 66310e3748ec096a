"""The differences that the site tells are those that the package finds."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.keys import SNAPSHOTS
from playlist_archive.documents.snapshot import Snapshot, decode_snapshot, encode_snapshot
from playlist_archive_cli.comparison import compare_snapshots
from tests.support.browser import Module
from tests.support.fakes import FakeBucket
from tests.support.strategies import imported, playlist_histories, snapshot_of

pytestmark = pytest.mark.browser

ASKED = 200
LETTERS = st.text("abcde??", max_size=9)


@pytest.fixture(scope="module")
def compare(module: Callable[[str], Module]) -> Callable[[Snapshot, Snapshot], Any]:
    compare = module("compare.js")

    def find(before: Snapshot, after: Snapshot) -> Any:
        """Return the change as it would be published, None where it says nothing."""
        documents = [encode_snapshot(one).decode() for one in (before, after)]
        change, is_empty = compare(
            """(() => {
                const change = it.compare(...given.map(JSON.parse));
                return [change, it.isEmpty(change)];
            })()""",
            documents,
        )
        told = {name: value for name, value in change.items() if value not in ([], None)}
        return None if is_empty else told

    return find


def by_package(before: Snapshot, after: Snapshot) -> Any:
    return msgspec.json.decode(msgspec.json.encode(compare_snapshots(before, after)))


@given(before=LETTERS, after=LETTERS)
def test_rows_differ_as_the_package_says(
    compare: Callable[[Snapshot, Snapshot], Any], before: str, after: str
) -> None:
    one, other = snapshot_of(before, "2024-03-01"), snapshot_of(after, "2024-03-02")

    assert compare(one, other) == by_package(one, other)
    assert compare(other, one) == by_package(one, other)


@given(data=st.data())
def test_texts_names_and_what_a_source_does_not_tell_differ_as_the_package_says(
    compare: Callable[[Snapshot, Snapshot], Any], data: st.DataObject
) -> None:
    pair = data.draw(playlist_histories(min_size=2, max_size=2))
    one, other = [
        data.draw(imported(snapshot)) if data.draw(st.booleans()) else snapshot for snapshot in pair
    ]

    assert compare(one, other) == by_package(one, other)


def test_real_playlists_differ_as_the_package_says(
    compare: Callable[[Snapshot, Snapshot], Any], real_archive: FakeBucket
) -> None:
    chance = Random(14)
    keys: dict[str, list[str]] = {}
    for key in real_archive.objects:
        if key.startswith(SNAPSHOTS):
            keys.setdefault(key.split("/")[1], []).append(key)
    several = [group for group in keys.values() if len(group) > 1]
    assert several
    for _ in range(ASKED):
        pair = chance.sample(chance.choice(several), 2)
        one, other = (decode_snapshot(real_archive.objects[key]) for key in pair)
        assert compare(one, other) == by_package(one, other), pair


def test_a_playlist_that_stayed_as_it_was_has_no_difference(
    compare: Callable[[Snapshot, Snapshot], Any],
) -> None:
    assert compare(snapshot_of("abca?", "2024-03-01"), snapshot_of("abca?", "2024-03-02")) is None


def test_a_song_that_goes_to_the_end_is_one_move(
    compare: Callable[[Snapshot, Snapshot], Any],
) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    change = compare(
        snapshot_of(letters, "2024-03-01"), snapshot_of(letters[1:] + "a", "2024-03-02")
    )

    assert [(move["from"], move["to"]) for move in change["moved"]] == [(1, 26)]
