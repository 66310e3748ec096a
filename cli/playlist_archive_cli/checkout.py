"""Finds the project's folder, which some verbs need besides the installed command.

The template and the local engine are not part of the installed command. This is the only module
that may import from `tools`.
"""

from collections.abc import Iterator
from pathlib import Path

from playlist_archive_cli.errors import CommandError

_MARKS = ("template.yaml", "layers/archive/playlist_archive")


def checkouts_near(start: Path) -> Iterator[Path]:
    """Yield the checkout around a folder, then the one from which this command was installed."""
    for folder in (start, *start.parents):
        if is_checkout(folder):
            yield folder
            break
    own = Path(__file__).resolve().parents[2]
    if is_checkout(own):
        yield own


def is_checkout(folder: Path) -> bool:
    return all((folder / mark).exists() for mark in _MARKS)


def require_checkout(verb: str, start: Path) -> Path:
    """Return the nearest checkout.

    Raises:
        CommandError: there is none.
    """
    for folder in checkouts_near(start):
        return folder
    raise CommandError(
        f"`{verb}` needs the project's folder: clone the repository, and say it there"
    )
