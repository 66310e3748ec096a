"""What the README says is so."""

import re
from pathlib import Path

import pytest

from tests.support.fakes import FakeBucket
from tools.template import load_source

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


PAGES = (ROOT / "docs" / "pages.md").read_text(encoding="utf-8")
EXCERPT = re.compile(r"<!-- excerpt: (\S+) -->\n(.*?)<!-- end of excerpt -->", re.DOTALL)


@pytest.mark.parametrize(("key", "excerpt"), EXCERPT.findall(README))
def test_an_excerpt_stands_so_in_the_page(
    peaceful_archive: FakeBucket, key: str, excerpt: str
) -> None:
    assert excerpt.strip()
    assert excerpt.strip() in peaceful_archive.objects[key].decode()


@pytest.mark.parametrize(("key", "excerpt"), EXCERPT.findall(PAGES))
def test_a_quoted_page_of_a_troubled_archive_is_whole(
    troubled_archive: FakeBucket, key: str, excerpt: str
) -> None:
    quoted = excerpt.strip().removeprefix("```markdown\n").removesuffix("\n```")
    assert quoted == troubled_archive.objects[key].decode().strip()


def test_every_quotation_is_found() -> None:
    assert len(EXCERPT.findall(README)) == 1
    assert len(EXCERPT.findall(PAGES)) == 3


def test_every_command_exists_and_every_command_for_users_is_told() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    told = set(re.findall(r"\bmake ([a-z]+)\b", README))

    assert told & targets >= {"run", "stop", "test", "deploy", "register", "history", "help"}
    assert set(re.findall(r"^ +make ([a-z]+)", README, re.MULTILINE)) <= targets


def test_the_parameters_are_the_template_s() -> None:
    parameters = {
        name: str(parameter["Default"]) for name, parameter in load_source()["Parameters"].items()
    }

    told = dict(re.findall(r"^\| `(\w+)` \|\s*`?([^`|]*?)`?\s*\|", README, re.MULTILINE))
    assert {name: told.get(name) for name in parameters} == parameters


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(((?!http)[^)#]+)", README))))
def test_links_to_files_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
