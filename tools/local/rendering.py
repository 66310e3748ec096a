"""Renders pages again after the code has changed."""

from tools.local.deploy import hash_sources
from tools.local.run import await_quiet
from tools.local.stack import Stack
from tools.local.workspace import Workspace

_PACKAGE = "layers/archive"


def render_again(workspace: Workspace, stack: Stack) -> bool:
    """Rebuild all pages from snapshots, if other code rendered them.

    Returns:
        Whether the pages were rebuilt. After the first archived day they are always up to date.
    """
    package = hash_sources(_PACKAGE)
    rendered = workspace.recall("rendered")
    if rendered.get("package") == package:
        return False
    if rendered:
        log_size = stack.engine.log_size
        stack.start_rebuild()
        await_quiet(stack, log_size)
    workspace.remember("rendered", package=package)
    return bool(rendered)


def distrust_pages(workspace: Workspace) -> None:
    """Mark all pages for a rebuild after the next run."""
    workspace.remember("rendered", package="unknown")
