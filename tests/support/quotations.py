"""Pages of the sample library that the documentation quotes, between two comments.

The first comment names the page, and the lines if only a part is quoted.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCUMENTS = (ROOT / "README.md", ROOT / "docs/pages.md")

_QUOTATION = re.compile(
    r"(<!-- excerpt: (\S+)(?:, lines ([0-9]+)-([0-9]+))? -->\n)(.*?)(<!-- end of excerpt -->)",
    re.DOTALL,
)
_FENCE = "```markdown\n", "\n```\n"


class Quotation(NamedTuple):
    key: str
    lines: slice
    text: str


def quotations(document: str) -> list[Quotation]:
    return [_parse(found) for found in _QUOTATION.finditer(document)]


def quoted_lines(quotation: Quotation, objects: Mapping[str, bytes]) -> str:
    """Return the lines of the page that a quotation must contain."""
    lines = objects[quotation.key].decode().strip().split("\n")
    return "\n".join(lines[quotation.lines])


def quote_anew(document: str, objects: Mapping[str, bytes]) -> str:
    """Return the document with its quotations updated from the pages."""

    def quote(found: re.Match[str]) -> str:
        begin, end = _FENCE if found[5].startswith(_FENCE[0]) else ("", "\n")
        return f"{found[1]}{begin}{quoted_lines(_parse(found), objects)}{end}{found[6]}"

    return _QUOTATION.sub(quote, document)


def _parse(found: re.Match[str]) -> Quotation:
    lines = slice(int(found[3]) - 1, int(found[4])) if found[3] else slice(None)
    text = found[5].strip().removeprefix(_FENCE[0]).removesuffix(_FENCE[1].rstrip())
    return Quotation(found[2], lines, text.strip("\n"))
