"""The folders that local stacks live in."""

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
    """One local stack's folder: its engine's data and log, and what the next command must know."""

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
        """Return what was remembered last, or nothing."""
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
