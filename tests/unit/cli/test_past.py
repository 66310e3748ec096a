"""What is known of a playlist on a date, and what has to be said about it."""

import pytest
from hypothesis import given, settings
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
from playlist_archive_cli.dates import Date, parse_date
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.past import State, reaching_back, state_at, years_around
from playlist_archive_cli.past_in_words import (
    NeverReadError,
    NotArchivedYetError,
    look_back,
    remarks_since,
    require_history,
)
from playlist_archive_cli.published import PlaylistStatus
from tests.support.pasts import (
    Past,
    Published,
    Truth,
    dates_of,
    is_contradicted,
    pasts,
    publish,
    tell,
)

pytestmark = pytest.mark.unit

PLAYLIST = PublishedPlaylist("4uLU6hMCjMI75M1A2tKUQC", "Harbour mix", "")
GAP = PublishedGap(
    "2026-10-05",
    "2026-10-06",
    "2026-10-05T04:00:00Z",
    "2026-10-07T04:00:00Z",
    "not_found",
    "Spotify does not find it",
)
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

    well = replace(WELL, last_changed=time)
    remarks = look_back(history, well, parse_date(date)).remarks

    assert bool(remarks) is not is_certain
    assert is_certain or "between 2026-10-02 04:00 UTC and 2026-10-04 04:00 UTC" in remarks[0]


@pytest.mark.parametrize("day", ["2026-10-05", "2026-10-06", "20261006T120000Z"])
def test_a_date_in_a_gap_shows_the_last_good_read_and_says_so(day: str) -> None:
    past = look_back(HISTORY, WELL, parse_date(day))

    assert past.snapshot == "2026-10-04T04:00:00Z"
    [remark] = past.remarks
    assert remark == (
        "“Harbour mix” could not be read from 2026-10-05 to 2026-10-06 (Spotify does not find it): "
        "this is what the last good read before found"
    )


@pytest.mark.parametrize("day", ["2026-10-04", "2026-10-07", "2026-10-10"])
def test_a_date_that_was_read_needs_no_remark(day: str) -> None:
    assert look_back(HISTORY, WELL, parse_date(day)).remarks == []


def test_a_day_that_was_read_before_it_failed_is_in_no_gap() -> None:
    history = a_history("2026-10-05T03:00:00Z", "2026-10-07T04:00:00Z", gaps=(GAP,))

    assert look_back(history, WELL, parse_date("2026-10-05")).remarks == []
    assert look_back(history, WELL, parse_date("20261005T035959Z")).remarks == []
    assert look_back(history, WELL, parse_date("20261005T040000Z")).remarks != []


def test_a_day_that_was_read_well_after_it_failed_is_in_no_gap() -> None:
    gap = replace(GAP, last=GAP.first, until="2026-10-05T16:00:00Z")
    history = a_history("2026-10-01T04:00:00Z", "2026-10-07T04:00:00Z", gaps=(gap,))

    assert look_back(history, WELL, parse_date("2026-10-05")).remarks == []
    assert look_back(history, WELL, parse_date("20261005T155959Z")).remarks != []


def test_a_day_on_which_it_was_not_archived_is_not_said_to_have_failed() -> None:
    gap = replace(GAP, status="retired", reason="")
    [remark] = look_back(replace(HISTORY, gaps=(gap,)), WELL, parse_date("2026-10-05")).remarks

    assert remark.startswith("“Harbour mix” was not archived from 2026-10-05 to 2026-10-06: ")


@pytest.mark.parametrize("on", [None, "2026-10-09", "2026-11-01"])
def test_a_snapshot_that_the_pages_do_not_show_is_told(on: str | None) -> None:
    status = replace(FAILING, last_changed="2026-10-08T04:00:09Z")

    [remark] = look_back(HISTORY, status, parse_date(on) if on else None).remarks

    assert "has a newer snapshot, of 2026-10-08 04:00:09 UTC, which its pages do not show" in remark


def test_a_status_from_before_the_newest_read_says_nothing_of_it() -> None:
    """The pages of a playlist are written before the status of all."""
    history = a_history("2026-10-01T04:00:00Z", "2026-10-10T04:00:00Z")

    for on in (None, parse_date("2026-10-10")):
        assert look_back(history, FAILING, on).remarks == []
    [remark] = look_back(history, FAILING, parse_date("2026-10-11")).remarks
    assert remark == "2026-10-11 is later than the last good read of “Harbour mix”, of 2026-10-10"


def test_what_is_imported_later_does_not_end_that_it_cannot_be_read() -> None:
    history = a_history("2026-10-01T04:00:00Z", "2026-10-10T04:00:00Z")
    newest, *others = history.snapshots
    imported = replace(history, snapshots=(replace(newest, source="exportify"), *others))

    [remark] = look_back(imported, FAILING, None).remarks

    assert "has not been read since 2026-10-09 (gone): " in remark


def test_beside_the_changes_it_says_what_is_not_known() -> None:
    assert remarks_since(HISTORY, WELL, None) == []
    assert remarks_since(HISTORY, WELL, parse_date("2026-10-01")) == []
    assert remarks_since(HISTORY, WELL, parse_date("2026-09-30")) == [
        "the archive of “Harbour mix” begins on 2026-10-01"
    ]
    [failing] = remarks_since(HISTORY, FAILING, parse_date("2026-12-24"))
    assert failing == (
        "“Harbour mix” has not been read since 2026-10-09 (gone): what changed since is not known"
    )
    [late] = remarks_since(HISTORY, WELL, parse_date("2026-12-24"))
    assert late.startswith("2026-12-24 is later than the last good read")
    [behind] = remarks_since(HISTORY, replace(WELL, last_changed="2026-10-08T04:00:00Z"), None)
    assert behind.endswith("or it cannot be read: what it changed is not told")


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
        require_history(None, "Harbour mix", replace(FAILING, last_changed=None))


def test_a_playlist_whose_history_is_missing_is_not_said_never_to_have_been_read() -> None:
    with pytest.raises(CommandError, match="is missing, though there is a snapshot of 2026-10-07"):
        require_history(None, "Harbour mix", WELL)


days = st.dates().map(str)


@given(st.sets(days.map(lambda day: f"{day}T04:00:00Z"), min_size=1, max_size=8), days)
def test_a_day_shows_the_newest_snapshot_that_is_not_later(times: set[str], day: str) -> None:
    earlier = [time for time in times if time[:10] <= day]
    shown = state_at(a_history(*times), None, parse_date(day)).snapshot

    assert (shown and shown.time) == max(earlier, default=None)


@given(st.sets(days.map(lambda day: f"{day}T04:00:00Z"), min_size=1, max_size=8))
def test_the_moment_of_a_snapshot_shows_it(times: set[str]) -> None:
    for time in times:
        key = time.replace("-", "").replace(":", "")
        shown = state_at(a_history(*times), None, parse_date(key)).snapshot
        assert shown
        assert shown.time == time


def known_of(published: Published, on: Date | None) -> State:
    """Return what the command knows, which reads only the years around the date."""
    history, years, status = published
    read = [years[older.year] for older in years_around(history, on)]
    return state_at(reaching_back(history, read), status, on)


@settings(max_examples=300)
@given(pasts())
def test_what_is_known_of_any_date_is_what_the_runs_and_the_snapshots_prove(past: Past) -> None:
    published = publish(past)

    for on in (None, *dates_of(past)):
        known = known_of(published, on)
        time = known.snapshot.time if known.snapshot else None
        assert Truth(known.kind, time) == tell(past, on), on


@settings(max_examples=300)
@given(pasts())
def test_no_date_is_said_to_be_without_a_change_on_which_a_run_saw_other_songs(past: Past) -> None:
    published = publish(past)

    for on in dates_of(past):
        if known_of(published, on).kind == "unchanged":
            assert not is_contradicted(past, on), on
