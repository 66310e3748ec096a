"""The indexer tells the owner at least once what is so, and a mail that fails stops nothing."""

from collections.abc import Sequence

import pytest

from playlist_archive.documents.catalog import Catalog, decode_catalog, encode_catalog
from playlist_archive.documents.keys import CATALOG, STATUS_JSON
from playlist_archive.documents.merge import merge
from playlist_archive.documents.messages import OutcomeMessage
from playlist_archive.indexer import Indexer
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN
from tests.support.fakes import FakeBucket, FakeClock, FakeQueue, FakeTopic
from tests.unit.documents.test_concerns import outcome, report
from tools.chaos.one_at_a_time import OneAtATime

pytestmark = pytest.mark.unit

KEY = f"playlist/{PLAYLIST}"
FAILED: Sequence[OutcomeMessage] = (
    report(0),
    outcome(0, "not_found"),
    outcome(0, "ok", OTHER),
)


class Killed(BaseException):
    """The end of a function at this place."""


def index(
    bucket: FakeBucket, topic: FakeTopic | None, messages: Sequence[OutcomeMessage], day: int = 0
) -> None:
    Indexer(
        bucket=bucket,
        render_queue=FakeQueue(),
        clock=FakeClock(RUN + day * DAY),
        pool=OneAtATime(),
        topic=topic,
    ).index(messages)


def stored(bucket: FakeBucket) -> Catalog:
    return decode_catalog(bucket.objects[CATALOG])


def test_a_failure_is_mailed_once_and_its_end_once() -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    index(bucket, topic, FAILED)
    index(bucket, topic, FAILED)
    index(bucket, topic, (report(1), outcome(1, "ok"), outcome(1, "ok", OTHER)), 1)
    index(bucket, topic, (report(2), outcome(2, "ok"), outcome(2, "ok", OTHER)), 2)

    assert [subject for subject, _ in topic.mails] == [
        "Playlist archive: 1 thing needs attention",
        "Playlist archive: well again",
    ]


def test_many_playlists_that_fail_in_one_run_are_one_mail_whatever_the_batches() -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    ids = [f"{number:022d}" for number in range(50)]
    good = [outcome(0, "ok", playlist_id) for playlist_id in ids]
    index(bucket, topic, [report(0), *good])
    index(bucket, topic, [report(1)], 1)
    for playlist_id in ids:
        index(bucket, topic, [outcome(1, "not_found", playlist_id)], 1)

    [(subject, text)] = topic.mails
    assert subject == "Playlist archive: 51 things need attention", "and nothing could be read"
    assert "- and 31 more" in text


def test_a_mail_that_fails_stops_nothing_and_is_sent_with_the_next_batch() -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    topic.broken = True
    index(bucket, topic, FAILED)
    assert STATUS_JSON in bucket.objects
    assert stored(bucket).told == {}

    topic.broken = False
    index(bucket, topic, [])
    assert len(topic.mails) == 1
    assert set(stored(bucket).told) == {KEY}


def test_who_dies_before_it_is_stored_tells_it_again() -> None:
    bucket, topic = FakeBucket(), FakeTopic()

    def kill(operation: str, key: str) -> None:
        if topic.mails and (operation, key) == ("put", CATALOG):
            raise Killed

    bucket.before = kill
    with pytest.raises(Killed):
        index(bucket, topic, FAILED)
    bucket.before = lambda operation, key: None
    index(bucket, topic, FAILED)

    assert len(topic.mails) == 2


@pytest.mark.parametrize("place", range(40))
def test_wherever_an_indexer_dies_the_redelivery_tells_it(place: int) -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    left = [place]

    def kill(operation: str, key: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    bucket.before = kill
    try:
        index(bucket, topic, FAILED)
    except Killed:
        bucket.before = lambda operation, key: None
        index(bucket, topic, FAILED)

    assert 1 <= len(topic.mails) <= 2
    assert set(stored(bucket).told) == {KEY}


def test_an_indexer_that_was_overtaken_tells_what_the_newest_catalog_says() -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    overtaken: list[str] = []

    def overtake(operation: str, key: str) -> None:
        # The last listing of the catalog is the one before the mail.
        if operation == "list" and key == CATALOG and len(overtaken) < 2:
            overtaken.append(key)
            if len(overtaken) == 2:
                newer = merge(stored(bucket), [outcome(0, "ok", at=RUN + DAY / 24)])
                bucket.objects[CATALOG] = encode_catalog(newer)

    bucket.before = overtake
    index(bucket, topic, FAILED)

    assert len(overtaken) == 2
    assert topic.mails == []


def test_without_a_topic_nothing_is_told_and_later_all_that_is_wrong_then() -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    index(bucket, None, FAILED)
    assert stored(bucket).told == {}

    index(bucket, topic, [report(1), outcome(1, "not_found"), outcome(1, "ok", OTHER)], 1)
    assert len(topic.mails) == 1


def test_what_was_told_survives_every_merge() -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    index(bucket, topic, FAILED)
    told = stored(bucket).told
    index(bucket, topic, [outcome(0, "ok", OTHER, at=RUN + DAY / 24)])

    assert told
    assert stored(bucket).told == told
