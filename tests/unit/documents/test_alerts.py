"""What is told to the owner: once, when it begins and when it is over, and only what is so."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.alerts import QUIET, Facts, alerts, news
from playlist_archive.documents.catalog import AlertReport, Catalog
from playlist_archive.documents.merge import merge
from playlist_archive.documents.messages import (
    AUTHORISATION,
    Latest,
    Outcome,
    OutcomeMessage,
    Problem,
    RunReport,
)
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.documents.status import Status
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header

pytestmark = pytest.mark.unit

HOUR = DAY / 24
KEY, OTHER_KEY = f"playlist/{PLAYLIST}", f"playlist/{OTHER}"


def outcome(day: int, status: Status, playlist_id: str = PLAYLIST, **fields: object) -> Outcome:
    run = RUN + day * DAY
    good = status == "ok"
    made = Outcome(
        playlist_id=playlist_id,
        run=run,
        at=run,
        status=status,
        reason="" if good else "why",
        header=a_header(playlist_id=playlist_id) if good else None,
        latest=Latest(RUN, "digest", 3) if good else None,
    )
    return replace(made, **fields)


def report(day: int, **fields: object) -> RunReport:
    run = RUN + day * DAY
    return replace(RunReport(run=run, at=run, planned=1, unchanged=0), **fields)


def known(*messages: OutcomeMessage, told: dict[str, AlertReport] | None = None) -> Catalog:
    return replace(merge(Catalog(), messages), told=told or {})


def facts(
    catalog: Catalog,
    now: datetime,
    *,
    state: SpotifyState | None = None,
    damaged: frozenset[str] = frozenset(),
    behind: frozenset[str] = frozenset(),
) -> Facts:
    return Facts(catalog, state or SpotifyState(), damaged, behind, now)


def keys(given_facts: Facts) -> set[str]:
    return {alert.key for alert in alerts(given_facts)}


TOLD = {KEY: AlertReport(2, RUN, RUN)}


def test_a_playlist_that_cannot_be_read_is_told_once_with_its_name_and_reason() -> None:
    catalog = known(report(0), outcome(0, "ok"), report(1), outcome(1, "not_found"))
    first = news(facts(catalog, RUN + DAY))
    again = news(facts(replace(catalog, told=first.told), RUN + DAY + HOUR))
    much_later = news(facts(replace(catalog, told=first.told), RUN + 5 * DAY))

    [alert] = [one for one in first.alerts if one.key == KEY]
    assert alert.what == '"Harbour mix" cannot be read: not found (why)'
    assert alert.since == RUN + DAY
    assert not again
    assert not much_later


def test_it_is_told_when_the_playlist_is_well_again_and_then_no_more() -> None:
    catalog = known(report(1), outcome(1, "ok"), told=TOLD)
    well = news(facts(catalog, RUN + DAY))

    assert well.over == ((KEY, "well"),)
    assert not news(facts(replace(catalog, told=well.told), RUN + 2 * DAY))


@pytest.mark.parametrize("status", ["deferred", "unstable"])
def test_a_playlist_is_not_called_well_because_it_waits_or_fails_otherwise(status: Status) -> None:
    catalog = known(report(1), outcome(1, status), told=TOLD)

    assert not [one for one, _ in news(facts(catalog, RUN + DAY)).over if one == KEY]


def test_a_retired_playlist_is_gone_and_not_well() -> None:
    catalog = known(report(1), outcome(1, "retired"), told=TOLD)

    assert news(facts(catalog, RUN + DAY)).over == ((KEY, "gone"),)


def test_nothing_is_told_of_playlists_before_the_run_is_complete() -> None:
    catalog = known(
        report(0),
        outcome(0, "ok"),
        outcome(0, "ok", OTHER),
        report(1),
        outcome(1, "not_found"),
    )
    complete = merge(catalog, [outcome(1, "not_found", OTHER)])

    assert not news(facts(catalog, RUN + DAY + HOUR))
    assert news(facts(catalog, RUN + DAY + 6 * HOUR)).alerts
    told = {one.key for one in news(facts(complete, RUN + DAY + HOUR)).alerts}
    assert {KEY, OTHER_KEY} <= told


def test_what_a_run_never_answered_is_told_when_the_next_one_begins() -> None:
    catalog = known(report(0), outcome(0, "ok"), report(1))

    assert not news(facts(catalog, RUN + DAY))
    began = merge(catalog, [report(2)])
    [alert] = news(facts(began, RUN + 2 * DAY)).alerts
    assert (alert.key, alert.since) == (KEY, RUN + DAY)
    assert "no answer" in alert.what


def test_an_overdue_playlist_that_then_cannot_be_read_is_told_again() -> None:
    catalog = known(report(2), outcome(2, "forbidden"), told={KEY: AlertReport(1, RUN, RUN)})

    [alert] = [one for one in news(facts(catalog, RUN + 2 * DAY)).alerts if one.key == KEY]
    assert "forbidden" in alert.what
    assert alert.since == RUN


@pytest.mark.parametrize(
    ("days", "told"),
    [(31, None), (30, 1), (8, 1), (7, 2), (1, 2), (0, 3), (-3, 3)],
)
def test_the_end_of_the_consent_is_told_a_month_and_a_week_before_and_when_it_has_come(
    days: int, told: int | None
) -> None:
    catalog = known(report(0, authorization_ends=RUN + days * DAY))
    found = {one.key: one.grade for one in news(facts(catalog, RUN)).alerts}

    assert found.get("consent") == told


def test_a_consent_has_ended_since_its_end_and_not_since_it_was_told_that_it_would() -> None:
    told = {"consent": AlertReport(2, RUN - 7 * DAY, RUN - 7 * DAY)}
    catalog = known(report(1, authorization_ends=RUN), told=told)
    [alert] = [one for one in news(facts(catalog, RUN + DAY)).alerts if one.key == "consent"]

    assert alert.since == RUN


def test_refused_credentials_are_told_though_their_date_is_far_and_only_once() -> None:
    refused = report(0, refused=True, failure="log in again", authorization_ends=RUN + 90 * DAY)
    [alert] = news(facts(known(refused), RUN)).alerts

    assert alert.key == "consent"
    assert "log in again" in alert.what


def test_a_run_that_could_not_read_the_credentials_does_not_end_the_warning() -> None:
    told = {"consent": AlertReport(1, RUN - 9 * DAY, RUN - 9 * DAY)}
    failed = known(report(0, failure="no answer"), told=told)
    renewed = known(report(0, authorization_ends=RUN + 180 * DAY), told=told)

    assert news(facts(failed, RUN)).over == ()
    assert news(facts(renewed, RUN)).over == (("consent", "well"),)


def test_a_run_that_could_not_ask_spotify_is_told_and_its_end() -> None:
    [alert] = news(facts(known(report(0, failure="no answer")), RUN)).alerts
    told = {"failure": AlertReport(1, RUN, RUN)}

    assert alert.key == "failure"
    assert news(facts(known(report(1), told=told), RUN + DAY)).over == (("failure", "well"),)


def a_pause(now: datetime, since: datetime) -> SpotifyState:
    return SpotifyState(
        not_before=now + HOUR, parked_at=since, parked_since=since, reason="asked to wait"
    )


def test_a_pause_is_told_after_a_day_and_not_before() -> None:
    failed = known(report(0, failure="Spotify asked to wait"))
    short = facts(failed, RUN, state=a_pause(RUN, RUN - 23 * HOUR))
    long = facts(failed, RUN, state=a_pause(RUN, RUN - 24 * HOUR))

    assert keys(short) == set()
    assert keys(long) == {"pause"}


def test_a_pause_is_over_only_when_spotify_has_answered() -> None:
    catalog = known(report(1), told={"pause": AlertReport(1, RUN, RUN)})
    ended = SpotifyState(not_before=RUN, parked_since=RUN - 2 * DAY)

    assert not news(facts(catalog, RUN + DAY, state=ended))
    assert news(facts(catalog, RUN + DAY)).over == (("pause", "well"),)


def test_a_whole_run_without_a_good_check_is_told() -> None:
    catalog = known(report(0), outcome(0, "ok"), report(1), outcome(1, "deferred"))

    assert [one.key for one in news(facts(catalog, RUN + DAY)).alerts] == ["standstill"]


def test_a_run_during_a_pause_is_no_standstill_yet() -> None:
    catalog = known(report(0), outcome(0, "ok"), report(1), outcome(1, "deferred"))

    assert keys(facts(catalog, RUN + DAY, state=a_pause(RUN + DAY, RUN + DAY))) == set()


def test_waiting_is_told_after_two_days_as_one_alert() -> None:
    messages = [
        message
        for day in range(3)
        for message in (report(day), outcome(day, "deferred"), outcome(day, "ok", OTHER))
    ]

    assert "waiting" not in keys(facts(known(*messages[:6]), RUN + DAY))
    assert keys(facts(known(*messages), RUN + 2 * DAY)) == {"waiting"}


def test_a_playlist_that_can_never_fit_is_told_by_name() -> None:
    catalog = known(report(0), outcome(0, "deferred", oversized=True))

    assert KEY in keys(facts(catalog, RUN))


def test_pages_that_lag_are_told_after_a_day() -> None:
    catalog = known(report(0), outcome(0, "ok"))
    behind = frozenset({PLAYLIST})

    assert keys(facts(catalog, RUN + 23 * HOUR, behind=behind)) == set()
    assert keys(facts(catalog, RUN + DAY, behind=behind)) == {"behind"}


def test_damage_is_told_again_only_where_there_is_more() -> None:
    two = frozenset({"damaged/a/1", "damaged/b/1"})
    told = {"damaged": AlertReport(1, RUN, RUN)}
    catalog = known(report(1), told=told)

    assert not news(facts(catalog, RUN + DAY, damaged=frozenset({"damaged/a/1"})))
    assert news(facts(catalog, RUN + DAY, damaged=two)).alerts
    assert news(facts(catalog, RUN + DAY)).over == (("damaged", "well"),)


def test_what_the_owner_wrote_wrongly_is_told_but_the_consent_not_twice() -> None:
    wrong = Problem("registry/abc", "'abc' is not a playlist id")
    warned = Problem(AUTHORISATION, "it ends")
    catalog = known(report(0, problems=(wrong, warned), authorization_ends=RUN + 5 * DAY))

    assert keys(facts(catalog, RUN)) == {"problem/registry/abc", "consent"}


def test_what_is_wrong_after_the_catalog_was_lost_is_told_and_nothing_older() -> None:
    told = news(facts(known(report(9), outcome(9, "not_found")), RUN + 9 * DAY))

    assert {one.key for one in told.alerts} == {KEY, "standstill"}
    assert told.over == ()


def test_a_told_moment_ahead_of_the_clock_silences_nothing() -> None:
    catalog = known(
        report(0), outcome(0, "not_found"), told={KEY: AlertReport(0, RUN, RUN + 999 * DAY)}
    )

    assert KEY in {one.key for one in news(facts(catalog, RUN)).alerts}


STATUSES = st.sampled_from(["ok", "ok", "not_found", "forbidden", "deferred", "unstable"])


@settings(max_examples=200, deadline=None)
@given(st.lists(STATUSES, min_size=1, max_size=30), st.integers(min_value=1, max_value=24))
def test_a_flapping_playlist_is_told_seldom_and_never_untruly(
    statuses: list[Status], hours: int
) -> None:
    catalog, spoken = Catalog(), []
    for number, status in enumerate(statuses):
        run = RUN + number * hours * HOUR
        messages = (
            report(0, run=run, at=run),
            outcome(0, status, run=run, at=run),
        )
        catalog = merge(catalog, messages)
        found = news(facts(catalog, run))
        for alert in found.alerts:
            if alert.key == KEY:
                assert status not in {"ok", "deferred"}
                spoken.append(run)
        for key, how in found.over:
            if key == KEY:
                assert (status, how) == ("ok", "well")
                spoken.append(run)
        catalog = replace(catalog, told=found.told)
        assert not news(facts(catalog, run)), "nothing is told twice"
    assert all(later - earlier >= QUIET for earlier, later in pairwise(spoken))


@settings(max_examples=100, deadline=None)
@given(st.lists(STATUSES, min_size=1, max_size=12))
def test_what_lasts_is_told_in_the_end(statuses: list[Status]) -> None:
    catalog = Catalog()
    for day, status in enumerate([*statuses, "not_found", "not_found"]):
        catalog = merge(catalog, (report(day), outcome(day, status)))
        found = news(facts(catalog, RUN + day * DAY))
        catalog = replace(catalog, told=found.told)

    assert catalog.told[KEY].grade == 2


def test_the_quiet_time_lets_two_daily_runs_speak() -> None:
    assert timedelta(hours=12) < QUIET < DAY
