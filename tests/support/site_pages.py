"""What tests of the site do with its pages."""

import json
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Page

from tests.support.browser import Watch

SHELL = "site/index.html"


def show(watch: Watch, route: str, **settings: Any) -> Page:
    """Open the view of a route and wait until it is there."""
    page = watch.open(f"{SHELL}#{route}", **settings)
    settle(page)
    return page


def go(page: Page, route: str) -> None:
    page.evaluate("(route) => { location.hash = route; }", f"#{route}")
    page.wait_for_url(f"**#{route}")
    settle(page)


def settle(page: Page) -> None:
    """Wait until the view that the address names is there, with all rows and all songs to search."""
    page.wait_for_function(
        """() => {
            const main = document.querySelector('main');
            return main.dataset.shown === location.hash && main.ariaBusy === 'false'
                && !main.querySelector('.rows[aria-busy=true]')
                && !main.textContent.includes('Still loading the songs');
        }"""
    )


def route_of(page: Page) -> str:
    return page.url.partition("#")[2]


def cells(page: Page, column: str) -> list[str]:
    """Return the texts of a column of the table that is shown."""
    texts = page.locator(f".rows:visible .chunk .{column}").all_text_contents()
    return [text.strip() for text in texts]


def said(page: Page) -> str:
    """Return all that the view says."""
    return page.locator("main").inner_text()


def document(objects: Mapping[str, bytes], key: str) -> Any:
    return json.loads(objects[key])


def rows_on(objects: Mapping[str, bytes], playlist_id: str, time: str) -> list[Any]:
    """Return the rows of a snapshot by its time, as documents write it."""
    key = time.replace("-", "").replace(":", "")
    rows: list[Any] = document(objects, f"snapshots/{playlist_id}/{key}.json")["rows"]
    return rows


def titles_of(rows: list[Any]) -> list[str]:
    return [
        row["item"]["name"] if "item" in row else "A row that Spotify does not name" for row in rows
    ]
