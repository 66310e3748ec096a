"""Pasts of a playlist: what its runs found and what was brought in, drawn by Hypothesis.

From one follow the documents that the archive publishes, and by brute force what they may say.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile
from typing import Literal, NamedTuple
from unittest.mock import patch

import msgspec
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents import fold as folding
from playlist_archive.documents.fold import Fold
from playlist_archive.documents.history import History, HistoryOfYear
from playlist_archive.documents.ledger import with_page_status
from playlist_archive.documents.playlist import HeaderField
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.status import Check, Stamp, Status
from playlist_archive.documents.status import History as Checks
from playlist_archive.documents.timestamps import Timestamp, to_timestamp
from playlist_archive.views import render_pages
from playlist_archive_cli.dates import Date, parse_date
from playlist_archive_cli.published import PlaylistStatus
from tests.support.strategies import PLAYLIST_ID, from_source, page_status_of, snapshot_of

BEGIN = datetime(2023, 12, 20, tzinfo=UTC)
_HOURS = (0, 4, 16, 23)


class Run(NamedTuple):
    """What a run found: songs as `snapshot_of` takes them, or why it could not read them."""

    time: datetime
    songs: str
    status: Status = "ok"


class Past(NamedTuple):
    """Runs and imports; nobody can read the snapshots of the times that are `damaged`."""

    runs: Sequence[Run]
    imports: Sequence[Snapshot]
    damaged: frozenset[datetime]

    def live(self) -> Iterator[Snapshot]:
        """Yield the snapshots that the runs made."""
        before: Run | None = None
        checked: datetime | None = None
        for run in self.good():
            if before is None or run.songs != before.songs:
                one = snapshot_of(run.songs, previous_check=checked)
                yield replace(one, time=run.time, read_at=run.time)
            before, checked = run, run.time

    def good(self) -> list[Run]:
        return [run for run in self.runs if run.status == "ok"]

    def snapshots(self) -> list[Snapshot]:
        """Return all that can be read, oldest first."""
        return sorted(
            (one for one in (*self.live(), *self.imports) if one.time not in self.damaged),
            key=lambda one: one.time,
        )


class Published(NamedTuple):
    history: History
    years: dict[int, HistoryOfYear]
    status: PlaylistStatus


def publish(past: Past) -> Published:
    """Return what the archive publishes of a past; all but a few changes stand in years' documents."""
    checks = Checks()
    for run in past.runs:
        stamp = Stamp.of(run.time, run.time)
        checks = checks.add(Check(stamp.run, stamp.after, run.status, f"it was {run.status}"))
    last, latest = past.runs[-1], max(one.time for one in (*past.live(), *past.imports))
    status = PlaylistStatus(
        name="Kitchen radio",
        status=last.status,
        since=to_timestamp(checks.periods()[-1].first),
        reason="" if last.status == "ok" else f"it was {last.status}",
        overdue_since=None,
        last_checked=_timestamp(checks.last_good()),
        last_changed=to_timestamp(latest),
    )
    with patch.multiple(folding, NEWEST_CHANGES=4, ARCHIVED_AT_ONCE=2):
        fold, skipped = Fold(None), list[datetime]()
        for one in sorted((*past.live(), *past.imports), key=lambda one: one.time):
            if one.time in past.damaged:
                skipped.append(one.time)
                continue
            fold.add(one, skipped)
            skipped.clear()
    ledger = fold.ledger()
    assert ledger
    pages = render_pages(with_page_status(ledger, page_status_of(gaps=checks.gaps())))
    key = f"playlists/history/{PLAYLIST_ID}"
    history = msgspec.json.decode(pages[f"{key}.json"].body, type=History)
    years = {
        older.year: msgspec.json.decode(pages[older.path[1:]].body, type=HistoryOfYear)
        for older in history.older
    }
    return Published(history, years, status)


def _timestamp(time: datetime | None) -> Timestamp | None:
    return to_timestamp(time) if time else None


type Kind = Literal["before", "read", "gap", "unseen", "behind", "failing", "after", "unchanged"]


class Truth(NamedTuple):
    """What has to be said of a date, and which snapshot shows it."""

    kind: Kind
    snapshot: Timestamp | None


def tell(past: Past, on: Date | None) -> Truth:
    """Say by brute force what is known of a date."""
    snapshots = past.snapshots()
    last = on.last if on else "9"
    known = [one for one in snapshots if to_timestamp(one.time) <= last]
    if not known:
        return Truth("before", None)
    shown, time = known[-1], to_timestamp(known[-1].time)
    kind: Kind = "unchanged" if on else "read"
    if on and time >= on.first:
        kind = "read"
    elif on and _fails_until_a_read(past, on):
        kind = "gap"
    elif on and _may_have_changed(past, on):
        kind = "unseen"
    elif shown is snapshots[-1]:
        kind = _at_the_end(past, shown, on) or kind
    return Truth(kind, time)


def _fails_until_a_read(past: Past, on: Date) -> bool:
    """Whether the last run until then could not read it, and a later one could.

    What it missed on the day of the first snapshot alone is told nowhere.
    """
    began = past.snapshots()[0].time
    runs = list(past.runs)
    until = [run for run in runs if to_timestamp(run.time) <= on.last]
    later = runs[len(until) :]
    if not until or until[-1].status == "ok" or not any(run.status == "ok" for run in later):
        return False
    same = list(takewhile(lambda run: run.status == until[-1].status, later))
    ends = later[len(same)].time
    return max([until[-1], *same][-1].time, ends - timedelta(days=1)) > began


def _may_have_changed(past: Past, on: Date) -> bool:
    """Whether the next change is not proven to have come after the date."""
    every = sorted((*past.live(), *past.imports), key=lambda one: one.time)
    for before, after in pairwise(past.snapshots()):
        if to_timestamp(after.time) <= on.last or songs_of(before) == songs_of(after):
            continue
        proof = before.time
        between = [one for one in every if before.time < one.time < after.time]
        # A check saw what the newest snapshot of its source showed.
        same = [one for one in past.snapshots() if one.source == after.source]
        seen = [one for one in same if one.time < after.time]
        is_seen = seen and _stayed(past, seen[-1].time, before.time)
        if after.previous_check and not between and is_seen:
            proof = max(proof, after.previous_check)
        return to_timestamp(proof) < on.first
    return False


def _stayed(past: Past, first: datetime, last: datetime) -> bool:
    """Whether all snapshots from one to another show the same."""
    return len({songs_of(one) for one in past.snapshots() if first <= one.time <= last}) == 1


def _at_the_end(past: Past, newest: Snapshot, on: Date | None) -> Kind | None:
    if any(one.time > newest.time for one in (*past.live(), *past.imports)):
        return "behind"
    last = past.runs[-1]
    since = last.time
    for run in reversed(past.runs):
        if run.status != last.status:
            break
        since = run.time
    is_overtaken = not newest.source and newest.time > since
    if last.status != "ok" and not is_overtaken and (not on or on.last >= to_timestamp(since)):
        return "failing"
    looks = [newest.time, *(run.time for run in past.good())]
    return "after" if on and on.first > to_timestamp(max(looks)) else None


def songs_of(snapshot: Snapshot) -> tuple[str | None, ...]:
    return tuple(row.item.uri if row.item else None for row in snapshot.rows)


def is_contradicted(past: Past, on: Date) -> bool:
    """Whether whoever looked first on the date or after it saw other songs than are shown of it.

    Be it a run, whether its snapshot can be read or not, or an import. A change leaves no trace where
    nobody can read the snapshot of it, and the next one shows it undone.
    """
    snapshots = past.snapshots()
    shown = [one for one in snapshots if to_timestamp(one.time) <= on.last][-1]
    following = [one for one in snapshots if one.time > shown.time][:1]
    lost = [time for time in past.damaged if following and shown.time < time < following[0].time]
    if lost and songs_of(following[0]) == songs_of(shown):
        return False
    looks = [(run.time, songs_of(snapshot_of(run.songs))) for run in past.good()]
    looks += [(one.time, songs_of(one)) for one in past.imports]
    later = [look for look in looks if to_timestamp(look[0]) >= on.first]
    return bool(later) and min(later)[1] != songs_of(shown)


_FIELDS: st.SearchStrategy[list[HeaderField]] = st.lists(
    st.sampled_from(["owner", "description"]), unique=True
)
_songs = st.sampled_from(["a", "ab", "abc", "b", ""])
_statuses: st.SearchStrategy[Status] = st.sampled_from(
    ["ok", "ok", "ok", "ok", "held", "not_found", "retired", "forbidden"]
)


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    """Draw a past with several runs a day and days without any, failures, imports and damage."""
    runs = list[Run]()
    time, songs = BEGIN, "a"
    for _ in range(draw(st.integers(1, 14))):
        time += timedelta(days=draw(st.sampled_from([0, 0, 1, 1, 1, 2, 3, 9, 200])))
        hour = draw(st.sampled_from(_HOURS))
        time = max(time.replace(hour=hour), time + timedelta(seconds=1))
        songs = draw(st.just(songs) | _songs)
        runs.append(Run(time, songs, draw(_statuses)))
    imports = draw(_imports(runs))
    live = list(Past(runs, imports, frozenset()).live())
    damaged = draw(st.sets(st.sampled_from(live), max_size=2)) if len(live) > 1 else set()
    past = Past(runs, imports, frozenset(one.time for one in damaged))
    return past if past.snapshots() else past._replace(damaged=frozenset())


@st.composite
def _imports(draw: st.DrawFn, runs: Sequence[Run]) -> list[Snapshot]:
    """Draw what is brought in: at least one snapshot where no run read the playlist.

    Between two runs that saw the same there is only the same; anything else they would refute.
    """
    good = [run for run in runs if run.status == "ok"]
    first = good[0].time if good else runs[-1].time + timedelta(days=1)
    before = draw(st.lists(_songs, min_size=0 if good else 1, max_size=3))
    imported = [
        _imported(draw, first - timedelta(days=3 * number, hours=5), songs)
        for number, songs in enumerate(before, start=1)
    ]
    for one, other in pairwise(good):
        if other.time - one.time > timedelta(hours=2) and draw(st.booleans()):
            songs = one.songs if one.songs == other.songs else draw(_songs)
            imported.append(_imported(draw, one.time + timedelta(hours=1), songs))
    return imported


def _imported(draw: st.DrawFn, time: datetime, songs: str) -> Snapshot:
    source = draw(st.sampled_from(["git-archive", "exportify"]))
    told = from_source(snapshot_of(songs), draw(_FIELDS))
    return replace(told, source=source, time=time, read_at=time)


def dates_of(past: Past) -> list[Date]:
    """Return days and moments around everything that happened."""
    times = [run.time for run in past.runs] + [one.time for one in past.imports]
    around = {
        time + timedelta(hours=hours) for time in times for hours in (-48, -24, -1, 0, 1, 24, 48)
    }
    moments = [f"{time:%Y%m%dT%H%M%SZ}" for time in around]
    return list(map(parse_date, sorted({*_days(around), *moments})))


def _days(times: Iterable[datetime]) -> set[str]:
    return {f"{time:%Y-%m-%d}" for time in times}
