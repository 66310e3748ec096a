"""The verb `sql`: who is asked, what is shown, and what goes wrong."""

import builtins
import gzip
from typing import Any

import pytest

from playlist_archive.documents.keys import TABLE, table_key
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.location import LocalStack
from playlist_archive_cli.sql_engines.duck import simplify
from playlist_archive_cli.sql_engines.result import MOST_ROWS, Result
from playlist_archive_cli.verbs.sql import ask
from tests.support.athena import FakeAthena
from tests.support.command import Command
from tests.support.fakes import FakeBucket, FakeClock
from tools.stand_in.sample import TALK

pytestmark = pytest.mark.contract


@pytest.fixture
def command(peaceful_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command(peaceful_archive, monkeypatch)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT nothing FROM stays", "nothing"),
        ("SELEC 1", "syntax error"),
        ("SELECT * FROM songs", "songs"),
        ("SELECT 'x'::INTEGER", "Could not convert"),
    ],
)
def test_what_duckdb_does_not_take_is_wrong_use_in_one_line(
    command: Command, query: str, said: str
) -> None:
    answer = command("sql", query)

    assert (answer.exit_code, answer.out) == (2, "")
    assert answer.err.startswith("playlist-archive: DuckDB says: ")
    assert said in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize("query", ["", " ", ";", "/* count */"])
def test_a_query_that_asks_nothing_is_wrong_use_in_one_line(command: Command, query: str) -> None:
    answer = command("sql", query)

    assert (answer.exit_code, answer.out) == (2, "")
    assert "asks nothing" in answer.err
    assert answer.err.count("\n") == 1


def test_without_duckdb_it_says_how_to_get_it(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def lacking(name: str, *arguments: Any, **options: Any) -> Any:
        if name == "duckdb":
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", lacking)
    answer = command("sql", "SELECT 1")

    assert answer.exit_code == 1
    assert "uv pip install duckdb" in answer.err
    assert answer.err.count("\n") == 1


def test_an_archive_of_an_earlier_version_needs_a_rebuild(
    peaceful_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = FakeBucket()
    bucket.objects = {
        key: body for key, body in peaceful_archive.objects.items() if not key.startswith(TABLE)
    }
    answer = Command(bucket, monkeypatch)("sql", "SELECT 1")

    assert answer.exit_code == 1
    assert "a rebuild writes it" in answer.err


def test_a_file_that_cannot_be_read_is_one_line(
    peaceful_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = FakeBucket()
    damaged = {table_key(TALK, 2026): gzip.compress(b"[")}
    bucket.objects = {**peaceful_archive.objects, **damaged}

    answer = Command(bucket, monkeypatch)("sql", "SELECT count(name) FROM stays")
    assert answer.exit_code in {1, 2}
    assert answer.err.startswith("playlist-archive: DuckDB says: ")
    assert answer.err.count("\n") == 1


def test_an_answer_of_no_row_has_its_columns(command: Command) -> None:
    answer = command("sql", "SELECT name FROM stays WHERE false")

    assert (answer.exit_code, answer.out) == (0, "name\n")


def test_nothing_is_an_empty_cell_and_a_list_is_one_text(command: Command) -> None:
    answer = command(
        "sql", "SELECT NULL AS a, ['x', 'y'] AS b, true AS c, {'k': 1} AS d, 1.50 AS e"
    )

    assert answer.out == "a\tb\tc\td\te\n\tx, y\ttrue\tk: 1\t1.50\n"


def test_a_text_moves_no_cursor(command: Command) -> None:
    answer = command("sql", "SELECT chr(27) || '[31m' || chr(10) AS a")

    assert answer.out.count("\n") == 2
    assert "\x1b" not in answer.out


def test_too_many_rows_are_cut_and_that_is_said(command: Command) -> None:
    answer = command("sql", f"SELECT * FROM range({MOST_ROWS + 1})", "--json")

    assert answer.exit_code == 0
    assert len(answer.document["rows"]) == MOST_ROWS
    assert answer.document["complete"] is False
    assert "only the first 10,000 rows" in answer.err


def test_every_value_of_duckdb_has_json(command: Command) -> None:
    answer = command(
        "sql",
        "SELECT DATE '2026-10-01' AS a, 2::HUGEINT ** 70 AS b, 9007199254740993 AS c, "
        "INTERVAL 1 DAY AS d, 'nan'::DOUBLE AS e, 'x'::BLOB AS f, uuid() AS g, MAP {1: 2} AS h",
        "--json",
    )

    assert answer.exit_code == 0
    first, _, exact, *_ = answer.document["rows"][0]
    assert (first, exact) == ("2026-10-01", "9007199254740993")


def test_a_large_number_is_text_because_json_readers_would_round_it() -> None:
    assert simplify([2**53, 2**53 + 1, {"k": -(2**60)}]) == [
        2**53,
        str(2**53 + 1),
        {"k": str(-(2**60))},
    ]


def test_an_archive_on_this_machine_is_asked_by_duckdb_though_its_engine_has_a_workgroup(
    peaceful_archive: FakeBucket,
) -> None:
    opened: list[str] = []
    local = LocalStack("sample", "http://127.0.0.1:1", "us-east-1", "playlist-archive")
    connection = Connection(local, opened.append)
    connection.outputs = dict(TestAthena.OUTPUTS)
    connection.archive = Archive(peaceful_archive, str(local), FakeClock(), scheduled=False)

    assert ask(connection, "SELECT 7 AS n") == Result(["n"], [[7]])
    assert opened == []


class TestAthena:
    OUTPUTS = (
        ("AnalyticsWorkgroupName", "playlist-archive"),
        ("AnalyticsDatabaseName", "playlist_archive_1"),
    )

    def command(
        self, monkeypatch: pytest.MonkeyPatch, athena: FakeAthena, asked: list[str]
    ) -> Command:
        outputs = [{"OutputKey": name, "OutputValue": value} for name, value in self.OUTPUTS]

        class CloudFormation:
            def describe_stacks(self, **_: str) -> Any:
                return {"Stacks": [{"Outputs": outputs}]}

        def client(service: str) -> Any:
            asked.append(service)
            return {"cloudformation": CloudFormation(), "athena": athena}[service]

        return Command(FakeBucket(), monkeypatch, client)

    def test_a_stack_with_analytics_asks_athena_and_reads_no_object(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []
        command = self.command(monkeypatch, FakeAthena(running=0, rows=[["7"]]), asked)

        answer = command("sql", "SELECT 7 AS n")
        assert (answer.exit_code, answer.out) == (0, "n\n7\n")
        assert answer.err == "Athena scanned 2.5 MB\n"
        assert asked == ["cloudformation", "athena"]

    def test_the_document_has_what_was_scanned(self, monkeypatch: pytest.MonkeyPatch) -> None:
        command = self.command(monkeypatch, FakeAthena(running=0, rows=[["7"]]), [])

        assert command("sql", "SELECT 7 AS n", "--json").document == {
            "columns": ["n"],
            "rows": [[7]],
            "complete": True,
            "scanned_bytes": 2_500_000,
        }

    @pytest.mark.parametrize("query", ["", " \n"])
    def test_a_query_that_asks_nothing_is_not_sent(
        self, monkeypatch: pytest.MonkeyPatch, query: str
    ) -> None:
        asked: list[str] = []
        answer = self.command(monkeypatch, FakeAthena(running=0), asked)("sql", query)

        assert (answer.exit_code, asked) == (2, [])
        assert "asks nothing" in answer.err

    def test_a_query_that_failed_is_one_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        athena = FakeAthena(running=0, state="FAILED", reason="SYNTAX_ERROR:\nline 1:8: no")

        answer = self.command(monkeypatch, athena, [])("sql", "SELECT x")
        assert (answer.exit_code, answer.out) == (2, "")
        assert answer.err == "playlist-archive: Athena says: SYNTAX_ERROR: line 1:8: no\n"
