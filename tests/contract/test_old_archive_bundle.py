"""The import against the real repository, and against independent readings of it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from playlist_archive.documents.playlist import Row
from playlist_archive_cli.imports.old_archive.repository import Repository
from tests.support.imported_versions import Versions, read_old_archive
from tests.support.old_archive import git
from tests.support.old_archive_bundle import read_pages
from tools.verification.history_file import read_versions

pytestmark = pytest.mark.contract

CHILL_HITS = "37i9dQZF1DX4WYpdgoIcn6"
NEW_MUSIC = "37i9dQZF1DX4JAvHpjipBk"
LO_FI = "37i9dQZF1DWWQRwui0ExPn"
BEAST_MODE = "37i9dQZF1DX76Wlfdnj7AP"


@pytest.fixture(scope="module")
def bundle(data: Path) -> Path:
    file = data / "old-archive.bundle"
    if not file.is_file():
        pytest.skip(f"there is no {file}")
    return file


@pytest.fixture(scope="module")
def versions(bundle: Path) -> Versions:
    return read_old_archive(bundle)[0]


def track_of(row: Row) -> str:
    assert row.item
    return row.item.uri.removeprefix("spotify:track:")


def test_every_version_of_every_playlist_has_the_rows_of_an_independent_reading(
    bundle: Path, versions: Versions, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--bare", "--quiet", str(bundle), str(tmp_path / "clone"))
    pages: dict[tuple[str, str], tuple[str, ...]] = {}
    newest: dict[str, tuple[str, ...]] = {}
    differing = 0
    for page in read_pages(tmp_path / "clone"):
        differing += newest.get(page.playlist_id) != page.tracks
        newest[page.playlist_id] = page.tracks
        pages[page.playlist_id, page.commit] = page.tracks

    told = [one for some in versions.values() for one in some]
    assert len(versions) == 17
    assert {one.playlist_id for one in told} == newest.keys()
    for one in told:
        assert one.playlist_id
        assert tuple(map(track_of, one.rows)) == pages[one.playlist_id, one.reference]
    for playlist_id, some in versions.items():
        assert tuple(map(track_of, some[-1].rows)) == newest[playlist_id]
    assert differing <= len(told) <= len(pages)


def test_the_ten_playlists_of_the_history_file_say_what_it_says(
    data: Path, versions: Versions
) -> None:
    """The file has the last version of each day."""
    histories = read_versions(data / "playlist-history.jsonl.xz")
    shared = versions.keys() & histories.keys()
    compared = 0
    for playlist_id in shared:
        by_day = {one.time.date(): one for one in versions[playlist_id]}
        for day, state in histories[playlist_id]:
            version = by_day[day]
            compared += 1
            assert (version.name, version.description) == (state.name, state.description)
            assert [texts_of(row) for row in version.rows] == [
                (
                    row.song.uri,
                    row.song.name,
                    [tuple(one) for one in row.song.artists],
                    tuple(row.song.album),
                    row.song.duration_ms,
                )
                for row in state.rows
            ]
    assert (len(shared), compared) == (10, 1441)


def texts_of(row: Row) -> tuple[object, ...]:
    item = row.item
    assert item
    return (
        item.uri,
        item.name,
        [(one.name, one.url) for one in item.artists],
        (item.album.name, item.album.url),
        item.duration_ms,
    )


# The cases that have a name.


def test_plain_text_under_a_page_s_path_is_left_out(bundle: Path) -> None:
    versions, left_out = read_old_archive(bundle)

    [names_only] = [one for one in left_out.all() if one.unit == "version"]
    assert names_only.count == 4
    assert any("Chill Hits.md" in sample for sample in names_only.samples)
    assert all(one.rows for one in versions[CHILL_HITS])


def test_two_playlists_of_one_path_are_two(versions: Versions) -> None:
    radio = "Twenty One Pilots Radio"
    some = [one for one in versions.values() if {version.name for version in one} == {radio}]

    first, second = sorted(some, key=lambda one: one[0].time)
    assert first[-1].time < second[0].time
    assert first[0].playlist_id != second[0].playlist_id


def test_pages_that_only_got_other_links_are_no_versions(bundle: Path, versions: Versions) -> None:
    """One run renewed the links of all pages, and one playlist had changed."""
    time = datetime(2021, 1, 12, 17, 47, 29, tzinfo=UTC)
    told = [one for some in versions.values() for one in some if one.time == time]

    [changed] = told
    commit = changed.reference
    with Repository.open(bundle) as repository:
        [run] = [one for one in repository.commits() if one.id == commit]
    written = [one for one in run.changes if one.path.startswith("playlists/pretty/")]
    assert (changed.name, len(written)) == ("24K Magic Radio", 13)


def test_a_line_break_in_a_description_stays_one(versions: Versions) -> None:
    broken = [one for one in versions[NEW_MUSIC] if "\n" in one.description]

    assert broken
    assert all(len(one.rows) > 20 for one in broken)
    assert not any("|" in one.description for one in broken)


def test_a_title_with_a_pipe_is_whole(versions: Versions) -> None:
    names = {row.item.name for one in versions[BEAST_MODE] for row in one.rows if row.item}

    assert any("BENZ | I Know" in name for name in names)


def test_missing_texts_are_unknown(versions: Versions) -> None:
    items = [row.item for some in versions.values() for one in some for row in one.rows]
    missing = [one for one in items if one and "name" in one.unknown]

    assert {one.uri for one in missing} == {"spotify:track:6vcJyCa9NgFQer7O6X1NY7"}
    assert all((one.name, one.artists[0].name, one.album.name) == ("", "", "") for one in missing)
    assert not any("MISSING" in one.name for one in items if one)


def test_the_run_that_swapped_songs_for_eighteen_hours_is_told_as_it_was(
    versions: Versions,
) -> None:
    some = versions[LO_FI]
    day = [one for one in some if one.time.date().isoformat() == "2020-10-20"]
    before = [one for one in some if one.time < day[0].time][-1]
    after = next(one for one in some if one.time > day[0].time)
    swapped, back = (
        {*map(track_of, one.rows)} ^ {*map(track_of, other.rows)}
        for one, other in ((before, day[0]), (before, after))
    )

    assert len(swapped) > 2 * len(back)
    assert len(before.rows) == len(day[0].rows)
