"""axe-core finds nothing against WCAG 2.2 AA on any page, in light and in dark."""

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page

from tests.browser.test_pages import PAGES
from tests.support.browser import DESKTOP, PHONE, Watch
from tests.support.site_pages import show
from tools.stand_in.sample import SKYLIGHT

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def findings(page: Page) -> list[str]:
    page.evaluate(AXE)
    result: Any = page.evaluate(
        "(rules) => axe.run({ runOnly: { type: 'tag', values: rules } })", RULES
    )
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize(
    ("scheme", "size"), [("light", DESKTOP), ("dark", PHONE)], ids=["light", "dark"]
)
@pytest.mark.parametrize("route", PAGES)
def test_nothing_is_found(watch: Watch, route: str, scheme: str, size: tuple[int, int]) -> None:
    page = show(watch, route, size=size, color_scheme=scheme)

    assert findings(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_found_in_a_dialog(watch: Watch, scheme: str) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}", color_scheme=scheme)
    page.get_by_role("button", name="Download").click()

    assert findings(page) == []


def test_a_fault_would_be_found(watch: Watch) -> None:
    page = show(watch, "/status")
    page.evaluate("document.querySelector('#find').removeAttribute('placeholder')")
    page.evaluate("document.querySelector('search label').remove()")

    assert any(finding.startswith("label") for finding in findings(page))


def test_nothing_moves_for_those_who_want_no_motion(watch: Watch) -> None:
    page = show(watch, "/", reduced_motion="reduce")
    page.evaluate("document.body.classList.add('waiting')")

    name = "getComputedStyle(document.querySelector('#progress'), '::before').animationName"
    assert page.evaluate(name) == "none"


def test_print_leaves_out_what_only_a_screen_can_use(watch: Watch) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}")
    page.emulate_media(media="print")

    assert page.locator(":is(.top, .stepper, .actions, .tabs):visible").count() == 0
    assert page.locator(".rows .title:visible").count() > 10
    edges = page.locator(".rows").evaluate(
        "(it) => [it.getBoundingClientRect().left, it.getBoundingClientRect().right - innerWidth]"
    )
    assert edges == [0, 0]  # what is beyond the edge of the paper is cut off


def test_high_contrast_shows_days_that_were_not_read_and_what_cannot_be_clicked(
    watch: Watch,
) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}", forced_colors="active")

    style = "(it, name) => getComputedStyle(it)[name]"
    assert "gradient" in page.locator(".gap").evaluate(style, "backgroundImage")
    earlier, later = (page.get_by_role("link", name=name) for name in ("Earlier", "Later"))
    assert earlier.evaluate(style, "color") != later.evaluate(style, "color")
