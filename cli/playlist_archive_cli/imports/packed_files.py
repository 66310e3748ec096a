"""Reads the files of a folder or a zip one after the other, each with limited size.

A file of a zip can be read until the next one is requested.

Nothing is unpacked to disk: a file of a zip is read into memory, up to the limit. So a malicious
path or size does no harm.
"""

import os
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple
from zipfile import BadZipFile, ZipFile, ZipInfo, is_zipfile

from playlist_archive_cli.errors import CommandError

LARGEST_FILE_BYTES = 256 * 1024 * 1024
LARGEST_ZIP_BYTES = 2 * 1024 * 1024 * 1024
_NUMBERED = re.compile(r"([^0-9]*)([0-9]{0,18})")
_BROKEN = (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, zlib.error)


class UnreadableFileError(Exception):
    """One file cannot be read; the message says why."""


class PackedFile(NamedTuple):
    """A file with its name and its location; `read` raises `UnreadableFileError`."""

    name: str
    reference: str
    read: Callable[[], bytes]


def files_in(path: Path, wanted: Callable[[str], bool]) -> Iterator[PackedFile]:
    """Yield the file itself, or the files of a folder or a zip with wanted names.

    They are sorted by name, with numbers in natural order.

    Raises:
        CommandError: there is no such file, or it is no complete zip.
    """
    if path.is_dir():
        files = [file for file in path.rglob("*") if wanted(file.name) and file.is_file()]
        files.sort(key=lambda file: _in_order(file.as_posix()))
        yield from (_on_disk(path, file) for file in files)
    elif not path.is_file():
        raise CommandError(f"{path} does not exist")
    elif path.suffix.lower() == ".zip" or is_zipfile(path):
        yield from _in_zip(path, wanted)
    else:
        yield _on_disk(path.parent, path)


def _in_order(name: str) -> list[tuple[str, int]]:
    return [(text, int(number or 0)) for text, number in _NUMBERED.findall(name)]


def _on_disk(folder: Path, file: Path) -> PackedFile:
    def read() -> bytes:
        try:
            with file.open("rb") as opened:
                return _read_all(opened)
        except OSError as error:
            raise UnreadableFileError(f"it cannot be read: {error.strerror}") from error

    return PackedFile(_as_text(file.name), _as_text(file.relative_to(folder).as_posix()), read)


def _as_text(name: str) -> str:
    """Return a printable name, with escapes for bytes that are not UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _in_zip(path: Path, wanted: Callable[[str], bool]) -> Iterator[PackedFile]:
    left = LARGEST_ZIP_BYTES
    try:
        packed = ZipFile(path)
    except _BROKEN as error:
        raise CommandError(f"{path} is not a whole zip file: load it down again") from error
    with packed:
        for member in sorted(packed.infolist(), key=lambda one: _in_order(one.filename)):
            name = PurePosixPath(member.filename.replace("\\", "/")).name
            if member.is_dir() or _is_shadow(member.filename) or not wanted(name):
                continue
            left -= member.file_size
            if left < 0:
                raise CommandError(f"{path} holds more than two gigabytes: unpack what is wanted")
            yield PackedFile(name, f"{path.name}: {member.filename}", _reader(packed, member))


def _is_shadow(name: str) -> bool:
    """Whether it is a file that macOS adds beside the real one."""
    return name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith("._")


def _reader(packed: ZipFile, member: ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        if member.flag_bits & 1:
            raise UnreadableFileError("it is encrypted")
        try:
            with packed.open(member) as opened:
                return _read_all(opened)
        except _BROKEN as error:
            raise UnreadableFileError("it is damaged") from error

    return read


def _read_all(opened: IO[bytes]) -> bytes:
    body = opened.read(LARGEST_FILE_BYTES + 1)
    if len(body) > LARGEST_FILE_BYTES:
        raise UnreadableFileError("it is larger than 256 megabytes")
    return body
