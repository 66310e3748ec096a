"""What is missing, damaged, refused or slow is said, and said how to mend it."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Serve
from tests.support.browser import Watch
from tests.support.fakes import FakeBucket
from tests.support.site_pages import SHELL, cells, go, said, settle, show
from tools.stand_in.sample import SKYLIGHT

pytestmark = pytest.mark.browser

HISTORY = f"**/playlists/history/{SKYLIGHT}.json"
type Answer = Callable[[Route], None]

TROUBLES: dict[str, tuple[Answer, str, str]] = {
    "missing": (
        lambda route: route.fulfill(status=404),
        "There is no such document",
        "It may not have been written yet",
    ),
    "damaged": (
        lambda route: route.fulfill(body='{"schema": 1, "pl'),
        "A document is damaged",
        "playlist-archive rebuild",
    ),
    "newer": (
        lambda route: route.fulfill(body='{"schema": 2}'),
        "The archive is newer than this page",
        "Load the page again",
    ),
    "not allowed": (
        lambda route: route.fulfill(status=401),
        "You are not allowed to read this archive",
        "playlist-archive site link",
    ),
    "offline": (
        lambda route: route.abort(),
        "The archive does not answer",
        "Nothing is lost",
    ),
    "failing": (
        lambda route: route.fulfill(status=502),
        "The archive does not answer",
        "Nothing is lost",
    ),
}


def open_with(watch: Watch, route: str, pattern: str, answer: Answer) -> Page:
    watch.tolerate("Failed to load resource")
    page = show(watch, "/nowhere")
    page.route(pattern, answer)
    go(page, route)
    return page


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_document_that_cannot_be_had_is_explained_and_asked_for_again(
    watch: Watch, trouble: str
) -> None:
    answer, title, advice = TROUBLES[trouble]
    page = open_with(watch, f"/playlist/{SKYLIGHT}", HISTORY, answer)

    expect(page.locator("h1")).to_have_text(title)
    expect(page.locator("main")).to_contain_text(advice)
    page.unroute(HISTORY)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("h1")).to_have_text("Rain on the Skylight (wool socks)")


def test_a_playlist_that_nobody_knows_has_no_document(watch: Watch) -> None:
    page = show(watch, "/playlist/fLvaRGojDz6A1qmVo5PEMn")

    assert "There is no such document" in said(page)


def test_a_missing_version_leaves_the_timeline_usable(watch: Watch) -> None:
    page = open_with(
        watch,
        f"/playlist/{SKYLIGHT}@2026-10-04",
        "**/20261004T040000Z.json",
        lambda route: route.fulfill(status=404),
    )

    assert "There is no such document" in said(page)
    page.keyboard.press("[")
    settle(page)
    assert len(cells(page, "title")) == 13


def test_a_failing_version_in_a_comparison_is_explained(watch: Watch) -> None:
    page = open_with(
        watch,
        f"/playlist/{SKYLIGHT}@2026-10-02..2026-10-04",
        "**/20261004T040000Z.json",
        lambda route: route.fulfill(body="<html>"),
    )

    expect(page.locator("h1")).to_have_text("A document is damaged")


@pytest.mark.parametrize("name", ["status", "changes", "index"])
def test_home_shows_the_rest_where_one_document_is_damaged(watch: Watch, name: str) -> None:
    page = open_with(watch, "/", f"**/playlists/{name}.json", lambda route: route.fulfill(body="{"))

    told = said(page)
    assert "A document is damaged" in told
    assert "Lately changed" in told
    assert "One song a day" in told


def test_an_archive_without_playlists_says_how_to_begin(watch: Watch, serve: Serve) -> None:
    watch.tolerate("Failed to load resource")
    watch.url = serve(FakeBucket())
    page = show(watch, "/")

    assert page.locator("h1").inner_text() == "Nothing is archived yet"
    assert "playlist-archive add" in said(page)


def test_an_archive_with_an_empty_index_says_what_the_last_run_found(
    watch: Watch, serve: Serve, sample_archive: FakeBucket
) -> None:
    status = json.loads(sample_archive.objects["playlists/status.json"])
    status |= {"headline": "Nothing is archived yet", "playlists": {}, "failure": "HTTP <b>500</b>"}
    watch.url = serve(
        {
            "playlists/index.json": b'{"schema": 1, "playlists": []}',
            "playlists/status.json": json.dumps(status).encode(),
            "playlists/changes.json": b'{"schema": 1, "playlists": [], "changes": []}',
        }
    )
    page = show(watch, "/")

    assert "The last run was on 10 Oct 2026" in said(page)
    assert "HTTP <b>500</b>" in said(page)


def test_a_search_says_what_it_could_not_search(watch: Watch) -> None:
    page = open_with(
        watch, "/search?q=tide", "**/playlists/songs/1.json", lambda route: route.abort()
    )

    expect(page.locator(".notice")).to_contain_text("Not everything could be searched.")
    expect(page.locator(".notice")).to_contain_text("Everything, ever")


def test_a_slow_document_leaves_the_old_view_until_it_comes(watch: Watch) -> None:
    page = show(watch, "/nowhere")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(HISTORY, hold)

    page.evaluate("(route) => { location.hash = route; }", f"#/playlist/{SKYLIGHT}")
    page.wait_for_selector("body.waiting")
    assert page.locator("h1").inner_text() == "No such page"
    page.evaluate("location.hash = '#/'")
    page.wait_for_selector(".home")
    held[0].continue_()
    page.wait_for_timeout(300)

    # Who went elsewhere meanwhile stays there.
    assert page.title() == "Playlist archive"
    assert page.locator(".home").count() == 1


def test_without_storage_the_pages_work(watch: Watch) -> None:
    page = watch.open("site/blank.html")
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } });"
    )
    page.goto(f"{watch.url}{SHELL}#/playlist/{SKYLIGHT}")
    settle(page)

    assert len(cells(page, "title")) == 13
