"""`import spotify-export` and `import exportify`: files become a part of the history, and invent nothing."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from playlist_archive.documents.keys import registry_key, view_key
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive_cli import dialogue
from playlist_archive_cli.imports.matching import NOTHING_FITS
from tests.support.command import NOW, Command, Outcome, converse
from tests.support.fakes import FakeBucket
from tests.support.living_stack import LivingStack
from tests.support.sample_archive import living_sample
from tests.support.spotify_export import as_exported, read_live, snapshots_of, write_export
from tools.stand_in.sample import FERRY, KITCHEN, SKYLIGHT

pytestmark = pytest.mark.contract

DAY = "2026-10-04"
SHOEBOX = "l06E9Iy5wue6iIkvcr3TrS"
UNKNOWN = "0UnKnOwNpLaYlIsT000001"


@pytest.fixture
def stack(peaceful_archive: FakeBucket) -> Iterator[LivingStack]:
    with living_sample(peaceful_archive, NOW) as stack:
        yield stack


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    def run(stack: LivingStack, *arguments: str | Path) -> Outcome:
        return Command.on(stack, monkeypatch)(*map(str, arguments))

    return run


@pytest.fixture
def csv(stack: LivingStack, on: Callable[..., Outcome], tmp_path: Path) -> Path:
    """Return a folder with a CSV of each playlist as it was on a day."""
    on(stack, "export", "--all", "--format", "csv", "--on", DAY, "--to", tmp_path / "csv")
    return tmp_path / "csv"


def written(stack: LivingStack, before: dict[str, bytes]) -> list[str]:
    return sorted(key for key, body in stack.bucket.objects.items() if before.get(key) != body)


def snapshots(stack: LivingStack, playlist_id: str, source: str) -> list[Snapshot]:
    return snapshots_of(stack.bucket, playlist_id, source)


def changes(stack: LivingStack, playlist_id: str) -> list[dict[str, Any]]:
    """Return what changed, but not since when: a further version may narrow that down."""
    document = json.loads(stack.bucket.objects[view_key("history", playlist_id, ".json")])
    return [{**change, "after": ""} for change in document["changes"]]


def live_on(stack: LivingStack, playlist_id: str) -> Snapshot:
    return read_live(stack.bucket, playlist_id, DAY)


# What makes no sense


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["exportify"], "Missing argument"),
        (["exportify", "mix.csv"], "say when the files were made"),
        (["exportify", "mix.csv", "--date", "soon"], "is not a date"),
        (["exportify", "mix.csv", "--date", "2026-10-11"], "lies in the future"),
        (["exportify", "mix.csv", "--date", "20261010T090001Z"], "lies in the future"),
        (["exportify", "mix.csv", "--date", DAY, "--playlist", "polka"], "no playlist is called"),
        (["exportify", ".", "--date", DAY, "--playlist", KITCHEN], "which one is"),
        (["exportify", ".", "--date", DAY, "--playlist", f"polka={KITCHEN}"], "called “polka”"),
        (
            [
                "exportify",
                "mix.csv",
                "--date",
                DAY,
                "--playlist",
                f"mix={KITCHEN}",
                "--playlist",
                f"mix={FERRY}",
            ],
            "twice",
        ),
        (["exportify", "nowhere.csv", "--date", DAY], "nowhere.csv does not exist"),
        (["spotify-export", "nowhere"], "nowhere does not exist"),
        (
            ["exportify", "empty", "mix.csv", "--date", DAY],
            "empty has no file whose name ends in .csv",
        ),
        (["spotify-export", "."], "has no Playlist1.json"),
        (["spotify-export", "cut.zip"], "cut.zip is not a whole zip file"),
    ],
)
def test_what_makes_no_sense_says_so_and_writes_nothing(
    *,
    stack: LivingStack,
    on: Callable[..., Outcome],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("mix.csv", "other.csv"):
        Path(name).write_text("Track URI\nspotify:track:1\n", encoding="utf-8")
    Path("cut.zip").write_bytes(b"PK\x03\x04")
    Path("empty").mkdir()
    before = dict(stack.bucket.objects)

    outcome = on(stack, "import", *arguments)
    assert outcome.exit_code in {1, 2}
    assert said in outcome.err
    assert outcome.err.count("\n") == 1
    assert written(stack, before) == []


def test_a_file_that_names_a_later_day_is_left_out(
    stack: LivingStack, on: Callable[..., Outcome], csv: Path
) -> None:
    outcome = on(stack, "import", "exportify", csv, "--date", "2019-01-01", "--json")

    assert outcome.exit_code == 1
    # The one without songs names no day.
    assert [one["name"] for one in outcome.document["playlists"]] == ["for later"]
    [left_out] = outcome.document["left_out"]
    assert left_out["reason"].startswith("it names a later day")
    assert left_out["count"] == len(list(csv.iterdir())) - 1


def test_what_is_not_certain_is_left_out_and_named_with_what_it_may_be(
    stack: LivingStack, on: Callable[..., Outcome], csv: Path, tmp_path: Path
) -> None:
    [file] = [one for one in csv.iterdir() if one.name.startswith("Shoebox")]
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "Another.csv").write_text("".join(lines[:6]), encoding="utf-8")
    (tmp_path / "Strange.csv").write_text("Track URI\nspotify:track:1\n", encoding="utf-8")
    before = dict(stack.bucket.objects)

    files = [tmp_path / "Another.csv", tmp_path / "Strange.csv"]
    outcome = on(stack, "import", "exportify", *files, "--date", DAY, "--json")
    assert outcome.exit_code == 1
    left_out = {one["reason"]: one["samples"][0] for one in outcome.document["left_out"]}
    assert left_out.pop(NOTHING_FITS) == "“Strange”, 1 song, Strange.csv"
    [(reason, sample)] = left_out.items()
    assert reason.endswith("say which it is with --playlist")
    assert SHOEBOX in sample
    assert written(stack, before) == []


# What comes in


def test_what_was_exported_comes_in_as_it_was_and_no_change_is_invented(
    stack: LivingStack, on: Callable[..., Outcome], csv: Path
) -> None:
    ids = json.loads(stack.bucket.objects["playlists/status.json"])["playlists"]
    before = {playlist_id: changes(stack, playlist_id) for playlist_id in ids}

    outcome = on(stack, "import", "exportify", csv, "--date", DAY, "--json")
    assert outcome.exit_code == 0, outcome.err
    imported = [one["id"] for one in outcome.document["playlists"]]
    assert len(imported) == len(list(csv.iterdir()))
    for playlist_id in imported:
        [snapshot] = snapshots(stack, playlist_id, "exportify")
        uris = [row.item.uri for row in live_on(stack, playlist_id).rows if row.item]
        assert [row.item and row.item.uri for row in snapshot.rows] == uris
        if playlist_id != SHOEBOX:  # a CSV has no rows that Spotify does not name
            assert changes(stack, playlist_id) == before[playlist_id]


@pytest.mark.parametrize("date", [DAY, "2026-10-10"])
def test_importing_again_changes_nothing(
    stack: LivingStack, on: Callable[..., Outcome], csv: Path, date: str
) -> None:
    arguments = ["import", "exportify", csv, "--date", date, "--json"]
    first = on(stack, *arguments)
    before = dict(stack.bucket.objects)
    stack.clock.sleep(60)

    again = on(stack, *arguments)
    assert sum(one["written"] for one in first.document["playlists"]) > 0
    assert sum(one["written"] for one in again.document["playlists"]) == 0
    assert [key for key in written(stack, before) if key.startswith("snapshots/")] == []


def test_a_dry_run_says_what_would_come_and_writes_nothing(
    stack: LivingStack, on: Callable[..., Outcome], csv: Path, tmp_path: Path
) -> None:
    before = dict(stack.bucket.objects)
    report = tmp_path / "report.json"

    arguments = ["exportify", csv, "--date", DAY, "--dry-run", "--report", report, "--json"]
    outcome = on(stack, "import", *arguments)
    assert outcome.document["dry_run"]
    assert outcome.document["playlists"]
    assert json.loads(report.read_text())["playlists"] == outcome.document["playlists"]
    assert written(stack, before) == []


def test_a_playlist_that_is_not_archived_comes_in_by_its_id_and_is_retired(
    stack: LivingStack, on: Callable[..., Outcome], csv: Path
) -> None:
    [file] = [one for one in csv.iterdir() if one.name.startswith("Kitchen")]

    outcome = on(stack, "import", "exportify", file, "--date", DAY, "--playlist", UNKNOWN)
    assert outcome.exit_code == 0, outcome.err
    assert len(snapshots(stack, UNKNOWN, "exportify")) == 1
    status = json.loads(stack.bucket.objects["playlists/status.json"])["playlists"][UNKNOWN]
    assert status["status"] == "retired"
    assert registry_key(UNKNOWN) not in stack.bucket.objects


@pytest.mark.parametrize(
    ("date", "precision"), [(DAY, "day"), (f"{DAY.replace('-', '')}T040506Z", "second")]
)
def test_a_snapshot_says_how_exactly_its_time_is_known(
    *, stack: LivingStack, on: Callable[..., Outcome], csv: Path, date: str, precision: str
) -> None:
    [file] = [one for one in csv.iterdir() if one.name.startswith("Kitchen")]

    arguments = ["exportify", file, "--date", date, "--playlist", UNKNOWN]
    assert on(stack, "import", *arguments).exit_code == 0
    [snapshot] = snapshots(stack, UNKNOWN, "exportify")
    assert snapshot.precision == precision


def test_a_playlist_can_be_registered_as_it_comes_in(
    stack: LivingStack, on: Callable[..., Outcome], csv: Path
) -> None:
    [file] = [one for one in csv.iterdir() if one.name.startswith("Kitchen")]

    arguments = ["exportify", file, "--date", DAY, "--playlist", UNKNOWN, "--register"]
    assert on(stack, "import", *arguments).exit_code == 0
    assert registry_key(UNKNOWN) in stack.bucket.objects


def test_spotifys_own_export_is_dated_by_its_newest_day_and_invents_nothing(
    stack: LivingStack, on: Callable[..., Outcome], tmp_path: Path
) -> None:
    ids = (KITCHEN, SHOEBOX, SKYLIGHT)
    export = write_export(tmp_path, *(as_exported(live_on(stack, id_), DAY) for id_ in ids))
    before = {id_: changes(stack, id_) for id_ in ids}

    outcome = on(stack, "import", "spotify-export", export, "--json")
    assert outcome.exit_code == 0, outcome.err
    assert f"dated {DAY}, the newest day in it" in outcome.err
    assert {one["id"] for one in outcome.document["playlists"]} == set(ids)
    for playlist_id in ids:
        [snapshot] = snapshots(stack, playlist_id, "spotify-export")
        assert f"{snapshot.time:%Y-%m-%dT%H:%M:%S}" == f"{DAY}T23:59:59"
        assert changes(stack, playlist_id) == before[playlist_id]


def test_files_of_one_day_from_two_sources_are_both_kept_and_invent_nothing(
    stack: LivingStack, on: Callable[..., Outcome], csv: Path, tmp_path: Path
) -> None:
    export = write_export(tmp_path, as_exported(live_on(stack, SKYLIGHT), DAY))
    before = changes(stack, SKYLIGHT)

    for _ in range(2):
        for kind, file in (("spotify-export", export), ("exportify", csv)):
            outcome = on(
                stack, "import", kind, file, "--date", DAY, "--playlist", SKYLIGHT, "--json"
            )
            assert outcome.exit_code == 0, outcome.err
            assert outcome.document["left_out"] == []

    assert len(snapshots(stack, SKYLIGHT, "spotify-export")) == 1
    assert len(snapshots(stack, SKYLIGHT, "exportify")) == 1
    assert changes(stack, SKYLIGHT) == before


def test_an_older_export_makes_the_history_begin_earlier(
    stack: LivingStack, on: Callable[..., Outcome], tmp_path: Path
) -> None:
    old = as_exported(snapshots(stack, SHOEBOX, "")[0], "2021-03-04")
    for item in old["items"]:
        item["addedDate"] = None
    gone = dict(
        old["items"][0],
        track={**(old["items"][0]["track"] or {}), "trackUri": "spotify:track:gone"},
    )
    old["items"].insert(0, gone)
    before = changes(stack, SHOEBOX)

    outcome = on(stack, "import", "spotify-export", write_export(tmp_path, old))
    assert outcome.exit_code == 0, outcome.err
    history = json.loads(stack.bucket.objects[view_key("history", SHOEBOX, ".json")])
    assert history["first_snapshot"] == "2021-03-04T23:59:59Z"
    assert history["snapshots"][-1]["source"] == "spotify-export"
    *newer, oldest = changes(stack, SHOEBOX)
    assert newer == before
    assert oldest["counts"]["removed"] == 1


# What is asked


@pytest.mark.parametrize(("answers", "came"), [("\n", 0), ("7\nx\n1\n", 1)])
def test_what_is_not_certain_is_asked_in_a_terminal(
    *,
    stack: LivingStack,
    on: Callable[..., Outcome],
    csv: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answers: str,
    came: int,
) -> None:
    [file] = [one for one in csv.iterdir() if one.name.startswith("Shoebox")]
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    another = tmp_path / "Another.csv"
    another.write_text("".join(lines[:6]), encoding="utf-8")
    on(stack, "status")
    monkeypatch.setattr(dialogue, "is_possible", lambda: True)

    outcome = converse("import", "exportify", str(another), "--date", DAY, answers=answers)
    assert "“Another”" in outcome.err
    assert f"({SHOEBOX})" in outcome.err
    assert outcome.exit_code == 1 - came
    assert len(snapshots(stack, SHOEBOX, "exportify")) == came
