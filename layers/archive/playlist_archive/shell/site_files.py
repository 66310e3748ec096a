"""The shell in this package: its source files, and the files as published."""

from collections.abc import Mapping
from pathlib import Path

from playlist_archive.shell.bundle import MAIN, join_modules
from playlist_archive.shell.minify import minify_script, minify_style

_FOLDER = Path(__file__).parents[1] / "site"


def read_shell(folder: Path = _FOLDER) -> dict[str, bytes]:
    """Return the source files by name, such as `js/main.js`."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def packed_shell() -> dict[str, bytes]:
    """Return the files as published, by name."""
    return pack(read_shell())


def pack(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a site's files with all modules bundled, and minified.

    Raises:
        SiteError: the modules cannot be bundled.
    """
    modules = {name: body.decode() for name, body in files.items() if name.endswith(".js")}
    others = {
        name: minify_style(body.decode()).encode() if name.endswith(".css") else body
        for name, body in files.items()
        if name not in modules
    }
    return {**others, MAIN: minify_script(join_modules(modules)).encode()}
