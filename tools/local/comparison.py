"""Reads what the archive published, and compares its pages with a rebuild from snapshots."""

from tools.local.run import await_quiet
from tools.local.stack import Stack

_PUBLISHED = ("snapshots/", "playlists/")
_DERIVED = (
    "state/ledgers/",
    "playlists/pretty/",
    "playlists/cumulative/",
    "playlists/plain/",
    "playlists/history/",
)


def read_published(stack: Stack) -> dict[str, bytes]:
    """Return all snapshots and published documents by their keys."""
    return {key: stack.read(key) for prefix in _PUBLISHED for key in stack.list_keys(prefix)}


def find_rebuild_differences(stack: Stack) -> list[str]:
    """Delete ledgers and playlists' pages, rebuild them, and return the keys that differ."""
    derived = {key: stack.read(key) for prefix in _DERIVED for key in stack.list_keys(prefix)}
    for key in derived:
        stack.delete(key)
    log_size = stack.engine.log_size
    stack.start_rebuild()
    await_quiet(stack, log_size)
    again = {key: stack.read(key) for prefix in _DERIVED for key in stack.list_keys(prefix)}
    return sorted(
        key for key in derived.keys() | again.keys() if derived.get(key) != again.get(key)
    )
