from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from playlist_archive.errors import StorageError
from playlist_archive.ports.bucket import Stored
from playlist_archive.ports.concurrency import Calls, open_pool
from playlist_archive.ports.read_ahead import READS_AHEAD, read_ahead
from tests.support.fakes import FakeBucket

pytestmark = pytest.mark.unit

KEYS = [f"snapshots/{number:03}" for number in range(5 * READS_AHEAD)]


class Reads:
    """Begins reads on threads, and counts them."""

    def __init__(self, calls: Calls) -> None:
        self.begun = 0
        self.bucket = FakeBucket()
        self.bucket.objects = {key: key.encode() for key in KEYS}
        self._calls = calls

    def begin(self, key: str) -> Future[Stored | None]:
        self.begun += 1
        return self._calls.begin(self.bucket.get, key)


@pytest.fixture
def reads() -> Iterator[Reads]:
    with open_pool() as pool, Calls(pool) as calls:
        yield Reads(calls)


def test_objects_come_in_the_order_of_the_keys(reads: Reads) -> None:
    read = [(key, stored and stored.body) for key, stored in read_ahead(reads.begin, KEYS)]

    assert read == [(key, key.encode()) for key in KEYS]


def test_an_absent_object_comes_as_none(reads: Reads) -> None:
    assert list(read_ahead(reads.begin, ["snapshots/x"])) == [("snapshots/x", None)]


def test_only_a_few_objects_are_read_ahead(reads: Reads) -> None:
    for number, _ in enumerate(read_ahead(reads.begin, KEYS)):
        assert reads.begun <= number + READS_AHEAD


def test_an_error_is_raised_where_its_object_would_come(reads: Reads) -> None:
    def fail(_: str, key: str) -> None:
        if key == KEYS[3]:
            raise StorageError(key)

    reads.bucket.before = fail
    reading = read_ahead(reads.begin, KEYS)

    assert [next(reading)[0] for _ in range(3)] == KEYS[:3]
    with pytest.raises(StorageError):
        next(reading)
