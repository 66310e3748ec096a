"""`import old-archive`: repositories in every layout that the old archive had, into a stack that works."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from playlist_archive.documents.catalog import decode_catalog
from playlist_archive.documents.history import History
from playlist_archive.documents.keys import CATALOG, registry_key, snapshot_key, view_key
from playlist_archive.documents.snapshot import Snapshot, decode_snapshot
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.errors import StorageError
from tests.support.builders import OTHER, PLAYLIST
from tests.support.command import NOW, Command, Outcome, fails, settle
from tests.support.fakes import FakeBucket
from tests.support.living_stack import LivingStack
from tests.support.old_archive import (
    Era,
    GitHistory,
    a_song,
    an_answer,
    at,
    files_of,
    git,
    page,
)
from tests.support.sample_archive import living_sample
from tools.stand_in.sample import SKYLIGHT

pytestmark = pytest.mark.contract

ERAS: tuple[Era, ...] = ("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8")
DATES: Mapping[Era, tuple[str, str]] = {
    "E1": ("2019-05-27", "2019-05-30"),
    "E2": ("2019-06-16", "2020-09-01"),
    "E3": ("2020-10-20", "2020-12-24"),
    "E4": ("2021-01-20", "2021-05-09"),
    "E5": ("2021-10-25", "2021-11-20"),
    "E6": ("2021-11-23", "2021-12-10"),
    "E7": ("2021-12-24", "2021-12-31"),
    "E8": ("2022-04-08", "2026-01-10"),
}


@pytest.fixture
def stack(troubled_archive: FakeBucket) -> Iterator[LivingStack]:
    with living_sample(troubled_archive, NOW) as living:
        yield living


@pytest.fixture
def history(tmp_path: Path) -> GitHistory:
    return GitHistory(tmp_path / "old")


class Owner:
    """Somebody who imports into a stack."""

    def __init__(self, stack: LivingStack, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stack = stack
        self._command = Command.on(stack, monkeypatch)

    def __call__(self, *arguments: str) -> Outcome:
        return self._command(*arguments)

    def imports(self, repository: Path, *options: str) -> Outcome:
        return self("import", "old-archive", str(repository), *options)

    def snapshots(self, playlist_id: str = PLAYLIST) -> list[Snapshot]:
        objects = self.stack.bucket.objects
        return [
            decode_snapshot(objects[key])
            for key in sorted(objects)
            if key.startswith(f"snapshots/{playlist_id}/")
        ]

    def history(self, playlist_id: str = PLAYLIST) -> History:
        found = self.stack.connect().archive.history(playlist_id)
        assert found
        return found

    def page(self, view: str, playlist_id: str = PLAYLIST) -> str:
        return self.stack.bucket.objects[view_key(view, playlist_id, ".md")].decode()


@pytest.fixture
def owner(stack: LivingStack, monkeypatch: pytest.MonkeyPatch) -> Owner:
    return Owner(stack, monkeypatch)


def songs(*numbers: int, playlist_id: str = PLAYLIST, **changes: Any) -> dict[str, Any]:
    return an_answer(playlist_id, [a_song(number) for number in numbers], **changes)


def uris(snapshot: Snapshot) -> list[str]:
    return [row.item.uri if row.item else "" for row in snapshot.rows]


def an_old_archive(history: GitHistory, era: Era = "E4") -> Path:
    """Write a repository in which a playlist changes once."""
    first, second = DATES[era]
    history.commit(at(first), files_of(era, songs(1, 2)))
    history.commit(at(second), files_of(era, songs(2, 3)))
    return history.write()


# What is refused.


def test_what_is_no_repository_is_refused(owner: Owner, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.bundle").write_text("rubbish")
    git(tmp_path / "bare", "init", "--bare", "--quiet")

    fails(owner.imports(tmp_path / "nowhere"), 1, "nowhere does not exist")
    fails(owner.imports(tmp_path / "empty"), 1, "git cannot read")
    fails(owner.imports(tmp_path / "file.bundle"), 1, "git cannot read")
    fails(owner.imports(tmp_path / "bare"), 1, "no commit")


def test_a_repository_of_something_else_is_refused(owner: Owner, history: GitHistory) -> None:
    history.commit(at("2020-01-01"), {"README.md": "Hello", "playlists/README.md": "x"})

    fails(owner.imports(history.write()), 1, "holds no page of an archive of playlists")


@pytest.mark.parametrize("body", ["no bundle", "# v2 git bundle\nrubbish\n"])
def test_a_file_that_is_no_bundle_is_named(owner: Owner, tmp_path: Path, body: str) -> None:
    file = tmp_path / "old.bundle"
    file.write_text(body)

    outcome = owner.imports(file)

    fails(outcome, 1, f"git cannot read {file}: ")
    assert "repository exists" not in outcome.err


def test_a_machine_without_git_is_told(
    owner: Owner, history: GitHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = an_old_archive(history)
    monkeypatch.setenv("PATH", "")

    fails(owner.imports(repository), 1, "git is needed")


def test_a_playlist_that_is_named_wrongly_is_wrong_use(owner: Owner, history: GitHistory) -> None:
    fails(owner.imports(an_old_archive(history), "--playlist", "Harbour mix"), 2, "Harbour mix")


def test_a_file_that_is_missing_from_the_repository_ends_the_import(
    owner: Owner, history: GitHistory
) -> None:
    repository = an_old_archive(history)
    blob = git(repository, "rev-parse", "main:playlists/pretty/Harbour mix.md").decode().strip()
    (repository / "objects" / blob[:2] / blob[2:]).unlink()

    fails(owner.imports(repository), 1, f"{blob} is missing")
    assert owner.snapshots() == []


def test_a_damaged_branch_is_not_said_to_be_missing(owner: Owner, history: GitHistory) -> None:
    repository = an_old_archive(history)
    git(repository, "update-ref", "--no-deref", "HEAD", "main")
    commit = git(repository, "rev-parse", "main").decode().strip()
    (repository / "objects" / commit[:2] / commit[2:]).unlink()

    outcome = owner.imports(repository)

    fails(outcome, 1, "git cannot read")
    assert "no commit" not in outcome.err


# What comes.


@pytest.mark.parametrize("era", ERAS)
def test_every_era_tells_each_version_with_what_it_has(
    owner: Owner, history: GitHistory, era: Era
) -> None:
    assert owner.imports(an_old_archive(history, era)).exit_code == 0

    first, second = owner.snapshots()
    assert [one.time for one in (first, second)] == [at(day) for day in DATES[era]]
    assert [one.name for one in (first, second)] == ["Harbour mix"] * 2
    assert first.description == "Rock & roll"
    assert uris(first) == [f"spotify:track:track{number:017d}" for number in (1, 2)]
    assert uris(second) == [f"spotify:track:track{number:017d}" for number in (2, 3)]
    assert (first.source, len(first.reference)) == ("git-archive", 40)
    item = first.rows[0].item
    assert item
    knows_all = era in {"E7", "E8"}
    assert first.unknown == (() if knows_all else ("owner",))
    assert first.owner.id == ("lena.example" if knows_all else "")
    assert (first.rows[0].added_at is not None) == knows_all
    assert item.duration_ms == (180_124 if era in {"E6", "E7", "E8"} else 180_000)
    assert ("duration_ms" in item.unknown) == (era not in {"E6", "E7", "E8"})


def test_no_change_is_told_where_an_era_begins(owner: Owner, history: GitHistory) -> None:
    for era in ERAS:
        for day in DATES[era]:
            history.commit(at(day), files_of(era, songs(1, 2, 3)))

    assert owner.imports(history.write()).exit_code == 0

    found = owner.history()
    assert found.changes == ()
    # Only what an era tells anew makes a snapshot: milliseconds, then dates and the owner.
    assert [one.time[:10] for one in found.snapshots] == ["2021-12-24", "2021-11-23", "2019-05-27"]


def test_the_moment_is_the_commits_and_not_the_authors(owner: Owner, history: GitHistory) -> None:
    history.commit(at("2020-03-02"), files_of("E2", songs(1)), authored=at("2020-01-01"))

    owner.imports(history.write())

    [snapshot] = owner.snapshots()
    assert snapshot.time == at("2020-03-02")


def test_the_later_of_two_versions_of_one_second_is_kept_and_lies_after_the_last_check(
    owner: Owner, history: GitHistory
) -> None:
    history.commit(at("2020-03-01"), files_of("E2", songs(1)))
    history.commit(at("2020-03-02"), files_of("E2", songs(1, 2)))
    history.commit(at("2020-03-02"), files_of("E2", songs(1, 2, 3)))

    outcome = owner.imports(history.write())

    _, newest = owner.snapshots()
    assert len(newest.rows) == 3
    assert newest.previous_check == at("2020-03-01")
    assert "1 version left out: another one follows in the same second" in outcome.out


def test_a_version_of_a_day_to_come_is_left_out(owner: Owner, history: GitHistory) -> None:
    history.commit(at("2020-03-01"), files_of("E2", songs(1)))
    history.commit(at("2027-03-02"), files_of("E8", songs(1, 2)))

    outcome = owner.imports(history.write(), "--json")

    assert outcome.exit_code == 0
    assert [one.time for one in owner.snapshots()] == [at("2020-03-01")]
    [left_out] = outcome.document["left_out"]
    assert (left_out["unit"], left_out["count"]) == ("version", 1)
    assert "lies in the future" in left_out["reason"]
    assert left_out["samples"] == [f"{PLAYLIST} at 2027-03-02T04:00:00Z"]


def test_an_alias_hides_the_name(owner: Owner, history: GitHistory) -> None:
    history.commit(at("2020-09-01"), files_of("E2", songs(1)))
    aliased = files_of("E3", songs(1, 2), alias="My name for it")
    history.commit(at("2020-10-20"), aliased)
    registered = files_of("E8", songs(1, 2, 3), alias="My name for it")
    history.commit(at("2022-04-08"), registered)
    history.commit(at("2022-05-08"), files_of("E8", songs(1, 2, 3)))

    owner.imports(history.write())

    assert [(one.name, "name" in one.unknown) for one in owner.snapshots()] == [
        ("Harbour mix", False),
        ("My name for it", True),
        ("My name for it", True),
        ("Harbour mix", False),
    ]
    assert all(change.name is None for change in owner.history().changes)


def test_a_name_that_the_old_archive_changed_for_its_files_is_no_new_name(
    owner: Owner, history: GitHistory
) -> None:
    told: list[tuple[str, Era, str]] = [
        ("2019-09-01", "E2", "Finds: Pop"),
        ("2021-05-01", "E4", "Finds - Pop"),
        ("2021-11-01", "E5", "Finds: Pop"),
        ("2022-01-05", "E7", "Finds: Pop (2)"),
        ("2022-05-01", "E8", "Finds: Pop"),
        ("2022-06-01", "E8", "Pop finds"),
    ]
    for day, era, name in told:
        history.commit(at(day), files_of(era, songs(1, name=name)))

    owner.imports(history.write())

    names = [change.name.after for change in owner.history().changes if change.name]
    assert names == ["Pop finds"]


def test_an_unescaped_pipe_and_a_missing_text_come_as_they_were(
    owner: Owner, history: GitHistory
) -> None:
    rows = [a_song(1, name="BENZ | I Know"), a_song(2, name="<MISSING>")]
    history.commit(at("2021-03-02"), files_of("E4", an_answer(PLAYLIST, rows)))

    owner.imports(history.write())

    [snapshot] = owner.snapshots()
    names = [(row.item.name, "name" in row.item.unknown) for row in snapshot.rows if row.item]
    assert names == [("BENZ | I Know", False), ("", True)]


def test_a_zero_of_the_two_days_without_followers_is_unknown(
    owner: Owner, history: GitHistory
) -> None:
    for day, number in (("2021-12-26", 1), ("2021-12-28", 2)):
        answer = songs(number, followers={"total": 0})
        history.commit(at(day), files_of("E7", answer))

    owner.imports(history.write())

    assert [one.followers for one in owner.snapshots()] == [None, 0]


def test_hostile_paths_are_read_and_never_become_files(
    owner: Owner, history: GitHistory, tmp_path: Path
) -> None:
    name = 'A: b? | c\\d "e"\n..'
    answer = songs(1, name="Harbour mix")
    history.commit(at("2020-01-01"), {f"playlists/pretty/{name}.md": page("E2", answer, "Mix")})
    history.commit(at("2020-01-02"), {"playlists/pretty/mix.md": page("E2", songs(2), "Mix")})
    history.commit(at("2020-01-03"), {"playlists/pretty/Mix.md": page("E2", songs(3), "Mix")})
    before = sorted(tmp_path.rglob("*"))

    owner.imports(history.write())

    assert [uris(one)[0][-1] for one in owner.snapshots()] == ["1", "2", "3"]
    assert [one for one in tmp_path.rglob("*.md") if one not in before] == []


def test_a_path_that_is_not_text_is_counted_and_can_be_reported(
    owner: Owner, history: GitHistory, tmp_path: Path
) -> None:
    history.commit(at("2020-01-01"), {**files_of("E2", songs(1)), "playlists/plain/X": "\n"})
    repository = history.write(replacing=(b"plain/X", b"plain/\\377"))
    report = tmp_path / "report.json"

    outcome = owner.imports(repository, "--report", str(report), "--json")

    assert outcome.exit_code == 0
    [left_out] = json.loads(report.read_bytes())["left_out"]
    assert left_out["samples"] == [r"playlists/plain/\xff"]


def test_the_owners_settings_of_git_hide_no_version(
    owner: Owner, history: GitHistory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.commit(at("2020-01-01"), files_of("E2", songs(1)))
    repository = history.write()
    (tmp_path / ".gitconfig").write_text("[log]\n\tshowRoot = false\n\tshowSignature = true\n")
    monkeypatch.setenv("HOME", str(tmp_path))

    owner.imports(repository)

    assert len(owner.snapshots()) == 1


def test_plain_text_under_a_pages_path_is_counted_and_changes_nothing(
    owner: Owner, history: GitHistory
) -> None:
    files = files_of("E2", songs(1, 2))
    history.commit(at("2020-01-01"), files)
    history.commit(at("2020-01-02"), {"playlists/pretty/Harbour mix.md": "Harbour mix\n\nA -- B\n"})
    history.commit(at("2020-01-03"), files)

    outcome = owner.imports(history.write(), "--json")

    assert len(owner.snapshots()) == 1
    [left] = outcome.document["left_out"]
    assert (left["unit"], left["count"]) == ("version", 1)
    assert "neither ids" in left["reason"]


def test_a_page_with_escapes_and_without_its_document_is_counted(
    owner: Owner, history: GitHistory
) -> None:
    def without_document(answer: dict[str, Any]) -> dict[str, str]:
        files = files_of("E8", answer)
        return {path: text for path, text in files.items() if not path.endswith(".json")}

    history.commit(at("2022-03-01"), files_of("E8", songs(1)))
    history.commit(at("2022-03-02"), without_document(songs(1, name="Escaped otherwise")))
    history.commit(at("2022-03-03"), {f"playlists/pretty/{PLAYLIST}.json": None})
    history.commit(at("2022-03-04"), without_document(songs(1, 2)))
    history.commit(at("2022-03-05"), without_document(songs(1, playlist_id=OTHER)))
    repository = history.write()

    everything = owner.imports(repository, "--json").document["left_out"]
    one = owner.imports(repository, "--playlist", OTHER, "--json").document["left_out"]

    reason = "the page has escapes, and the document beside it is missing"
    assert [(it["unit"], it["reason"], it["count"]) for it in everything] == [
        ("version", reason, 2)
    ]
    assert [(it["reason"], it["samples"]) for it in one] == [
        (reason, [f"playlists/pretty/{OTHER}.md"])
    ]
    assert len(owner.snapshots()) == 1


def test_the_first_days_layout_and_wrong_names_are_counted(
    owner: Owner, history: GitHistory, tmp_path: Path
) -> None:
    history.commit(
        at("2019-05-25"),
        {f"playlists/{PLAYLIST}.txt": "A -- B", f"playlists/raw/{OTHER}": "A -- B"},
        "Introduce script",
    )
    history.commit(
        at("2019-05-26"),
        {
            **files_of("E1", songs(1)),
            "playlists/plain/Cardio": "\n",
            f"playlists/plain/https:/open.spotify.com/playlist/{OTHER}": "\n",
        },
    )
    report = tmp_path / "report.json"

    outcome = owner.imports(history.write(), "--report", str(report))

    assert "2 versions left out: it has names only" in outcome.out
    assert "2 files left out: its name is no playlist id" in outcome.out
    left = {one["reason"]: one for one in json.loads(report.read_text())["left_out"]}
    assert {reason: one["count"] for reason, one in left.items()} == {
        "it has names only: neither ids nor a reliable order": 2,
        "its name is no playlist id": 2,
    }
    assert "playlists/plain/Cardio" in left["its name is no playlist id"]["samples"]


def test_what_a_merge_brings_in_is_not_counted_again(owner: Owner, history: GitHistory) -> None:
    begun = history.commit(at("2019-05-25"), files_of("E1", songs(1)))
    left = {
        f"playlists/{PLAYLIST}.txt": "A -- B",
        "playlists/plain/Cardio": "\n",
        f"playlists/pretty/{OTHER}.md": "escaped",
    }
    side = history.commit(at("2022-05-26"), left, parent=begun)
    main = history.commit(at("2022-05-27"), files_of("E8", songs(1, 2)), parent=begun)
    history.commit(at("2022-05-28"), left, "Merge", parent=main, merged=side)

    outcome = owner.imports(history.write(), "--json")

    counts = [one["count"] for one in outcome.document["left_out"]]
    assert counts == [1, 1, 1]


def test_a_row_without_a_link_keeps_its_place_and_is_counted_once_for_each_version(
    owner: Owner, history: GitHistory
) -> None:
    path = "playlists/pretty/Harbour mix.md"
    for day, more in (("2020-01-01", 2), ("2020-01-02", 3)):
        files = files_of("E2", songs(1, more))
        text = files[path].replace(f"(https://open.spotify.com/track/track{1:017d})", "()")
        history.commit(at(day), {**files, path: text})

    outcome = owner.imports(history.write(), "--json")

    assert [uris(one)[0] for one in owner.snapshots()] == ["", ""]
    [left] = outcome.document["left_out"]
    assert (left["unit"], left["count"]) == ("row", 2)


def test_an_empty_list_is_a_registration_and_no_empty_playlist(
    owner: Owner, history: GitHistory
) -> None:
    history.commit(at("2020-01-01"), {f"playlists/plain/{OTHER}": "\n"}, "Create a list")
    history.commit(at("2020-01-02"), files_of("E2", songs(1)))

    owner.imports(history.write())

    assert owner.snapshots(OTHER) == []
    assert len(owner.snapshots()) == 1


def test_a_chosen_playlist_was_read_no_later_than_if_all_are_imported(
    owner: Owner, history: GitHistory
) -> None:
    """Once there is a registry, a list that a run left alone proves no read."""
    other = songs(1, playlist_id=OTHER, name="Other")
    history.commit(at("2021-10-20"), files_of("E4", songs(1)))
    history.commit(at("2021-10-25"), files_of("E5", other))
    history.commit(at("2021-11-01"), {"playlists/index.md": "all"})
    history.commit(at("2021-11-20"), files_of("E5", songs(1, 2)))

    owner.imports(history.write(), "--playlist", PLAYLIST)

    _, newest = owner.snapshots()
    assert newest.previous_check == at("2021-10-20")


def test_a_clone_without_its_history_is_told(
    owner: Owner, history: GitHistory, tmp_path: Path
) -> None:
    whole, part = an_old_archive(history), tmp_path / "part"
    git(tmp_path, "clone", "--quiet", "--bare", "--depth=1", whole.as_uri(), str(part))

    outcome = owner.imports(part)

    assert outcome.exit_code == 1
    assert "has not the whole history" in outcome.err
    assert owner.snapshots() == []


def test_only_the_chosen_playlists_come_and_one_that_is_not_there_needs_attention(
    owner: Owner, history: GitHistory
) -> None:
    for era in ("E2", "E8"):
        day = DATES[era][0]
        both = {
            **files_of(era, songs(1)),
            **files_of(era, songs(2, playlist_id=OTHER, name="Other")),
        }
        history.commit(at(day), both)
    link = f"https://open.spotify.com/playlist/{PLAYLIST}?si=x"
    unknown = "3" * 22

    outcome = owner.imports(history.write(), "--playlist", link, "--playlist", unknown)

    assert outcome.exit_code == 1
    assert f"no version of {unknown}" in outcome.err
    assert len(owner.snapshots()) == 2
    assert owner.snapshots(OTHER) == []


def test_a_clone_and_a_bundle_bring_the_same(
    owner: Owner, history: GitHistory, tmp_path: Path
) -> None:
    repository = an_old_archive(history)
    clone, bundle = tmp_path / "clone", tmp_path / "old.bundle"
    git(tmp_path, "clone", "--quiet", "--no-checkout", str(repository), str(clone))
    git(repository, "bundle", "create", str(bundle), "main")

    outcomes = [owner.imports(one, "--json") for one in (repository, clone, bundle)]

    assert [one.document["playlists"][0]["written"] for one in outcomes] == [2, 0, 0]
    assert [one.document["playlists"][0]["present"] for one in outcomes] == [0, 2, 2]


@pytest.mark.parametrize("stale", ["dev", "main", "master"])
def test_a_bundle_brings_the_branch_that_was_checked_out(
    owner: Owner, history: GitHistory, tmp_path: Path, stale: str
) -> None:
    repository, bundle = an_old_archive(history), tmp_path / "old.bundle"
    git(repository, "branch", "--move", "main", "trunk")
    git(repository, "branch", stale, "trunk~1")
    git(repository, "symbolic-ref", "HEAD", "refs/heads/trunk")
    git(repository, "bundle", "create", str(bundle), "--all")

    assert owner.imports(bundle).exit_code == 0
    assert len(owner.snapshots()) == 2


# What the pages say.


def test_a_change_is_dated_between_the_runs_that_prove_it(
    owner: Owner, history: GitHistory
) -> None:
    other = songs(7, playlist_id=OTHER, name="Other")
    history.commit(at("2020-01-01"), {**files_of("E2", songs(1, 2)), **files_of("E2", other)})
    history.commit(at("2020-01-05"), files_of("E2", songs(8, playlist_id=OTHER, name="Other")))
    history.commit(at("2020-01-06"), files_of("E2", songs(1)))

    owner.imports(history.write())

    [change] = owner.history().changes
    assert (change.after, change.until) == ("2020-01-05T04:00:00Z", "2020-01-06T04:00:00Z")
    assert "#### 2020-01-06" in owner.page("history")


def test_an_imported_playlist_is_retired_with_its_history(
    owner: Owner, history: GitHistory
) -> None:
    owner.imports(an_old_archive(history))
    settle(owner.stack)

    status = owner.stack.connect().archive.status().playlists[PLAYLIST]
    assert (status.status, status.name) == ("retired", "Harbour mix")
    assert "no longer archived" in owner.page("pretty")
    assert PLAYLIST in owner.stack.bucket.objects["playlists/index.md"].decode()
    assert [len(change.added) for change in owner.history().changes] == [1]


def test_a_retired_playlist_is_listed_as_its_newest_version_says(
    owner: Owner, history: GitHistory
) -> None:
    history.commit(at("2020-01-01"), files_of("E2", songs(1)))
    owner.imports(history.write())
    history.commit(at("2020-01-02"), files_of("E2", songs(1, 2, name="Harbour mix, new")))

    owner.imports(history.write())
    settle(owner.stack)

    told = owner.stack.connect().archive.status().playlists[PLAYLIST]
    assert (told.status, told.name) == ("retired", "Harbour mix, new")
    entry = decode_catalog(owner.stack.bucket.objects[CATALOG]).entries[PLAYLIST]
    assert entry.latest
    assert entry.latest.time == at("2020-01-02")


def test_an_archive_that_never_had_a_run_lists_what_was_imported(
    history: GitHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    history.commit(at("2020-01-01"), files_of("E2", songs(1)))
    history.commit(at("2020-01-01", 5), files_of("E2", songs(1, 2, playlist_id=SKYLIGHT)))
    with living_sample(FakeBucket(), NOW) as stack:
        owner = Owner(stack, monkeypatch)

        owner.imports(history.write())
        settle(stack)

        before = stack.connect().archive.status().playlists
        assert {id_: one.status for id_, one in before.items()} == dict.fromkeys(
            (PLAYLIST, SKYLIGHT), "retired"
        )
        stack.call_lister({})
        settle(stack)
        after = stack.connect().archive.status().playlists
        assert (after[PLAYLIST].status, after[SKYLIGHT].status) == ("retired", "ok")
        assert [one.source for one in owner.history(SKYLIGHT).snapshots] == ["", "git-archive"]
        assert "no longer archived" not in owner.page("pretty", SKYLIGHT)


def test_an_owner_that_is_unknown_is_not_shown(owner: Owner, history: GitHistory) -> None:
    owner.imports(an_old_archive(history))

    shown = owner("show", PLAYLIST)

    assert shown.out.splitlines()[2].startswith("2 songs - as of 2021-05-09")


def test_the_history_says_what_was_imported_and_from_where(
    owner: Owner, history: GitHistory
) -> None:
    owner.imports(an_old_archive(history))

    assert {one.source for one in owner.history().snapshots} == {"git-archive"}
    told = "Imported from the old archive: 2 snapshots, from 2021-01-20 to 2021-05-09"
    assert told in owner.page("history").splitlines()


def test_register_archives_the_playlist_from_now_on(owner: Owner, history: GitHistory) -> None:
    for number, day in enumerate(("2020-01-01", "2020-01-02")):
        history.commit(at(day), files_of("E2", songs(number, playlist_id=SKYLIGHT)))
        history.commit(at(day, 5), files_of("E2", songs(number, name="Other")))
    repository = history.write()

    outcome = owner.imports(repository, "--register", "--json")
    settle(owner.stack)

    assert outcome.exit_code == 0
    assert set(outcome.document["registered"]) == {PLAYLIST, SKYLIGHT}
    for playlist_id in (PLAYLIST, SKYLIGHT):
        assert registry_key(playlist_id) in owner.stack.bucket.objects
    assert owner.imports(repository, "--register", "--json").document["registered"] == []


def test_the_past_comes_before_what_the_archive_has_read(owner: Owner, history: GitHistory) -> None:
    before = owner.history(SKYLIGHT)
    history.commit(at("2020-01-01"), files_of("E2", songs(1, playlist_id=SKYLIGHT)))

    owner.imports(history.write())
    settle(owner.stack)

    after = owner.history(SKYLIGHT)
    assert after.first_snapshot == "2020-01-01T04:00:00Z"
    assert after.snapshots[:-1] == before.snapshots
    assert after.last_snapshot == before.last_snapshot
    status = owner.stack.connect().archive.status().playlists[SKYLIGHT]
    assert status.status == "ok"


def test_what_is_later_than_the_archives_own_has_the_next_run_read_the_playlist_whole(
    owner: Owner, history: GitHistory
) -> None:
    own = owner.history(SKYLIGHT).last_snapshot
    late = datetime.fromisoformat(own).replace(hour=8)
    history.commit(late, files_of("E8", songs(1, playlist_id=SKYLIGHT)))
    owner.imports(history.write())
    settle(owner.stack)
    assert owner.history(SKYLIGHT).last_snapshot == to_timestamp(late)

    owner.stack.call_lister({})
    settle(owner.stack)

    newest = owner.history(SKYLIGHT).snapshots[0]
    assert newest.source == ""
    assert newest.time > to_timestamp(late)


# Again, after a crash, against what is there.


def test_importing_twice_changes_nothing(owner: Owner, history: GitHistory) -> None:
    repository = an_old_archive(history)
    owner.imports(repository)
    settle(owner.stack)
    before, events = dict(owner.stack.bucket.objects), len(owner.stack.events)

    outcome = owner.imports(repository, "--json")
    settle(owner.stack)

    assert outcome.exit_code == 0
    assert owner.stack.bucket.objects == before
    assert len(owner.stack.events) == events
    assert outcome.document["rebuild"] is None


def test_a_dry_run_says_the_same_and_writes_nothing(owner: Owner, history: GitHistory) -> None:
    repository = an_old_archive(history)
    before = dict(owner.stack.bucket.objects)

    dry = owner.imports(repository, "--dry-run", "--json")

    assert dry.exit_code == 0
    assert owner.stack.bucket.objects == before
    assert dry.document["playlists"] == owner.imports(repository, "--json").document["playlists"]
    assert dry.document["playlists"][0]["first"] == "2021-01-20T04:00:00Z"


def test_a_snapshot_that_says_something_else_is_told_and_stays(
    owner: Owner, history: GitHistory, tmp_path: Path
) -> None:
    owner.imports(an_old_archive(history))
    before = owner.snapshots()
    other = GitHistory(tmp_path / "other")
    for day, numbers in zip(DATES["E4"], ((1, 2), (5, 6)), strict=True):
        other.commit(at(day), files_of("E4", songs(*numbers)))

    outcome = owner.imports(other.write(), "--json")

    assert outcome.exit_code == 1
    assert owner.snapshots() == before
    [playlist] = outcome.document["playlists"]
    assert (playlist["present"], playlist["contradicting"], playlist["written"]) == (1, 1, 0)
    [left] = outcome.document["left_out"]
    assert left["samples"] == [f"{PLAYLIST} at 2021-05-09T04:00:00Z"]
    assert "says something else" in left["reason"]


class CrashError(Exception):
    pass


@pytest.mark.parametrize("writes", [0, 1, 2, 3, 5])
def test_an_import_that_was_ended_goes_on(
    owner: Owner, history: GitHistory, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    for number in range(4):
        history.commit(at(f"2020-01-{number + 1:02}"), files_of("E2", songs(number)))
    repository = history.write()
    bucket, done = owner.stack.bucket, 0
    put = bucket.put

    def put_until(key: str, *arguments: Any, **options: Any) -> str:
        nonlocal done
        if key.startswith("snapshots/"):
            if done == writes:
                raise StorageError("the connection is gone")
            done += 1
        return put(key, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(bucket, "put", put_until)
        if writes < 4:
            fails(owner.imports(repository), 1, "the connection is gone")
        else:
            owner.imports(repository)
    settle(owner.stack)

    outcome = owner.imports(repository, "--json")

    assert outcome.exit_code == 0
    [playlist] = outcome.document["playlists"]
    assert playlist["written"] + playlist["present"] == 4
    assert [one.time for one in owner.snapshots()] == [
        at(f"2020-01-{number + 1:02}") for number in range(4)
    ]
    assert len(owner.history().snapshots) == 4


def test_a_rebuild_that_a_crash_cut_off_is_made_by_the_next_import(
    owner: Owner, history: GitHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = an_old_archive(history)

    def crash(*_: object) -> None:
        raise CrashError

    with monkeypatch.context() as patch:
        patch.setattr("playlist_archive_cli.verbs.imports.rebuild_now", crash)
        with pytest.raises(CrashError):
            owner.imports(repository)
    settle(owner.stack)
    assert view_key("history", PLAYLIST, ".json") not in owner.stack.bucket.objects

    outcome = owner.imports(repository, "--json")

    assert outcome.document["rebuild"]["playlists"] == 1
    assert len(owner.history().snapshots) == 2


def test_an_answer_that_was_lost_is_no_contradiction(
    owner: Owner, history: GitHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = an_old_archive(history)
    bucket = owner.stack.bucket
    put = bucket.put

    def put_twice(key: str, *arguments: Any, **options: Any) -> str:
        if key.startswith("snapshots/"):
            put(key, *arguments, **options)
        return put(key, *arguments, **options)

    monkeypatch.setattr(bucket, "put", put_twice)

    outcome = owner.imports(repository, "--json")

    assert outcome.exit_code == 0
    assert outcome.document["playlists"][0]["present"] == 2
    assert len(owner.history().snapshots) == 2


def test_snapshots_come_with_metadata_that_spares_their_rendering(
    owner: Owner, history: GitHistory
) -> None:
    owner.imports(an_old_archive(history))

    key = snapshot_key(PLAYLIST, at("2021-01-20"))
    assert owner.stack.bucket.metadata[key] == {"source": "import"}
    assert owner.stack.bucket.types[key] == "application/json; charset=utf-8"
    assert owner.stack.bucket.cache_control[key] == "max-age=31536000, immutable"
    assert len(owner.stack.events) == 1
    assert owner.stack.events[0] == {"rebuild": [PLAYLIST]}


def test_a_report_that_cannot_be_written_is_told(
    owner: Owner, history: GitHistory, tmp_path: Path
) -> None:
    repository = an_old_archive(history)

    fails(owner.imports(repository, "--report", str(tmp_path)), 1, "cannot be written")
    assert owner.snapshots() == []
    assert owner.imports(repository).exit_code == 0
