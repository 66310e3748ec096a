"""The renderer's job for one playlist, requested by one message or several."""

import logging
from datetime import datetime
from typing import NamedTuple, Self

from msgspec.structs import replace

from playlist_archive.documents.keys import parse_snapshot_key
from playlist_archive.documents.messages import RenderRequest
from playlist_archive.documents.status import PageStatus

logger = logging.getLogger(__name__)


class RenderJob(NamedTuple):
    """The work for one playlist; `announced` are the times of snapshots in S3 events."""

    request: RenderRequest
    announced: tuple[datetime, ...] = ()

    @classmethod
    def of_snapshot(cls, key: str) -> Self | None:
        """Return the job for a new object, None if it is no snapshot."""
        parsed = parse_snapshot_key(key)
        if parsed is None:
            logger.info("%s is no snapshot", key)
            return None
        playlist_id, time = parsed
        return cls(RenderRequest(playlist_id=playlist_id), (time,))


def join_jobs(one: RenderJob, other: RenderJob) -> RenderJob:
    """Return one job that does the work of two jobs of the same playlist."""
    first, second = one.request, other.request
    request = replace(
        first,
        run=max((run for run in (first.run, second.run) if run), default=None),
        page_status=_newer(first.page_status, second.page_status),
        rebuild=first.rebuild or second.rebuild,
    )
    return RenderJob(request, tuple(sorted({*one.announced, *other.announced})))


def _newer(one: PageStatus | None, other: PageStatus | None) -> PageStatus | None:
    if one is None or other is None:
        return one or other
    return one if one.revision >= other.revision else other
