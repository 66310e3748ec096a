from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from playlist_archive.documents.fold import NEWEST_CHANGES, fold, fold_all
from playlist_archive.documents.ledger import Ledger, with_page_status
from playlist_archive.documents.playlist import Owner, Row
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.status import Status, StatusPeriod
from playlist_archive.views import history, render_pages
from playlist_archive.views.item_texts import ItemTexts
from tests.support.strategies import (
    PLAYLIST_ID,
    SPOTIFY,
    day,
    page_status_of,
    rows_of,
    snapshot_of,
    song,
)

pytestmark = pytest.mark.unit


def linked(letter: str) -> str:
    ident = letter * 22
    return f"[Song {letter}]({SPOTIFY}/track/{ident}) by [Ensemble]({SPOTIFY}/artist/{ident})"


def history_pages(ledger: Ledger) -> tuple[str, dict[int, str]]:
    texts = ItemTexts(ledger.items)
    return history.history_page(ledger, texts), {
        year: history.year_page(ledger, year, texts) for year in history.years(ledger)
    }


def history_page(ledger: Ledger) -> str:
    return history_pages(ledger)[0]


def sections(page: str) -> list[str]:
    return page.split("#### ")[1:]


def newest_section(*snapshots: Snapshot) -> list[str]:
    page, _ = history_pages(fold_all(snapshots))
    return sections(page)[0].split("\n")


def test_changes_are_listed_newest_first_between_heading_and_first_snapshot() -> None:
    ledger = fold_all(
        [
            snapshot_of("abc", "2024-03-01"),
            snapshot_of("abcd", "2024-03-02"),
            snapshot_of("acd", "2024-03-03"),
        ]
    )

    page, pages = history_pages(ledger)

    assert page.split("\n")[2:] == [
        f"### [Kitchen radio]({SPOTIFY}/playlist/{PLAYLIST_ID})",
        "",
        "2 changes since the first snapshot",
        "",
        "#### 2024-03-03",
        "",
        "1 removed",
        "",
        f"- Removed: {linked('b')}",
        "",
        "#### 2024-03-02",
        "",
        "1 added",
        "",
        f"- Added: {linked('d')}",
        "",
        "First snapshot: 2024-03-01, 3 songs",
        "",
    ]
    assert pages == {}


def test_a_change_names_everything_in_one_section() -> None:
    changed = [
        Row(item=song("d")),
        Row(item=song("f")),
        Row(item=song("c", name="Better title")),
        Row(item=song("a", playable=False)),
    ]
    section = newest_section(
        snapshot_of("abcde", "2024-03-01"),
        snapshot_of("abce", "2024-03-02"),
        snapshot_of(changed, "2024-03-03"),
    )

    better = linked("c").replace("Song c", "Better title")
    assert section == [
        "2024-03-03",
        "",
        "1 added - 1 added again - 2 removed - 1 moved",
        "",
        f"- Added: {linked('f')}",
        f"- Added again: {linked('d')}",
        f"- Removed: {linked('b')}",
        f"- Removed: {linked('e')}",
        f"- Moved: {better}, from row 3 to row 3",
        f"- No longer available on Spotify: {linked('a')}",
        rf"- Spotify changed “Song c \-\- Ensemble \-\- Collected”: {better}",
        "",
        "",
    ]


def test_a_song_that_can_be_played_again_is_shown() -> None:
    silent = [Row(item=song("a", playable=False))]

    section = newest_section(snapshot_of(silent, "2024-03-01"), snapshot_of("a", "2024-03-02"))

    assert section[:4] == ["2024-03-02", "", f"- Available again: {linked('a')}", ""]


def test_a_moved_song_is_told_with_its_rows() -> None:
    section = newest_section(snapshot_of("ab?cd", "2024-03-01"), snapshot_of("dab?c", "2024-03-02"))

    assert section[2:5] == ["1 moved", "", f"- Moved: {linked('d')}, from row 5 to row 1"]


@pytest.mark.parametrize(("moved", "named"), [(50, 50), (51, 50), (61, 50)])
def test_up_to_fifty_moves_are_named_and_the_rest_counted(moved: int, named: int) -> None:
    before = [Row(item=song(f"{number:x}")) for number in range(moved + 1)]

    section = newest_section(snapshot_of(before), snapshot_of(before[::-1], "2024-03-02"))

    assert section[2] == f"{moved} moved"
    assert sum(line.startswith("- Moved: [") for line in section) == named
    assert (f"- Moved: {moved - named} more" in section) == (moved > named)


def test_rows_that_spotify_does_not_name_are_told() -> None:
    one = newest_section(snapshot_of("ab", "2024-03-01"), snapshot_of("a?b", "2024-03-02"))
    many = newest_section(snapshot_of("?a?", "2024-03-01"), snapshot_of("a", "2024-03-02"))

    assert one[2:4] == ["- Added: row 2, which Spotify does not name", ""]
    assert many[2:4] == ["- Removed: 2 rows that Spotify does not name", ""]


@pytest.mark.parametrize(
    ("rows", "count"),
    [
        ("abc", "3 songs"),
        ("a", "1 song"),
        ("", "0 songs"),
        ("abab", "2 songs, 4 rows (2 twice)"),
        ("aaab", "2 songs, 4 rows (1 in 3 rows)"),
        ("aabbbc?", "3 songs, 7 rows (1 twice, 1 in 3 rows, 1 not named by Spotify)"),
        ("??", "0 songs, 2 rows (2 not named by Spotify)"),
    ],
)
def test_the_first_snapshot_tells_rows_where_they_are_not_songs(rows: str, count: str) -> None:
    page = history_page(fold_all([snapshot_of(rows), snapshot_of("x", "2024-03-02")]))

    assert page.endswith(f"\nFirst snapshot: 2024-03-01, {count}\n")


def test_a_count_of_changes_tells_rows_where_they_are_not_songs() -> None:
    section = newest_section(snapshot_of("a", "2024-03-01"), snapshot_of("bbcd", "2024-03-02"))

    assert section[2] == "3 songs, 4 rows (1 twice) added - 1 removed"


def test_a_song_without_artists_is_shown_with_its_title_only() -> None:
    item = replace(song("b"), artists=())

    section = newest_section(
        snapshot_of("a", "2024-03-01"), snapshot_of([*rows_of("a"), Row(item=item)], "2024-03-02")
    )

    assert f"- Added: [Song b]({SPOTIFY}/track/{'b' * 22})" in section


def test_each_change_of_name_description_and_owner_shows_both_values() -> None:
    paul = Owner("paul", "Paul")
    ledger = fold_all(
        [
            snapshot_of("a", "2024-03-01", name="One", description="<b>Old</b>"),
            snapshot_of("a", "2024-03-02", name="Two", description="New"),
            snapshot_of("a", "2024-03-03", name="Three", description="New", owner=paul),
            snapshot_of("a", "2024-03-04", name="Three [3]", description="", owner=paul),
        ]
    )

    page, _ = history_pages(ledger)

    assert [section.split("\n")[2:-2] for section in sections(page)][:2] == [
        ["- Renamed from “Three” to “Three \\[3\\]”", "- Description changed from “New” to “”"],
        [
            "- Renamed from “Two” to “Three”",
            f"- Owner changed from [Marta]({SPOTIFY}/user/marta) to Paul",
        ],
    ]
    assert sections(page)[2].split("\n")[2:4] == [
        "- Renamed from “One” to “Two”",
        "- Description changed from “Old” to “New”",
    ]


@pytest.mark.parametrize(
    ("previous_check", "heading"),
    [
        (None, "Between 2024-03-01 and 2024-03-09"),
        (day("2024-03-06"), "Between 2024-03-06 and 2024-03-09"),
        (day("2024-03-07"), "Between 2024-03-07 and 2024-03-09"),
        (day("2024-03-08"), "2024-03-09"),
        (day("2024-03-09") - timedelta(hours=1), "2024-03-09"),
    ],
)
def test_a_change_after_missed_days_is_shown_as_a_range(
    previous_check: datetime | None, heading: str
) -> None:
    later = snapshot_of("ab", "2024-03-09", previous_check=previous_check)

    assert newest_section(snapshot_of("a", "2024-03-01"), later)[0] == heading


def a_gap(first: str, last: str, status: Status = "deferred", reason: str = "told") -> StatusPeriod:
    return StatusPeriod(day(first), status, reason, until=day(last) + timedelta(days=1))


def test_a_gap_is_between_the_changes_around_it_with_its_reason() -> None:
    ledger = fold_all(
        [
            snapshot_of("a", "2024-03-01"),
            snapshot_of("ab", "2024-03-02"),
            snapshot_of("abc", "2024-03-09", previous_check=day("2024-03-03")),
        ]
    )
    gaps = (
        a_gap("2024-03-04", "2024-03-06", "not_found", "Spotify does not *find* it"),
        a_gap("2024-03-07", "2024-03-07", "retired", ""),
        a_gap("2024-03-11", "2024-03-12"),
    )

    page, _ = history_pages(with_page_status(ledger, page_status_of(gaps=gaps)))

    told = [line for line in page.split("\n") if line.startswith((">", "####", "First"))]
    assert told == [
        "> Not readable from 2024-03-11 to 2024-03-12: told",
        "#### Between 2024-03-03 and 2024-03-09",
        "> Not archived on 2024-03-07",
        r"> Not readable from 2024-03-04 to 2024-03-06: Spotify does not \*find\* it",
        "#### 2024-03-02",
        "First snapshot: 2024-03-01, 1 song",
    ]


def test_a_gap_is_shown_although_nothing_changed_in_it() -> None:
    ledger = fold_all([snapshot_of("a", "2024-03-01")])

    page, _ = history_pages(
        with_page_status(ledger, page_status_of(gaps=(a_gap("2024-03-04", "2024-03-04"),)))
    )

    assert "0 changes since the first snapshot\n\n> Not readable on 2024-03-04: told\n\n" in page


def test_a_gap_lasts_to_the_day_before_the_playlist_was_read_again() -> None:
    """A playlist that is not found is not requested every day."""
    ledger = fold_all([snapshot_of("a", "2024-03-01")])
    unasked = StatusPeriod(day("2024-03-04"), "not_found", "gone", until=day("2024-03-11"))
    brief = StatusPeriod(
        day("2024-03-12"), "unstable", "", until=day("2024-03-12") + timedelta(hours=9)
    )

    page, _ = history_pages(with_page_status(ledger, page_status_of(gaps=(unasked, brief))))

    assert "\n> Not readable from 2024-03-04 to 2024-03-10: gone\n" in page
    assert "\n> Not readable on 2024-03-12\n" in page


def test_a_gap_lasts_to_the_last_run_that_missed_although_another_of_that_day_read() -> None:
    ledger = fold_all([snapshot_of("a", "2024-03-01")])
    evening = day("2024-03-05") + timedelta(hours=9)
    gap = StatusPeriod(day("2024-03-04"), "deferred", "told", until=evening, last=day("2024-03-05"))

    page = history_page(with_page_status(ledger, page_status_of(gaps=(gap,))))

    assert "\n> Not readable from 2024-03-04 to 2024-03-05: told\n" in page


def test_time_before_the_first_snapshot_is_no_gap() -> None:
    ledger = fold_all([snapshot_of("a", "2024-03-05")])
    before = (a_gap("2024-03-01", "2024-03-04"),)

    assert "Not readable" not in history_page(with_page_status(ledger, page_status_of(gaps=before)))


def test_a_gap_that_ends_on_the_first_possible_day_is_shown() -> None:
    first_day = datetime.min.replace(tzinfo=UTC)
    gap = StatusPeriod(day("2024-03-02"), "deferred", "told", until=first_day)
    ledger = with_page_status(
        fold_all([snapshot_of("a", "2024-03-01")]), page_status_of(gaps=(gap,))
    )

    assert "> Not readable on 2024-03-02: told" in history_page(ledger)


class TestYears:
    def ledger(self, changes: int, first: str = "2023-12-01") -> Ledger:
        """Return a ledger with a change on each day."""
        start = day(first)
        return fold_all(
            replace(snapshot_of("ab" if number % 2 else "a"), time=start + timedelta(number))
            for number in range(changes + 1)
        )

    def test_as_many_changes_as_fit_need_no_other_page(self) -> None:
        page, pages = history_pages(self.ledger(NEWEST_CHANGES))

        assert len(sections(page)) == NEWEST_CHANGES
        assert "Older changes" not in page
        assert pages == {}

    def test_older_changes_go_to_pages_of_their_years(self) -> None:
        page, pages = history_pages(self.ledger(NEWEST_CHANGES + 1))

        assert f"{NEWEST_CHANGES + 1} changes since the first snapshot" in page
        assert [section.split("\n")[0] for section in sections(page)][-1] == "2024-01-21"
        assert "\nOlder changes: [2024]" in page
        assert f", [2023](/playlists/history/{PLAYLIST_ID}-2023.md)\n" in page
        assert list(pages) == [2024, 2023]
        assert "\n30 changes in 2023\n" in pages[2023]
        newest = f"[the newest](/playlists/history/{PLAYLIST_ID}.md)"
        assert f"\n20 changes in 2024, before {newest}\n" in pages[2024]
        headings = [section.split("\n")[0] for section in sections(pages[2023])]
        assert headings[0] == "2023-12-31"
        assert headings[-1] == "2023-12-02"
        assert len(headings) == 30

    def test_every_change_is_on_one_page(self) -> None:
        for changes in (NEWEST_CHANGES, NEWEST_CHANGES + 1, 3 * NEWEST_CHANGES + 17):
            page, pages = history_pages(self.ledger(changes))

            told = [
                text.split("\n")[0] for one in (page, *pages.values()) for text in sections(one)
            ]
            days = [day("2023-12-01") + timedelta(number) for number in range(1, changes + 1)]
            assert sorted(told) == [f"{one:%Y-%m-%d}" for one in days]

    def test_most_changes_leave_the_pages_of_years_alone(self) -> None:
        _, before = history_pages(self.ledger(NEWEST_CHANGES + 1))
        _, after = history_pages(self.ledger(NEWEST_CHANGES + 2))

        assert before == after

    def test_a_gap_is_shown_on_the_page_of_its_year_and_beside_the_newest_changes(self) -> None:
        ledger = self.ledger(NEWEST_CHANGES + 1, "2023-12-25")  # the newest begin on 2024-02-14
        gaps = (
            a_gap("2023-12-30", "2024-01-02", reason="early"),
            a_gap("2024-02-20", "2024-02-21", reason="late"),
        )

        page, pages = history_pages(with_page_status(ledger, page_status_of(gaps=gaps)))

        assert "early" not in page
        assert "late" in page
        assert "early" in pages[2024]
        assert "late" not in pages[2024]
        assert "Not readable" not in pages[2023]

    def test_a_year_without_any_change_has_a_page_for_its_gaps(self) -> None:
        ledger = fold_all(
            [
                snapshot_of("b", "2021-12-01"),
                *(
                    replace(
                        snapshot_of("ab" if number % 2 else "a"),
                        time=day("2023-03-01") + timedelta(number),
                    )
                    for number in range(NEWEST_CHANGES)
                ),
            ]
        )
        ledger = fold(ledger, replace(snapshot_of("c"), time=day("2024-02-01")))
        gaps = (a_gap("2022-05-01", "2022-05-03"),)

        page, pages = history_pages(with_page_status(ledger, page_status_of(gaps=gaps)))

        assert "Not readable" not in page
        assert "Older changes: [2023]" in page
        assert list(pages) == [2023, 2022]
        assert pages[2022].endswith("\n> Not readable from 2022-05-01 to 2022-05-03: told\n")

    def test_years_are_linked_newest_first(self) -> None:
        page, pages = history_pages(self.ledger(NEWEST_CHANGES + 380, "2022-12-20"))

        assert list(pages) == [2024, 2023, 2022]
        older = page.split("Older changes: ")[1].split("\n")[0]
        assert [text[:6] for text in older.split(", ")] == ["[2024]", "[2023]", "[2022]"]

    def test_the_page_of_a_year_does_not_change(self) -> None:
        _, before = history_pages(self.ledger(NEWEST_CHANGES + 40))
        ledger = self.ledger(NEWEST_CHANGES + 41)
        _, after = history_pages(
            with_page_status(ledger, page_status_of(status="held", reason="x"))
        )

        assert before[2023] == after[2023]

    def test_a_years_page_leads_to_all_other_pages(self) -> None:
        _, pages = history_pages(self.ledger(NEWEST_CHANGES + 1))

        navigation = pages[2023].split("\n")[0]
        assert navigation.startswith("[index](/playlists/index.md) - [pretty](")
        assert navigation.count("](/playlists/") == 5
        assert pages[2023].endswith("\n")
        assert not pages[2023].endswith("\n\n")

    def test_a_years_page_has_its_key(self) -> None:
        pages = render_pages(self.ledger(NEWEST_CHANGES + 1))

        page = pages[f"playlists/history/{PLAYLIST_ID}-2023.md"]
        assert page.content_type == "text/plain; charset=utf-8"
