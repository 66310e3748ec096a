"""What the README says is so."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from playlist_archive.credentials import Credentials
from tests.fakes import FakeBucket, FakeClock, FakeCredentialStore
from tests.pipeline import Pipeline, connect
from tools.spotify import SampleLibrary, StandIn
from tools.template import load_source

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SINCE = date(2026, 10, 1)
DAYS = 10


@pytest.fixture(scope="module")
def bucket() -> FakeBucket:
    """Return what ten days of the sample library leave behind."""
    bucket, clock = FakeBucket(), FakeClock()
    with StandIn(SampleLibrary(SINCE)) as stand_in:
        store = FakeCredentialStore(
            Credentials("standin-client", "standin-secret", "standin-refresh")
        )
        api = connect(stand_in.url, bucket, store, clock)
        pipeline = Pipeline(api, clock, bucket=bucket)
        for number in range(DAYS):
            day = SINCE + timedelta(number)
            stand_in.control.set_date(day)
            clock.moment = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
            pipeline.run(clock.now())
    return bucket


EXCERPTS = re.findall(r"<!-- excerpt: (\S+) -->\n(.*?)<!-- end of excerpt -->", README, re.DOTALL)


def test_there_is_an_excerpt() -> None:
    assert EXCERPTS


@pytest.mark.parametrize(("key", "excerpt"), EXCERPTS)
def test_an_excerpt_stands_so_in_the_page(bucket: FakeBucket, key: str, excerpt: str) -> None:
    assert excerpt.strip()
    assert excerpt.strip() in bucket.objects[key].decode()


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
