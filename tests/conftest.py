"""Fixtures for all levels of tests: no real AWS, no waiting, no network in unit tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

MEASURED = "measured"  # the property of a test with a figure to be printed
_ROOMS = ("tests/integration/", "tests/browser/")  # each shares its fixtures between its files

os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "POWERTOOLS_SERVICE_NAME": "tests",
}
os.environ.pop("AWS_PROFILE", None)

# The tests may run on a slow or shared machine, so no example is timed.
settings.register_profile(
    "archive", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
# Coverage needs only a few examples, and must not depend on chance.
settings.register_profile(
    "coverage", settings.get_profile("archive"), max_examples=5, derandomize=True
)
settings.load_profile("archive")


@pytest.fixture(autouse=True)
def _no_waiting_between_tries() -> Iterator[None]:
    stamina.set_testing(True, attempts=4, cap=True)
    yield
    stamina.set_testing(False)


class _ByRoom(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives one process all tests that share an expensive fixture: a file, the stack, the site."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((room for room in _ROOMS if file.startswith(room)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Replace `--dist`: the groups of xdist's own `loadgroup` are not seen by every pytest."""
    return _ByRoom(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have measured, also of those that pass in another process."""
    reports = [one for some in terminalreporter.stats.values() for one in some]
    measured = [
        value
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == MEASURED and getattr(report, "when", "") == "call"
    ]
    if measured:
        terminalreporter.section("measured")
        terminalreporter.write_line("\n".join(measured))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Forbid sockets in unit tests."""
    if item.get_closest_marker("unit"):
        item.fixturenames.append("socket_disabled")  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def data() -> Path:
    """Return the folder of real playlists and recorded answers, which are outside the project."""
    beside = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("PLAYLIST_ARCHIVE_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real playlists in {folder}; PLAYLIST_ARCHIVE_DATA names another folder")
    return folder
