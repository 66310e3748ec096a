"""Chromium, driven by Playwright, with an eye on everything that a page should not do."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_UNUSUAL = re.compile(r"[^0-9A-Za-z]+")
DESKTOP, PHONE = (1280, 800), (390, 844)


def find_chromium() -> str | None:
    """Return the path of a Chromium, None where there is none."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    """Yield a running browser."""
    with sync_playwright() as playwright:
        # As root it runs only without its sandbox; it sees nothing but these tests' pages.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


class Watch:
    """Opens pages of one site, and keeps what they did amiss in `troubles`."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.pages: list[Page] = []
        self.troubles: list[str] = []
        self._browser = browser
        self._tolerated: list[str] = []

    def open(self, path: str = "", size: tuple[int, int] = DESKTOP, **settings: Any) -> Page:
        """Open a page of the site in a browser of its own, such as `site/index.html#/status`."""
        width, height = size
        context = self._browser.new_context(viewport={"width": width, "height": height}, **settings)
        page = context.new_page()
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on("request", self._on_request)
        self.pages.append(page)
        page.goto(self.url + path)
        return page

    def tolerate(self, text: str) -> None:
        """Let the console say this; Chromium tells there of each answer that is an error."""
        self._tolerated.append(text)

    def close(self) -> None:
        for page in self.pages:
            page.context.close()

    def take_screenshots(self, folder: Path, name: str) -> None:
        folder.mkdir(exist_ok=True)
        for number, page in enumerate(self.pages, start=1):
            page.screenshot(path=folder / f"{_UNUSUAL.sub('-', name)}-{number}.png")

    def untolerated(self) -> list[str]:
        return [
            trouble
            for trouble in self.troubles
            if not any(tolerated in trouble for tolerated in self._tolerated)
        ]

    def _on_console(self, message: ConsoleMessage) -> None:
        self.troubles.append(f"{message.type}: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.troubles.append(f"it asked for {request.url}")


class Module:
    """A module of the site, in a page that shows nothing."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self._name = name

    def __call__(self, expression: str, given: Any = None) -> Any:
        """Return the value of an expression of `it`, the module, and of what is `given`.

        It is awaited.
        """
        return self.page.evaluate(
            f"""async (given) => {{
                const it = await import('/site/js/{self._name}');
                return {expression};
            }}""",
            given,
        )
