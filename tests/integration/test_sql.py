"""Questions in SQL to a deployed stack: Athena with the documented policy, and DuckDB on a copy."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from playlist_archive_cli import frame, main
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.location import DeployedStack
from playlist_archive_cli.sql_engines.duck import ask_duckdb
from tests.support.command import DOCUMENT
from tests.support.users import a_user, documented_policy
from tools.local.engine import REGION
from tools.local.simulation import Simulation
from tools.local.stack import STACK_NAME

pytestmark = pytest.mark.integration

SQL_DOCUMENT = DOCUMENT.with_name("sql.md")
# The days of the other tests with this stack are before.
DAYS = [datetime(2026, 3, day, 4, tzinfo=UTC) for day in (27, 28)]
USER = "analyst"
COUNTED = "SELECT count(*) AS stays, count(DISTINCT playlist_id) AS playlists FROM stays"


@pytest.fixture(scope="module")
def archived(simulation: Simulation) -> Simulation:
    simulation.stand_in.control.clear_faults()
    for day in DAYS:
        simulation.archive_day(day)
    return simulation


@pytest.fixture(scope="module")
def analyst(archived: Simulation) -> Iterator[dict[str, str]]:
    """Yield the access key of a user who may do what both documents say, and nothing else."""
    stack = archived.stack
    values = {
        "bucket": stack.bucket,
        "AnalyticsDatabaseName": stack.outputs["AnalyticsDatabaseName"],
    }
    policies = {
        # AWS knows the workgroup of a query that runs; the engine does not.
        document.stem: documented_policy(document, **values).replace(
            "arn:aws:athena:*:*:workgroup/<stack>", "*"
        )
        for document in (DOCUMENT, SQL_DOCUMENT)
    }
    with a_user(stack, USER, policies) as variables:
        yield variables


@pytest.fixture
def options(
    archived: Simulation,
    analyst: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> list[str]:
    monkeypatch.setattr(frame, "find_running", lambda _: [])
    monkeypatch.setattr(frame, "deployment_file", lambda: tmp_path / "deployment.json")
    for name, value in {**analyst, "AWS_ENDPOINT_URL": archived.stack.engine.url}.items():
        monkeypatch.setenv(name, value)
    return ["--stack", STACK_NAME, "--region", REGION]


def test_the_table_of_a_deployed_stack_is_kept_as_a_file(archived: Simulation) -> None:
    stack = archived.stack
    [key, *_] = [key for key in stack.list_keys() if key.startswith("playlists/table/")]
    head = stack._client("s3").head_object(Bucket=stack.bucket, Key=key)

    assert re.fullmatch(r"playlists/table/\w{22}/2026\.json\.gz", key)
    assert head["ContentType"] == "application/gzip"
    assert "ContentEncoding" not in head


def test_athena_and_duckdb_count_the_same_stays(
    archived: Simulation, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code = main.run(["sql", COUNTED, *options, "--json"])
    printed = capsys.readouterr()
    assert exit_code == 0, printed.err
    answered = json.loads(printed.out)

    archive = Connection(DeployedStack(STACK_NAME, REGION)).archive
    assert [list(row) for row in ask_duckdb(archive, COUNTED).rows] == answered["rows"]
    assert answered["columns"] == ["stays", "playlists"]
    assert answered["rows"][0][0] > 1_000
    assert answered["scanned_bytes"] is not None
    assert [key for key in archived.stack.list_keys() if key.startswith("queries/")]


def test_a_query_that_athena_does_not_take_is_one_line(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main.run(["sql", "SELECT nothing FROM stays", *options]) != 0

    printed = capsys.readouterr()
    assert printed.err.startswith("playlist-archive: Athena says: ")
    assert printed.err.count("\n") == 1
    assert printed.out == ""
