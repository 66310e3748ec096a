"""The made-up old archive has the versions of which the measurement tells."""

from pathlib import Path

import pytest

from playlist_archive_cli.imports.old_archive.pages import Pages
from tests.support.imported_versions import read_old_archive
from tools.measure.import_past import measure_reading, write_repository

pytestmark = pytest.mark.contract


def test_a_made_up_repository_has_the_versions_and_rows_that_were_asked_for(
    tmp_path: Path,
) -> None:
    write_repository(tmp_path, playlists=3, versions=10, rows=7, replaced=2)

    versions, left_out = read_old_archive(tmp_path)

    assert sorted(map(len, versions.values())) == [3, 3, 4]
    assert left_out.all() == []
    for some in versions.values():
        first, second, *_ = ([row.item and row.item.uri for row in one.rows] for one in some)
        assert len(first) == len(second) == 7
        assert first[2:] == second[:-2]


def test_the_figures_of_reading_count_all_versions_and_what_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_repository(tmp_path, playlists=2, versions=4, rows=1, replaced=1)
    taken = measure_reading(tmp_path)

    assert (taken["versions"], taken["left_out"]) == (4, 0)
    monkeypatch.setattr(Pages, "_parse_cells", lambda _, __: None)
    assert measure_reading(tmp_path)["left_out"] > 0
