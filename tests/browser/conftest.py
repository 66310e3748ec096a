"""A browser, and sites for it to show."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
import stamina
from playwright.sync_api import Browser, Page

import playlist_archive
from playlist_archive.ports.bucket import Bucket
from playlist_archive_cli.site_objects import read_bucket, read_folder, with_shell
from playlist_archive_cli.site_server import serving
from tests.support.archived_history import archive_history, last_runs
from tests.support.browser import Module, Watch, chromium, find_chromium
from tests.support.fakes import FakeBucket
from tests.support.sample_archive import TROUBLE, archive_sample

SCREENSHOTS = Path(__file__).parent / "screenshots"
BLANK = "site/blank.html"
# Without an icon the browser would ask for one.
_BLANK_PAGE = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Blank</title><link rel="icon" href="data:,">
<body></body></html>
"""
_REPORT = pytest.StashKey[pytest.TestReport]()

type Serve = Callable[[Bucket | Mapping[str, bytes]], str]
type Tell = Callable[[str], None]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep how the test itself ended, for its fixtures."""
    report = yield
    if call.when == "call":
        item.stash[_REPORT] = report
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("there is no Chromium here: install chromium, or name one in CHROMIUM")
    with chromium(path) as running:
        yield running


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Serve archives until the end of all tests; returns the address of each.

    Beside the shell they have its modules one by one.
    """
    module = read_folder(Path(playlist_archive.__file__).parent)
    with ExitStack() as servers:

        def serve(archive: Bucket | Mapping[str, bytes]) -> str:
            read = with_shell(archive.get if isinstance(archive, Mapping) else read_bucket(archive))

            def read_all(key: str) -> bytes | None:
                if key == BLANK:
                    return _BLANK_PAGE
                return read(key) or (module(key) if key.endswith(".js") else None)

            return servers.enter_context(serving(read_all)).url

        yield serve


@pytest.fixture(scope="session")
def sample_archive() -> FakeBucket:
    """Return the bucket after ten days of the sample library, some of which went wrong."""
    stamina.set_testing(True, attempts=4, cap=True)
    return archive_sample(TROUBLE)


@pytest.fixture(scope="session")
def real_archive(data: Path) -> FakeBucket:
    """Return the bucket after six days of real playlists, two months apart."""
    stamina.set_testing(True, attempts=4, cap=True)
    file = data / "playlist-history.jsonl.xz"
    return archive_history(file, last_runs(file, 360)[::60])


@pytest.fixture(scope="session")
def sample_site(serve: Serve, sample_archive: FakeBucket) -> str:
    """Return the address of the sample library's site."""
    return serve(sample_archive)


@pytest.fixture
def watch(request: pytest.FixtureRequest, browser: Browser, sample_site: str) -> Iterator[Watch]:
    """Yield what opens pages of the sample library's site; afterwards all must have behaved."""
    watch = Watch(browser, sample_site)
    yield watch
    troubles, report = watch.untolerated(), request.node.stash.get(_REPORT, None)
    if troubles or (report and report.failed):
        watch.take_screenshots(SCREENSHOTS, request.node.name)
    watch.close()
    assert troubles == []


@pytest.fixture(scope="session")
def script(browser: Browser, sample_site: str) -> Iterator[Page]:
    """Yield a blank page of the site."""
    watch = Watch(browser, sample_site)
    yield watch.open(BLANK)
    watch.close()
    assert watch.untolerated() == []


@pytest.fixture(scope="session")
def module(script: Page) -> Callable[[str], Module]:
    return lambda name: Module(script, name)


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Return what has a figure printed at the end, also of a test that passes."""
    return lambda text: record_property("measured", text)
