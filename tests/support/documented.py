"""The examples of `docs/documents.md`."""

import re
from pathlib import Path

_DOCUMENTS = Path(__file__).parents[2] / "docs" / "documents.md"


def documented(heading: str, language: str = "json") -> list[bytes]:
    """Return the examples under a heading."""
    _, _, section = _DOCUMENTS.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    section = section.partition("\n## ")[0]
    return [found.encode() for found in re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)]
