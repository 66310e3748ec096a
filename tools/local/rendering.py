"""Pages that the present code has not rendered yet."""

from tools.local.deploy import hash_sources
from tools.local.run import await_quiet
from tools.local.stack import Stack
from tools.local.workspace import Workspace

_PACKAGE = "layers/archive"


def render_again(workspace: Workspace, stack: Stack) -> bool:
    """Have the deployed code make all pages again from snapshots, if other code made them.

    Returns:
        Whether it did. A stack that has just archived its first day has pages of the present code.
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
