"""The playlists that a run reads, and their order."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
import pytest

from playlist_archive.documents.catalog import Catalog, Entry
from playlist_archive.documents.messages import (
    Held,
    Latest,
)
from playlist_archive.documents.playlist import Header
from playlist_archive.documents.status import Stamp, Status
from playlist_archive.lister.orphans import Orphan
from playlist_archive.lister.plan import Plan, full_read_due, plan_run
from playlist_archive.lister.selection import Selection
from tests.support.builders import (
    DAY,
    PLAYLIST,
    RUN,
    a_header,
    an_entry,
)

pytestmark = pytest.mark.unit
EDITORIAL = "37i9dQZF1DX0000000000A"


def plan(
    entries: Mapping[str, Entry],
    listed: Mapping[str, Header] | None = None,
    *,
    run: datetime = RUN + DAY,
    every_days: int = 30,
) -> Plan:
    wanted = {
        playlist_id: Selection("library", listed=(listed or {}).get(playlist_id))
        for playlist_id in entries
    }
    return plan_run(run, run, wanted, Catalog(entries=dict(entries)), timedelta(days=every_days))


def reads(planned: Plan) -> list[str]:
    return [request.playlist_id for request in planned.requests]


def test_an_unchanged_playlist_of_the_library_is_not_read() -> None:
    planned = plan({PLAYLIST: an_entry()}, {PLAYLIST: a_header()})

    assert reads(planned) == []
    assert [(outcome.status, outcome.run) for outcome in planned.outcomes] == [("ok", RUN + DAY)]


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param(a_header("v2"), id="another version"),
        pytest.param(a_header(""), id="no version"),
        pytest.param(a_header(name="Renamed"), id="another name"),
        pytest.param(a_header(owner="someone.else"), id="another owner"),
        pytest.param(None, id="not listed"),
    ],
)
def test_whatever_else_the_sweep_shows_is_read(listed: Header | None) -> None:
    planned = plan({PLAYLIST: an_entry()}, {PLAYLIST: listed} if listed else {})

    assert reads(planned) == [PLAYLIST]
    assert planned.requests[0].snapshot_id == "v1"
    assert planned.requests[0].header == a_header()


@pytest.mark.parametrize("owner", ["spotify", ""])
def test_spotifys_own_version_numbers_are_not_trusted(owner: str) -> None:
    header = a_header(owner=owner)
    planned = plan({PLAYLIST: an_entry(header=header)}, {PLAYLIST: header})

    assert reads(planned) == [PLAYLIST]
    assert planned.requests[0].snapshot_id == ""


def test_an_editorial_looking_id_of_the_users_own_is_trusted() -> None:
    assert reads(plan({EDITORIAL: an_entry()}, {EDITORIAL: a_header()})) == []


@pytest.mark.parametrize("status", ["deferred", "unstable", "invalid", "held"])
def test_a_playlist_that_a_fault_kept_from_being_read_may_be_proved_unchanged(
    status: Status,
) -> None:
    assert reads(plan({PLAYLIST: an_entry(status)}, {PLAYLIST: a_header()})) == []


@pytest.mark.parametrize("status", ["not_found", "retired"])
def test_a_playlist_that_was_gone_and_is_listed_again_is_read(status: Status) -> None:
    assert reads(plan({PLAYLIST: an_entry(status)}, {PLAYLIST: a_header()})) == [PLAYLIST]


def test_a_version_whose_description_is_of_another_read_is_not_known() -> None:
    entry = msgspec.structs.replace(an_entry(), stamps={"described": Stamp(9, 0)})
    assert plan({PLAYLIST: entry}).requests[0].snapshot_id == ""


def test_a_version_that_was_never_read_whole_is_not_known() -> None:
    assert plan({PLAYLIST: an_entry(read=None)}).requests[0].header is None


@pytest.mark.parametrize("every_days", [1, 2, 7, 30])
def test_an_unchanged_playlist_is_read_whole_every_so_many_days(every_days: int) -> None:
    entry = an_entry()
    due = [
        day
        for day in range(1, 2 * every_days)
        if reads(
            plan(
                {PLAYLIST: entry},
                {PLAYLIST: a_header()},
                run=RUN + day * DAY,
                every_days=every_days,
            )
        )
    ]
    assert (every_days + 1) // 2 <= due[0] <= every_days
    assert due == list(range(due[0], 2 * every_days))


def test_full_reads_spread_over_the_days_and_are_never_late() -> None:
    first = RUN.date()
    playlists = [f"{number:022d}" for number in range(300)]
    due = {playlist_id: full_read_due(playlist_id, first, 30) for playlist_id in playlists}
    days = Counter((day - first).days for day in due.values())

    assert set(days) == set(range(16, 31))
    assert max(days.values()) <= 40
    again = [full_read_due(playlist_id, due[playlist_id], 30) for playlist_id in playlists]
    assert all((day - due[id_]).days == 30 for id_, day in zip(playlists, again, strict=True))


@pytest.mark.parametrize(
    ("playlist_id", "status", "days"),
    [
        pytest.param(PLAYLIST, "not_found", [1, 2, 4, 8, 15, 22], id="growing_gap"),
        pytest.param(EDITORIAL, "not_found", [7, 14, 21, 28], id="weekly_probe"),
        pytest.param(PLAYLIST, "forbidden", [7, 14, 21, 28], id="weekly"),
        pytest.param(PLAYLIST, "unstable", list(range(1, 30)), id="daily"),
    ],
)
def test_a_playlist_that_cannot_be_read_is_requested_less_and_less_often(
    playlist_id: str, status: Status, days: list[int]
) -> None:
    entry = an_entry(status)
    asked = []
    for day in range(1, 30):
        if reads(plan({playlist_id: entry}, run=RUN + day * DAY)):
            asked.append(day)
            entry = an_entry(status, run=RUN + day * DAY)
    assert [day for day in asked if day < 29] == [day for day in days if day < 29]


def test_a_playlist_that_the_library_lists_again_is_requested_at_once() -> None:
    long_gone = an_entry("not_found", since=RUN - 30 * DAY)
    assert reads(plan({PLAYLIST: long_gone})) == []
    assert reads(plan({PLAYLIST: long_gone}, {PLAYLIST: a_header()})) == [PLAYLIST]
    assert reads(plan({EDITORIAL: long_gone}, {EDITORIAL: a_header()})) == []


def test_deferred_playlists_come_first_and_failed_or_too_large_ones_last() -> None:
    ids = [f"{number:022d}" for number in range(7)]
    too_large = msgspec.structs.replace(an_entry("deferred", checked=None), oversized=True)
    entries = {
        ids[0]: an_entry("ok", checked=RUN - DAY),
        ids[1]: an_entry("unstable", checked=RUN - 9 * DAY),
        ids[2]: an_entry("deferred", checked=RUN),
        ids[3]: an_entry("deferred", checked=None),
        ids[4]: too_large,
        ids[5]: an_entry("ok", checked=RUN - 2 * DAY),
        ids[6]: an_entry("held", checked=RUN - 3 * DAY),
    }
    assert reads(plan(entries)) == [ids[number] for number in (3, 2, 6, 5, 0, 4, 1)]


def test_a_request_carries_the_values_of_the_catalog() -> None:
    latest = Latest(RUN, "digest", 3)
    entry = msgspec.structs.replace(
        an_entry(), latest=latest, checked=RUN, held=Held(RUN, 9), alias="Ours"
    )
    (request,) = plan({PLAYLIST: entry}).requests

    assert (request.latest, request.checked, request.held) == (latest, RUN, Held(RUN, 9))


@pytest.mark.parametrize("status", ["forbidden", "not_found"])
def test_a_playlist_that_a_run_ahead_of_the_clock_did_not_find_is_requested_again(
    status: Status,
) -> None:
    entry = an_entry(status, since=RUN + 3650 * DAY, run=RUN + 3650 * DAY)

    assert reads(plan({PLAYLIST: entry})) == [PLAYLIST]


def test_a_playlist_that_is_archived_again_waits_to_be_read() -> None:
    planned = plan({PLAYLIST: an_entry("retired")}, {PLAYLIST: a_header()})

    assert reads(planned) == [PLAYLIST]
    assert [(one.status, one.reason) for one in planned.outcomes] == [
        ("deferred", "it is archived again and waits to be read")
    ]


def test_what_the_catalog_lost_keeps_the_name_of_its_snapshot_until_it_is_read() -> None:
    lost = Orphan(a_header(name="As in the snapshot"), Latest(RUN, "digest", 3), RUN)
    selected = {PLAYLIST: Selection("library", listed=a_header(name="Renamed since"))}
    planned = plan_run(RUN, RUN, selected, Catalog(), timedelta(days=30), orphans={PLAYLIST: lost})

    assert [outcome.header for outcome in planned.outcomes] == [lost.header]
