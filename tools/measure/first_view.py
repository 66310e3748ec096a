"""Measures the time to the site's first contents: `python -m tools.measure.first_view`.

It opens home with a thousand playlists, and a playlist of ten thousand rows, in Chromium with
fourfold CPU throttling, several times each, and takes the median. Nothing else should run.
"""

from statistics import median

import typer
from playwright.sync_api import Browser

from playlist_archive_cli.site_objects import with_shell
from playlist_archive_cli.site_server import serving
from tests.support.browser import chromium, find_chromium
from tests.support.large_site import PLAYLIST, large_site

_TRIES = 9
_SLOWED = 4
_PAGES = {"home with 1,000 playlists": "#/", "a playlist of 10,000 rows": f"#/playlist/{PLAYLIST}"}
_LOOK = """
globalThis.useful = null;
const look = () => {
  if (document.querySelector('.chunk [role=row]')) useful = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


def main() -> None:
    path = find_chromium()
    if path is None:
        raise SystemExit("there is no Chromium here: install chromium, or name one in CHROMIUM")
    site = large_site(playlists=1000, rows=10_000)
    with serving(with_shell(site.get)) as server, chromium(path) as browser:
        for name, route in _PAGES.items():
            took = [_open(browser, server.url + route) for _ in range(_TRIES)]
            print(f"{name}: {median(took):.0f} ms, from {min(took):.0f} to {max(took):.0f}")


def _open(browser: Browser, address: str) -> float:
    """Return the milliseconds until the page shows its first rows."""
    page = browser.new_page()
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWED})
    page.add_init_script(_LOOK)
    page.goto(address)
    page.wait_for_selector(".chunk [role=row]")
    took: float = page.evaluate("useful")
    page.close()
    return took


if __name__ == "__main__":
    typer.run(main)
