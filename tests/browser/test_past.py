"""What the site says stood on a date is what the command says."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.history import (
    Counts,
    History,
    PublishedChange,
    PublishedGap,
    PublishedPlaylist,
    PublishedSnapshot,
    Size,
)
from playlist_archive.documents.keys import STATUS_JSON
from playlist_archive_cli.dates import parse_date
from playlist_archive_cli.past import NotArchivedYetError, look_back
from playlist_archive_cli.published import ArchiveStatus, PlaylistStatus
from tests.support.browser import Module
from tests.support.fakes import FakeBucket

pytestmark = pytest.mark.browser

ASKED = 200
FIRST = date(2026, 10, 1)
STATES = """given.dates.map(
    (on) => it.stateAt(given.history, on, given.status?.last_checked, given.status)
)"""


class Case(NamedTuple):
    history: History
    status: PlaylistStatus | None
    dates: Sequence[str | None]


@pytest.fixture(scope="module")
def moments(module: Callable[[str], Module]) -> Module:
    return module("moments.js")


def say_both(moments: Module, case: Case) -> None:
    """Assert that the site says of each date what the command says."""
    history, status, dates = case
    states = moments(STATES, msgspec.to_builtins(case._asdict()))
    for on, said in zip(dates, states, strict=True):
        try:
            past = look_back(history, status, parse_date(on) if on else None)
        except NotArchivedYetError:
            assert (said["kind"], said["snapshot"]) == ("before", None)
            assert said["begins"] == history.first_snapshot
            continue
        assert said["snapshot"]["time"] == past.snapshot
        assert (said["kind"] in {"gap", "after"}) is bool(past.remarks), past.remarks
        if past.gap:
            assert (said["kind"], said["gap"]) == ("gap", msgspec.to_builtins(past.gap))
        if on and not past.remarks:
            is_of_then = past.snapshot.startswith(on) or key_time(past.snapshot) == on
            assert said["kind"] == ("read" if is_of_then else "unchanged")


def key_time(timestamp: str) -> str:
    return timestamp.replace("-", "").replace(":", "")


def a_timestamp(day: int, hour: int) -> str:
    return f"{FIRST + timedelta(day)}T{hour:02}:00:00Z"


def a_moment(day: int, hour: int | None) -> str:
    text = f"{FIRST + timedelta(day)}"
    return text if hour is None else key_time(a_timestamp(day, hour))


HOURS = (0, 4, 5, 23)
ALL = [a_timestamp(day, hour) for day in range(21) for hour in HOURS]
days, hours, times = st.integers(0, 20), st.sampled_from(HOURS), st.sampled_from(ALL)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    snapshots = sorted(draw(st.sets(times, min_size=1, max_size=6)), reverse=True)
    gaps = draw(st.lists(st.tuples(days, st.integers(0, 3)), max_size=3))
    changes = []
    for time, before in pairwise(snapshots):
        after = draw(st.sampled_from([before, *(one for one in ALL if before < one < time)]))
        changes.append(
            PublishedChange(time=time, after=after, until=time, counts=Counts(0, 0, 0, 0))
        )
    status = draw(
        st.none()
        | st.builds(
            PlaylistStatus,
            name=st.just("Mix"),
            status=st.sampled_from(["ok", "not_found", "retired"]),
            since=times,
            reason=st.sampled_from(["", "gone"]),
            overdue_since=st.none(),
            last_checked=st.none() | times,
            last_changed=st.none(),
        )
    )
    history = History(
        playlist=PublishedPlaylist("4uLU6hMCjMI75M1A2tKUQC", "Mix", ""),
        first_snapshot=snapshots[-1],
        last_snapshot=snapshots[0],
        size=Size(1, 1, "1 song"),
        snapshots=tuple(PublishedSnapshot(time, 1) for time in snapshots),
        names=(),
        gaps=tuple(
            PublishedGap(
                f"{FIRST + timedelta(day)}", f"{FIRST + timedelta(day + more)}", "held", ""
            )
            for day, more in gaps
        ),
        changes=tuple(changes),
        older=(),
    )
    moment = st.builds(a_moment, st.integers(-2, 22), st.none() | hours)
    return Case(history, status, draw(st.lists(st.none() | moment, min_size=1, max_size=9)))


@given(case=cases())
def test_a_state_of_any_date_is_that_of_the_command(moments: Module, case: Case) -> None:
    say_both(moments, case)


def test_a_state_of_any_date_of_real_playlists_is_that_of_the_command(
    moments: Module, real_archive: FakeBucket
) -> None:
    chance, objects = Random(14), real_archive.objects
    status = msgspec.json.decode(objects[STATUS_JSON], type=ArchiveStatus)
    keys = [f"playlists/history/{id_}.json" for id_ in status.playlists]
    histories = [msgspec.json.decode(objects[key], type=History) for key in keys if key in objects]
    asked: dict[str, list[str | None]] = {}
    for _ in range(ASKED):
        history = chance.choice(histories)
        first, last = (
            date.fromisoformat(one[:10]) for one in (history.first_snapshot, history.last_snapshot)
        )
        day = first + timedelta(chance.randint(-5, (last - first).days + 5))
        asked.setdefault(history.playlist.id, []).append(f"{day}")
    for history in histories:
        id_ = history.playlist.id
        say_both(moments, Case(history, status.playlists[id_], asked.get(id_, [])))


@given(case=cases())
def test_stepping_goes_through_every_snapshot_and_back(moments: Module, case: Case) -> None:
    history = msgspec.to_builtins(case.history)
    steps = """(() => {
        const steps = [];
        let one = it.previousSnapshot(given, '9999');
        for (; one; one = it.previousSnapshot(given, one.time)) steps.push(one.time);
        const back = [];
        one = it.nextSnapshot(given, '');
        for (; one; one = it.nextSnapshot(given, one.time)) back.push(one.time);
        const named = given.snapshots.map((one) => it.momentOf(given, one));
        const shown = named.map((moment) => it.stateAt(given, moment).snapshot.time);
        return [steps, back.reverse(), shown];
    })()"""
    newest_first = [one["time"] for one in history["snapshots"]]

    assert moments(steps, history) == [newest_first] * 3


def test_a_timeline_has_every_size_and_every_stretch_that_nobody_read(moments: Module) -> None:
    history: Any = {
        "first_snapshot": "2026-10-01T04:00:00Z",
        "last_snapshot": "2026-10-09T04:00:00Z",
        "snapshots": [
            {"time": "2026-10-09T04:00:00Z", "rows": 3},
            {"time": "2026-10-01T04:00:00Z", "rows": 1},
        ],
        "gaps": [{"first": "2026-10-07", "last": "2026-10-08", "status": "held", "reason": "x"}],
        "changes": [
            {"after": "2026-10-06T04:00:00Z", "until": "2026-10-09T04:00:00Z"},
            {"after": "2026-10-01T04:00:00Z", "until": "2026-10-03T04:00:00Z"},
        ],
    }
    series = moments(
        "it.sizeSeries(given.history, given.checked, given.trouble)",
        {
            "history": history,
            "checked": "2026-10-10T04:00:00Z",
            "trouble": {"status": "not_found", "since": "2026-10-11T04:00:00Z", "reason": "gone"},
        },
    )

    assert [point["rows"] for point in series["points"]] == [1, 3]
    assert [(gap["first"], gap["last"], gap["reason"]) for gap in series["gaps"]] == [
        ("2026-10-02", "2026-10-02", ""),
        ("2026-10-07", "2026-10-08", "x"),
        ("2026-10-11", None, "gone"),
    ]
    assert (series["first"], series["last"]) == ("2026-10-01T04:00:00Z", "2026-10-10T04:00:00Z")


@pytest.mark.parametrize("text", ["2026-02-30", "2026-13-01", "20261004T240000Z", "now", ""])
def test_what_is_no_date_is_none(moments: Module, text: str) -> None:
    assert moments("it.parseMoment(given)", text) is None
