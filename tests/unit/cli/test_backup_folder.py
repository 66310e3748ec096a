"""A folder that holds a copy of a bucket."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.ports.bucket import Listed, Stored
from playlist_archive_cli.backup_folder import LIST, BackupFolder, Places
from playlist_archive_cli.errors import CommandError

pytestmark = pytest.mark.unit

BUCKET = "playlist-archive-1"
ONE = Stored(b"one", '"etag-1"', {"run": "2026-10-01T04:00:00Z"})

keys = st.one_of(
    st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()),
    st.lists(
        st.sampled_from(
            ["a", "A", "b.json", "..", ".", "", "con", "NUL.txt", "x ", "x.", "ü", "a" * 300, "-"]
        ),
        min_size=1,
        max_size=4,
    ).map("/".join),
)


def begin(root: Path) -> BackupFolder:
    return BackupFolder.begin(root, BUCKET)


def listed(key: str, stored: Stored) -> Listed:
    return Listed(key, len(stored.body), stored.etag)


@given(st.lists(keys, unique=True))
def test_no_two_keys_share_a_file_and_no_file_is_another_s_folder(found: list[str]) -> None:
    places = Places()
    paths = [places.place(key).casefold() for key in found]
    folders = {str(parent) for path in paths for parent in Path(path).parents}

    assert len(set(paths)) == len(paths)
    assert folders.isdisjoint(paths)


@given(keys)
def test_a_file_s_path_is_safe_everywhere(key: str) -> None:
    path = Places().place(key)

    assert path.isascii()
    for part in path.split("/"):
        assert 0 < len(part) <= 100
        assert not set(part) & set('<>:"|?*\\ ')
        assert part.rstrip(".") == part
        assert part.split(".")[0].casefold() not in {"con", "nul", ""}


@given(st.lists(keys, unique=True), st.integers(0))
def test_a_place_stays_when_more_keys_come(found: list[str], number: int) -> None:
    before, after = found[: number % (len(found) + 1)], found[number % (len(found) + 1) :]
    places = Places()
    taken = [places.place(key) for key in before]
    again = Places(taken)

    assert {again.place(key).casefold() for key in after}.isdisjoint(
        path.casefold() for path in taken
    )


def test_a_usual_key_is_its_own_path() -> None:
    key = "snapshots/4uLU6hMCjMI75M1A2tKUQC/20261001T040000Z.json"

    assert Places().place(key) == f"objects/{key}"


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    begin(tmp_path / "new/folder").keep("a/b", ONE)

    folder = BackupFolder.open(tmp_path / "new/folder")

    assert folder.read(folder.kept["a/b"]) == b"one"
    assert folder.kept["a/b"].metadata == {"run": "2026-10-01T04:00:00Z"}
    assert folder.has(listed("a/b", ONE))


@pytest.mark.parametrize(
    "other", [Listed("a", 3, '"etag-2"'), Listed("a", 4, '"etag-1"'), Listed("b", 3, '"etag-1"')]
)
def test_what_is_other_in_the_bucket_is_not_there(tmp_path: Path, other: Listed) -> None:
    folder = begin(tmp_path)
    folder.keep("a", ONE)

    assert not folder.has(other)


def test_a_file_that_was_shortened_or_deleted_is_not_there(tmp_path: Path) -> None:
    folder = begin(tmp_path)
    folder.keep("a", ONE)
    file = tmp_path / folder.kept["a"].path
    file.write_bytes(b"on")
    assert not folder.has(listed("a", ONE))
    file.unlink()
    assert not folder.has(listed("a", ONE))


@pytest.mark.parametrize("cut", range(1, 40, 7))
def test_a_line_that_a_killed_copy_has_begun_is_forgotten(tmp_path: Path, cut: int) -> None:
    folder = begin(tmp_path)
    folder.keep("a", ONE)
    folder.keep("b", ONE)
    text = (tmp_path / LIST).read_bytes()
    (tmp_path / LIST).write_bytes(text[:-cut])

    assert BackupFolder.open(tmp_path).kept.keys() == {"a"}
    again = begin(tmp_path)
    again.keep("c", ONE)
    assert BackupFolder.open(tmp_path).kept.keys() == {"a", "c"}


def test_what_a_killed_copy_has_left_unfinished_is_removed(tmp_path: Path) -> None:
    begin(tmp_path)
    (tmp_path / "unfinished").mkdir()
    (tmp_path / "unfinished/half").write_bytes(b"o")

    begin(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == [LIST]


def test_a_file_that_was_changed_is_not_read(tmp_path: Path) -> None:
    folder = begin(tmp_path)
    folder.keep("a", ONE)
    (tmp_path / folder.kept["a"].path).write_bytes(b"two")

    with pytest.raises(CommandError, match="not as it was copied"):
        folder.read(folder.kept["a"])


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")

    with pytest.raises(CommandError, match="holds other files"):
        begin(tmp_path)


def test_the_backup_of_another_bucket_is_left_alone(tmp_path: Path) -> None:
    begin(tmp_path)

    with pytest.raises(CommandError, match="a backup of the bucket playlist-archive-1"):
        BackupFolder.begin(tmp_path, "playlist-archive-2")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"rubbish\n",
        b'{"schema":2,"bucket":"b"}\n',
        b'{"schema":1,"bucket":"b"}\nrubbish\n',
        b'{"schema":1,"bucket":"b"}\n{"key":"k","path":"../../etc/passwd","etag":"e","size":1,"sha256":"d"}\n',
        b'{"schema":1,"bucket":"b"}\n{"key":"k","path":"/etc/passwd","etag":"e","size":1,"sha256":"d"}\n',
    ],
)
def test_a_list_that_is_damaged_is_named(tmp_path: Path, text: bytes) -> None:
    (tmp_path / LIST).write_bytes(text)

    with pytest.raises(CommandError, match=LIST):
        BackupFolder.open(tmp_path)


@pytest.mark.parametrize("name", ["", "file", "nowhere"])
def test_a_folder_without_a_list_is_no_backup(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(CommandError, match="holds no backup"):
        BackupFolder.open(tmp_path / name)
