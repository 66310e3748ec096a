"""Published histories of a few playlists, and what the indexer makes of them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.catalog import Catalog, Entry
from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.keys import ALL_FEED, CHANGES_JSON, CHANGES_PAGE, INDEX_JSON
from playlist_archive.documents.messages import Latest
from playlist_archive.documents.recent_changes import decode_recent_changes
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.views import render_pages
from playlist_archive.views.changes import all_feed, changes_page
from tests.support.builders import RUN, a_header
from tests.support.fakes import FakeBucket
from tests.support.strategies import snapshot_of
from tools.chaos.one_pass import state_changes, state_index

IDS = ("4uLU6hMCjMI75M1A2tKUQC", "1ArChIvEdPlAyLiSt00001", "7zQx0000000000000000aB")
SHARED = (CHANGES_JSON, INDEX_JSON, CHANGES_PAGE, ALL_FEED)

type Version = Sequence[Snapshot]
"""The snapshots that a playlist has at some time."""


def snapshots_at(
    playlist_id: str, rows_at: Sequence[tuple[datetime, str]], name: str = "Harbour mix"
) -> list[Snapshot]:
    """Return snapshots of a playlist by their times and rows, as `snapshot_of` takes these."""
    return [
        replace(snapshot_of(rows, name=name), playlist_id=playlist_id, time=time)
        for time, rows in rows_at
    ]


def history_of(version: Version) -> dict[str, bytes]:
    """Return the history documents of a playlist by their keys."""
    pages = render_pages(fold_all(version))
    return {
        key: page.body
        for key, page in pages.items()
        if key.startswith("playlists/history/") and key.endswith(".json")
    }


def an_entry_of(version: Version, number: int = 0) -> Entry:
    snapshot = version[-1]
    return Entry(
        first_seen=RUN + timedelta(seconds=number),
        run=RUN,
        at=RUN,
        status="ok",
        since=RUN,
        alias=f"{snapshot.name} ({number})" if number else "",
        name=snapshot.name,
        unique_name=f"{snapshot.name} ({number})" if number else snapshot.name,
        header=a_header(name=snapshot.name, playlist_id=snapshot.playlist_id),
        latest=Latest(snapshot.time, "digest", len(snapshot.rows)),
    )


def a_catalog(versions: dict[str, Version], revision: int = 1) -> Catalog:
    entries = {
        playlist_id: an_entry_of(version, number)
        for number, (playlist_id, version) in enumerate(sorted(versions.items()))
    }
    return Catalog(revision=revision, entries=entries)


# Later than every change.
_AT_LAST = datetime(9999, 1, 1, tzinfo=UTC)


def assert_true(bucket: FakeBucket, catalog: Catalog, now: datetime = _AT_LAST) -> None:
    """Assert that the documents about all playlists say what all histories say in one pass."""
    objects = bucket.objects
    assert json.loads(objects[CHANGES_JSON]) == state_changes(catalog, objects, now)
    assert json.loads(objects[INDEX_JSON]) == state_index(catalog, objects)
    changes = decode_recent_changes(objects[CHANGES_JSON])
    assert objects[CHANGES_PAGE].decode() == changes_page(changes)
    assert objects[ALL_FEED] == all_feed(changes)


class Step(NamedTuple):
    """A playlist's history becomes another version; its message arrives sooner or later."""

    playlist_id: str
    version: Version


_moments = st.integers(0, 100).map(lambda days: RUN + timedelta(days=days))


@st.composite
def versions_of(draw: st.DrawFn, playlist_id: str) -> Version:
    """Draw snapshots of a playlist in a hundred days, oldest first."""
    times = sorted(draw(st.sets(_moments, min_size=1, max_size=6)))
    rows = st.text("abcde?", max_size=5)
    name = draw(st.sampled_from(["Harbour mix", "Sunday"]))
    return snapshots_at(playlist_id, [(time, draw(rows)) for time in times], name)


@st.composite
def steps(draw: st.DrawFn) -> list[Step]:
    """Draw versions of a few playlists, one after the other: nothing says that they only grow."""
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=7))
    return [Step(playlist_id, draw(versions_of(playlist_id))) for playlist_id in ids]
