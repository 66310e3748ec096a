"""Concurrent calls: how many run, and when they have ended."""

from concurrent.futures import Executor
from threading import Barrier, Event

import pytest

from playlist_archive.errors import StorageError
from playlist_archive.ports.concurrency import CALLS_AT_ONCE, Calls, open_pool

pytestmark = pytest.mark.unit


def fail() -> None:
    raise StorageError("not now")


def test_as_many_calls_go_on_at_once_as_there_are_threads() -> None:
    meeting = Barrier(CALLS_AT_ONCE)
    with open_pool() as pool, Calls(pool) as calls:
        begun = [calls.begin(meeting.wait, 10) for _ in range(CALLS_AT_ONCE)]

        assert sorted(call.result() for call in begun) == list(range(CALLS_AT_ONCE))


def test_an_error_is_raised_where_the_result_is_asked_for() -> None:
    with open_pool() as pool, Calls(pool) as calls:
        failing, fine = calls.begin(fail), calls.begin(int, "7")

        assert fine.result() == 7
        with pytest.raises(StorageError):
            failing.result()


def test_calls_that_go_on_end_before_an_error_leaves_the_block() -> None:
    begun, may_end = Event(), Event()
    ended: list[str] = []

    def write() -> None:
        begun.set()
        may_end.wait(10)
        ended.append("write")

    def leave(pool: Executor) -> None:
        with Calls(pool) as calls:
            calls.begin(write)
            begun.wait(10)
            failing = calls.begin(fail)
            failing.add_done_callback(lambda _: may_end.set())
            failing.result()

    with open_pool() as pool, pytest.raises(StorageError):
        leave(pool)

    assert ended == ["write"]


def test_calls_whose_turn_has_not_come_are_not_made_any_more() -> None:
    busy, may_end = Barrier(CALLS_AT_ONCE + 1), Event()
    made: list[str] = []

    def block() -> None:
        busy.wait(10)
        may_end.wait(10)

    with open_pool() as pool:
        with Calls(pool) as calls:
            for _ in range(CALLS_AT_ONCE):
                calls.begin(block)
            busy.wait(10)
            late = calls.begin(made.append, "late")
            late.add_done_callback(lambda _: may_end.set())

        assert late.cancelled()
    assert not made


def test_finished_calls_are_not_kept() -> None:
    with open_pool() as pool, Calls(pool) as calls:
        calls.begin(bytes, 10).result()

        assert not calls._going_on
