from contextlib import closing
from threading import Lock

import pytest

from playlist_archive.bucket import Stored
from playlist_archive.errors import StorageError
from playlist_archive.read_ahead import READS_AHEAD, read_ahead
from tests.fakes import FakeBucket

pytestmark = pytest.mark.unit

KEYS = [f"snapshots/{number:03}" for number in range(5 * READS_AHEAD)]


class CountingBucket(FakeBucket):
    """Counts how often it was read, whichever thread reads."""

    def __init__(self) -> None:
        super().__init__()
        self.objects = {key: key.encode() for key in KEYS}
        self.reads = 0
        self._lock = Lock()

    def get(self, key: str) -> Stored | None:
        with self._lock:
            self.reads += 1
        return super().get(key)


def test_objects_come_in_the_order_of_the_keys() -> None:
    read = [(key, stored and stored.body) for key, stored in read_ahead(CountingBucket(), KEYS)]

    assert read == [(key, key.encode()) for key in KEYS]


def test_what_is_not_there_comes_as_none() -> None:
    assert list(read_ahead(CountingBucket(), ["snapshots/x"])) == [("snapshots/x", None)]


def test_only_a_few_objects_are_read_ahead() -> None:
    bucket = CountingBucket()
    with closing(read_ahead(bucket, KEYS)) as reading:
        for number, _ in enumerate(reading):
            assert bucket.reads <= number + READS_AHEAD
            if number == READS_AHEAD:
                break

    assert bucket.reads <= 2 * READS_AHEAD


def test_an_error_is_raised_where_its_object_would_come() -> None:
    bucket = CountingBucket()

    def fail(_: str, key: str) -> None:
        if key == KEYS[3]:
            raise StorageError(key)

    bucket.before = fail
    reading = read_ahead(bucket, KEYS)

    assert [next(reading)[0] for _ in range(3)] == KEYS[:3]
    with pytest.raises(StorageError):
        next(reading)
