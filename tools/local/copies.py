"""Copies an archive's pages and snapshots from its bucket into a folder."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from tools.local.errors import LocalStackError

PREFIXES = ("playlists/", "snapshots/")
# The manifest of the last copy: the MD5 of each file by key.
_MANIFEST = ".copied.json"


class Source(Protocol):
    """A bucket whose ETags are the MD5 of an object, as those of the local engine are."""

    def list_md5s(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Yield key and MD5 of each object."""
        ...

    def read(self, key: str) -> bytes: ...


def make_folder(folder: Path) -> None:
    """Make the folder.

    Raises:
        LocalStackError: it cannot be created; the message says why.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _in_the_way(folder, error) from error


def copy_archive(source: Source, folder: Path) -> int:
    """Make `folder` a copy of the pages and snapshots; return their number.

    A file that an earlier copy wrote, and that was not changed since, is deleted if its object is
    gone. Nothing else is deleted.

    Raises:
        LocalStackError: a file cannot be written; the message says why.
    """
    make_folder(folder)
    before = _read_manifest(folder)
    listed = {key: md5 for prefix in PREFIXES for key, md5 in source.list_md5s(prefix)}
    # Written first, so that an interrupted copy has its files in the manifest too.
    _write_manifest(folder, before | listed)
    for key, md5 in listed.items():
        path = folder / key
        try:
            if _md5_of(path) != md5:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(source.read(key))
        except OSError as error:
            raise _in_the_way(path, error) from error
    for key in before.keys() - listed.keys():
        if _md5_of(folder / key) == before[key]:
            (folder / key).unlink()
    _write_manifest(folder, listed)
    return len(listed)


def _read_manifest(folder: Path) -> dict[str, str]:
    try:
        known: dict[str, str] = json.loads((folder / _MANIFEST).read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return known


def _write_manifest(folder: Path, md5s: dict[str, str]) -> None:
    path = folder / _MANIFEST
    try:
        path.write_text(json.dumps(md5s, indent=1, sort_keys=True) + "\n")
    except OSError as error:
        raise _in_the_way(path, error) from error


def _md5_of(path: Path) -> str:
    if not path.is_file():
        return ""
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def _in_the_way(path: Path, error: OSError) -> LocalStackError:
    blocked = next((it for it in (path, *path.parents) if it.exists() and not it.is_dir()), path)
    return LocalStackError(
        f"{path} cannot be written ({error.strerror}: {blocked}): move that away, the archive is "
        "copied there"
    )
