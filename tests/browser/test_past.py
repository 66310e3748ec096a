"""What the site says is known of a date is what the command says."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from playlist_archive.documents.history import History, HistoryOfYear
from playlist_archive.documents.keys import STATUS_JSON
from playlist_archive_cli.dates import parse_date
from playlist_archive_cli.past import reaching_back, state_at, years_around
from playlist_archive_cli.published import ArchiveStatus
from tests.support.browser import Module, Watch
from tests.support.fakes import FakeBucket
from tests.support.pasts import Past, Published, dates_of, pasts, publish

pytestmark = pytest.mark.browser

ASKED = 200
# Here the day of a moment in UTC may be another one than the day of the place.
PLACES = ("Pacific/Kiritimati", "Pacific/Pago_Pago")
STATES = """given.dates.map((on) => {
    const years = it.yearsAround(given.history, on).map(({ year }) => year);
    const history = it.reachingBack(given.history, years.map((year) => given.years[year]));
    const { kind, checked, snapshot, gap, unseen } = it.stateAt(history, on, given.status);
    return [years, kind, checked, snapshot, gap, unseen];
})"""


@pytest.fixture(scope="module")
def moments(module: Callable[[str], Module]) -> Module:
    return module("moments.js")


def say_both(moments: Module, published: Published, dates: Sequence[str | None]) -> None:
    """Assert that the site knows of each date what the command knows."""
    history, years, status = published
    given = {"history": history, "years": years, "status": status, "dates": dates}
    states = moments(STATES, msgspec.to_builtins(given, str_keys=True))
    for on, said in zip(dates, states, strict=True):
        around = years_around(history, parse_date(on) if on else None)
        told = reaching_back(history, [years[one.year] for one in around])
        known = state_at(told, status, parse_date(on) if on else None)
        fields = [known.kind, known.checked, known.snapshot, known.gap, known.unseen]
        expected = msgspec.json.encode([[one.year for one in around], *fields])
        assert said == msgspec.json.decode(expected), on


@settings(max_examples=300)
@given(past=pasts())
def test_a_state_of_any_date_is_that_of_the_command(moments: Module, past: Past) -> None:
    say_both(moments, publish(past), [None, *(on.text for on in dates_of(past))])


@pytest.mark.parametrize("place", PLACES)
def test_a_state_of_any_date_is_the_same_wherever_it_is_asked(watch: Watch, place: str) -> None:
    far = Module(watch.open("site/blank.html", timezone_id=place), "moments.js")

    @settings(max_examples=30)
    @given(past=pasts())
    def compare(past: Past) -> None:
        dates = [on.text for on in dates_of(past)]
        say_both(far, publish(past), dates)

    ends = ("2026-10-04T00:00:00Z", "2026-10-04T23:59:59Z")
    assert far("given.map((time) => new Date(time).getDate())", ends) != [4, 4]
    compare()


def test_a_status_that_is_missing_is_no_claim_that_somebody_looked(moments: Module) -> None:
    history = {
        "snapshots": [{"time": "2026-10-01T04:00:00Z", "rows": 1}],
        "first_snapshot": "2026-10-01T04:00:00Z",
        "last_snapshot": "2026-10-01T04:00:00Z",
        "gaps": [],
        "changes": [],
        "older": [],
    }

    assert moments("it.stateAt(given, '2026-10-02').kind", history) == "after"


def year_documents(objects: Mapping[str, bytes], history: History) -> dict[int, HistoryOfYear]:
    return {
        older.year: msgspec.json.decode(objects[older.path[1:]], type=HistoryOfYear)
        for older in history.older
    }


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
        published = Published(history, year_documents(objects, history), status.playlists[id_])
        say_both(moments, published, asked.get(id_, []))


@given(past=pasts())
def test_stepping_goes_through_every_snapshot_and_back(moments: Module, past: Past) -> None:
    history = msgspec.to_builtins(publish(past).history)
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
