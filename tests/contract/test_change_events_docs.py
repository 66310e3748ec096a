"""`docs/events.md` says what events are like, and its rule takes them."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from cfnlint import lint

from playlist_archive.documents.change_events import MOST_SONGS, ChangeEvent, encode_event
from playlist_archive.documents.history import History
from playlist_archive.documents.recent_changes import recent_changes_of
from playlist_archive.ports.event_bus import DETAIL_TYPE, LARGEST_DETAIL, SOURCE
from tests.support.documented import documented
from tools.template import REGION

pytestmark = pytest.mark.contract

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "events.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def test_the_example_is_the_event_of_the_documented_change_and_understood() -> None:
    history = msgspec.json.decode(documented("Example")[0], type=History)
    [change] = recent_changes_of(history, [], history.changes[0].time)

    detail = encode_event(ChangeEvent.of(change, history.playlist), LARGEST_DETAIL)

    assert json.loads(block("json")) == json.loads(detail)
    assert msgspec.json.decode(block("json"), type=ChangeEvent).change.time == change.time


def test_the_example_and_the_documented_feed_name_a_change_alike() -> None:
    [feed] = documented("Feeds", "xml")

    assert f"<id>{json.loads(block('json'))['id']}</id>" in feed.decode()


def test_each_field_of_the_detail_is_described() -> None:
    described = re.findall(r"^\| `(\w+)` \|", PAGE.partition("## The detail")[2], re.MULTILINE)

    assert described == ["schema", *ChangeEvent.__struct_fields__]
    assert described == list(json.loads(block("json")))


def test_the_page_says_what_identifies_an_event_and_how_many_songs_it_names() -> None:
    assert f"| `source` | `{SOURCE}` |" in PAGE
    assert f"| `detail-type` | `{DETAIL_TYPE}` |" in PAGE
    assert f"{LARGEST_DETAIL // 1024} KB" in PAGE
    assert MOST_SONGS == 100, "a hundred, says the page"


def test_the_rule_deploys_and_takes_only_events_of_the_archive() -> None:
    template = block("yaml")

    assert [str(finding) for finding in lint(template, regions=[REGION])] == []
    assert f"source: [{SOURCE}]" in template
    assert f"detail-type: [{DETAIL_TYPE}]" in template
