"""The exports are those of the test vectors, which other implementations keep too."""

from typing import Any

import pytest

from playlist_archive_cli.exports.file_names import file_names
from playlist_archive_cli.exports.formats import Format
from tests.support.export_vectors import (
    VECTORS,
    export_case,
    make_vectors,
    read_vectors,
    snapshot_of_case,
)
from tests.support.pages import assert_same_page

pytestmark = pytest.mark.unit

READ = read_vectors()


@pytest.mark.parametrize("case", READ["exports"], ids=lambda case: case["what"])
def test_each_format_is_byte_for_byte_that_of_the_vectors(case: dict[str, Any]) -> None:
    made = export_case(snapshot_of_case(case), case["repeat"])

    assert made == {"files": case["files"], "left_out": case["left_out"]}


@pytest.mark.parametrize("case", READ["file_names"])
def test_the_names_of_files_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    assert file_names(case["names"]) == case["files"]


def test_the_vectors_are_all_there() -> None:
    assert_same_page(VECTORS.read_text(encoding="utf-8"), make_vectors())
    assert set(READ["exports"][0]["files"]) == set(Format)
