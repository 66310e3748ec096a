"""The index for programs."""

import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.history import History, PublishedSnapshot, Size
from playlist_archive.documents.history import PublishedPlaylist as Playlist
from playlist_archive.documents.index import (
    MOST_SIZES,
    decode_summaries,
    sizes_over_time,
    summarize,
)
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.views.index import index_json
from tests.support.builders import OTHER, PLAYLIST, RUN, an_entry

pytestmark = pytest.mark.unit

TIME = to_timestamp(RUN)
HISTORY = History(
    playlist=Playlist(PLAYLIST, "Harbour mix", ""),
    first_snapshot=TIME,
    last_snapshot=TIME,
    size=Size(1, 2, "1 song, 2 rows (1 twice)"),
    snapshots=(PublishedSnapshot(TIME, 2),),
    names=(),
    gaps=(),
    changes=(),
    older=(),
)
GONE = "7zQx0000000000000000aB"


def test_a_playlist_without_a_history_has_only_what_the_catalog_knows() -> None:
    entry = replace(an_entry("not_found"), latest=None, header=None, reason="gone")
    document = json.loads(index_json(Catalog(entries={PLAYLIST: entry}), {}))

    assert document["playlists"] == [
        {
            "id": PLAYLIST,
            "name": PLAYLIST,
            "status": "not_found",
            "since": TIME,
            "reason": "gone",
        }
    ]


def test_playlists_stand_in_the_groups_of_the_page_by_name() -> None:
    entries = {
        PLAYLIST: replace(an_entry("retired"), unique_name="A"),
        OTHER: replace(an_entry("ok"), unique_name="b"),
        GONE: replace(an_entry("not_found"), unique_name="c"),
        "0" * 22: replace(an_entry("ok"), unique_name="A (2)"),
    }
    document = json.loads(index_json(Catalog(entries=entries), {}))

    assert [it["name"] for it in document["playlists"]] == ["c", "A", "A (2)", "b"]


def test_each_playlist_has_a_line_of_its_own() -> None:
    entries = {PLAYLIST: an_entry(), OTHER: an_entry()}
    lines = index_json(Catalog(entries=entries), {PLAYLIST: summarize(HISTORY)}).split(b"\n")

    assert [json.loads(line.rstrip(b","))["id"] for line in lines if line[:5] == b'{"id"'] == [
        OTHER,
        PLAYLIST,
    ]


def test_what_it_tells_of_a_history_is_read_back_as_it_was_written() -> None:
    catalog = Catalog(entries={PLAYLIST: an_entry(), OTHER: an_entry()})
    written = index_json(catalog, {PLAYLIST: summarize(HISTORY)})

    known = decode_summaries(written)
    assert known.keys() == {PLAYLIST}
    assert index_json(catalog, known) == written


@st.composite
def many_snapshots(draw: st.DrawFn) -> list[PublishedSnapshot]:
    """Draw snapshots, newest first, at times that are unevenly spaced."""
    hours = sorted(draw(st.sets(st.integers(0, 20_000), min_size=1, max_size=90)), reverse=True)
    return [
        PublishedSnapshot(to_timestamp(RUN + timedelta(hours=hour)), number)
        for number, hour in enumerate(hours)
    ]


class TestSizesOverTime:
    @given(many_snapshots())
    def test_a_few_snapshots_are_all_there(self, snapshots: list[PublishedSnapshot]) -> None:
        few = snapshots[:MOST_SIZES]

        assert sizes_over_time(few) == few

    @given(many_snapshots())
    def test_they_are_at_most_thirty_with_the_first_and_the_newest(
        self, snapshots: list[PublishedSnapshot]
    ) -> None:
        sizes = sizes_over_time(snapshots)

        assert len(sizes) <= MOST_SIZES
        assert sizes == [one for one in snapshots if one in sizes]
        assert (sizes[0], sizes[-1]) == (snapshots[0], snapshots[-1])

    @given(many_snapshots(), st.integers(0, MOST_SIZES - 1))
    def test_at_each_of_thirty_moments_they_tell_the_rows_of_that_time(
        self, snapshots: list[PublishedSnapshot], number: int
    ) -> None:
        first, newest = (datetime.fromisoformat(snapshots[place].time) for place in (-1, 0))
        moment = first + (newest - first) * number / (MOST_SIZES - 1)

        def in_force(known: list[PublishedSnapshot]) -> PublishedSnapshot:
            return next(one for one in known if datetime.fromisoformat(one.time) <= moment)

        assert in_force(sizes_over_time(snapshots)) == in_force(snapshots)
