"""docs/command.md is true."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from playlist_archive_cli.frame import app
from tests.support.command import DOCUMENT, examples, for_example, print_example
from tests.support.dialogues import dialogues, print_dialogue, talk
from tests.support.fakes import FakeBucket
from tests.support.pages import assert_same_page

pytestmark = pytest.mark.contract

TEXT = DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize(("line", "printed"), examples(), ids=[line for line, _ in examples()])
def test_an_example_prints_what_the_documentation_shows(
    troubled_archive: FakeBucket, line: str, printed: str
) -> None:
    assert_same_page(print_example(troubled_archive, line), printed)


@pytest.mark.parametrize(("line", "said"), dialogues(), ids=[line for line, _ in dialogues()])
def test_a_conversation_goes_as_the_documentation_shows(line: str, said: str) -> None:
    assert_same_page(print_dialogue(line), said)


def test_every_verb_has_a_section_with_an_example() -> None:
    group: Any = typer.main.get_command(app)
    shown = {line.split()[1] for line, _ in (*examples(), *dialogues())}

    assert set(group.commands) <= set(re.findall(r"^## (\S+)$", TEXT, re.MULTILINE))
    assert set(group.commands) <= shown


def test_every_option_that_is_named_exists() -> None:
    options = {
        option
        for command in commands_of(typer.main.get_command(app))
        for parameter in command.params
        for option in parameter.opts
    }

    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", TEXT)) <= options


def test_every_kind_of_import_has_an_example() -> None:
    group: Any = typer.main.get_command(app)
    shown = {line.split()[2] for line, _ in examples() if line.split()[1] == "import"}

    assert set(group.commands["import"].commands) == shown


def commands_of(command: Any) -> Iterator[Any]:
    yield command
    for inner in getattr(command, "commands", {}).values():
        yield from commands_of(inner)


@pytest.mark.parametrize("line", [line for line, _ in examples()])
def test_every_field_of_a_json_document_is_described(
    troubled_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str
) -> None:
    monkeypatch.chdir(tmp_path)
    verb, *arguments = shlex.split(line)[1:]
    section = TEXT.split(f"\n## {verb}\n")[1].split("\n## ")[0]

    with for_example(troubled_archive, monkeypatch, line) as command:
        document = command(verb, *arguments, "--json").document
    described = set(re.findall(r"`([a-z_0-9]+)`", section))
    assert set(document) <= described


@pytest.mark.parametrize("line", [line for line, _ in dialogues()])
def test_every_field_of_a_conversation_s_document_is_described(line: str) -> None:
    section = TEXT.split(f"\n## {line.split()[1]}\n")[1].split("\n## ")[0]

    described = set(re.findall(r"`([a-z_0-9]+)`", section))
    assert set(talk(f"{line} --json").document) <= described
