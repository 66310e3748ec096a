"""Which versions the old archive's commits hold, and what each proves."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive_cli.imports.old_archive.repository import Change, Commit
from playlist_archive_cli.imports.old_archive.timeline import FoundVersion, PageFile, tell
from tests.support.builders import OTHER, PLAYLIST

pytestmark = pytest.mark.unit

RUN = "[skip ci] Build #7 (2020-01-01 04:00:00)"
BY_HAND = "Tidy up"
MIX, FORMER = "playlists/pretty/Mix.md", "playlists/pretty/Old mix.md"
PLAIN = f"playlists/plain/{PLAYLIST}"


def blob_of(playlist_id: str, content: str, answer: str = "") -> str:
    """Return the name of a file, from which `tell_of` knows what it says."""
    return f"{playlist_id}/{content}/{answer}"


def wrote(
    path: str, content: str, playlist_id: str = PLAYLIST, answer: str = "", *, added: bool = False
) -> Change:
    return Change(path, blob_of(playlist_id, content, answer), added)


def deleted(path: str) -> Change:
    return Change(path, None)


def listed(playlist_id: str = PLAYLIST) -> Change:
    return Change(f"playlists/plain/{playlist_id}", "list", added=True)


def a_commit(
    number: int,
    *changes: Change,
    parents: Sequence[int] | None = None,
    subject: str = RUN,
    time: int | None = None,
) -> Commit:
    """Return a commit that follows the one before it in number, at the time of its number."""
    before = ([number - 1] if number > 1 else []) if parents is None else parents
    return Commit(
        str(number),
        number * 100 if time is None else time,
        tuple(map(str, before)),
        subject,
        list(changes),
    )


def tell_of(*commits: Commit, aliases: Sequence[str] = ()) -> list[FoundVersion]:
    pages = {}
    for commit in commits:
        for path, blob, _ in commit.changes:
            if blob and "/" in blob:
                playlist_id, content, answer = blob.split("/")
                is_document = path.endswith(".json")
                pages[blob] = PageFile(
                    playlist_id, "", is_document, content.encode(), (content + answer).encode()
                )
    return list(tell(commits, pages, set(aliases)))


def contents(told: Sequence[FoundVersion], playlist_id: str = PLAYLIST) -> list[tuple[int, str]]:
    """Return the times of a playlist's versions, and what they say."""
    return [(one.time, one.blob.split("/")[1]) for one in told if one.playlist_id == playlist_id]


def checks(told: Sequence[FoundVersion]) -> list[int | None]:
    return [one.previous_check for one in told]


# Which files are versions.


def test_each_change_of_a_page_is_a_version() -> None:
    told = tell_of(
        a_commit(1, wrote(MIX, "a")), a_commit(2, wrote(MIX, "b")), a_commit(3, wrote(MIX, "a"))
    )

    assert contents(told) == [(100, "a"), (200, "b"), (300, "a")]
    assert [one.commit for one in told] == ["1", "2", "3"]


@pytest.mark.parametrize(
    "subject",
    ["[skip ci] Run: 57 (2021-05-09 00:25:28)", "Run 1234 via schedule", "Update playlists"],
)
def test_a_page_that_is_again_as_it_was_is_a_version_whatever_its_commit_says(subject: str) -> None:
    told = tell_of(
        a_commit(1, wrote(MIX, "a")),
        a_commit(2, wrote(MIX, "b"), subject=subject),
        a_commit(3, wrote(MIX, "a"), subject=subject),
    )

    assert contents(told) == [(100, "a"), (200, "b"), (300, "a")]


def test_a_playlist_that_a_later_run_adds_again_is_told_again() -> None:
    later = "Run 1234 via schedule"
    told = tell_of(
        a_commit(1, wrote(MIX, "a")),
        a_commit(2, deleted(MIX), subject=BY_HAND),
        a_commit(3, wrote(MIX, "a", added=True), subject=later),
    )

    assert contents(told) == [(100, "a"), (300, "a")]


def test_a_page_of_which_only_links_changed_is_none() -> None:
    told = tell_of(a_commit(1, wrote(MIX, "a")), a_commit(2, wrote(MIX, "a", answer="links")))

    assert contents(told) == [(100, "a")]


def test_a_page_that_cannot_be_read_changes_nothing() -> None:
    told = tell_of(
        a_commit(1, wrote(MIX, "a")),
        a_commit(2, Change(MIX, "plain text")),
        a_commit(3, wrote(MIX, "a")),
        a_commit(4, wrote(MIX, "b")),
    )

    assert contents(told) == [(100, "a"), (400, "b")]


def test_a_renamed_playlist_goes_on_under_its_new_path() -> None:
    told = tell_of(
        a_commit(1, wrote(FORMER, "a")),
        a_commit(2, wrote(MIX, "b", added=True)),
        a_commit(3, deleted(FORMER)),
        a_commit(4, wrote(MIX, "c")),
    )

    assert contents(told) == [(100, "a"), (200, "b"), (400, "c")]


def test_a_page_that_was_only_moved_is_no_version() -> None:
    told = tell_of(
        a_commit(1, wrote(FORMER, "a")),
        a_commit(2, deleted(FORMER), wrote(MIX, "a", added=True)),
        a_commit(3, wrote(MIX, "b")),
    )

    assert contents(told) == [(100, "a"), (300, "b")]


def test_a_path_that_passes_to_another_playlist_ends_neither() -> None:
    told = tell_of(
        a_commit(1, wrote(MIX, "a")),
        a_commit(2, wrote(MIX, "x", OTHER)),
        a_commit(3, wrote(MIX, "b")),
    )

    assert contents(told) == [(100, "a"), (300, "b")]
    assert contents(told, OTHER) == [(200, "x")]


def test_a_former_page_that_is_written_along_does_not_count() -> None:
    told = tell_of(
        a_commit(1, wrote(FORMER, "a")),
        a_commit(2, wrote(MIX, "b", added=True)),
        a_commit(3, wrote(MIX, "b", answer="links"), wrote(FORMER, "a", answer="links")),
        a_commit(4, wrote(FORMER, "a", answer="more"), wrote(MIX, "c")),
    )

    assert contents(told) == [(100, "a"), (200, "b"), (400, "c")]


def test_a_former_page_that_somebody_moves_is_no_version() -> None:
    by_id = f"playlists/pretty/{PLAYLIST}.md"
    told = tell_of(
        a_commit(1, wrote(FORMER, "a")),
        a_commit(2, wrote(MIX, "b", added=True)),
        a_commit(3, deleted(MIX), deleted(FORMER), wrote(by_id, "a", added=True), subject=BY_HAND),
        a_commit(4, wrote(by_id, "b")),
        a_commit(5, wrote(by_id, "c")),
    )

    assert contents(told) == [(100, "a"), (200, "b"), (500, "c")]


def test_a_document_outranks_the_page_beside_it() -> None:
    json = f"playlists/pretty/{PLAYLIST}.json"
    md = f"playlists/pretty/{PLAYLIST}.md"
    told = tell_of(
        a_commit(1, wrote(md, "a")),
        a_commit(2, wrote(md, "b"), wrote(json, "b in full", added=True)),
        a_commit(3, wrote(md, "escaped")),
        a_commit(4, wrote(json, "c in full"), wrote(md, "c")),
    )

    assert contents(told) == [(100, "a"), (200, "b in full"), (400, "c in full")]


def test_a_playlist_that_comes_back_after_it_was_deleted_is_told_again() -> None:
    told = tell_of(
        a_commit(1, wrote(MIX, "a"), listed()),
        a_commit(2, deleted(MIX), deleted(PLAIN)),
        a_commit(3, wrote(MIX, "a", added=True), listed()),
    )

    assert contents(told) == [(100, "a"), (300, "a")]
    assert checks(told) == [None, 100]


# Branches and clocks.


def test_versions_are_in_the_order_of_the_commits_times() -> None:
    told = tell_of(
        a_commit(1, wrote(MIX, "a"), time=500),
        a_commit(2, wrote(MIX, "b"), time=300),
        a_commit(3, wrote(MIX, "c"), time=700),
    )

    assert [one.time for one in told] == [300, 500, 700]


def test_runs_on_a_side_branch_are_told_and_a_merge_is_not() -> None:
    told = tell_of(
        a_commit(1, wrote(MIX, "a"), listed()),
        a_commit(2, wrote(MIX, "b")),
        a_commit(3, wrote(MIX, "c"), parents=[1]),
        a_commit(4, wrote(MIX, "c"), parents=[2, 3]),
        a_commit(5, wrote(MIX, "d"), parents=[4]),
    )

    assert contents(told) == [(100, "a"), (200, "b"), (300, "c"), (500, "d")]


def test_a_run_on_another_branch_that_left_a_page_alone_has_read_it_so() -> None:
    """The run of 300 began from 100, and found the playlist as it was then: not as at 200."""
    told = tell_of(
        a_commit(
            1, wrote(MIX, "a"), listed(), listed(OTHER), wrote("playlists/pretty/O.md", "x", OTHER)
        ),
        a_commit(2, wrote(MIX, "b")),
        a_commit(3, wrote("playlists/pretty/O.md", "y", OTHER), parents=[1]),
    )

    assert contents(told) == [(100, "a"), (200, "b"), (300, "a")]


def test_a_branch_that_somebody_made_by_hand_proves_nothing() -> None:
    told = tell_of(
        a_commit(1, wrote(MIX, "a"), listed()),
        a_commit(2, wrote(MIX, "b")),
        a_commit(3, listed(OTHER), parents=[1], subject=BY_HAND),
        a_commit(4, listed(OTHER), parents=[2, 3], subject="Merge"),
        a_commit(5, wrote(MIX, "c")),
    )

    assert contents(told) == [(100, "a"), (200, "b"), (500, "c")]


# What proves that a playlist was read.


def test_a_run_proves_all_lists_that_it_left_alone() -> None:
    other = "playlists/pretty/O.md"
    told = tell_of(
        a_commit(1, wrote(MIX, "a"), listed()),
        a_commit(2, wrote(other, "x", OTHER), listed(OTHER)),
        a_commit(3, Change("playlists/plain/whatever", "list")),
        a_commit(4, wrote(MIX, "b")),
    )

    assert [one.previous_check for one in told if one.playlist_id == PLAYLIST] == [None, 300]


def test_a_commit_by_hand_proves_only_what_it_wrote() -> None:
    other = "playlists/pretty/O.md"
    told = tell_of(
        a_commit(1, wrote(MIX, "a"), listed()),
        a_commit(2, wrote(other, "x", OTHER), listed(OTHER), subject=BY_HAND),
        a_commit(3, wrote(MIX, "b")),
    )

    assert [one.previous_check for one in told if one.playlist_id == PLAYLIST] == [None, 100]


def test_a_run_that_could_not_read_a_playlist_deleted_its_list_and_proves_nothing_of_it() -> None:
    other = "playlists/pretty/O.md"
    told = tell_of(
        a_commit(1, wrote(MIX, "a"), listed()),
        a_commit(2, deleted(PLAIN), wrote(other, "x", OTHER), listed(OTHER)),
        a_commit(3, wrote(other, "y", OTHER)),
        a_commit(4, wrote(MIX, "b"), listed()),
    )

    assert [one.previous_check for one in told if one.playlist_id == PLAYLIST] == [None, 100]


def test_with_a_registry_an_unchanged_page_proves_nothing() -> None:
    other = "playlists/pretty/O.md"
    told = tell_of(
        a_commit(1, wrote(MIX, "a"), listed(), Change(f"playlists/registry/{PLAYLIST}", "none")),
        a_commit(2, wrote(other, "x", OTHER), listed(OTHER)),
        a_commit(3, wrote(MIX, "b")),
    )

    assert [one.previous_check for one in told if one.playlist_id == PLAYLIST] == [None, 100]


def test_with_a_registry_another_number_of_followers_proves_a_read() -> None:
    json = f"playlists/pretty/{PLAYLIST}.json"
    registry = Change(f"playlists/registry/{PLAYLIST}", "none")
    told = tell_of(
        a_commit(1, wrote(json, "a", answer="12"), registry),
        a_commit(2, wrote(json, "a", answer="13")),
        a_commit(3, wrote(json, "b", answer="13")),
    )

    assert contents(told) == [(100, "a"), (300, "b")]
    assert checks(told) == [None, 200]


# Aliases.


@pytest.mark.parametrize("folder", ["aliases", "registry"])
def test_a_version_says_whether_the_old_archives_owner_had_named_it(folder: str) -> None:
    alias = f"playlists/{folder}/{PLAYLIST}"
    told = tell_of(
        a_commit(1, wrote(MIX, "a")),
        a_commit(2, wrote(MIX, "b"), Change(alias, "a name")),
        a_commit(3, wrote(MIX, "c")),
        a_commit(4, wrote(MIX, "d"), Change(alias, "nothing")),
        a_commit(5, wrote(MIX, "e"), Change(alias, "a name")),
        a_commit(6, wrote(MIX, "f"), deleted(alias)),
        aliases=["a name"],
    )

    assert [one.aliased for one in told] == [False, True, True, False, True, False]


# Whatever the history looks like.


@st.composite
def linear_histories(draw: st.DrawFn) -> list[dict[str, str]]:
    """Draw what each of three playlists says after each run, where they exist."""
    states: list[dict[str, str]] = [{}]
    for _ in range(draw(st.integers(1, 8))):
        changes = draw(st.dictionaries(st.sampled_from("xyz"), st.sampled_from("abc")))
        states.append({**states[-1], **changes})
    return states


@given(linear_histories(), st.sets(st.sampled_from("xyz")))
def test_the_newest_version_at_any_time_says_what_the_page_said(
    states: list[dict[str, str]], rewritten: set[str]
) -> None:
    ids = {"x": PLAYLIST, "y": OTHER, "z": "2" * 22}
    commits = []
    for number, (before, state) in enumerate(pairwise(states), start=1):
        changed = {name for name in state if before.get(name) != state[name]}
        changes = [
            wrote(f"playlists/pretty/{name}.md", state[name], ids[name], answer=str(number))
            for name in sorted(changed | (rewritten & state.keys()))
        ]
        commits.append(a_commit(number, *changes))

    told = tell_of(*commits)

    for number, state in enumerate(states[1:], start=1):
        for name, content in state.items():
            newest = [one for one in contents(told, ids[name]) if one[0] <= number * 100][-1]
            assert newest[1] == content
    for playlist_id in ids.values():
        said = [content for _, content in contents(told, playlist_id)]
        assert all(one != other for one, other in pairwise(said))
