"""The README's statements are true."""

import re
from datetime import date
from pathlib import Path

import pytest

from tests.support.fakes import FakeBucket
from tests.support.pages import assert_same_page
from tests.support.quotations import (
    DOCUMENTS,
    Quotation,
    quotations,
    quote_anew,
    quoted_lines,
)
from tools.stand_in import SampleLibrary
from tools.template import load_source

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "quotation",
    [quotation for path in DOCUMENTS for quotation in quotations(path.read_text(encoding="utf-8"))],
    ids=lambda quotation: quotation.key,
)
def test_a_quoted_page_is_as_the_code_writes_it(
    troubled_archive: FakeBucket, quotation: Quotation
) -> None:
    assert_same_page(quotation.text, quoted_lines(quotation, troubled_archive.objects))


def test_every_quotation_is_found() -> None:
    assert [len(quotations(path.read_text(encoding="utf-8"))) for path in DOCUMENTS] == [1, 3]


def test_updating_quotations_changes_nothing_else() -> None:
    document = """# Title

<!-- excerpt: a.md -->
```markdown
old
```
<!-- end of excerpt -->
<!-- excerpt: a.md, lines 2-2 -->
old
<!-- end of excerpt -->
"""

    anew = quote_anew(document, {"a.md": b"one\ntwo\n"})

    assert [quotation.text for quotation in quotations(anew)] == ["one\ntwo", "two"]
    assert anew.replace("one\ntwo\n```", "old\n```").replace("\ntwo\n", "\nold\n") == document


def test_every_command_exists_and_every_command_for_users_is_documented() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    documented = set(re.findall(r"\bmake ([a-z]+)\b", README))

    assert documented & targets >= {"run", "stop", "test", "deploy", "register", "history", "help"}
    assert set(re.findall(r"^ +make ([a-z]+)", README, re.MULTILINE)) <= targets


def test_the_playlist_that_the_readme_registers_is_there_to_be_registered() -> None:
    since = date(2026, 10, 1)
    sample = SampleLibrary(since)
    [playlist_id] = re.findall(r"^ +make register ID=(\w+)", README, re.MULTILINE)

    playlist = sample.find(playlist_id, since)
    assert playlist
    assert playlist.is_readable_by(sample.user)
    assert playlist_id not in sample.list_ids(since)


def test_the_parameters_are_the_template_s() -> None:
    parameters = {
        name: str(parameter["Default"]) for name, parameter in load_source()["Parameters"].items()
    }

    documented = dict(re.findall(r"^\| `(\w+)` \|\s*`?([^`|]*?)`?\s*\|", README, re.MULTILINE))
    assert {name: documented.get(name) for name in parameters} == parameters


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(((?!http)[^)#]+)", README))))
def test_links_to_files_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
