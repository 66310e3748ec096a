"""Whoever has no mouse gets everywhere, and whoever goes back comes back to the same place."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.browser import PHONE, Watch
from tests.support.site_pages import cells, go, route_of, settle, show
from tools.stand_in.sample import SKYLIGHT

pytestmark = pytest.mark.browser

EVERYTHING = "sJXw9QBfQunleKyaQPcjX1"
COMPARISON = f"/playlist/{SKYLIGHT}@2026-10-04..2026-10-07"


def focused(page: Page) -> str:
    """Return the name of what has the focus."""
    told: str = page.evaluate(
        "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
    )
    return told.strip()


def tab_to(page: Page, name: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page).startswith(name):
            return
    raise AssertionError(f"no Tab leads to {name}")


def test_the_keyboard_alone_leads_everywhere(watch: Watch) -> None:
    page = show(watch, "/")

    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the contents"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"

    page.keyboard.press("/")
    page.keyboard.type("skylight")
    page.wait_for_selector("main a[href^='#/playlist/']")
    tab_to(page, "Rain on the Skylight")
    page.keyboard.press("Enter")
    settle(page)
    assert focused(page) == "Rain on the Skylight (wool socks)"

    tab_to(page, "Date on the timeline")
    slider = page.get_by_role("slider")
    page.keyboard.press("ArrowLeft")
    settle(page)
    assert route_of(page) == f"/playlist/{SKYLIGHT}@2026-10-08"
    expect(slider).to_be_focused()
    expect(slider).to_have_attribute("aria-valuetext", "8 Oct 2026, 04:00 UTC: 13 rows")
    page.keyboard.press("Home")
    settle(page)
    assert route_of(page) == f"/playlist/{SKYLIGHT}@2026-10-01"
    page.keyboard.press("End")
    settle(page)

    for key, route in (("[", "@2026-10-08"), ("[", "@2026-10-07"), ("]", "@2026-10-08"), ("n", "")):
        page.keyboard.press(key)
        settle(page)
        assert route_of(page) == f"/playlist/{SKYLIGHT}{route}"

    page.keyboard.press("c")
    settle(page)
    assert route_of(page) == f"/playlist/{SKYLIGHT}@2026-10-08..2026-10-10"
    page.keyboard.press("[")
    settle(page)
    assert route_of(page) == f"/playlist/{SKYLIGHT}@2026-10-07..2026-10-08"

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Help and keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_keys_can_be_switched_off(watch: Watch) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}")

    page.keyboard.press("?")
    page.get_by_label("Letters and signs act as keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("[")
    settle(page)

    assert route_of(page) == f"/playlist/{SKYLIGHT}"


def test_a_key_in_a_field_is_only_a_letter(watch: Watch) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}")

    page.keyboard.press("/")
    page.keyboard.type("n[c")

    assert page.get_by_role("searchbox").input_value() == "n[c"


def test_going_back_comes_back_to_the_link_and_the_place(watch: Watch) -> None:
    page = show(watch, f"/playlist/{EVERYTHING}")
    link = page.locator(".rows .title a").nth(700)
    link.scroll_into_view_if_needed()
    page.wait_for_timeout(400)
    name, place = link.inner_text(), page.evaluate("scrollY")
    assert place > 5000

    link.click()
    settle(page)
    assert page.locator("h1").inner_text() == name
    assert page.evaluate("scrollY") == 0
    page.go_back()
    settle(page)

    expect(page.locator(":focus")).to_have_text(name)
    assert abs(page.evaluate("scrollY") - place) < 400
    page.go_forward()
    settle(page)
    assert page.locator("h1").inner_text() == name


def test_whatever_leads_to_another_view_leads_the_focus_to_its_title(watch: Watch) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}")
    title = page.locator("h1")

    for key in "cnc":
        page.keyboard.press(key)
        settle(page)
        expect(title).to_be_focused()
    page.go_back()
    settle(page)
    expect(title).to_be_focused()
    page.go_forward()
    settle(page)
    expect(title).to_be_focused()
    page.get_by_role("link", name="Status").click()
    settle(page)
    expect(title).to_be_focused()
    page.get_by_role("searchbox").focus()
    page.go_back()
    settle(page)
    expect(title).to_be_focused()


@pytest.mark.parametrize("route", [f"/playlist/{SKYLIGHT}@2026-10-04", COMPARISON])
def test_stepping_leaves_the_focus_where_it_is(watch: Watch, route: str) -> None:
    page = show(watch, route)
    date = page.locator(".stepper input").first
    for leave in ("[", "]", page.go_back, page.go_forward):
        page.locator("h1").evaluate("(it) => { it.tabIndex = -1; it.focus(); }")
        if callable(leave):
            leave()
        else:
            page.keyboard.press(leave)
        settle(page)
        expect(page.locator("h1")).to_be_focused()
    assert date.input_value() == "2026-10-04"


def test_going_back_comes_back_to_the_place_from_which_a_key_led(watch: Watch) -> None:
    page = show(watch, f"/playlist/{EVERYTHING}")
    page.evaluate("scrollTo(0, 3000)")
    page.wait_for_function("() => history.state?.y === 3000")

    page.keyboard.press("c")
    settle(page)
    assert page.evaluate("scrollY") == 0
    page.go_back()
    settle(page)

    page.wait_for_function("() => scrollY === 3000")
    expect(page.locator("h1")).to_be_focused()


def test_scrolling_on_while_a_view_loads_says_nothing_of_that_view(watch: Watch) -> None:
    page = show(watch, "/")
    held: list[Route] = []
    page.route(f"**/history/{SKYLIGHT}.json", lambda route: held.append(route))  # noqa: PLW0108

    page.get_by_role("main").get_by_role("link", name="Rain on the Skylight").first.click()
    page.wait_for_selector("body.waiting")
    page.evaluate("scrollTo(0, 100)")
    page.wait_for_timeout(400)
    held[0].continue_()
    settle(page)

    assert page.evaluate("[scrollY, history.state?.y ?? 0]") == [0, 0]
    expect(page.locator("h1")).to_be_focused()


def test_typing_keeps_the_focus_and_makes_one_step_of_history(watch: Watch) -> None:
    page = show(watch, "/")
    before = page.evaluate("history.length")

    page.evaluate(
        """() => {
            const find = document.getElementById('find');
            find.focus();
            for (const text of ['s', 'sk', 'sky']) {
                find.value = text;
                find.dispatchEvent(new Event('input'));
            }
        }"""
    )
    settle(page)
    assert (route_of(page), page.evaluate("history.length") - before) == ("/search?q=sky", 1)
    expect(page.get_by_role("searchbox")).to_be_focused()

    page.go_back()
    settle(page)
    assert (route_of(page), page.get_by_role("searchbox").input_value()) == ("/", "")


def test_typing_on_after_going_back_keeps_the_focus(watch: Watch) -> None:
    page = show(watch, "/search?q=skylight")
    page.get_by_role("main").get_by_role("link", name="Rain on the Skylight").first.click()
    settle(page)
    page.go_back()
    settle(page)

    page.get_by_role("searchbox").press_sequentially(" ")
    settle(page)
    page.wait_for_timeout(200)

    expect(page.get_by_role("searchbox")).to_be_focused()


def test_another_date_leaves_the_page_where_it_is(watch: Watch) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}", size=PHONE)
    page.evaluate("scrollTo(0, 300)")
    page.wait_for_timeout(300)

    page.keyboard.press("[")
    settle(page)

    assert page.evaluate("scrollY") == 300


def test_a_change_of_view_is_announced(watch: Watch) -> None:
    page = show(watch, "/")

    go(page, f"/playlist/{SKYLIGHT}@2026-10-05")

    expect(page.locator("#said")).to_contain_text("Not read 5 to 6 Oct 2026")
    expect(page).to_have_title("Rain on the Skylight (wool socks) on 5 Oct 2026 · Playlist archive")


def test_a_long_list_can_be_searched_to_its_last_row(watch: Watch) -> None:
    page = show(watch, f"/playlist/{EVERYTHING}")

    assert len(cells(page, "title")) == 1201
    last = page.locator(".rows .chunk [role=row]").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()


def test_who_comes_back_to_the_page_gets_what_is_new(watch: Watch) -> None:
    page = show(watch, "/status")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    go(page, "/")
    assert not [url for url in asked if url.endswith("status.json")]
    page.evaluate("dispatchEvent(new Event('visibilitychange'))")
    go(page, "/status")

    assert len([url for url in asked if url.endswith("status.json")]) == 1
