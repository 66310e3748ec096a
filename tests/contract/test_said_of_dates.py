"""What the command says of any date is what the states that were archived say, by brute force."""

import json
import lzma
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from playlist_archive.documents import fold, old_removals
from tests.support.archived_history import (
    Track,
    archive_history,
    last_runs,
    write_history,
)
from tests.support.command import Command
from tests.support.fakes import FakeBucket
from tools.verification import Expected, read_expected
from tools.verification.command import Answer, Say, find_differences
from tools.verification.comparing import Json

pytestmark = pytest.mark.contract

# One changes daily, one seldom, and one begins later than the others.
REAL = ("37i9dQZF1DX5Ejj0EkURtP", "0Vjhah37el0Aq5yoRaujBz", "37i9dQZF1DX3u9TSHqpdJC")
SOME, YOUNG = "some" + "0" * 18, "young" + "0" * 17
FIRST = datetime(2023, 12, 20, 4, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True, scope="module")
def few_changes() -> Iterator[None]:
    """Let most changes stand in the documents of their years."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(fold, "NEWEST_CHANGES", 4)
        monkeypatch.setattr(fold, "ARCHIVED_AT_ONCE", 2)
        yield


def asking(bucket: FakeBucket, monkeypatch: pytest.MonkeyPatch) -> Say:
    command = Command(bucket, monkeypatch)

    def say(*words: str) -> Answer:
        outcome = command(*words, "--json")
        return Answer(outcome.document if outcome.out else None, outcome.err)

    return say


def only(file: Path, playlists: tuple[str, ...], path: Path) -> Path:
    """Write some playlists of a history file into another."""
    with lzma.open(file, "rt") as lines, lzma.open(path, "wt", preset=0) as some:
        some.write(next(lines))
        some.writelines(line for line in lines if json.loads(line)["id"] in playlists)
    return path


def test_of_real_playlists_over_two_years_of_which_much_is_put_away(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs come every fourth day, then every sixth, then daily; in between not at all."""
    monkeypatch.setattr(old_removals, "MOST_SONGS", 300)
    file = only(data / "playlist-history.jsonl.xz", REAL, tmp_path / "some.jsonl.xz")
    every = last_runs(file, 700)
    runs = [*every[:60:4], *every[120:500:6], *every[500:540]]
    expected = read_expected(file, runs)
    bucket = archive_history(file, runs)

    assert any(key.startswith(f"state/ledgers/{REAL[0]}/") for key in bucket.objects)
    assert f"playlists/history/{REAL[0]}-2019.json" in bucket.objects
    assert [*find_differences(asking(bucket, monkeypatch), expected, step=7)][:5] == []


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> tuple[Expected, FakeBucket]:
    """Return a library with losses that are held for a while, and for ever, and days without a run."""
    path = tmp_path_factory.mktemp("history") / "invented.jsonl.xz"
    tracks: list[Track] = [
        (letter * 22, f"Song {letter}", [(letter * 22, "Band")], letter * 22, "Album", 180)
        for letter in "abcdefgh"
    ]
    many = [0, 1, 2, 3] * 6
    contents = [[0], [0, 1], [1, 0, 1], [2], many, [4], [4, 5], many, [5], many, [*many, 6], [7]]
    versions = [
        (f"{(FIRST + 3 * number * DAY).date()}", f"Some {number // 4}", "", rows)
        for number, rows in enumerate(contents)
    ]
    young = [(f"{(FIRST + 20 * DAY).date()}", "Young", "", [0, 1])]
    write_history(path, tracks, {SOME: versions, YOUNG: young})
    runs = [FIRST + number * DAY for number in (*range(14), 16, 19, 20, 24, *range(26, 31), 33)]
    return read_expected(path, runs), archive_history(path, runs)


def test_of_an_invented_library_with_losses_that_are_held_and_days_without_a_run(
    invented: tuple[Expected, FakeBucket], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, bucket = invented
    some = expected.playlists[SOME]

    assert len(some.held) > 1
    assert some.held[-1] == "2024-01-22T04:00:00Z"
    assert any(key.startswith(f"playlists/history/{SOME}-2023") for key in bucket.objects)
    assert [*find_differences(asking(bucket, monkeypatch), expected)][:5] == []


def show_the_one_before(document: Json) -> None:
    document["snapshot"] = document["snapshot"].replace("2024", "2023")


def compare_the_one_before(document: Json) -> None:
    document["before"] = document["before"].replace("2024", "2023")


def lose_a_row(document: Json) -> None:
    document["rows"].pop()


def say_nothing(document: Json) -> None:
    document["remarks"] = []


def say_of_another_day(document: Json) -> None:
    document["remarks"] = [one.replace("2024", "2023") for one in document["remarks"]]


def find_no_difference(document: Json) -> None:
    document["change"] = None


def narrow(document: Json) -> None:
    if document["change"]:
        document["change"]["after"] = "2024-01-15T04:00:00Z"


def forget_the_first(document: Json) -> None:
    document["changes"] = document["changes"][:-1]


@pytest.mark.parametrize(
    ("verb", "mistake"),
    [
        ("show", show_the_one_before),
        ("show", lose_a_row),
        ("show", say_nothing),
        ("show", say_of_another_day),
        ("diff", compare_the_one_before),
        ("diff", say_nothing),
        ("diff", find_no_difference),
        ("diff", narrow),
        ("changes", forget_the_first),
    ],
)
def test_a_mistake_in_an_answer_is_found(
    invented: tuple[Expected, FakeBucket],
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    mistake: Callable[[Json], None],
) -> None:
    expected, bucket = invented
    ask = asking(bucket, monkeypatch)

    def say(*words: str) -> Answer:
        answer = ask(*words)
        if words[0] == verb and answer.document:
            mistake(answer.document)
        return answer

    assert verb in next(find_differences(say, expected, step=4))
