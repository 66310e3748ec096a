from datetime import UTC, datetime

import pytest

from playlist_archive.errors import InvalidMessageError
from playlist_archive.events import RebuildEvent, RunEvent, parse_lister_event, parse_render_body

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("event", "parsed"),
    [
        ({}, RunEvent(None)),
        (
            {"time": "2026-10-01T04:00:00Z"},
            RunEvent(datetime(2026, 10, 1, 4, tzinfo=UTC)),
        ),
        (
            {"time": "2026-10-01T04:00:00.250+00:00"},
            RunEvent(datetime(2026, 10, 1, 4, tzinfo=UTC)),
        ),
        (
            {"time": "2026-10-01T06:00:00+02:00"},
            RunEvent(datetime(2026, 10, 1, 4, tzinfo=UTC)),
        ),
        (
            {"time": "2036-10-01T04:00:00Z", "force": True},
            RunEvent(datetime(2036, 10, 1, 4, tzinfo=UTC), force=True),
        ),
        ({"rebuild": "all"}, RebuildEvent("all")),
        ({"rebuild": ["a", "b"]}, RebuildEvent(["a", "b"])),
    ],
)
def test_the_lister_decodes_each_kind_of_event(event: dict[str, object], parsed: object) -> None:
    assert parse_lister_event(event) == parsed


@pytest.mark.parametrize(
    ("event", "word"),
    [
        ({"time": "yesterday"}, "time"),
        ({"time": "2026-10-01T04:00:00"}, "time zone"),
        ({"time": "0001-01-01T00:00:00Z"}, "plausible year"),
        ({"time": "2026-10-01T04:00:00Z", "force": "yes"}, "force"),
        ({"tiem": "2026-10-01T04:00:00Z"}, "tiem"),
        ({"rebuild": "some"}, "rebuild"),
        ({"rebuild": [1]}, "rebuild"),
        ({"Records": [{"s3": {}}]}, "does not know"),
    ],
)
def test_an_unknown_event_is_refused_by_naming_what_is_wrong(
    event: dict[str, object], word: str
) -> None:
    with pytest.raises(InvalidMessageError, match=word):
        parse_lister_event(event)


def test_the_test_event_of_s3_asks_for_nothing() -> None:
    assert parse_render_body('{"Service":"Amazon S3","Event":"s3:TestEvent"}') == (None, [])


def test_keys_in_s3_events_are_decoded() -> None:
    body = '{"Records":[{"eventTime":"2026-10-01T04:00:00Z","s3":{"object":{"key":"snapshots/a%2Bb+c"}}}]}'
    assert parse_render_body(body) == (None, ["snapshots/a+b c"])


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"type":"render/2"}', '{"Records":[{}]}'])
def test_a_body_that_is_no_message_is_refused(body: str) -> None:
    with pytest.raises(InvalidMessageError):
        parse_render_body(body)
