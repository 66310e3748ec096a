"""Reads the site's objects from a folder, a bucket, or the shell in this command."""

import re
from collections.abc import Callable
from errno import ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR
from pathlib import Path

from playlist_archive.documents.keys import SITE
from playlist_archive.errors import StorageError
from playlist_archive.ports.bucket import Bucket
from playlist_archive.shell.assets import SITE_INDEX, publish_as
from playlist_archive.shell.site_files import packed_shell
from playlist_archive_cli.site_headers import PREFIXES

type Read = Callable[[str], bytes | None]
"""Returns an object by its key, None where there is none; raises `StorageError`."""

# No file has this name, none can have it, or it is a link to itself.
_NO_SUCH_FILE = {ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP}
_SEGMENT = r"[0-9A-Za-z_-][0-9A-Za-z._-]*"
_KEY = re.compile(rf"(?:{'|'.join(PREFIXES)})(?:{_SEGMENT}/)*{_SEGMENT}")


def is_site_key(key: str) -> bool:
    """Whether the site may request a key.

    No segment begins with a dot, so none leads to another folder.
    """
    return _KEY.fullmatch(key) is not None


def read_folder(folder: Path) -> Read:
    """Return a reader of a bucket's copy; links to files outside the site's keys are ignored."""
    root = folder.resolve()

    def read(key: str) -> bytes | None:
        try:
            path = (root / key).resolve(strict=True)
            is_ours = path.is_relative_to(root) and is_site_key(path.relative_to(root).as_posix())
            return path.read_bytes() if is_ours and path.is_file() else None
        except OSError as error:
            if error.errno in _NO_SUCH_FILE:
                return None
            raise StorageError(f"reading {key}: {error.strerror or error}") from error

    return read


def read_bucket(bucket: Bucket) -> Read:
    def read(key: str) -> bytes | None:
        stored = bucket.get(key)
        return stored and stored.body

    return read


def with_shell(read: Read) -> Read:
    """Return a reader that falls back to this command's own shell if the archive has none.

    A shell is used as a whole, because its files belong together. The archive is checked now.
    """
    if read(SITE_INDEX) is not None:
        return read
    own = publish_as(packed_shell())
    return lambda key: own.get(key) if key.startswith(SITE) else read(key)
