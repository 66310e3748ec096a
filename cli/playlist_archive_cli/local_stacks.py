"""The stacks that `make run` keeps running on this machine."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from playlist_archive_cli.checkout import checkouts_near
from playlist_archive_cli.location import LocalStack

_FOLDER = ".local"
_HEALTH = "/_ministack/health"
_PATIENCE_SECONDS = 2.0


def find_running(start: Path) -> list[LocalStack]:
    """Return the running stacks of the checkout around `start`, else of this command's own."""
    for checkout in checkouts_near(start):
        if running := [stack for stack in read_stacks(checkout) if _answers(stack.url)]:
            return running
    return []


def read_stacks(checkout: Path) -> Iterator[LocalStack]:
    """Yield the stacks that were deployed from a checkout, whether they still run or not.

    A folder of a stack has `port.json`, where its engine listens, and `stack.json` once the
    template is deployed.
    """
    for folder in sorted((checkout / _FOLDER).glob("*/")):
        port = _read(folder / "port.json").get("port")
        if isinstance(port, int) and _read(folder / "stack.json"):
            yield LocalStack(folder.name, f"http://127.0.0.1:{port}")


def _read(file: Path) -> dict[str, object]:
    try:
        contents = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return contents if isinstance(contents, dict) else {}


def _answers(url: str) -> bool:
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(f"{url}{_HEALTH}", timeout=_PATIENCE_SECONDS) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:
        return False
