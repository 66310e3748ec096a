"""The later eras of the old archive, and the seams between them and the archive's own reading.

The repositories are made from what Spotify answered on four days.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playlist_archive.documents.changes import Change
from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.spotify.wire import WirePlaylist, parse_header, parse_row
from playlist_archive_cli.imports.old_archive.pages import Pages
from playlist_archive_cli.imports.versions import PastVersion, snapshot_of
from tests.support.builders import PLAYLIST
from tests.support.imported_versions import read_old_archive
from tests.support.old_archive import (
    Era,
    GitHistory,
    a_song,
    an_answer,
    at,
    document,
    files_of,
    page,
)

pytestmark = pytest.mark.contract

GOLDEN_DAYS = ("2021-01-01", "2021-02-01", "2021-02-02", "2021-05-01")
ALIASES = {"37i9dQZF1DXaKIA8E7WcJj": "Sixties, aliased"}
# When the old archive would have kept these answers in each of its layouts.
KEPT: Mapping[Era, tuple[str, str, str, str]] = {
    "E2": ("2020-01-01", "2020-02-01", "2020-02-02", "2020-05-01"),
    "E4": ("2021-01-13", "2021-02-01", "2021-02-02", "2021-05-01"),
    "E5": ("2021-10-25", "2021-11-01", "2021-11-02", "2021-11-20"),
    "E6": ("2021-11-23", "2021-12-01", "2021-12-02", "2021-12-10"),
    "E7": ("2021-12-24", "2021-12-25", "2021-12-28", "2021-12-31"),
    "E8": ("2022-04-01", "2023-02-01", "2024-02-02", "2026-05-01"),
}
IN_FULL = {"E6", "E7", "E8"}

type Answer = dict[str, Any]


@pytest.fixture(scope="module")
def answers(data: Path) -> list[dict[str, Answer]]:
    """Return what Spotify answered for each playlist, day by day."""
    return [
        {
            file.parent.name: json.loads(file.read_text())
            for file in sorted((data / "golden" / day).glob("*/api.json"))
        }
        for day in GOLDEN_DAYS
    ]


def live(answer: Answer, time: datetime) -> Snapshot:
    """Return the snapshot that the archive itself writes of an answer."""
    wire = msgspec.json.decode(json.dumps(answer), type=WirePlaylist)
    assert wire.tracks
    assert wire.tracks.items is not None
    return Snapshot(
        playlist_id=answer["id"],
        time=time,
        read_at=time,
        rows=tuple(map(parse_row, wire.tracks.items)),
        **msgspec.structs.asdict(parse_header(answer["id"], wire)),
    )


def differences(version: PastVersion, read: Snapshot, era: Era) -> list[str]:
    """Return what a version tells otherwise than the archive's own reading of the same answer."""
    found = []
    told = {"name", "description", "owner", "snapshot_id", "followers"}
    if era in {"E2", "E4", "E5", "E6"}:
        told -= {"owner", "snapshot_id", "followers"}
    if "name" in version.unknown:
        told.discard("name")
    found += [name for name in sorted(told) if getattr(version, name) != getattr(read, name)]
    if len(version.rows) != len(read.rows):
        return [*found, f"{len(version.rows)} rows of {len(read.rows)}"]
    for number, (row, own) in enumerate(zip(version.rows, read.rows, strict=True), start=1):
        assert row.item
        assert own.item
        one, other = row.item, own.item
        length = other.duration_ms if era in IN_FULL else other.duration_ms // 1000 * 1000
        same = (
            (one.uri, one.url, one.type, one.name, one.artists)
            == (other.uri, other.url, other.type, other.name, other.artists)
            and (one.album.name, one.album.url) == (other.album.name, other.album.url)
            and one.duration_ms == length
            and row.added_at == (own.added_at if era in {"E7", "E8"} else None)
        )
        found += [] if same else [f"row {number}: {one} for {other}"]
    return found


@pytest.mark.parametrize("era", KEPT)
def test_an_era_tells_what_spotify_answered(
    answers: list[dict[str, Answer]], tmp_path: Path, era: Era
) -> None:
    history = GitHistory(tmp_path / "old")
    for day, answered in zip(KEPT[era], answers, strict=True):
        files: dict[str, str] = {}
        for playlist_id, answer in answered.items():
            alias = ALIASES.get(playlist_id, "") if era != "E2" else ""
            files |= files_of(era, answer, alias)
        history.commit(at(day), files)

    versions, left_out = read_old_archive(history.write())

    assert left_out.all() == []
    assert versions.keys() == answers[0].keys()
    compared = 0
    for day, answered in zip(KEPT[era], answers, strict=True):
        for playlist_id, answer in answered.items():
            newest = [one for one in versions[playlist_id] if one.time <= at(day)][-1]
            read = live(answer, at(day))
            if era in {"E7", "E8"}:
                # What is no change makes no version, so these may be older.
                newest = msgspec.structs.replace(
                    newest, followers=read.followers, snapshot_id=read.snapshot_id
                )
            assert differences(newest, read, era) == []
            compared += 1
    assert compared == 24


# The seams.


def nothing_but(change: Change) -> Change:
    return Change(time=change.time, previous=change.previous)


def invented(ledger: Ledger) -> list[Change]:
    return [change for change in ledger.changes if change != nothing_but(change)]


@pytest.mark.parametrize("era", KEPT)
def test_no_change_is_told_between_an_era_and_the_archives_own_reading(
    answers: list[dict[str, Answer]], tmp_path: Path, era: Era
) -> None:
    history = GitHistory(tmp_path / "old")
    files: dict[str, str] = {}
    for playlist_id, answer in answers[0].items():
        files |= files_of(era, answer, ALIASES.get(playlist_id, "") if era != "E2" else "")
    history.commit(at(KEPT[era][0]), files)

    versions, _ = read_old_archive(history.write())

    for playlist_id, [version] in versions.items():
        own = live(answers[0][playlist_id], at("2026-11-01"))
        again = live(answers[0][playlist_id], at("2018-11-01"))
        assert invented(fold_all([snapshot_of(version), own])) == []
        assert invented(fold_all([again, snapshot_of(version), own])) == []


def told_by(source: str, answer: Answer, time: datetime) -> Snapshot:
    """Return the snapshot that a source makes of an answer: an era of the old archive, or live."""
    if source == "live":
        return live(answer, time)
    era: Era = source  # type: ignore[assignment]
    is_document = era in IN_FULL
    text = (document if is_document else page)(era, answer, answer["name"])
    told = Pages().read(text.encode(), is_document=is_document)
    return snapshot_of(
        PastVersion(
            playlist_id=told.playlist_id,
            time=time,
            source="git-archive",
            reference="x",
            name=told.name,
            description=told.description,
            owner=told.owner,
            snapshot_id=told.snapshot_id,
            followers=told.followers,
            unknown=told.unknown,
            rows=told.rows,
        )
    )


_sources = st.sampled_from(["E1", "E2", "E5", "E6", "E7", "E8", "live"])


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.lists(st.integers(0, 5), max_size=5), _sources), min_size=1, max_size=6)
)
def test_whichever_source_tells_of_a_day_the_changes_are_those_of_the_archives_own_reading(
    days: list[tuple[list[int], str]],
) -> None:
    """What was added, removed and moved does not depend on who told of it."""
    answers = [an_answer(PLAYLIST, [a_song(number) for number in numbers]) for numbers, _ in days]
    times = [at(f"2020-01-{number:02}") for number in range(1, len(days) + 1)]
    own = fold_all(live(answer, time) for answer, time in zip(answers, times, strict=True))
    mixed = fold_all(
        told_by(source, answer, time)
        for answer, time, (_, source) in zip(answers, times, days, strict=True)
    )

    assert [rows_of(change) for change in invented(mixed)] == [
        rows_of(change) for change in invented(own)
    ]
    assert [change for change in mixed.changes if change.renamed or change.owner] == []
    assert [one.uri for one in mixed.items.values()] == [one.uri for one in own.items.values()]


def rows_of(change: Change) -> tuple[object, ...]:
    return (change.time, change.added, change.removed, change.readded, change.moved)


@given(
    st.lists(_sources, min_size=2, max_size=6),
    st.permutations(range(4)),
)
def test_a_playlist_that_never_changed_has_no_change_whoever_told_of_it(
    sources: list[str], numbers: list[int]
) -> None:
    answer = an_answer(PLAYLIST, [a_song(number) for number in numbers])
    snapshots = [
        told_by(source, answer, at(f"2020-01-{number:02}"))
        for number, source in enumerate(sources, start=1)
    ]

    assert fold_all(snapshots).changes == ()
