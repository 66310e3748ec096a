"""Render jobs that are joined from several messages."""

import pytest
from msgspec.structs import replace

from playlist_archive.documents.keys import snapshot_key
from playlist_archive.documents.messages import RenderRequest, encode_message
from playlist_archive.documents.render_jobs import RenderJob, join_jobs
from playlist_archive.documents.status import PageStatus
from playlist_archive.errors import InvalidMessageError
from playlist_archive.events import RenderOrder, parse_render_batch
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN
from tests.support.handlers import snapshot_created, sqs_event

pytestmark = pytest.mark.unit

PAGE_STATUS = PageStatus(
    revision=2, name="Harbour mix", unique_name="Harbour mix", status="ok", since=RUN
)
ASKED = RenderRequest(playlist_id=PLAYLIST, run=RUN, page_status=PAGE_STATUS)
REBUILD = RenderRequest(playlist_id=PLAYLIST, run=RUN + DAY, rebuild=True)
OLDER = RenderRequest(playlist_id=PLAYLIST, page_status=replace(PAGE_STATUS, revision=1))


def created(*days: int) -> RenderJob:
    return RenderJob(
        RenderRequest(playlist_id=PLAYLIST), tuple(RUN + day * DAY for day in sorted(days))
    )


@pytest.mark.parametrize(
    ("one", "other", "joined"),
    [
        (created(0), created(1), created(0, 1)),
        (created(0), created(0), created(0)),
        (RenderJob(ASKED), created(1), RenderJob(ASKED, (RUN + DAY,))),
        (RenderJob(ASKED), RenderJob(OLDER), RenderJob(ASKED)),
        (
            RenderJob(ASKED),
            RenderJob(REBUILD),
            RenderJob(replace(REBUILD, page_status=PAGE_STATUS)),
        ),
    ],
)
def test_joined_jobs_do_the_work_of_both(
    one: RenderJob, other: RenderJob, joined: RenderJob
) -> None:
    assert join_jobs(one, other) == joined
    assert join_jobs(other, one) == joined


def test_a_batch_has_one_order_for_each_playlist_and_rebuilds_last() -> None:
    elsewhere = snapshot_created(snapshot_key(OTHER, RUN))
    first, second = (snapshot_created(snapshot_key(PLAYLIST, RUN + day * DAY)) for day in (1, 0))
    batch = parse_render_batch(
        sqs_event([first, encode_message(REBUILD), elsewhere, "{", second, snapshot_created("x")])
    )

    assert batch.orders == [
        RenderOrder(RenderJob(RenderRequest(playlist_id=OTHER), (RUN,)), ("2",)),
        RenderOrder(RenderJob(REBUILD, (RUN, RUN + DAY)), ("0", "1", "4")),
    ]
    assert batch.idle == ["5"]
    assert {name: type(error) for name, error in batch.malformed.items()} == {
        "3": InvalidMessageError
    }
