"""The tests that `docs/reliability.md` names exist."""

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::([\w:]+)`", DOCUMENT)
PROMISES = re.findall(
    r"^\d+\. \*\*", (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8"), re.MULTILINE
)


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_is_named_exists(file: str, name: str) -> None:
    scope: list[ast.stmt] = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    for part in name.split("::"):
        (found,) = [
            it for it in scope if isinstance(it, ast.ClassDef | ast.FunctionDef) and it.name == part
        ]
        scope = found.body

    assert part.startswith("test_")


def test_every_promise_has_a_test() -> None:
    rows = re.findall(r"^\| (.*?) \| `tests/", DOCUMENT, re.MULTILINE)

    assert len([promise for promise in rows if promise]) == len(PROMISES)
