"""Rules for modules and imports that the import contract in pyproject.toml cannot express."""

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.contract

PROJECT = Path(__file__).parents[2]
PACKAGES = (PROJECT / "layers/archive/playlist_archive", PROJECT / "cli/playlist_archive_cli")
HANDLERS = sorted(PROJECT.glob("functions/*/app.py"))
# A handler connects a service to its ports and decodes its messages; it does not use documents.
FOR_HANDLERS = {
    "documents.messages",
    "documents.timestamps",
    "events",
    "ports.concurrency",
    "ports.aws",
    "ports.clock",
    "settings",
    "shell.site_files",
    "shell.publisher",
    "spotify.connection",
}
LONGEST_MODULE = 350


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: path.parent.name)
def test_a_handler_imports_only_its_service_and_modules_for_wiring(handler: Path) -> None:
    imported = {
        node.module.removeprefix("playlist_archive.")
        for node in ast.walk(ast.parse(handler.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and "playlist_archive" in node.module
    }
    assert imported <= {f"{handler.parent.name}.service", *FOR_HANDLERS}


def test_no_module_is_too_long_to_be_read_at_once() -> None:
    lengths = {
        str(path.relative_to(PROJECT)): len(path.read_text().splitlines())
        for package in PACKAGES
        for path in package.rglob("*.py")
    }
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_MODULE} == {}
