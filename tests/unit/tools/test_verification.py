"""The statement that documents are compared with is right by itself, and owes the package nothing."""

import ast
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.verification.expected import ExpectedPlaylist, Stay, longest_common
from tools.verification.history_file import Named, Row, Song, State
from tools.verification.rows import RowsError, rows_after

pytestmark = pytest.mark.unit

FOLDER = Path(__file__).parents[3] / "tools" / "verification"
FIRST = datetime(2024, 3, 1, 4, tzinfo=UTC)


def state(letters: str, name: str = "Name", added_at: str | None = None) -> State:
    """Return a state with a row for each letter; a capital is the song with another text."""
    rows = tuple(
        Row(
            Song(letter.lower(), "", f"Song {letter}", (), Named("Album", ""), 1000),
            added_at,
        )
        for letter in letters
    )
    return State(name, "", rows)


def playlist(*states: State, days: int | None = None) -> ExpectedPlaylist:
    """Return a playlist with one state a day, the last of them on every later day."""
    versions = [(date(2024, 3, 1) + timedelta(number), one) for number, one in enumerate(states)]
    return ExpectedPlaylist(
        "id", versions, [FIRST + timedelta(number) for number in range(days or len(states))]
    )


def at(day: int) -> str:
    return f"2024-03-{day:02}T04:00:00Z"


def test_it_imports_nothing_of_the_package() -> None:
    imported = {
        name
        for path in FOLDER.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }

    assert "tools.verification.expected" in imported
    assert {name for name in imported if "playlist_archive" in name} == set()


def test_a_change_says_which_rows_came_and_went_and_how_many_moved() -> None:
    known = playlist(state("abcb"), state("cab"), state("cabdb"))

    first, second = known.changes
    assert (first.added, [row for row, _ in first.removed], first.moves) == ([], [4], 1)
    assert [(row, song.uri) for row, song in second.added] == [(4, "d")]
    assert [(row, song.uri) for row, song in second.readded] == [(5, "b")]
    assert (second.after, second.time) == (at(2), at(3))


def test_a_song_with_another_text_is_renamed_and_told_with_its_newest() -> None:
    change, _ = playlist(state("ab"), state("aBc"), state("aB")).changes

    assert [(old.name, new.name) for old, new in change.renamed] == [("Song b", "Song B")]
    assert [song.uri for _, song in change.added] == ["c"]


def test_a_song_that_returns_with_another_text_is_renamed_too() -> None:
    *_, back = playlist(state("ab"), state("a"), state("aB")).changes

    assert [(old.name, new.name) for old, new in back.renamed] == [("Song b", "Song B")]
    assert [row for row, _ in back.readded] == [2]


def test_days_without_news_are_checked_but_not_archived() -> None:
    known = playlist(state("a"), state("a"), state("a"), state("ab"))

    assert [one.time for one in known.archived] == [at(1), at(4)]
    assert [change.after for change in known.changes] == [at(3)]


def test_any_date_has_the_newest_state_that_is_not_later() -> None:
    known = playlist(state("a"), state("a"), state("b"))

    days = ("2024-02-29", "2024-03-01", "2024-03-02", "2024-03-03", "2030-01-01")
    assert [known.state_on(day) for day in days] == [
        None, state("a"), state("a"), state("b"), state("b"),
    ]  # fmt: skip


def test_a_stay_ends_between_the_last_check_that_saw_it_and_the_first_that_did_not() -> None:
    known = playlist(state("ab"), state("ab"), state("a"), state("ab"), days=9)

    assert known.stays["b"] == [
        Stay(at(1), None, at(2), at(3)),
        Stay(at(4), None, None, None),
    ]


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        (None, "2024-02-20T00:00:00Z", "2024-02-20T00:00:00Z"),
        (None, "2024-03-01T00:00:00Z", None),
        ("2024-02-20T00:00:00Z", "2024-02-21T00:00:00Z", "2024-02-20T00:00:00Z"),
        ("2024-02-20T09:00:00Z", "2024-02-20T08:00:00Z", "2024-02-20T09:00:00Z"),
        ("2024-02-20T00:00:00Z", None, "2024-02-20T00:00:00Z"),
    ],
)
def test_a_date_of_an_earlier_day_corrects_a_stay(
    then: str | None, now: str | None, told: str | None
) -> None:
    known = playlist(state("a", added_at=then), state("a", added_at=now))

    assert [stay.added_at for stay in known.stays["a"]] == [told]


def test_a_corrected_date_is_a_snapshot_and_no_change() -> None:
    known = playlist(state("a"), state("a", added_at="2024-02-20T00:00:00Z"))

    assert (len(known.archived), known.changes) == (2, [])


def test_a_great_loss_counts_when_the_next_day_has_it_too() -> None:
    known = playlist(state("ab" * 10), state("ab"), state("ab"))

    assert known.held == [at(2)]
    assert [one.time for one in known.archived] == [at(1), at(3)]
    assert [(change.after, len(change.removed)) for change in known.changes] == [(at(1), 18)]


def test_a_great_loss_that_is_gone_the_next_day_never_was() -> None:
    known = playlist(state("ab" * 10), state(""), state("ab" * 10))

    assert (known.held, len(known.archived), known.changes) == ([at(2)], 1, [])


def test_what_loses_much_more_than_the_loss_before_has_to_be_confirmed_itself() -> None:
    known = playlist(state("ab" * 30), state("ab" * 12), state("a"), state("a"))

    assert known.held == [at(2), at(3)]


@given(st.text("abc", max_size=9), st.text("abc", max_size=9))
def test_the_longest_common_sequence_is_as_long_as_trying_all_shows(one: str, other: str) -> None:
    def longest(one: str, other: str) -> int:
        if not one or not other:
            return 0
        if one[0] == other[0]:
            return 1 + longest(one[1:], other[1:])
        return max(longest(one[1:], other), longest(one, other[1:]))

    assert longest_common(one, other) == longest(one, other)


class TestRowsAfterAChange:
    def test_what_went_goes_first_and_what_came_is_inserted_in_ascending_order(self) -> None:
        change = {
            "removed": [{"row": 1, "uri": "a"}],
            "moved": [{"from": 4, "to": 1, "uri": "d"}],
            "added": [{"row": 3, "uri": "x"}],
            "readded": [{"row": 2, "uri": "y"}],
        }

        assert rows_after("abcd", change) == ["d", "y", "x", "b", "c"]

    @pytest.mark.parametrize(
        "change",
        [
            {"removed": [{"row": 0}]},
            {"removed": [{"row": 3}]},
            {"removed": [{"row": 1}], "moved": [{"from": 1, "to": 1, "uri": "a"}]},
            {"added": [{"row": 4, "uri": "x"}]},
            {"added": [{"row": 0, "uri": "x"}]},
        ],
    )
    def test_a_row_that_cannot_be_is_refused(self, change: dict[str, object]) -> None:
        with pytest.raises(RowsError, match="row"):
            rows_after("ab", change)
