"""Files come out of folders and zips whole, or not at all."""

import os
import random
import zipfile
from pathlib import Path

import pytest

from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.imports import packed_files
from playlist_archive_cli.imports.packed_files import PackedFile, UnreadableFileError, files_in

pytestmark = pytest.mark.unit


def is_text(name: str) -> bool:
    return name.endswith(".txt")


def packed(folder: Path, **members: bytes) -> Path:
    path = folder / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as writing:
        for name, body in members.items():
            writing.writestr(name, body)
    return path


def read_all(path: Path) -> dict[str, bytes | str]:
    """Return the contents of the files by name, or why they cannot be read."""
    return {file.name: attempt(file) for file in files_in(path, is_text)}


def attempt(file: PackedFile) -> bytes | str:
    try:
        return file.read()
    except UnreadableFileError as error:
        return str(error)


def test_what_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere does not exist"):
        list(files_in(tmp_path / "nowhere", is_text))


def test_a_file_whose_name_is_not_text_is_read_and_can_be_named(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("coffee")

    [file] = files_in(tmp_path, is_text)

    assert (file.name, file.reference, file.read()) == (r"caf\xe9.txt", r"caf\xe9.txt", b"coffee")


@pytest.mark.parametrize("length", [0, 1, 40, -1, -30])
def test_a_zip_that_is_cut_off_is_refused(tmp_path: Path, length: int) -> None:
    whole = packed(tmp_path, **{"a.txt": random.Random(1).randbytes(200)}).read_bytes()
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole[:length])

    with pytest.raises(CommandError, match="is not a whole zip file"):
        list(files_in(cut, is_text))


def test_a_damaged_member_does_not_hide_the_others(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as writing:
        writing.writestr("a.txt", b"first text")
        writing.writestr("b.txt", b"second text")
    path.write_bytes(path.read_bytes().replace(b"first text", b"first t3xt"))

    assert read_all(path) == {"a.txt": "it is damaged", "b.txt": b"second text"}


def test_a_member_that_swells_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed_files, "LARGEST_FILE_BYTES", 1_000)
    path = packed(tmp_path, **{"bomb.txt": bytes(100_000), "fair.txt": bytes(1_000)})

    assert path.stat().st_size < 1_000
    assert read_all(path) == {
        "bomb.txt": "it is larger than 256 megabytes",
        "fair.txt": bytes(1_000),
    }


def test_a_member_that_lies_about_its_size_gives_no_more_than_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed_files, "LARGEST_FILE_BYTES", 1_000)
    path = packed(tmp_path, **{"bomb.txt": bytes(100_000)})
    claimed = path.read_bytes().replace((100_000).to_bytes(4, "little"), bytes([9, 0, 0, 0]))
    path.write_bytes(claimed)

    assert read_all(path) == {"bomb.txt": "it is damaged"}


def test_a_zip_with_very_much_in_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed_files, "LARGEST_ZIP_BYTES", 1_000)
    path = packed(tmp_path, **{f"{number}.txt": bytes(300) for number in range(4)})

    with pytest.raises(CommandError, match="unpack what is wanted"):
        list(files_in(path, is_text))


def test_an_encrypted_member_says_so(tmp_path: Path) -> None:
    path = packed(tmp_path, **{"a.txt": b"text"})
    body = bytearray(path.read_bytes())
    body[6] |= 1  # of the member
    body[body.index(b"PK\x01\x02") + 8] |= 1  # of the directory
    path.write_bytes(bytes(body))

    assert read_all(path) == {"a.txt": "it is encrypted"}


@pytest.mark.parametrize("name", ["../../up.txt", "/etc/up.txt", "a\\..\\up.txt", "C:up.txt"])
def test_a_path_in_a_zip_writes_nothing(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path, **{name: b"text"})
    before = sorted(tmp_path.parent.rglob("*"))

    [(read_as, body)] = read_all(path).items()
    assert body == b"text"
    assert "/" not in read_as
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_only_what_is_wanted_comes_in_order_and_without_shadows(tmp_path: Path) -> None:
    path = packed(
        tmp_path,
        **{"b10.txt": b"", "b9.txt": b"", "data/a.txt": b"", "c.csv": b"", "__MACOSX/b.txt": b""},
        **{"._b.txt": b""},
    )

    assert [(file.name, file.reference) for file in files_in(path, is_text)] == [
        ("b9.txt", "all.zip: b9.txt"),
        ("b10.txt", "all.zip: b10.txt"),
        ("a.txt", "all.zip: data/a.txt"),
    ]


def test_a_folder_gives_its_files_and_a_file_itself(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.txt").write_bytes(b"in a folder")
    (tmp_path / "b.csv").write_bytes(b"alone")

    assert [file.reference for file in files_in(tmp_path, is_text)] == ["data/a.txt"]
    assert read_all(tmp_path / "b.csv") == {"b.csv": b"alone"}


def test_a_zip_is_known_by_its_contents(tmp_path: Path) -> None:
    path = packed(tmp_path, **{"a.txt": b"text"}).rename(tmp_path / "download")

    assert read_all(path) == {"a.txt": b"text"}
