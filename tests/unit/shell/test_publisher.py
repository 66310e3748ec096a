"""The site's shell in the bucket: indexers that are killed, that come again, or are of two versions."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from posixpath import dirname, join, normpath
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_archive.documents.messages import RunReport
from playlist_archive.indexer.service import Indexer
from playlist_archive.shell.assets import SITE_INDEX, publish_as
from playlist_archive.shell.publisher import SitePublisher
from playlist_archive.shell.site_files import read_shell
from tests.support.a_site import SITE
from tests.support.actors import Actor, Play, act_at_once, play_until
from tests.support.builders import RUN
from tests.support.fakes import FakeBucket, FakeClock, FakeQueue
from tools.chaos.one_at_a_time import OneAtATime

pytestmark = pytest.mark.unit

NEWER = {**SITE, "js/h.js": b"export const h = (text) => text;\n"}
REPORT = RunReport(run=RUN, at=RUN, planned=0, unchanged=0)


def an_indexer(bucket: FakeBucket, files: Mapping[str, bytes]) -> Indexer:
    return Indexer(
        bucket=bucket,
        render_queue=FakeQueue(),
        clock=FakeClock(RUN),
        pool=OneAtATime(),
        site=SitePublisher(bucket, files),
    )


def about_the_site(bucket: FakeBucket) -> Counter[str]:
    """Count the calls about the site by kind, and forget them all."""
    calls = Counter(operation for operation, key in bucket.calls if key.startswith("site/"))
    bucket.calls.clear()
    return calls


def shell(bucket: FakeBucket) -> dict[str, bytes]:
    return {key: body for key, body in bucket.objects.items() if key.startswith("site/")}


def assert_whole(bucket: FakeBucket) -> None:
    """Assert that whatever the stored page leads to is stored."""
    if SITE_INDEX not in bucket.objects:
        return
    waiting, seen = [SITE_INDEX], set[str]()
    while waiting:
        key = waiting.pop()
        assert key in bucket.objects, key
        seen.add(key)
        body = bucket.objects[key].decode()
        for mention in re.findall(r"[\w./]+\.[0-9a-f]{12}\.\w+", body):
            mentioned = normpath(join(dirname(key), mention))
            waiting += [mentioned] if mentioned not in seen else []


def test_the_first_batch_of_a_new_indexer_writes_the_shell() -> None:
    bucket = FakeBucket()

    an_indexer(bucket, SITE).index([REPORT])

    assert shell(bucket) == publish_as(SITE)


def test_the_page_is_written_last_and_asked_for_each_time_and_the_rest_is_kept() -> None:
    bucket = FakeBucket()

    SitePublisher(bucket, SITE).publish(anew=False)

    assert bucket.puts()[-1] == SITE_INDEX
    assert bucket.cache_control.pop(SITE_INDEX) == "no-cache"
    assert set(bucket.cache_control.values()) == {"max-age=31536000, immutable"}
    assert bucket.types[SITE_INDEX] == "text/html; charset=utf-8"


def test_a_warm_indexer_asks_nothing_about_the_site() -> None:
    bucket = FakeBucket()
    indexer = an_indexer(bucket, SITE)
    indexer.index([REPORT])
    about_the_site(bucket)

    indexer.index([REPORT])

    assert about_the_site(bucket) == {}


def test_a_cold_indexer_reads_the_page_once_where_nothing_is_new() -> None:
    bucket = FakeBucket()
    an_indexer(bucket, SITE).index([REPORT])
    about_the_site(bucket)

    an_indexer(bucket, SITE).index([REPORT])

    assert about_the_site(bucket) == {"get": 1}


def test_a_new_version_writes_what_differs_and_keeps_the_old_assets() -> None:
    bucket = FakeBucket()
    an_indexer(bucket, SITE).index([REPORT])
    about_the_site(bucket)

    an_indexer(bucket, NEWER).index([REPORT])

    # The script that differs, the two that import it, and the page.
    assert about_the_site(bucket) == {"get": 1, "list": 1, "put": 4}
    assert shell(bucket) == publish_as(SITE) | publish_as(NEWER)


def test_a_batch_without_messages_has_even_a_warm_indexer_look() -> None:
    bucket = FakeBucket()
    warm = an_indexer(bucket, NEWER)
    warm.index([REPORT])
    an_indexer(bucket, SITE).index([REPORT])

    warm.index([REPORT])
    assert bucket.objects[SITE_INDEX] == publish_as(SITE)[SITE_INDEX]
    warm.index([])
    assert bucket.objects[SITE_INDEX] == publish_as(NEWER)[SITE_INDEX]


def test_a_batch_without_messages_restores_an_asset_that_is_gone() -> None:
    bucket = FakeBucket()
    indexer = an_indexer(bucket, SITE)
    indexer.index([REPORT])
    [lost] = [key for key in bucket.objects if key.startswith("site/js/h.")]
    del bucket.objects[lost]

    indexer.index([])

    assert shell(bucket) == publish_as(SITE)


def test_without_a_shell_nothing_is_published() -> None:
    bucket = FakeBucket()

    an_indexer(bucket, {}).index([])

    assert about_the_site(bucket) == {}


def test_two_versions_that_take_turns_each_write_once() -> None:
    bucket = FakeBucket()
    old, new = an_indexer(bucket, SITE), an_indexer(bucket, NEWER)
    for _ in range(5):
        old.index([REPORT])
        new.index([REPORT])

    assert bucket.puts().count(SITE_INDEX) == 2
    assert bucket.objects[SITE_INDEX] == publish_as(NEWER)[SITE_INDEX]


def publishing(files: Mapping[str, bytes]) -> Play:
    def play(bucket: FakeBucket, queue: FakeQueue) -> None:
        an_indexer(bucket, files).index([REPORT])

    return play


@pytest.mark.parametrize("calls", range(40))
def test_an_indexer_that_is_killed_leaves_a_whole_site_and_the_next_one_goes_on(
    calls: int,
) -> None:
    bucket = FakeBucket()
    publishing(SITE)(bucket, FakeQueue())

    play_until(bucket, FakeQueue(), publishing(NEWER), calls=calls)
    assert_whole(bucket)
    publishing(NEWER)(bucket, FakeQueue())

    assert_whole(bucket)
    assert bucket.objects[SITE_INDEX] == publish_as(NEWER)[SITE_INDEX]


@settings(max_examples=15)
@given(st.integers(0, 10**9))
def test_indexers_of_two_versions_at_once_leave_a_whole_site_at_every_moment(seed: int) -> None:
    bucket, queue = FakeBucket(), FakeQueue()

    class Watched(Actor):
        def step(self, *, die: bool = False) -> None:
            super().step(die=die)
            assert_whole(bucket)

    def start(files: Mapping[str, bytes]) -> Actor:
        return Watched(bucket, queue, publishing(files))

    act_at_once([SITE, NEWER, SITE, NEWER], start, Random(seed), actors=2, deaths=0.02)

    assert_whole(bucket)
    newest = an_indexer(bucket, NEWER)
    newest.index([])
    assert bucket.objects[SITE_INDEX] == publish_as(NEWER)[SITE_INDEX]


def test_the_folder_is_read_with_everything_in_it(tmp_path: Path) -> None:
    for name, body in SITE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(body)

    assert read_shell(tmp_path) == SITE
    assert read_shell(tmp_path / "absent") == {}
