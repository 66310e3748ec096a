"""A folder with a copy of a bucket: a file for each object, and a list of them.

A file is written under another name, then moved to its place, and then gets its line in the list.
So a copy that is killed leaves no partial file, and an object without a line is copied again.
"""

import re
import shutil
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path, PurePosixPath
from uuid import uuid4

import msgspec

from playlist_archive.errors import UNREADABLE
from playlist_archive.ports.bucket import Listed, Stored
from playlist_archive_cli.errors import CommandError

LIST = "objects.jsonl"
_OBJECTS, _ODD, _UNFINISHED = "objects", "odd", "unfinished"
_SAFE = re.compile(r"[0-9A-Za-z_](?:[0-9A-Za-z._-]{0,98}[0-9A-Za-z_-])?", re.ASCII)
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


class Head(msgspec.Struct, frozen=True, tag_field="schema", tag=1):
    """The first line of the list: the copied bucket."""

    bucket: str


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the list; the last line of a key counts. `gone`: no longer in the bucket."""

    key: str
    path: str
    etag: str
    size: int
    sha256: str
    metadata: dict[str, str] = {}
    gone: bool = False


class Places:
    """Chooses a file name for each key that is unique on any file system.

    A key that is safe as a path is used as it is. Any other key, and one that differs from another
    only in case, is replaced by its digest.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()
        for path in taken:
            self._take(path)

    def place(self, key: str) -> str:
        path = f"{_OBJECTS}/{key}"
        if not all(map(_is_safe, key.split("/"))) or not self._is_free(path):
            path = f"{_ODD}/{sha256(key.encode()).hexdigest()}"
        self._take(path)
        return path

    def _is_free(self, path: str) -> bool:
        folded = path.casefold()
        taken = folded in self._files or folded in self._folders
        return not taken and self._files.isdisjoint(_folders_of(folded))

    def _take(self, path: str) -> None:
        self._files.add(path.casefold())
        self._folders.update(_folders_of(path.casefold()))


def _is_safe(segment: str) -> bool:
    return bool(_SAFE.fullmatch(segment)) and not _DEVICES.fullmatch(segment)


def _folders_of(path: str) -> list[str]:
    return [str(folder) for folder in PurePosixPath(path).parents]


class BackupFolder:
    """A folder with a copy; `kept` has the objects by key, including those that are gone."""

    def __init__(self, root: Path, bucket: str, kept: dict[str, Kept]) -> None:
        self.root = root
        self.bucket = bucket
        self.kept = kept
        self._places = Places(one.path for one in kept.values())

    @classmethod
    def open(cls, root: Path) -> "BackupFolder":
        """Open a folder with a copy.

        Raises:
            CommandError: it has no copy, or the list is damaged.
        """
        try:
            text = (root / LIST).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            raise CommandError(f"{root} holds no backup: there is no {LIST} in it") from None
        head, *lines = text.split(b"\n")
        try:
            bucket = msgspec.json.decode(head, type=Head).bucket
            # After the last line break there may be a partial line of a killed copy.
            kept = [msgspec.json.decode(line, type=Kept) for line in lines[:-1]]
        except UNREADABLE as error:
            raise CommandError(f"{root / LIST} cannot be read: {error}") from error
        for one in kept:
            if not _is_inside(one.path):
                raise CommandError(f"{root / LIST} names {one.path}, which is outside of it")
        return cls(root, bucket, {one.key: one for one in kept})

    @classmethod
    def begin(cls, root: Path, bucket: str) -> "BackupFolder":
        """Open a folder to continue a copy of `bucket`, or an empty folder to begin.

        Raises:
            CommandError: it has other contents.
        """
        if (root / LIST).exists():
            folder = cls.open(root)
            if folder.bucket != bucket:
                raise CommandError(
                    f"{root} is a backup of the bucket {folder.bucket}: choose another folder"
                )
        else:
            root.mkdir(parents=True, exist_ok=True)
            if any(root.iterdir()):
                raise CommandError(f"{root} holds other files: choose an empty or a new folder")
            folder = cls(root, bucket, {})
        shutil.rmtree(root / _UNFINISHED, ignore_errors=True)
        # Also removes a partial line of a killed copy.
        folder.write_list()
        return folder

    def has(self, listed: Listed) -> bool:
        """Whether the folder has the object's present version."""
        known = self.kept.get(listed.key)
        if known is None or known.gone or known.etag != listed.etag:
            return False
        try:
            return (self.root / known.path).stat().st_size == known.size == listed.size
        except OSError:
            return False

    def keep(self, key: str, stored: Stored) -> None:
        """Write an object's file, then its line."""
        known = self.kept.get(key)
        path = known.path if known else self._places.place(key)
        self._write(self.root / path, stored.body)
        digest = sha256(stored.body).hexdigest()
        size = len(stored.body)
        self._note(Kept(key, path, stored.etag, size, digest, dict(stored.metadata)))

    def mark_gone(self, key: str) -> None:
        """Note that an object is no longer in the bucket; its file stays."""
        self._note(msgspec.structs.replace(self.kept[key], gone=True))

    def read(self, kept: Kept) -> bytes:
        """Return an object's bytes.

        Raises:
            CommandError: the file has changed since it was copied.
        """
        file = self.root / kept.path
        try:
            body = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from error
        if sha256(body).hexdigest() != kept.sha256:
            raise CommandError(f"{file} is not as it was copied: run `backup` again, if you can")
        return body

    def write_list(self) -> None:
        """Rewrite the list, with one line a key."""
        lines: list[Head | Kept] = [
            Head(self.bucket),
            *map(self.kept.__getitem__, sorted(self.kept)),
        ]
        body = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        self._write(self.root / LIST, body)
        shutil.rmtree(self.root / _UNFINISHED, ignore_errors=True)

    def _note(self, kept: Kept) -> None:
        with (self.root / LIST).open("ab") as file:
            file.write(msgspec.json.encode(kept) + b"\n")
        self.kept[kept.key] = kept

    def _write(self, file: Path, body: bytes) -> None:
        elsewhere = self.root / _UNFINISHED / uuid4().hex
        elsewhere.parent.mkdir(exist_ok=True)
        file.parent.mkdir(parents=True, exist_ok=True)
        elsewhere.write_bytes(body)
        elsewhere.replace(file)


def _is_inside(path: str) -> bool:
    pure = PurePosixPath(path)
    return not pure.is_absolute() and ".." not in pure.parts and "\\" not in path
