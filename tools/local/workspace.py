"""The folders of local stacks, and how another program finds a stack that runs.

Every stack has a folder under `.local/`: `sample`, `spotify` or `history`. Once the stack is
deployed, `stack.json` in that folder says how to reach it: `engine_url`, `region`, `stack_name` and
`bucket`. The engine accepts any credentials. The file stays after `make stop`, so only a stack whose
engine answers is running: `find_local_stacks` asks it.
"""

import json
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.request import urlopen

PROJECT = Path(__file__).resolve().parents[2]
LOCAL = PROJECT / ".local"
BUILD = LOCAL / "build"
ARCHIVE = PROJECT / "archive"

_STACK = "stack"


@dataclass(frozen=True)
class Workspace:
    """The folder of one local stack: the engine's data and log, and values for later commands."""

    root: Path

    @classmethod
    def named(cls, name: str) -> "Workspace":
        root = LOCAL / name
        root.mkdir(parents=True, exist_ok=True)
        return cls(root)

    @classmethod
    def all(cls) -> list["Workspace"]:
        return [cls(path) for path in sorted(LOCAL.glob("*/")) if path != BUILD]

    @property
    def copies(self) -> Path:
        """The folder into which the stack's archive is copied."""
        return ARCHIVE / self.root.name

    def recall(self, what: str) -> dict[str, Any]:
        """Return the values that were stored last, empty if there are none."""
        try:
            known: dict[str, Any] = json.loads(self._memory(what).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return known

    def remember(self, what: str, **facts: Any) -> None:
        self._memory(what).write_text(json.dumps(facts, indent=2) + "\n")

    def forget(self, what: str) -> None:
        self._memory(what).unlink(missing_ok=True)

    def recall_stack(self) -> dict[str, Any]:
        """Return the stored values of the stack deployed last, empty if there is none."""
        return self.recall(_STACK)

    def remember_stack(self, **facts: Any) -> None:
        self.remember(_STACK, **facts)

    @property
    def last_used(self) -> float:
        """When the stack was deployed or used last, in seconds; 0 if it never was."""
        path = self._memory(_STACK)
        return path.stat().st_mtime if path.exists() else 0.0

    def _memory(self, what: str) -> Path:
        return self.root / f"{what}.json"


@dataclass(frozen=True)
class LocalStack:
    """A running local stack; `name` is that of its folder."""

    name: str
    engine_url: str
    region: str
    stack_name: str
    bucket: str


def find_local_stacks() -> list[LocalStack]:
    """Return the running local stacks, the most recently used first."""
    found = []
    for workspace in sorted(Workspace.all(), key=lambda it: it.last_used, reverse=True):
        known = workspace.recall_stack()
        if answers(known.get("engine_url", "")):
            found.append(
                LocalStack(
                    workspace.root.name,
                    known["engine_url"],
                    known["region"],
                    known["stack_name"],
                    known["bucket"],
                )
            )
    return found


def answers(engine_url: str) -> bool:
    """Whether a local engine answers at this address."""
    try:
        with urlopen(f"{engine_url}/_ministack/health", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, ValueError):
        return False
