"""Archives of the sample library that several tests share."""

import logging
from collections.abc import Iterator

import pytest
import stamina

from tests.support.fakes import FakeBucket
from tests.support.handlers import Handlers
from tests.support.sample_archive import TROUBLE, archive_sample


@pytest.fixture
def handlers() -> Iterator[Handlers]:
    """Yield the functions; afterwards restore the package's logging."""
    package = logging.getLogger("playlist_archive")
    level, former, propagates = package.level, package.handlers, package.propagate
    yield Handlers()
    package.setLevel(level)
    package.handlers, package.propagate = former, propagates


@pytest.fixture(scope="session")
def peaceful_archive() -> FakeBucket:
    """Return the bucket after ten days of the sample library."""
    return archive_sample({})


@pytest.fixture(scope="session")
def troubled_archive() -> FakeBucket:
    """Return the bucket after the same days, on some of which three playlists cannot be read."""
    stamina.set_testing(True, attempts=4, cap=True)
    return archive_sample(TROUBLE)
