"""An answer that comes late never takes the place of what was asked for after it."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.browser import Watch
from tests.support.site_pages import said, settle, show
from tools.stand_in.sample import SKYLIGHT

pytestmark = pytest.mark.browser


def hold(page: Page, pattern: str) -> list[Route]:
    held: list[Route] = []
    page.route(pattern, lambda route: held.append(route))  # noqa: PLW0108 - Playwright writes on it
    return held


def leave_for(page: Page, route: str) -> None:
    page.evaluate("(route) => { location.hash = route; }", f"#{route}")


def let_go(page: Page, held: list[Route]) -> None:
    """Let the one held answer come, and give it time to be shown."""
    [route] = held
    with page.expect_response(route.request.url):
        route.continue_()
    page.wait_for_timeout(200)


@pytest.mark.parametrize(
    ("shown", "slow", "wanted"),
    [
        ("", "@2026-10-02", "@2026-10-04"),
        ("@2026-10-04..2026-10-07", "@2026-10-02..2026-10-10", "@2026-10-07..2026-10-10"),
    ],
    ids=["a date", "a comparison"],
)
def test_a_late_snapshot_leaves_the_newer_view(
    watch: Watch, shown: str, slow: str, wanted: str
) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}{shown}")
    held = hold(page, "**/snapshots/*/20261002T*.json")

    leave_for(page, f"/playlist/{SKYLIGHT}{slow}")
    page.wait_for_selector("main[aria-busy=true]")
    leave_for(page, f"/playlist/{SKYLIGHT}{wanted}")
    settle(page)
    before = page.title(), said(page)
    let_go(page, held)

    assert (page.title(), said(page)) == before


def test_who_leaves_a_view_before_it_comes_waits_no_longer(watch: Watch) -> None:
    page = show(watch, "/nowhere")
    hold(page, f"**/history/{SKYLIGHT}.json")

    page.evaluate(
        """async (route) => {
            location.hash = route;
            await new Promise((resolve) => addEventListener('hashchange', resolve, { once: true }));
            location.hash = '#/elsewhere';
        }""",
        f"#/playlist/{SKYLIGHT}",
    )
    settle(page)
    page.wait_for_timeout(400)

    assert page.locator("body.waiting").count() == 0


def test_a_song_that_is_found_late_leaves_the_newer_search(watch: Watch) -> None:
    page = show(watch, "/search?q=tide")
    held = hold(page, "**/playlists/songs/*.ids.json")
    page.get_by_role("searchbox").fill("https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC")
    expect(page.get_by_text("Looking for that song")).to_be_visible()

    page.get_by_role("searchbox").fill("tide")
    settle(page)
    before = said(page)
    for route in held:
        route.continue_()
    page.wait_for_timeout(300)

    assert said(page) == before


def test_songs_that_are_found_late_leave_the_focus_where_it_is(watch: Watch) -> None:
    page = show(watch, "/")
    held = hold(page, "**/playlists/songs/*.json")
    page.get_by_role("searchbox").fill("skylight")
    found = page.get_by_role("main").get_by_role("link", name="Rain on the Skylight")
    found.focus()

    assert held
    page.unroute("**/playlists/songs/*.json")  # which lets go of them
    expect(page.get_by_text("Still loading")).to_have_count(0)

    expect(found).to_be_focused()
