"""The indexer tells the owner at least once what is so, and a mail that fails stops nothing."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest

from playlist_archive.documents.catalog import Catalog, decode_catalog
from playlist_archive.documents.digests import DigestEvery
from playlist_archive.documents.keys import CATALOG, STATUS_JSON
from playlist_archive.documents.messages import Outcome, OutcomeMessage
from playlist_archive.errors import StorageError
from playlist_archive.indexer import event_publisher
from playlist_archive.indexer.notifier import Published, Sending
from playlist_archive.indexer.service import Indexer
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN
from tests.support.fakes import FakeBucket, FakeClock, FakeQueue, FakeTopic
from tests.support.histories import history_of, snapshots_at
from tests.unit.documents.test_alerts import outcome, report
from tools.chaos.one_at_a_time import OneAtATime

pytestmark = pytest.mark.unit

KEY = f"playlist/{PLAYLIST}"
# SQS delivers the messages of an indexer that died again after this time.
REDELIVERED = timedelta(minutes=17)
FAILED: Sequence[OutcomeMessage] = (
    report(0),
    outcome(0, "not_found"),
    outcome(0, "ok", OTHER),
)


class Killed(BaseException):
    """The end of a function at this place."""


def index(
    bucket: FakeBucket,
    topic: FakeTopic | None,
    messages: Sequence[OutcomeMessage],
    day: int = 0,
    *,
    every: DigestEvery = "none",
    later: timedelta = timedelta(0),
) -> None:
    read = {one.playlist_id for one in messages if isinstance(one, Outcome) and one.latest}
    for playlist_id in read:
        bucket.objects |= history_of(snapshots_at(playlist_id, [(RUN, "abc")]))
    Indexer(
        bucket=bucket,
        render_queue=FakeQueue(),
        clock=FakeClock(RUN + day * DAY + later),
        pool=OneAtATime(),
        topic=topic,
        digest_every=every,
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


class Picky(FakeTopic):
    """Refuses each mail whose subject holds a text."""

    def __init__(self, refused: str, error: Exception) -> None:
        super().__init__()
        self._refused, self._error = refused, error

    def publish(self, subject: str, text: str) -> None:
        if self._refused in subject:
            raise self._error
        super().publish(subject, text)


# One that the port promises, and a mistake of ours.
ERRORS = pytest.mark.parametrize("error", [StorageError("too long"), KeyError("nobody")])


@ERRORS
@pytest.mark.parametrize(
    ("refused", "left"), [("nothing new", "attention"), ("attention", "nothing new")]
)
def test_a_mail_that_is_always_refused_neither_repeats_the_other_nor_stops_the_batch(
    error: Exception, refused: str, left: str
) -> None:
    bucket, topic = FakeBucket(), Picky(refused, error)
    index(bucket, topic, good(0), every="weekly")
    for _ in range(5):
        messages = (report(7), outcome(7, "not_found"), outcome(7, "ok", OTHER))
        index(bucket, topic, messages, 7, every="weekly")

    [(subject, _)] = topic.mails
    assert left in subject
    assert stored(bucket).telling is None


class Mistaken:
    """A channel that fails when it is asked, and tells nobody why."""

    def due(self, published: Published, now: datetime) -> Sending | None:
        raise LookupError("a mistake")


def test_a_channel_that_cannot_say_what_is_due_keeps_no_other_from_telling(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_publisher.EventPublisher, "due", Mistaken.due)
    bucket, topic = FakeBucket(), FakeTopic()
    for _ in range(3):
        index(bucket, topic, FAILED)

    assert len(topic.mails) == 1


def test_who_dies_before_it_is_stored_tells_it_again() -> None:
    bucket, topic = FakeBucket(), FakeTopic()

    def kill(operation: str, key: str) -> None:
        if topic.mails and (operation, key) == ("put", CATALOG):
            raise Killed

    bucket.before = kill
    with pytest.raises(Killed):
        index(bucket, topic, FAILED)
    bucket.before = lambda operation, key: None
    index(bucket, topic, FAILED, later=REDELIVERED)

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
        index(bucket, topic, FAILED, later=REDELIVERED)

    assert 1 <= len(topic.mails) <= 2
    assert set(stored(bucket).told) == {KEY}


class Interrupted(FakeTopic):
    """While it sends the first mail, another indexer does the work given."""

    def __init__(self, work: Callable[[FakeTopic], None]) -> None:
        super().__init__()
        self._work: Callable[[FakeTopic], None] | None = work

    def publish(self, subject: str, text: str) -> None:
        super().publish(subject, text)
        work, self._work = self._work, None
        if work:
            work(self)


def test_of_two_indexers_at_once_only_one_tells_the_same() -> None:
    bucket = FakeBucket()
    topic = Interrupted(lambda topic: index(bucket, topic, FAILED))
    index(bucket, topic, FAILED)

    assert len(topic.mails) == 1
    assert set(stored(bucket).told) == {KEY}


def test_what_another_indexer_merges_meanwhile_is_told_as_well() -> None:
    bucket = FakeBucket()
    third = "0" * 22
    wrong = outcome(0, "forbidden", third)
    topic = Interrupted(lambda topic: index(bucket, topic, [wrong]))
    index(bucket, topic, FAILED)

    assert len(topic.mails) == 2
    assert set(stored(bucket).told) >= {KEY, f"playlist/{third}"}
    assert stored(bucket).telling is None


def test_without_a_topic_nothing_is_told_and_later_all_that_is_wrong_then() -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    index(bucket, None, FAILED)
    assert stored(bucket).told == {}

    index(bucket, topic, [report(1), outcome(1, "not_found"), outcome(1, "ok", OTHER)], 1)
    assert len(topic.mails) == 1


def test_what_was_told_is_forgotten_with_the_address_and_its_end_is_not_told_later() -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    index(bucket, topic, FAILED)
    index(bucket, None, (*good(1), outcome(1, "ok", OTHER)), 1)
    assert stored(bucket).told == {}

    topic.mails.clear()
    index(bucket, topic, (*good(300), outcome(300, "ok", OTHER)), 300)
    assert topic.mails == []


@pytest.mark.parametrize("every", ["none", "weekly"])
def test_digests_that_were_switched_off_begin_anew(every: DigestEvery) -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    index(bucket, topic, good(0), every="weekly")
    index(bucket, topic if every == "none" else None, good(1), 1, every=every)
    index(bucket, topic, good(100), 100, every="weekly")
    assert topic.mails == [], "nothing old is sent"

    index(bucket, topic, good(107), 107, every="weekly")
    assert len(topic.mails) == 1


def test_what_was_told_survives_every_merge() -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    index(bucket, topic, FAILED)
    told = stored(bucket).told
    index(bucket, topic, [outcome(0, "ok", OTHER, at=RUN + DAY / 24)])

    assert told
    assert stored(bucket).told == told


def good(day: int) -> Sequence[OutcomeMessage]:
    return report(day), outcome(day, "ok")


@pytest.mark.parametrize(("every", "mails"), [("none", 0), ("weekly", 2), ("daily", 0)])
def test_where_nothing_is_new_only_a_weekly_digest_says_so(every: DigestEvery, mails: int) -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    for day in range(15):
        index(bucket, topic, good(day), day, every=every)

    assert [subject for subject, _ in topic.mails] == ["Playlist archive: nothing new"] * mails


def test_who_dies_before_a_digest_is_stored_sends_it_again_and_never_leaves_it_out() -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    index(bucket, topic, good(0), every="weekly")

    def kill(operation: str, key: str) -> None:
        if topic.mails and (operation, key) == ("put", CATALOG):
            raise Killed

    bucket.before = kill
    with pytest.raises(Killed):
        index(bucket, topic, good(7), 7, every="weekly")
    bucket.before = lambda operation, key: None
    index(bucket, topic, good(7), 7, every="weekly", later=REDELIVERED)
    index(bucket, topic, good(7), 7, every="weekly", later=REDELIVERED)

    assert len(topic.mails) == 2
    assert stored(bucket).digested == RUN + 7 * DAY


def test_after_the_catalog_was_lost_no_old_digest_is_sent() -> None:
    bucket, topic = FakeBucket(), FakeTopic()
    index(bucket, topic, good(0), every="weekly")
    del bucket.objects[CATALOG]
    index(bucket, topic, good(30), 30, every="weekly")

    assert topic.mails == []
    assert stored(bucket).digested == RUN + 30 * DAY
