"""The folders of local stacks."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
LOCAL = PROJECT / ".local"
BUILD = LOCAL / "build"
VIEWS = PROJECT / "archive"


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

    def recall(self, what: str) -> dict[str, Any]:
        """Return the values that were stored last, empty if there are none."""
        try:
            known: dict[str, Any] = json.loads(self._memory(what).read_text())
        except FileNotFoundError:
            return {}
        return known

    def remember(self, what: str, **facts: Any) -> None:
        self._memory(what).write_text(json.dumps(facts, indent=2) + "\n")

    def forget(self, what: str) -> None:
        self._memory(what).unlink(missing_ok=True)

    def _memory(self, what: str) -> Path:
        return self.root / f"{what}.json"
