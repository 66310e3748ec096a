"""`status`: what needs attention."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from playlist_archive_cli.published import ArchiveStatus, PlaylistStatus, Problem
from playlist_archive_cli.screen import plain_lines
from playlist_archive_cli.verbs.status import make_report, tell_report

pytestmark = pytest.mark.unit

RUN = "2026-10-04T04:00:00Z"
SOON = datetime(2026, 10, 4, 5, tzinfo=UTC)
GOOD = PlaylistStatus("Harbour mix", "ok", RUN, "", None, RUN, RUN)
WELL = ArchiveStatus(
    run=RUN,
    at=RUN,
    headline="All is well",
    counts={"ok": 1},
    up_to_date=1,
    changed=0,
    failure="",
    problems=[],
    damaged=[],
    authorization_ends=None,
    requests_within_24_hours=3,
    not_before=None,
    playlists={"4uLU6hMCjMI75M1A2tKUQC": GOOD},
)


def told(now: datetime | None = SOON, **fields: Any) -> tuple[bool, str]:
    report = make_report("the archive", replace(WELL, **fields), now)
    return report.attention, "\n".join(plain_lines(tell_report(report)))


def test_what_the_status_page_calls_wrong_needs_attention() -> None:
    attention, text = told(headline="Something needs attention", failure="no token")

    assert attention
    assert "Failure of the last run\tno token" in text


def test_a_run_that_was_missed_needs_attention_though_the_status_page_cannot_know_it() -> None:
    attention, text = told(SOON + timedelta(days=3))

    assert attention
    assert text.startswith("Something needs attention\n")
    assert "a run was missed since" in text


def test_the_longest_day_is_not_silence() -> None:
    run = datetime(2026, 10, 4, 4, tzinfo=UTC)

    assert not told(run + timedelta(hours=26))[0]
    assert told(run + timedelta(hours=26, seconds=1))[0]


def test_where_no_run_is_due_none_is_missed() -> None:
    assert not told(None)[0]


def test_what_fails_is_named_with_its_reason_and_since_when() -> None:
    bad = replace(GOOD, status="not_found", reason="Spotify does not find it", last_checked=None)

    _, text = told(playlists={"x": bad, "y": replace(bad, status="retired", name="Old")})

    assert "Harbour mix\tnot found\t2026-10-04\tnever\tSpotify does not find it" in text
    assert "Not read (1)" in text
    assert "Old" not in text


def test_a_playlist_without_a_name_is_called_by_its_id() -> None:
    _, text = told(playlists={"x" * 22: replace(GOOD, name="", status="invalid")})

    assert f"\n{'x' * 22}\tinvalid" in text


def test_overdue_playlists_problems_damages_and_pauses_are_told() -> None:
    _, text = told(
        playlists={"x": replace(GOOD, overdue_since=RUN)},
        problems=[Problem("registry/abc", "not an id")],
        damaged=["damaged/state/catalog.json/20261004T040000Z"],
        not_before="2026-10-05T00:30:00Z",
        authorization_ends="2027-03-01T00:00:00Z",
    )

    assert "Harbour mix\t2026-10-04 04:00 UTC\t2026-10-04 04:00 UTC" in text
    assert "registry/abc\tnot an id" in text
    assert "damaged/state/catalog.json/20261004T040000Z" in text
    assert "No request before\t2026-10-05 00:30 UTC" in text
    assert "ends on 2027-03-01" in text


def test_all_is_well_says_nothing_else() -> None:
    attention, text = told()

    assert not attention
    assert "Not read" not in text
    assert "Overdue" not in text
