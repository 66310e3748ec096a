"""Everything that the documentation names exists."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]
PACKAGES = (ROOT / "layers/archive/playlist_archive", ROOT / "cli/playlist_archive_cli")
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/*/README.md")]
)


def prose(document: Path) -> str:
    """Return a document without its quotations."""
    text = document.read_text(encoding="utf-8")
    return re.sub(r"<!-- excerpt: .*?<!-- end of excerpt -->", "", text, flags=re.DOTALL)


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_link_leads_to_a_file_and_a_heading(document: Path) -> None:
    for target in re.findall(r"\]\((?!http)([^)\s]+)\)", prose(document)):
        file, _, anchor = target.partition("#")
        linked = document.parent / file if file else document
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_command_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"(?:`|^ +)make ([a-z-]+)", prose(document), re.MULTILINE)) <= targets


def test_the_architecture_names_every_module() -> None:
    tree = prose(ROOT / "docs/architecture.md").split("## The folders")[1]
    modules = {path.stem for package in PACKAGES for path in package.rglob("*.py")} - {"__init__"}

    assert modules <= set(re.findall(r"\w+", tree))
