"""When a digest mail is due, and the changes in its span of time.

A digest ends with a run, and the next digest begins with that run. It is due a day or a week after
the last one, when its run has all outcomes and pages. If no last digest is known, the next one
begins with the present run, so that no old changes are sent.

A run may read or render a playlist after its digest was sent, for example after a pause that Spotify
asked for. Such a change has the time of that run, and is in the next digest.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal, NamedTuple

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.recent_changes import RecentChange, RecentChanges
from playlist_archive.documents.timestamps import Timestamp, to_timestamp

type Period = Literal["weekly", "daily"]
type DigestEvery = Literal["none"] | Period

# Slightly shorter than a day or a week, because a run may begin a little earlier than the one
# before.
_PERIODS: Mapping[Period, timedelta] = {
    "daily": timedelta(hours=20),
    "weekly": timedelta(days=7, hours=-4),
}
# After this time a digest is sent even if its run is incomplete.
_LONGEST_RUN = timedelta(hours=6)


class Span(NamedTuple):
    """The time from one run to the run that ends a digest; the first digest has no beginning.

    `late` has the playlists that the first run had not read or rendered when its digest was sent,
    with the newest snapshot that was rendered then.
    """

    after: datetime | None
    until: datetime
    late: Mapping[str, Timestamp] = MappingProxyType({})


def span_due(
    catalog: Catalog, every: Period, now: datetime, *, pages_follow: bool = False
) -> Span | None:
    """Return the span of the next digest, None if none is due.

    `pages_follow` says that some pages do not show their newest snapshots yet.
    """
    run, last = _newest_ready(catalog, now, pages_follow=pages_follow), catalog.digested
    if run is None:
        return None
    # After a wrong clock, digests begin anew.
    if last is None or last > now:
        return Span(None, run)
    return Span(last, run, catalog.undigested) if run - last >= _PERIODS[every] else None


def _newest_ready(catalog: Catalog, now: datetime, *, pages_follow: bool) -> datetime | None:
    """Return the beginning of the newest finished or old run, None if there is none."""
    complete = not catalog.overdue() and not pages_follow
    for run in reversed(catalog.runs):
        if complete or now - run.moment_time >= _LONGEST_RUN:
            return run.moment_time if run.moment_time <= now else None
        complete = False
    return None


def changes_within(span: Span, document: RecentChanges) -> list[RecentChange]:
    """Return the changes in the span, newest first."""
    if span.after is None:
        return []
    after, until = to_timestamp(span.after), to_timestamp(span.until)
    return [
        change
        for change in document.changes
        if min(after, span.late.get(change.playlist, after)) < change.time <= until
    ]


def find_late(
    catalog: Catalog, run: datetime, rendered: Mapping[str, Timestamp]
) -> dict[str, Timestamp]:
    """Return the playlists that a run has not read or rendered, with their values in `rendered`.

    `rendered` has the newest snapshot that the pages of each playlist show. If that is unknown, the
    pages count as up to date.
    """
    late: dict[str, Timestamp] = {}
    for playlist_id, entry in catalog.entries.items():
        if entry.latest is None:
            continue
        newest = to_timestamp(entry.latest.time)
        known = rendered.get(playlist_id, newest)
        unread = entry.status != "retired" and (entry.checked is None or entry.checked < run)
        if unread or known < newest:
            late[playlist_id] = known
    return late
