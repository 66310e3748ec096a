"""The size of a playlist over time is drawn as far as anybody knows it, and is the way through it."""

from datetime import timedelta

import pytest

from tests.browser.conftest import Serve
from tests.support.browser import Watch
from tests.support.large_site import PLAYLIST, large_site
from tests.support.site_pages import route_of, settle, show
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
