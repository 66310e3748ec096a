"""Published documents equal a second statement of their meaning, made from the history file alone."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from playlist_archive.documents import old_removals
from tests.support.archived_history import (
    Track,
    Version,
    archive_history,
    last_runs,
    write_history,
)
from tools.verification import Expected, find_difference, read_expected
from tools.verification import long_gone as verified_long_gone

pytestmark = pytest.mark.contract

FIRST = date(2023, 10, 20)
BUSY, ODD, YOUNG = ("busy" + "0" * 18, "odd" + "0" * 19, "young" + "0" * 17)
HELD = "2023-11-01"
URI = "spotify:track:{}"

type Objects = dict[str, bytes]
type Json = dict[str, Any]


def track(letter: str, name: str = "") -> Track:
    artists = [(letter * 22, f"Artist [{letter}] | x"), ("9" * 22, "Guest")]
    return (letter * 22, name or f"Song *{letter}* | y", artists, letter * 22, "Album", 180)


# The last one is the second, renamed.
TRACKS = [*map(track, "abcdefgh"), track("b", "Better `title`")]


def on(days: int) -> str:
    return f"{FIRST + timedelta(days)}"


def odd_versions() -> list[Version]:
    """Everything that happens seldom: songs twice, moves, returns, new texts, a great loss."""
    many = [0, 1, 2, 3] * 6
    return [
        (on(0), "Odd | [one]", None, [0, 1, 2, 0]),
        (on(2), "Odd | [one]", "<b>New</b> &amp; old", [2, 0, 1, 0, 3]),
        (on(3), "Odd two", "<b>New</b> &amp; old", [3, 2, 0, 8]),
        (on(4), "Odd two", "", [8, 1, 4, 0, 0, 3]),
        (on(6), "Odd two", "", [4, 0]),
        (on(7), "Odd two", "", [0, 3, 8, 5, 4, 6, 0]),
        (on(10), "Odd two", "", many),
        (HELD, "Odd two", "", [1, 2]),  # on(12): counts on the next day
        (on(20), "Odd two", "", many),
        (on(21), "Odd two", "", [4]),  # is never confirmed
        (on(22), "Odd two", "", [*many, 4]),
    ]


def busy_versions() -> list[Version]:
    return [
        (on(number), f"Busy {number // 40}", "", [number % 8, (number + 1) % 8, 7 - number % 8])
        for number in range(112)
    ]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("history") / "invented.jsonl.xz"
    young: list[Version] = [(on(100), "Young", "", [0, 1]), (on(103), "Young", "", [1])]
    write_history(path, TRACKS, {BUSY: busy_versions(), ODD: odd_versions(), YOUNG: young})
    return path


@pytest.fixture(scope="module")
def runs(file: Path) -> list[datetime]:
    return last_runs(file, 112)


@pytest.fixture(scope="module")
def expected(file: Path, runs: list[datetime]) -> Expected:
    return read_expected(file, runs)


@pytest.fixture(scope="module")
def archived(file: Path, runs: list[datetime]) -> Objects:
    return archive_history(file, runs).objects


def test_every_document_of_an_invented_library_says_what_its_file_says(
    archived: Objects, expected: Expected
) -> None:
    assert find_difference(archived, expected) == ""


def test_the_invented_library_has_every_kind_of_change(expected: Expected) -> None:
    changes = [change for one in expected.playlists.values() for change in one.changes]

    for kind in ("added", "readded", "removed", "renamed", "moves"):
        assert any(getattr(change, kind) for change in changes), kind
    assert len(expected.playlists[BUSY].changes) > 100
    assert expected.playlists[ODD].held == [f"{HELD}T04:00:00Z", f"{on(21)}T04:00:00Z"]


def test_every_document_of_ten_days_of_real_playlists_says_what_the_file_says(data: Path) -> None:
    file = data / "playlist-history.jsonl.xz"
    runs = last_runs(file, 10)
    expected = read_expected(file, runs)

    assert find_difference(archive_history(file, runs).objects, expected) == ""
    changes = [change for one in expected.playlists.values() for change in one.changes]
    assert len(expected.playlists) == 60
    assert len(changes) > 200
    assert sum(change.moves for change in changes) > 1_000


def test_every_document_of_a_long_past_says_what_its_file_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Songs went long ago, some of them for good; more than four ever were there."""
    monkeypatch.setattr(old_removals, "MOST_SONGS", 4)
    monkeypatch.setattr(verified_long_gone, "MOST_SONGS", 4)
    path = tmp_path / "years.jsonl.xz"
    contents = [[0, 1, 2], [2, 3], [3, 4], [4, 5, 4], [5, 6], [6, 0], [0, 7], [7, 6], [6]]
    versions = [(on(150 * number), "Busy", "", rows) for number, rows in enumerate(contents)]
    write_history(path, TRACKS, {BUSY: versions, YOUNG: [(on(1100), "Young", "", [0, 1])]})
    first = datetime(FIRST.year, FIRST.month, FIRST.day, 4, tzinfo=UTC)
    runs = [first + timedelta(50 * number) for number in range(26)]

    expected = read_expected(path, runs)
    archived = archive_history(path, runs).objects

    assert find_difference(archived, expected) == ""
    for key, tell in (
        (f"playlists/cumulative/{BUSY}/2024.json", miss_song),
        (f"playlists/cumulative/{BUSY}.json", lead_to_fewer),
        (part_of(BUSY, ".gone"), lambda document: document["playlists"][BUSY].pop()),
        (part_of(BUSY, ".gone.ids"), lambda document: document["playlists"].pop(BUSY)),
    ):
        document = json.loads(archived[key])
        tell(document)
        assert find_difference({**archived, key: json.dumps(document).encode()}, expected)
    stray = {f"playlists/cumulative/{YOUNG}/2024.json": b"{}"}
    assert "nothing went long ago" in find_difference({**archived, **stray}, expected)


def lead_to_fewer(document: Json) -> None:
    document["older"][0]["songs"] -= 1


def history_key(playlist_id: str, suffix: str = "") -> str:
    return f"playlists/history/{playlist_id}{suffix}.json"


def change_with(document: Json, *fields: str) -> Json:
    change: Json = next(one for one in document["changes"] if all(map(one.get, fields)))
    return change


def move_elsewhere(document: Json) -> None:
    change_with(document, "moved")["moved"][0]["to"] += 1


def move_from_elsewhere(document: Json) -> None:
    change_with(document, "moved")["moved"][0]["from"] += 1


def move_without_need(document: Json) -> None:
    """Say that the song above the one that moved up moved down, which explains the rows as well."""
    [change] = [one for one in document["changes"] if one["time"].startswith(on(2))]
    (move,) = change["moved"]
    assert (move["from"], move["to"]) == (3, 1)
    song = {
        "name": "Song *a* | y",
        "artists": ["Artist [a] | x", "Guest"],
        "uri": URI.format("a" * 22),
    }
    change["moved"].append({"from": 1, "to": 2, **song})
    change["counts"]["moved"] += 1


def drop_removal(document: Json) -> None:
    change = change_with(document, "removed")
    change["removed"].pop()
    change["counts"]["removed"] -= 1


def call_return_new(document: Json) -> None:
    change = change_with(document, "readded")
    change.setdefault("added", []).append(change["readded"].pop())


def drop_change(document: Json) -> None:
    document["changes"].pop(0)


def date_change_earlier(document: Json) -> None:
    document["changes"][0]["after"] = "2023-10-20T04:00:00Z"


def count_another_row(document: Json) -> None:
    document["snapshots"][0]["rows"] += 1


def forget_snapshot(document: Json) -> None:
    document["snapshots"].pop(1)


def forget_gap(document: Json) -> None:
    document["gaps"].pop()


def forget_rename(document: Json) -> None:
    del change_with(document, "renamed")["renamed"]


def keep_old_name(document: Json) -> None:
    change = change_with(document, "name")
    change["name"]["after"] = change["name"]["before"]


def miss_song(document: Json) -> None:
    document["tracks"].pop()


def stay_a_day_longer(document: Json) -> None:
    stay = next(one for song in document["tracks"] for one in song["intervals"] if one["last_seen"])
    day = datetime.fromisoformat(stay["last_seen"]) + timedelta(1)
    stay["last_seen"] = f"{day:%Y-%m-%dT%H:%M:%SZ}"


def add_a_day_early(document: Json) -> None:
    document["tracks"][0]["date_added"] = "2023-10-19"


def confuse_code(document: Json) -> None:
    document["tracks"][0]["isrc"] = "XX"


def swap_rows(document: Json) -> None:
    rows = document["tracks"]
    rows[0], rows[1] = rows[1], rows[0]


def part_of(playlist_id: str, suffix: str = "") -> str:
    return f"playlists/songs/{int(sha256(playlist_id.encode()).hexdigest()[0], 16)}{suffix}.json"


def miss_title(document: Json) -> None:
    document["playlists"][ODD].pop()


def miss_playlist(document: Json) -> None:
    del document["playlists"][ODD]


def swap_ids(document: Json) -> None:
    ids = document["playlists"][ODD]
    ids[0], ids[1] = ids[1], ids[0]


def drop_oldest_change(document: Json) -> None:
    document["changes"].pop()


def begin_a_day_later(document: Json) -> None:
    document["since"] = "2024-01-10T04:00:00Z"


def move_change_to_another(document: Json) -> None:
    document["changes"][0]["playlist"] = ODD


def drop_song_of_change(document: Json) -> None:
    change_with(document, "readded")["readded"].pop()


def entry_of(document: Json, playlist_id: str) -> Json:
    entry: Json = next(one for one in document["playlists"] if one["id"] == playlist_id)
    return entry


def forget_playlist(document: Json) -> None:
    document["playlists"].pop()


def show_another_size(document: Json) -> None:
    entry_of(document, ODD)["size"]["text"] = "25 songs"


def forget_first_size(document: Json) -> None:
    entry_of(document, BUSY)["sizes"].pop()


def keep_an_older_change(document: Json) -> None:
    entry_of(document, BUSY)["last_change"]["time"] = "2023-10-21T04:00:00Z"


type Mistake = Callable[[Json], None]
MISTAKES: list[tuple[Mistake, str]] = [
    (move_elsewhere, history_key(ODD)),
    (move_from_elsewhere, history_key(ODD)),
    (move_without_need, history_key(ODD)),
    (drop_removal, history_key(ODD)),
    (call_return_new, history_key(ODD)),
    (drop_change, history_key(ODD)),
    (date_change_earlier, history_key(ODD)),
    (count_another_row, history_key(ODD)),
    (forget_snapshot, history_key(ODD)),
    (forget_gap, history_key(ODD)),
    (forget_rename, history_key(ODD)),
    (keep_old_name, history_key(ODD)),
    (drop_change, history_key(BUSY)),
    (drop_removal, history_key(BUSY, "-2023")),
    (drop_change, history_key(BUSY, "-2023")),
    (miss_song, f"playlists/cumulative/{ODD}.json"),
    (stay_a_day_longer, f"playlists/cumulative/{ODD}.json"),
    (add_a_day_early, f"playlists/cumulative/{ODD}.json"),
    (confuse_code, f"playlists/cumulative/{ODD}.json"),
    (swap_rows, f"playlists/pretty/{BUSY}.json"),
    (miss_title, part_of(ODD)),
    (miss_playlist, part_of(ODD)),
    (miss_title, part_of(ODD, ".ids")),
    (swap_ids, part_of(ODD, ".ids")),
    (drop_change, "playlists/changes.json"),
    (drop_oldest_change, "playlists/changes.json"),
    (begin_a_day_later, "playlists/changes.json"),
    (move_change_to_another, "playlists/changes.json"),
    (drop_song_of_change, "playlists/changes.json"),
    (forget_playlist, "playlists/index.json"),
    (show_another_size, "playlists/index.json"),
    (forget_first_size, "playlists/index.json"),
    (keep_an_older_change, "playlists/index.json"),
]


@pytest.mark.parametrize(
    ("mistake", "key"), MISTAKES, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_mistake_in_a_document_is_found_and_named(
    archived: Objects, expected: Expected, mistake: Mistake, key: str
) -> None:
    document = json.loads(archived[key])
    mistake(document)

    found = find_difference({**archived, key: json.dumps(document).encode()}, expected)

    assert found.startswith(key.removesuffix("-2023.json"))


@pytest.mark.parametrize(
    ("prefix", "what"),
    [
        (f"snapshots/{ODD}/", "the snapshots are"),
        (f"playlists/history/{BUSY}-2023", "history cannot be read"),
        (f"playlists/pretty/{ODD}.json", "pretty cannot be read"),
        (part_of(ODD), "songs/ cannot be read"),
        ("playlists/changes.json", "changes.json cannot be read"),
        (f"playlists/feeds/{BUSY}.atom", "feeds/ cannot be read"),
    ],
)
def test_a_document_that_is_missing_is_named(
    archived: Objects, expected: Expected, prefix: str, what: str
) -> None:
    missing = next(key for key in archived if key.startswith(prefix))

    found = find_difference(
        {key: body for key, body in archived.items() if key != missing}, expected
    )

    assert what in found


def test_a_snapshot_of_another_state_is_found(archived: Objects, expected: Expected) -> None:
    older, newer = sorted(key for key in archived if key.startswith(f"snapshots/{ODD}/"))[:2]

    found = find_difference({**archived, older: archived[newer]}, expected)

    assert found.startswith(older)


@pytest.mark.parametrize(
    ("key", "right", "wrong"),
    [
        (f"playlists/feeds/{BUSY}.atom", b"<updated>2024-02-08", b"<updated>2024-02-09"),
        (f"playlists/feeds/{BUSY}.atom", b" removed</title>", b" moved</title>"),
        (f"playlists/feeds/{ODD}.atom", b"<li>", b"<p>"),
        ("playlists/feeds/all.atom", b"<id>urn:uuid:", b"<id>urn:uuid:0"),
        ("playlists/feeds/all.atom", b"/playlists/history/busy", b"/playlists/history/odd"),
        ("playlists/changes.md", b"#### 2024-02-08", b"#### 2024-02-07"),
        ("playlists/changes.md", b"/playlists/history/young", b"/playlists/history/other"),
        ("playlists/index.md", b"Playlists \\(3\\)", b"Playlists \\(4\\)"),
    ],
)
def test_a_mistake_in_a_page_or_a_feed_is_found(
    archived: Objects, expected: Expected, key: str, right: bytes, wrong: bytes
) -> None:
    assert right in archived[key]

    found = find_difference({**archived, key: archived[key].replace(right, wrong)}, expected)

    assert found.startswith(("playlists/feeds/", "playlists/changes.md", "playlists/index."))


def test_a_removal_on_another_day_in_the_cumulative_page_is_found(
    archived: Objects, expected: Expected
) -> None:
    key = f"playlists/cumulative/{ODD}.md"
    wrong = archived[key].replace(b" | 2023-10-30 |\n", b" | 2023-10-31 |\n")

    assert wrong != archived[key]
    assert find_difference({**archived, key: wrong}, expected).startswith(key)


def table_key(year: int) -> str:
    return f"playlists/table/{ODD}/{year}.json.gz"


def change_stay(stay: Json) -> None:
    stay["first_missing"], stay["last_seen"] = stay["last_seen"], stay["first_missing"]


def forget_who(stay: Json) -> None:
    del stay["added_by"]


def keep_a_row(stay: Json) -> None:
    stay["row"] = 1


def name_another_artist(stay: Json) -> None:
    stay["artists"].reverse()


@pytest.mark.parametrize(
    "mistake", [change_stay, forget_who, keep_a_row, name_another_artist, dict.clear]
)
def test_a_mistake_in_a_line_of_the_table_is_found(
    archived: Objects, expected: Expected, mistake: Mistake
) -> None:
    key = table_key(2023)
    stays = [json.loads(line) for line in gzip.decompress(archived[key]).splitlines()]
    mistake(next(stay for stay in stays if "first_missing" in stay))
    wrong = "".join(f"{json.dumps(stay)}\n" for stay in stays)

    found = find_difference({**archived, key: gzip.compress(wrong.encode())}, expected)

    assert found.startswith(key)


@pytest.mark.parametrize("damaged", [b"", b"no gzip", gzip.compress(b"{}", mtime=0)[:-9]])
def test_a_file_of_the_table_that_cannot_be_read_is_found(
    archived: Objects, expected: Expected, damaged: bytes
) -> None:
    found = find_difference({**archived, table_key(2023): damaged}, expected)

    assert table_key(2023) in found or found.startswith(f"{ODD}: table cannot be read")


def test_a_file_of_a_year_without_snapshots_is_found(archived: Objects, expected: Expected) -> None:
    found = find_difference({**archived, table_key(1999): archived[table_key(2023)]}, expected)

    assert found.startswith(f"playlists/table/{ODD}/")
