"""Archives of the sample library that several tests look at."""

import logging
from collections.abc import Iterator

import pytest
import stamina

from tests.support.fakes import FakeBucket
from tests.support.handlers import Handlers
from tests.support.sample_archive import TROUBLE, archive_sample


@pytest.fixture
def handlers() -> Iterator[Handlers]:
    """Yield the functions; afterwards the package logs as it did before."""
    package = logging.getLogger("playlist_archive")
    level, former, propagates = package.level, package.handlers, package.propagate
    yield Handlers()
    package.setLevel(level)
    package.handlers, package.propagate = former, propagates


@pytest.fixture(scope="session")
def peaceful_archive() -> FakeBucket:
    """Return what ten days of the sample library leave behind."""
    return archive_sample({})


@pytest.fixture(scope="session")
def troubled_archive() -> FakeBucket:
    """Return what the same days leave behind when three playlists cannot be read on some of them."""
    stamina.set_testing(True, attempts=4, cap=True)
    return archive_sample(TROUBLE)
