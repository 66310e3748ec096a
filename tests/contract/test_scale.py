"""A large archive fits into the functions' memory, time and message sizes in the template."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from playlist_archive.documents.messages import (
    FetchRequest,
    Held,
    Latest,
    Message,
    Outcome,
    RenderRequest,
    encode_message,
)
from playlist_archive.documents.playlist import Header, Owner
from playlist_archive.documents.status import NEWEST_GAPS, PageStatus, StatusPeriod
from tests.support.builders import PLAYLIST, RUN
from tools.measure.__main__ import PAGE, quote
from tools.measure.counts import load_counts
from tools.measure.model import Assumptions, Deployment, estimate
from tools.template import load_source

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]


def memory_mb(function: str) -> int:
    size: int = load_source()["Resources"][function]["Properties"]["MemorySize"]
    return size


def work(name: str, playlists: int) -> dict[str, Any]:
    """Do one invocation's work in a process of its own and return its costs."""
    command = [
        sys.executable,
        "-m",
        "tools.measure.large_catalog",
        name,
        f"--playlists={playlists}",
    ]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    taken: dict[str, Any] = json.loads(done.stdout)
    return taken


linux_only = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")


@linux_only
def test_the_indexer_holds_a_hundred_thousand_playlists() -> None:
    taken = work("index", 100_000)

    assert taken["peak_mb"] < memory_mb("IndexerFunction")
    # Spotify's state and the status document are read twice, the catalog, six pages and the four
    # documents from histories once. The damaged objects and, at the end, the changes and the
    # catalog are listed. No history is read.
    assert taken["calls"] == {"get": 15, "put": 12, "list": 3}


@linux_only
def test_the_lister_holds_a_hundred_thousand_playlists_and_reads_no_alias_twice() -> None:
    taken = work("list", 100_000)

    assert taken["peak_mb"] < memory_mb("ListerFunction")
    # The catalog is read; registry, exclusions and folders of snapshots are listed; one outcome
    # message is the report.
    assert taken["calls"] == {"get": 1, "list": 3, "fetch": 100_000, "outcome": 1}


# The most that SQS takes in one request of ten messages.
REQUEST_BYTES = 2**20
# Spotify's limits for these texts are far lower.
LONG = "\N{ROLLING ON THE FLOOR LAUGHING}" * 1000
HEADER = Header(
    name=LONG, description=LONG, owner=Owner(LONG, LONG, LONG), url=LONG, snapshot_id=LONG
)
LATEST = Latest(RUN, "d" * 64, 10_000)
PAGE_STATUS = PageStatus(
    revision=1,
    alias=LONG,
    name=LONG,
    unique_name=LONG,
    status="not_found",
    since=RUN,
    reason=LONG,
    snapshot_id=LONG,
    gaps=(StatusPeriod(RUN, "not_found", "a reason of a hundred characters".ljust(100), RUN),)
    * NEWEST_GAPS,
)


@pytest.mark.parametrize(
    "message",
    [
        FetchRequest(
            playlist_id=PLAYLIST,
            run=RUN,
            source="registry",
            alias=LONG,
            latest=LATEST,
            snapshot_id=LONG,
            header=HEADER,
            held=Held(RUN, 10_000),
        ),
        Outcome(
            playlist_id=PLAYLIST,
            run=RUN,
            at=RUN,
            status="ok",
            reason=LONG,
            alias=LONG,
            header=HEADER,
            latest=LATEST,
        ),
        RenderRequest(playlist_id=PLAYLIST, page_status=PAGE_STATUS),
    ],
    ids=lambda message: type(message).__name__,
)
def test_ten_of_the_longest_messages_fit_into_one_request(message: Message) -> None:
    assert 10 * len(encode_message(message).encode()) < REQUEST_BYTES


# The most that Lambda takes in one event.
EVENT_BYTES = 6 * 2**20


def test_a_full_batch_of_long_outcomes_fits_into_one_event() -> None:
    """The longest texts are a name of 100, a description and an alias of 300 characters."""
    character = "\N{ROLLING ON THE FLOOR LAUGHING}"
    header = Header(
        name=character * 100,
        description=character * 300,
        owner=Owner("o" * 30, character * 30, "https://open.spotify.com/user/".ljust(60)),
        url="https://open.spotify.com/playlist/".ljust(56),
        snapshot_id="v" * 64,
    )
    outcome = Outcome(
        playlist_id=PLAYLIST,
        run=RUN,
        at=RUN,
        status="ok",
        source="registry",
        alias=character * 300,
        header=header,
        latest=LATEST,
    )
    [record, *_] = json.loads((ROOT / "events" / "outcomes.json").read_text())["Records"]
    record |= {"body": encode_message(outcome), "receiptHandle": "A" * 500}
    batch_size = 1000

    size = len(json.dumps({"Records": [record] * batch_size}, ensure_ascii=False).encode())
    assert size < EVENT_BYTES


MOST_DOLLARS_FOR_A_HUNDRED = 1.50


def test_a_hundred_playlists_cost_little_at_list_price() -> None:
    deployment = Deployment.read()
    bill = estimate(load_counts(), deployment, Assumptions(), 100).bill(deployment)

    assert deployment.alarms
    assert sum(price.of(units) for price, units in bill.values()) < MOST_DOLLARS_FOR_A_HUNDRED


def test_no_function_publishes_a_metric_that_would_have_to_be_paid_for() -> None:
    handlers = [path.read_text() for path in (ROOT / "functions").glob("*/app.py")]
    imported = {
        name.name
        for source in handlers
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }

    assert "Logger" in imported
    assert not {name for name in imported if "metric" in name.lower()}


# One of them is of the table: the playlists that were measured were archived within one year.
MOST_PUTS_OF_A_CHANGE = 13
MOST_PUTS_OF_A_RUN_WITHOUT_NEWS = 4


def test_a_change_and_a_run_without_news_take_as_few_puts_as_the_page_says() -> None:
    writes, page = load_counts().writes, PAGE.read_text(encoding="utf-8")

    assert 0 < writes.most <= MOST_PUTS_OF_A_CHANGE
    assert sum(writes.changed.values()) <= writes.most
    assert 0 < sum(writes.quiet.values()) <= MOST_PUTS_OF_A_RUN_WITHOUT_NEWS
    assert "at most twelve PUTs, and one for each year" in page
    assert "A run without news costs four." in page


def test_the_readme_names_the_computed_costs() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    within_budget = PAGE.read_text(encoding="utf-8").rpartition("| less what is free for ever |")[2]
    listed = PAGE.read_text(encoding="utf-8").rpartition("| **$ a month** |")[2]
    at_list_price, *_ = re.findall(r"[0-9,.]+", listed.partition("\n")[0])
    hundred, ten_thousand, _ = re.findall(r"[0-9,.]+", within_budget.partition("\n")[0])

    text = " ".join(readme.split())
    assert f"A hundred playlists cost ${at_list_price} a month at list price" in text
    assert f"${hundred} beyond AWS's permanent free tier" in text
    assert f"Ten thousand cost ${ten_thousand} within the default request budget" in text


def test_the_page_quotes_the_computed_tables() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert quote(page) == page, "say: make scale"
