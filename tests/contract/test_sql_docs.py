"""docs/sql.md is true: its table, its queries on the sample library, and its DuckDB in a folder."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from playlist_archive.documents.keys import TABLE
from playlist_archive.documents.stays import StayOfSong
from playlist_archive_cli.sql_engines.duck import COLUMNS
from tests.support.command import Command
from tests.support.fakes import FakeBucket
from tools.stand_in.sample import FRIEND, KITCHEN, OWNER, SHARED, SKYLIGHT
from tools.template import load_source

pytestmark = pytest.mark.contract

DOCUMENT = Path(__file__).parents[2] / "docs/sql.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
QUERIES = dict(
    re.findall(r"^#{2,3} ([^\n]*)\n(?:(?!\n#).)*?```sql\n(.*?)```", TEXT, re.MULTILINE | re.DOTALL)
)

type Rows = list[list[Any]]


@pytest.fixture(scope="module")
def ask(peaceful_archive: FakeBucket) -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        command = Command(peaceful_archive, monkeypatch)

        def ask(question: str) -> Rows:
            answered = command("sql", QUERIES[question], "--json")
            assert (answered.exit_code, answered.err) == (0, "")
            rows: Rows = answered.document["rows"]
            return rows

        yield ask


def test_there_are_ten_questions() -> None:
    asked = TEXT.split("\n## Ten questions\n")[1].split("\n## ")[0]

    assert len(re.findall("^### ", asked, re.MULTILINE)) == len(re.findall("```sql", asked)) == 10


def test_the_longest_stays_begin_with_the_oldest_song(ask: Any) -> None:
    rows = ask("Which songs stayed longest?")

    # Spotify says when the songs of an old playlist were added; the oldest has a hole in its tape.
    name, artists, since, until, days = rows[0]
    assert (name, artists, until) == ("Exit, Pursued by a Drum", ["Bog Standard"], None)
    added = datetime.fromisoformat(since).date()
    assert added == date(2015, 7, 28)
    assert (datetime.now(UTC).date() - added).days - days in {0, 1}
    assert len(rows) == 20
    assert [row[4] for row in rows] == sorted((row[4] for row in rows), reverse=True)


def test_songs_in_most_playlists_are_counted_once_in_each(ask: Any) -> None:
    rows = ask("Which songs are in most playlists?")

    assert [row[1:] for row in rows[:6]] == [
        ["Corner Table", 3],
        ["Kilovolt", 3],
        ["Municipal Disco", 3],
        ["Second Coffee", 3],
        ["Seconds", 3],
        ["Amen to the Onion", 2],
    ]


def test_what_left_and_came_back_has_both_days(ask: Any) -> None:
    assert ask("What left and came back?") == [
        [SKYLIGHT, "Ropewalk", "2026-10-04T04:00:00Z", "2026-10-08T04:00:00Z"]
    ]


def test_churn_leaves_out_what_the_playlists_began_with(ask: Any) -> None:
    assert ask("How much changes in a month?") == [["2026-10", 40, 7]]


def test_a_recording_that_stands_twice_in_a_playlist_is_found(ask: Any) -> None:
    assert ask("Which recordings stand twice in a playlist?") == [
        [KITCHEN, "QZF307221342", "Municipal Disco", 2]
    ]


def test_who_added_what_tells_playlists_of_several_people(ask: Any) -> None:
    rows = ask("Who added what?")

    assert {row[0] for row in rows} == {SHARED}
    assert [row[1] for row in rows] == [FRIEND.id] * 7 + [OWNER.id]
    assert rows[-1][2] == "Amen to the Onion"


def test_songs_are_counted_by_weekday(ask: Any, peaceful_archive: FakeBucket) -> None:
    counted: dict[int, int] = {}
    for key in table_keys(peaceful_archive):
        for line in lines_of(peaceful_archive, key):
            if "added_at" in line:
                day = datetime.fromisoformat(line["added_at"]).isoweekday()
                counted[day] = counted.get(day, 0) + 1

    assert ask("On which weekday are songs added?") == [
        list(one) for one in sorted(counted.items())
    ]
    assert len(counted) == 7


def test_artists_are_told_by_year(ask: Any) -> None:
    rows = ask("Whose songs came in which year?")

    assert rows[0] == ["2015", "Bog Standard", 1]
    assert ["2019", "The June Millers", 3] in rows
    years = [row[0] for row in rows]
    assert years == sorted(years)
    assert max(years.count(year) for year in years) == 3


def test_songs_that_are_gone_from_everywhere_are_told_last_gone_first(ask: Any) -> None:
    assert [row[1:] for row in ask("Which songs are gone from everywhere?")] == [
        ["One | Two | Three", "2026-10-10T04:00:00Z"],
        ["Hum", "2026-10-07T04:00:00Z"],
        ["Unsent", "2026-10-07T04:00:00Z"],
        ["Feeding Time", "2026-10-05T04:00:00Z"],
    ]


def test_a_playlist_on_a_date_is_its_snapshot_of_that_day(
    ask: Any, peaceful_archive: FakeBucket
) -> None:
    rows = ask("What was in a playlist on a date?")

    keys = [key for key in peaceful_archive.objects if key.startswith(f"snapshots/{SKYLIGHT}/")]
    newest = max(key for key in keys if key <= f"snapshots/{SKYLIGHT}/20261007T235959Z.json")
    snapshot = json.loads(peaceful_archive.objects[newest])
    names = [row["item"]["name"] for row in snapshot["rows"]]
    assert sorted(name for name, _ in rows) == sorted(names)
    assert "Ropewalk" not in names


def test_the_second_table_has_the_names_of_playlists(ask: Any) -> None:
    assert ask("Names of playlists")[0] == ["Everything, ever", 1201]


def test_the_table_of_columns_names_each_with_its_type() -> None:
    described = dict(re.findall(r"^\| `([a-z_]+)` \| ([a-z ]+) \|", TEXT, re.MULTILINE))
    words = {"VARCHAR": "text", "VARCHAR[]": "list of texts", "INTEGER": "integer"}

    assert described == {name: words[kind] for name, kind in COLUMNS.items()}


def test_the_file_the_command_and_athena_have_the_same_columns() -> None:
    table = load_source()["Resources"]["AnalyticsTable"]["Properties"]["TableInput"]
    columns = {one["Name"]: one["Type"] for one in table["StorageDescriptor"]["Columns"]}
    kinds = {"VARCHAR": "string", "VARCHAR[]": "array<string>", "INTEGER": "int"}

    assert columns == {name: kinds[kind] for name, kind in COLUMNS.items()}
    assert set(columns) == set(StayOfSong.__struct_fields__)
    assert table["StorageDescriptor"]["Location"]["Fn::Sub"] == f"s3://${{ArchiveBucket}}/{TABLE}"


def test_the_example_for_a_folder_reads_what_was_copied_there(
    peaceful_archive: FakeBucket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for key in table_keys(peaceful_archive):
        file = tmp_path / "table" / key.removeprefix(TABLE)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(peaceful_archive.objects[key])
    monkeypatch.chdir(tmp_path)
    [example] = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)

    exec(compile(example, "docs/sql.md", "exec"), {"duckdb": duckdb})

    counted = sum(len(lines_of(peaceful_archive, key)) for key in table_keys(peaceful_archive))
    assert re.search(rf"\b{counted}\b", capsys.readouterr().out)


def table_keys(bucket: FakeBucket) -> list[str]:
    return [key for key in bucket.objects if key.startswith(TABLE)]


def lines_of(bucket: FakeBucket, key: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(bucket.objects[key]).splitlines()]
