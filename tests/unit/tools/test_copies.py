"""The copy of an archive takes nothing away that it did not write itself."""

from collections.abc import Iterator
from hashlib import md5
from pathlib import Path

import pytest

from tools.local.copies import copy_archive, make_folder
from tools.local.errors import LocalStackError

pytestmark = pytest.mark.unit

PAGE, SNAPSHOT = "playlists/pretty/a.md", "snapshots/a/1.json"


class FakeSource:
    def __init__(self, **objects: str) -> None:
        self.objects = objects
        self.reads: list[str] = []

    def list_md5s(self, prefix: str) -> Iterator[tuple[str, str]]:
        for key, body in self.objects.items():
            if key.startswith(prefix):
                yield key, md5(body.encode()).hexdigest()

    def read(self, key: str) -> bytes:
        self.reads.append(key)
        return self.objects[key].encode()


def source() -> FakeSource:
    return FakeSource(**{PAGE: "page", SNAPSHOT: "{}", "state/catalog.json": "{}"})


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".copied.json"
    }


def test_a_file_where_the_folder_belongs_is_named(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("mine")

    with pytest.raises(LocalStackError, match=r"archive.* move that away"):
        make_folder(tmp_path / "archive/sample")

    assert (tmp_path / "archive").read_text() == "mine"


@pytest.mark.parametrize("key", ["playlists", "playlists/pretty"])
def test_a_file_where_a_folder_of_pages_belongs_is_named(tmp_path: Path, key: str) -> None:
    path = tmp_path / key
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")

    with pytest.raises(LocalStackError, match=f"{path}\\): move that away"):
        copy_archive(source(), tmp_path)

    assert path.read_text() == "mine"


def test_a_folder_where_a_page_belongs_is_named(tmp_path: Path) -> None:
    (tmp_path / PAGE).mkdir(parents=True)

    with pytest.raises(LocalStackError, match=r"a\.md cannot be written"):
        copy_archive(source(), tmp_path)


def test_files_that_the_copy_did_not_write_stay(tmp_path: Path) -> None:
    for name in ("notes.txt", "playlists/pretty/mine.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("mine")

    copy_archive(source(), tmp_path)
    copy_archive(FakeSource(), tmp_path)

    assert files(tmp_path) == {"notes.txt": "mine", "playlists/pretty/mine.md": "mine"}


def test_a_file_that_was_changed_since_stays_when_its_object_goes(tmp_path: Path) -> None:
    copy_archive(source(), tmp_path)
    (tmp_path / PAGE).write_text("with my notes")

    copy_archive(FakeSource(), tmp_path)

    assert files(tmp_path) == {PAGE: "with my notes"}


def test_what_an_interrupted_copy_wrote_goes_with_its_object(tmp_path: Path) -> None:
    class Interrupted(FakeSource):
        def read(self, key: str) -> bytes:
            if self.reads:
                raise KeyboardInterrupt
            return super().read(key)

    with pytest.raises(KeyboardInterrupt):
        copy_archive(Interrupted(**source().objects), tmp_path)
    assert files(tmp_path) == {PAGE: "page"}

    copy_archive(FakeSource(), tmp_path)

    assert files(tmp_path) == {}


def test_a_damaged_list_of_files_deletes_nothing(tmp_path: Path) -> None:
    copy_archive(source(), tmp_path)
    (tmp_path / ".copied.json").write_text("{")

    copy_archive(FakeSource(), tmp_path)

    assert set(files(tmp_path)) == {PAGE, SNAPSHOT}


def test_pages_and_snapshots_are_copied_and_only_what_differs_is_read(tmp_path: Path) -> None:
    first, second = source(), source()
    second.objects[PAGE] = "another"

    assert copy_archive(first, tmp_path) == copy_archive(second, tmp_path) == 2

    assert files(tmp_path) == {PAGE: "another", SNAPSHOT: "{}"}
    assert second.reads == [PAGE]
