"""Finds the stacks that `make run` runs on this machine."""

from collections.abc import Iterator
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

import msgspec

from playlist_archive.errors import UNREADABLE
from playlist_archive_cli.checkout import checkouts_near
from playlist_archive_cli.location import LocalStack

_FOLDER = ".local"
_HEALTH = "/_ministack/health"
_PATIENCE_SECONDS = 2.0


class _Deployed(msgspec.Struct):
    engine_url: str
    region: str
    stack_name: str


def find_running(start: Path) -> list[LocalStack]:
    """Return the running stacks of the checkout around `start`, or of this command's own."""
    for checkout in checkouts_near(start):
        if running := [stack for stack in read_stacks(checkout) if _answers(stack.url)]:
            return running
    return []


def read_stacks(checkout: Path) -> Iterator[LocalStack]:
    """Yield the stacks that were deployed from a checkout, running or not.

    A deployed stack's folder has a `stack.json` (see `tools/local/workspace.py`).
    """
    for folder in sorted((checkout / _FOLDER).glob("*/")):
        try:
            known = msgspec.json.decode((folder / "stack.json").read_bytes(), type=_Deployed)
        except (OSError, *UNREADABLE):
            continue
        yield LocalStack(folder.name, known.engine_url, known.region, known.stack_name)


def _answers(url: str) -> bool:
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(f"{url}{_HEALTH}", timeout=_PATIENCE_SECONDS) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:
        return False
