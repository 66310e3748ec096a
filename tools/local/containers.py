"""The environment in which functions in containers reach the local stack: `sam local invoke`."""

import json
from pathlib import Path

from tools.local.stack import Stack

# A container has a loopback address of its own.
HOST = "host.docker.internal"


def write_environments(stack: Stack, path: Path) -> None:
    """Write the deployed functions' variables, with addresses that work inside a container."""
    document = json.dumps(stack.read_environments(), indent=2).replace("127.0.0.1", HOST)
    path.write_text(f"{document}\n")
