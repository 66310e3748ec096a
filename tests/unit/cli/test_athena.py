"""Asking Athena: start, wait, read; everything has an end."""

import pytest
from botocore.exceptions import ClientError

from playlist_archive_cli.errors import CommandError, WrongUseError
from playlist_archive_cli.sql_engines.athena import PATIENCE_SECONDS, Asked, ask_athena
from playlist_archive_cli.sql_engines.result import MOST_ROWS, Result
from tests.support.athena import FakeAthena
from tests.support.fakes import FakeClock

pytestmark = pytest.mark.unit

ASKED = Asked("playlist-archive", "playlist_archive_1")


def ask(athena: FakeAthena, query: str = "SELECT 1", clock: FakeClock | None = None) -> Result:
    return ask_athena(athena, clock or FakeClock(), ASKED, query)


def test_a_query_that_athena_does_not_take_is_wrong_use() -> None:
    with pytest.raises(WrongUseError, match=r"Athena says: line 1:1: no"):
        ask(FakeAthena(refusal="InvalidRequestException"))


def test_a_refusal_for_another_reason_is_awss() -> None:
    with pytest.raises(ClientError, match="AccessDeniedException"):
        ask(FakeAthena(refusal="AccessDeniedException"))


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("SYNTAX_ERROR: line 1:8: Column 'x' cannot be resolved", WrongUseError),
        ("Bytes scanned limit was exceeded", CommandError),
        ("", CommandError),
    ],
)
def test_a_query_that_failed_says_why(reason: str, kind: type[CommandError]) -> None:
    with pytest.raises(CommandError) as caught:
        ask(FakeAthena(state="FAILED", reason=reason))

    assert type(caught.value) is kind
    assert str(caught.value) == f"Athena says: {reason or 'FAILED'}"


def test_a_query_that_does_not_end_is_stopped() -> None:
    athena, clock = FakeAthena(running=10**6), FakeClock()
    begun = clock.monotonic()

    with pytest.raises(CommandError, match="did not answer within 120 s"):
        ask(athena, clock=clock)
    assert athena.stopped == ["q1"]
    assert clock.monotonic() - begun <= PATIENCE_SECONDS + 1


def test_the_query_is_asked_in_the_stacks_workgroup_and_database() -> None:
    athena = FakeAthena()
    ask(athena, "SELECT 2")

    assert athena.asked == {
        "QueryString": "SELECT 2",
        "WorkGroup": "playlist-archive",
        "QueryExecutionContext": {"Database": "playlist_archive_1"},
    }


def test_values_have_their_types_and_what_was_scanned_is_told() -> None:
    columns = [
        ("a", "bigint"),
        ("b", "double"),
        ("c", "boolean"),
        ("d", "array(varchar)"),
        ("e", "varchar"),
    ]
    rows: list[list[str | None]] = [
        ["12", "0.5", "true", "[x, y]", None],
        ["-1", "1.0E10", "false", "[]", ""],
    ]

    assert ask(FakeAthena(columns=columns, rows=rows)) == Result(
        ["a", "b", "c", "d", "e"],
        [[12, 0.5, True, "[x, y]", None], [-1, 1e10, False, "[]", ""]],
        more=False,
        scanned_bytes=2_500_000,
    )


def test_an_answer_without_a_row_has_its_columns() -> None:
    assert ask(FakeAthena()) == Result(["n"], [], more=False, scanned_bytes=2_500_000)


def test_a_row_with_the_name_of_its_column_is_a_row() -> None:
    answer = ask(FakeAthena(columns=[("n", "varchar")], rows=[["n"]]))

    assert answer.rows == [["n"]]


def test_what_is_no_select_has_no_names_in_its_rows() -> None:
    columns = [("tab_name", "string")]

    answer = ask(FakeAthena(columns=columns, rows=[["stays"]], statement="UTILITY"))
    assert answer.rows == [["stays"]]


@pytest.mark.parametrize(("number", "more"), [(MOST_ROWS, False), (MOST_ROWS + 1, True)])
def test_rows_are_read_page_by_page_up_to_a_bound(number: int, more: bool) -> None:
    athena = FakeAthena(rows=[[str(row)] for row in range(number)])

    answer = ask(athena)
    assert answer.more is more
    assert [row[0] for row in answer.rows] == list(range(MOST_ROWS))


def test_no_page_is_read_beyond_the_bound() -> None:
    athena = FakeAthena(rows=[[str(row)] for row in range(5 * MOST_ROWS)])
    ask(athena)

    assert athena.pages_read == MOST_ROWS // 1000 + 1
