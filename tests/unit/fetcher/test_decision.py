"""The decision about a reading: a snapshot, a held loss, or nothing new."""

from datetime import timedelta
from typing import Any

import pytest

from playlist_archive.documents.messages import FetchRequest, Held, Latest
from playlist_archive.fetcher.decision import Changed, Unchanged, decide, name_snapshot, run_of_read
from tests.support.builders import DAY, PLAYLIST, RUN, a_header, a_reading

pytestmark = pytest.mark.unit

READ_AT = RUN + timedelta(minutes=3)
HOUR = timedelta(hours=1)


def a_request(**fields: Any) -> FetchRequest:
    return FetchRequest(**{"playlist_id": PLAYLIST, "run": RUN, "source": "registry", **fields})


def a_kept() -> Changed:
    kept = decide(a_request(run=RUN - DAY), a_reading(1, 2, 3), None, READ_AT - DAY)
    assert isinstance(kept, Changed)
    return kept


def test_a_first_reading_is_kept_under_the_name_of_its_run() -> None:
    kept = decide(a_request(), a_reading(1, 2), None, READ_AT)

    assert isinstance(kept, Changed)
    assert (kept.snapshot.time, kept.snapshot.read_at) == (RUN, READ_AT)
    assert kept.latest == Latest(RUN, kept.snapshot.content_hash(), 2)


def test_a_reading_of_the_known_version_is_unchanged_and_was_not_read() -> None:
    known = a_reading()._replace(rows=None)

    assert decide(a_request(), known, a_kept().latest, READ_AT) == Unchanged(read=False)


def test_a_reading_that_repeats_the_newest_snapshot_is_unchanged() -> None:
    newest = a_kept().latest

    assert decide(a_request(), a_reading(1, 2, 3), newest, READ_AT) == Unchanged(read=True)


def test_a_redelivery_knows_the_snapshot_that_its_run_wrote() -> None:
    kept = decide(a_request(), a_reading(1), None, READ_AT)
    assert isinstance(kept, Changed)

    again = decide(a_request(), a_reading(1), kept.latest, READ_AT + HOUR)

    assert again == Unchanged(read=True, written=True)


def test_a_new_description_alone_is_a_change() -> None:
    reading = a_reading(1, 2, 3)._replace(header=a_header(name="Another name"))

    assert isinstance(decide(a_request(), reading, a_kept().latest, READ_AT), Changed)


@pytest.mark.parametrize(
    ("before", "now", "held"),
    [(1, 0, True), (20, 9, True), (20, 10, False), (19, 1, False), (0, 0, False)],
)
def test_a_loss_of_everything_or_of_more_than_half_of_twenty_is_held(
    before: int, now: int, held: bool
) -> None:
    newest = Latest(RUN - DAY, "digest", before)
    decided = decide(a_request(), a_reading(*range(now)), newest, READ_AT)

    assert decided == Held(RUN, now) if held else isinstance(decided, Changed)


@pytest.mark.parametrize(
    ("request_", "confirmed"),
    [
        pytest.param(a_request(held=Held(RUN - DAY, 5)), True, id="a later run"),
        pytest.param(a_request(held=Held(RUN, 5)), False, id="the same run again"),
        pytest.param(a_request(held=Held(RUN + DAY, 5)), False, id="an earlier run"),
        pytest.param(
            a_request(held=Held(RUN - DAY, 5), registration=True), False, id="a registration"
        ),
        pytest.param(a_request(held=Held(RUN - DAY, 200)), False, id="far more is lost this time"),
        pytest.param(a_request(held=Held(RUN - DAY, 0)), False, id="everything was lost before"),
    ],
)
def test_only_a_later_run_that_loses_as_much_confirms_a_loss(
    request_: FetchRequest, confirmed: bool
) -> None:
    newest = Latest(RUN - 2 * DAY, "digest", 400)
    decided = decide(request_, a_reading(*range(6)), newest, READ_AT)

    assert isinstance(decided, Changed) is confirmed


def test_a_registration_does_not_put_off_the_confirmation_of_a_loss() -> None:
    newest = Latest(RUN - 2 * DAY, "digest", 40)
    request = a_request(held=Held(RUN - DAY, 5), registration=True)

    assert decide(request, a_reading(1), newest, READ_AT) == Held(RUN - DAY, 1)


def test_a_late_reading_belongs_to_no_run_and_is_named_by_its_moment() -> None:
    newest = Latest(RUN + HOUR, "digest", 1)
    late = RUN + 6 * HOUR

    assert run_of_read(RUN, late, newest) == late
    assert name_snapshot(a_request(), late, newest) == late


def test_a_snapshot_never_sorts_before_one_that_was_read_earlier() -> None:
    ahead = Latest(RUN + 3650 * DAY, "digest", 1)

    assert name_snapshot(a_request(), READ_AT, ahead) == ahead.time + timedelta(seconds=1)
    assert name_snapshot(a_request(checked=RUN), READ_AT, None) == READ_AT
