"""The size of a playlist over time is drawn as far as anybody knows it, and is the way through it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.browser.conftest import Serve
from tests.support.browser import Watch
from tests.support.large_site import PLAYLIST, large_site
from tests.support.site_pages import route_of, said, settle, show
from tools.stand_in.sample import KITCHEN, SKYLIGHT

pytestmark = pytest.mark.browser


def test_a_playlist_that_cannot_be_read_any_more_is_hatched_until_the_last_run(
    watch: Watch,
) -> None:
    page = show(watch, f"/playlist/{KITCHEN}")

    gap = page.locator(".plot .gap")
    assert gap.count() == 1
    assert page.locator(".readout").inner_text() == "10 Oct 2026: not read"
    box = gap.bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    settle(page)
    assert "Not read since 8 Oct 2026" in page.locator(".notice").last.inner_text()


def test_the_end_of_the_timeline_is_the_last_check(watch: Watch, serve: Serve) -> None:
    watch.url = serve(large_site(rows=10, apart=timedelta(days=90)))
    page = show(watch, f"/playlist/{PLAYLIST}")
    box = page.locator(".plot").bounding_box()
    assert box

    page.mouse.click(box["x"] + box["width"] - 1, box["y"] + 20)
    settle(page)

    assert route_of(page) == f"/playlist/{PLAYLIST}@2027-03-30"


def test_charts_begin_with_the_size(watch: Watch) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}/charts")

    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    settle(page)

    assert route_of(page) == f"/playlist/{SKYLIGHT}@2026-10-08"


def test_a_header_tells_the_size_of_now(watch: Watch) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}@2026-10-04")

    assert "13 songs now" in page.locator(".facts").inner_text()
    assert "12 songs, " in page.locator(".asof").inner_text()


def an_old_archive() -> dict[str, bytes]:
    """Return an archive whose history tells its first change, of 2024, in a document of that year."""
    objects = large_site(rows=3)
    key = f"playlists/history/{PLAYLIST}.json"
    history = json.loads(objects[key])
    old: dict[str, Any] = {"time": "2024-05-20T04:00:00Z", "after": "2024-05-02T04:00:00Z"}
    old |= {"until": old["time"], "counts": {"added": 1, "readded": 0, "removed": 0, "moved": 0}}
    first, second = "2024-05-01T04:00:00Z", old["time"]
    history["snapshots"] += [
        {"time": second, "rows": 3},
        {"time": first, "rows": 3, "source": "git-archive"},
    ]
    history["first_snapshot"] = first
    history["changes"] = [
        {**old, "time": history["last_snapshot"], "after": "2026-10-02T04:00:00Z"}
    ]
    path = f"playlists/history/{PLAYLIST}/2024.json"
    history["older"] = [{"year": 2024, "path": f"/{path}", "changes": 1}]
    objects[key] = json.dumps(history).encode()
    objects[path] = json.dumps({"schema": 1, "changes": [old]}).encode()
    for time in (first, second):
        snapshot = objects[f"snapshots/{PLAYLIST}/20261001T040000Z.json"]
        name = time.replace("-", "").replace(":", "")
        objects[f"snapshots/{PLAYLIST}/{name}.json"] = snapshot
    return objects


@pytest.mark.parametrize(
    ("route", "said_of_it"),
    [
        ("@2024-05-10", "Not read on 10 May 2024. It changed between 2 and 20 May 2024"),
        ("@2024-05-01", "As of 1 May 2024 (imported for 04:00 UTC)"),
        ("@2024-05-02", "As of 2 May 2024, unchanged since 1 May 2024, 04:00 UTC, imported"),
        ("@2024-06-01", "As of 1 Jun 2024, unchanged since 20 May 2024"),
        ("@2024-05-10..2026-10-03", "1 May 2024, 04:00 UTC (the last good read before)"),
    ],
)
def test_a_date_of_long_ago_is_told_by_the_changes_of_its_year(
    watch: Watch, serve: Serve, route: str, said_of_it: str
) -> None:
    watch.url = serve(an_old_archive())

    page = show(watch, f"/playlist/{PLAYLIST}{route}")

    assert said_of_it in " ".join(said(page).split())
