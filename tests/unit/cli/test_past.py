"""A playlist on a date, and what has to be said about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.history import (
    Counts,
    History,
    PublishedChange,
    PublishedGap,
    PublishedPlaylist,
    PublishedSnapshot,
    Size,
)
from playlist_archive_cli.dates import parse_date
from playlist_archive_cli.past import (
    NeverReadError,
    NotArchivedYetError,
    look_back,
    require_history,
    snapshot_on,
)
from playlist_archive_cli.published import PlaylistStatus

pytestmark = pytest.mark.unit

PLAYLIST = PublishedPlaylist("4uLU6hMCjMI75M1A2tKUQC", "Harbour mix", "")
GAP = PublishedGap("2026-10-05", "2026-10-06", "not_found", "Spotify does not find it")
WELL = PlaylistStatus(
    "Harbour mix",
    "ok",
    "2026-10-07T04:00:00Z",
    "",
    None,
    "2026-10-10T04:00:00Z",
    "2026-10-07T04:00:00Z",
)
FAILING = replace(
    WELL,
    status="not_found",
    since="2026-10-09T04:00:00Z",
    reason="gone",
    last_checked="2026-10-08T04:00:00Z",
)


def a_history(*times: str, gaps: tuple[PublishedGap, ...] = ()) -> History:
    newest_first = sorted(times, reverse=True)
    return History(
        playlist=PLAYLIST,
        first_snapshot=newest_first[-1],
        last_snapshot=newest_first[0],
        size=Size(1, 1, "1 song"),
        snapshots=tuple(PublishedSnapshot(time, 1) for time in newest_first),
        names=(),
        gaps=gaps,
        changes=(),
        older=(),
    )


HISTORY = a_history(
    "2026-10-01T04:00:00Z", "2026-10-04T04:00:00Z", "2026-10-07T04:00:00Z", gaps=(GAP,)
)


def test_before_the_first_read_it_says_when_the_archive_begins() -> None:
    with pytest.raises(NotArchivedYetError, match=r"“Harbour mix” begins on 2026-10-01: "):
        look_back(HISTORY, WELL, parse_date("2026-09-30"))


def test_before_the_first_read_of_a_day_it_says_at_which_moment_it_begins() -> None:
    with pytest.raises(NotArchivedYetError, match=r"begins on 2026-10-01 04:00 UTC"):
        look_back(HISTORY, WELL, parse_date("20261001T035959Z"))


@pytest.mark.parametrize(
    ("date", "is_certain"),
    [
        ("2026-10-01", True),
        ("2026-10-02", True),
        ("20261002T040000Z", True),
        ("20261002T040001Z", False),
        ("2026-10-03", False),
        ("2026-10-04", True),
        ("2026-10-05", True),
    ],
)
def test_a_date_without_any_run_is_not_said_to_be_without_a_change(
    date: str, *, is_certain: bool
) -> None:
    """The check of 2 October found nothing new, that of 4 October did; between them was none."""
    after, time = "2026-10-02T04:00:00Z", "2026-10-04T04:00:00Z"
    change = PublishedChange(time=time, after=after, until=time, counts=Counts(1, 0, 0, 0))
    history = replace(a_history("2026-10-01T04:00:00Z", time), changes=(change,))

    remarks = look_back(history, WELL, parse_date(date)).remarks

    assert bool(remarks) is not is_certain
    assert is_certain or "between 2026-10-02 04:00 UTC and 2026-10-04 04:00 UTC" in remarks[0]


@pytest.mark.parametrize("day", ["2026-10-05", "2026-10-06", "20261006T120000Z"])
def test_a_date_in_a_gap_shows_the_last_good_read_and_says_so(day: str) -> None:
    past = look_back(HISTORY, WELL, parse_date(day))

    assert past.snapshot == "2026-10-04T04:00:00Z"
    assert past.gap == GAP
    [remark] = past.remarks
    assert remark == (
        "“Harbour mix” was not read from 2026-10-05 to 2026-10-06 (Spotify does not find it): "
        "this is the last good read before"
    )


@pytest.mark.parametrize("day", ["2026-10-04", "2026-10-07", "2026-10-10"])
def test_a_date_that_was_read_needs_no_remark(day: str) -> None:
    assert look_back(HISTORY, WELL, parse_date(day)).remarks == []


def test_a_day_that_was_read_before_it_failed_is_in_no_gap() -> None:
    history = a_history("2026-10-05T04:00:00Z", gaps=(GAP,))

    assert look_back(history, WELL, parse_date("2026-10-05")).remarks == []


@pytest.mark.parametrize("day", [None, "2026-10-09", "2026-11-01"])
def test_what_is_not_read_now_says_since_when_and_why(day: str | None) -> None:
    past = look_back(HISTORY, FAILING, parse_date(day) if day else None)

    [remark] = past.remarks
    assert remark == (
        "“Harbour mix” has not been read since 2026-10-09 (gone): this is the last good read, "
        "of 2026-10-08"
    )


def test_what_is_not_read_now_was_read_before() -> None:
    assert look_back(HISTORY, FAILING, parse_date("2026-10-08")).remarks == []


def test_a_retired_playlist_says_so() -> None:
    retired = replace(FAILING, status="retired", reason="")

    [remark] = look_back(HISTORY, retired, None).remarks
    assert "has been retired since 2026-10-09: " in remark


def test_a_date_after_the_last_good_read_is_not_known_yet() -> None:
    [remark] = look_back(HISTORY, WELL, parse_date("2026-12-24")).remarks

    assert remark == "2026-12-24 is later than the last good read of “Harbour mix”, of 2026-10-10"


def test_a_playlist_that_was_never_read_says_why() -> None:
    with pytest.raises(NeverReadError, match="“Harbour mix” was never read: not found, gone"):
        require_history(None, "Harbour mix", FAILING)


days = st.dates().map(str)


@given(st.sets(days.map(lambda day: f"{day}T04:00:00Z"), min_size=1, max_size=8), days)
def test_a_day_shows_the_newest_snapshot_that_is_not_later(times: set[str], day: str) -> None:
    earlier = [time for time in times if time[:10] <= day]
    try:
        shown = snapshot_on(a_history(*times), parse_date(day)).time
    except NotArchivedYetError:
        assert earlier == []
        return

    assert shown == max(earlier)


@given(st.sets(days.map(lambda day: f"{day}T04:00:00Z"), min_size=1, max_size=8))
def test_the_moment_of_a_snapshot_shows_it(times: set[str]) -> None:
    for time in times:
        key = time.replace("-", "").replace(":", "")
        assert snapshot_on(a_history(*times), parse_date(key)).time == time
