"""Takes the pictures of the site that the documentation shows: `make pictures`."""

import sys

import stamina

from playlist_archive_cli.site_objects import read_bucket, with_shell
from playlist_archive_cli.site_server import serving
from tests.support.browser import Watch, chromium, find_chromium
from tests.support.palette_png import with_palette
from tests.support.quotations import ROOT
from tests.support.sample_archive import TROUBLE, archive_sample
from tests.support.site_pages import SHELL, settle
from tools.stand_in.sample import SKYLIGHT

FOLDER = ROOT / "docs" / "images"
ROUTES = {"home": "/", "playlist": f"/playlist/{SKYLIGHT}@2026-10-04"}
WINDOW = (1120, 700)
# Where this typeface is installed, the pictures look as on most systems; it is as wide as theirs.
_SET_TYPEFACE = """document.documentElement.style.setProperty('--sans', 'Inter, sans-serif')"""
NOW = "2026-10-10T07:00:00Z"  # three hours after the last run


def take_pictures(chromium_path: str) -> None:
    stamina.set_testing(True, attempts=4, cap=True)
    archive = archive_sample(TROUBLE)
    with (
        serving(with_shell(read_bucket(archive))) as server,
        chromium(chromium_path) as browser,
    ):
        for scheme in ("light", "dark"):
            watch = Watch(browser, server.url)
            for name, route in ROUTES.items():
                page = watch.open(size=WINDOW, color_scheme=scheme, locale="en-CA")
                page.clock.set_fixed_time(NOW)
                page.goto(f"{watch.url}{SHELL}#{route}")
                page.evaluate(_SET_TYPEFACE)
                settle(page)
                file = FOLDER / f"site-{name}{'-dark' if scheme == 'dark' else ''}.png"
                file.write_bytes(with_palette(page.screenshot()))
                sys.stdout.write(f"{file.relative_to(ROOT)}: {file.stat().st_size:,} bytes\n")
            watch.close()


if __name__ == "__main__":
    path = find_chromium()
    if path is None:
        sys.exit("there is no Chromium here: install chromium, or name one in CHROMIUM")
    take_pictures(path)
