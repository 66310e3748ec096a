"""Stores the follower numbers of each playlist by day. Only reads of the playlist have a number."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from playlist_archive.documents.catalog import Catalog, Entry
from playlist_archive.documents.content_types import JSON
from playlist_archive.documents.keys import followers_key
from playlist_archive.documents.messages import Outcome, OutcomeMessage
from playlist_archive.documents.runs import FURTHEST_AHEAD
from playlist_archive.errors import UNREADABLE
from playlist_archive.ports.bucket import Bucket, copy_damaged, update

Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Count = Annotated[int, Meta(ge=0, le=10**12)]


def write_follower_numbers(
    bucket: Bucket,
    before: Catalog,
    catalog: Catalog,
    messages: Iterable[OutcomeMessage],
    now: datetime,
) -> None:
    """Store the follower numbers of a batch; a playlist that was not read gets none.

    Raises:
        ConflictError: other indexers wrote the object in all tries.
    """
    reported: dict[str, dict[str, int]] = defaultdict(dict)
    for message in messages:
        if isinstance(message, Outcome):
            playlist_id, header = message.playlist_id, message.header
            if message.status == "ok" and header and header.followers is not None:
                reported[playlist_id][_day(message.run)] = header.followers
    for playlist_id, known in before.entries.items():
        # A run's report may also invalidate results of a run ahead of the clock.
        if known.at < known.run and _refutes_a_number(playlist_id, before, catalog):
            reported[playlist_id] |= {}
    last = _day(now + FURTHEST_AHEAD)
    for playlist_id, numbers in reported.items():
        change = _noting(catalog.entries[playlist_id], numbers, last)
        key = followers_key(playlist_id)
        try:
            update(bucket, key, JSON, change)
        except UNREADABLE:
            if stored := bucket.get(key):
                copy_damaged(bucket, key, stored.body, now)
                bucket.put(key, change(None), JSON, replacing=stored.etag)


def _refutes_a_number(playlist_id: str, before: Catalog, after: Catalog) -> bool:
    """Whether a follower number was dropped because its run was ahead of the clock."""
    known = before.entries.get(playlist_id)
    if known is None:
        return False
    return bool(known.history.followers().keys() - after.entries[playlist_id].history.followers())


def _noting(entry: Entry, numbers: Mapping[str, int], last: str) -> Callable[[bytes | None], bytes]:
    """Return a function that adds an entry's follower numbers to the stored series by day.

    The last run of a day counts. `numbers`, from before the entry's own, fill days without a
    number. A day after `last` is kept only while the entry has it.
    """
    recent = entry.history.followers()

    def note(stored: bytes | None) -> bytes:
        known = msgspec.json.decode(stored, type=dict[Day, Count]) if stored is not None else {}
        older = {day: number for day, number in {**numbers, **known}.items() if day <= last}
        series = dict(sorted({**older, **recent}.items()))
        return msgspec.json.format(msgspec.json.encode(series), indent=2) + b"\n"

    return note


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
