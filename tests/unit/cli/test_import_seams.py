"""A file of what was archived anyway is no change, wherever it stands in the history."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.changes import Change
from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive_cli.exports.collection import rows_of_snapshot
from playlist_archive_cli.exports.csv_file import encode_csv
from playlist_archive_cli.imports.exportify import read_exportify
from playlist_archive_cli.imports.found import FoundPlaylist
from playlist_archive_cli.imports.spotify_export import read_spotify_export
from playlist_archive_cli.imports.versions import LeftOuts, snapshot_of
from tests.support.spotify_export import as_exported
from tests.support.strategies import PLAYLIST_ID, playlist_histories

pytestmark = pytest.mark.unit

type Copy = Callable[[Snapshot], FoundPlaylist]

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def csv_of(folder: Path) -> Copy:
    def copy(snapshot: Snapshot) -> FoundPlaylist:
        [body] = encode_csv(rows_of_snapshot(snapshot, "")).files
        (folder / "mix.csv").write_bytes(body)
        [found] = read_exportify([folder / "mix.csv"], LeftOuts())
        return found

    return copy


def export_of(folder: Path) -> Copy:
    def copy(snapshot: Snapshot) -> FoundPlaylist:
        body = json.dumps({"playlists": [as_exported(snapshot, f"{snapshot.time:%Y-%m-%d}")]})
        (folder / "Playlist1.json").write_text(body, encoding="utf-8")
        [found] = read_spotify_export(folder / "Playlist1.json", LeftOuts())
        return found

    return copy


def with_copies(
    history: Sequence[Snapshot], where: Sequence[bool], copy: Copy, later: timedelta
) -> list[Snapshot]:
    """Return a history with copies of some of its snapshots."""
    copies = [
        snapshot_of(copy(one).version(PLAYLIST_ID, one.time + later))
        for one, wanted in zip(history, where, strict=False)
        if wanted
    ]
    return sorted([*history, *copies], key=lambda one: one.time)


def told(ledger: Ledger) -> list[Change]:
    """Return the changes; since when they may have happened, a copy may narrow down."""
    return [replace(change, previous=change.time) for change in ledger.changes]


def without_nulls(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot without rows that Spotify does not name, which no CSV holds."""
    return replace(snapshot, rows=tuple(row for row in snapshot.rows if row.item))


def readable(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot that is not left out because none of its rows has a song."""
    return snapshot if any(row.item for row in snapshot.rows) else replace(snapshot, rows=())


some = st.lists(st.booleans(), min_size=6, max_size=6)


@given(playlist_histories(), some)
def test_a_csv_after_a_read_is_no_change(
    folder: Path, history: list[Snapshot], where: list[bool]
) -> None:
    live = list(map(without_nulls, history))

    both = with_copies(live, where, csv_of(folder), HOUR)
    assert told(fold_all(both)) == told(fold_all(live))


@given(playlist_histories(), some)
def test_an_export_of_spotifys_after_a_read_is_no_change(
    folder: Path, history: list[Snapshot], where: list[bool]
) -> None:
    live = list(map(readable, history))

    both = with_copies(live, where, export_of(folder), HOUR)
    assert told(fold_all(both)) == told(fold_all(live))


@given(playlist_histories())
def test_a_file_from_before_the_first_read_only_makes_the_history_begin_earlier(
    folder: Path, history: list[Snapshot]
) -> None:
    live = list(map(without_nulls, history))

    for copy in (csv_of(folder), export_of(folder)):
        ledger = fold_all(with_copies(live, [True], copy, -HOUR))
        assert [change for change in told(ledger) if change.time <= live[0].time] == []
        assert ledger.first_read == live[0].time - HOUR
