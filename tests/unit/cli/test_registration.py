"""The owner adds, renames, removes and leaves out playlists with the command."""

import pytest

from playlist_archive.errors import ContentsForbiddenError
from playlist_archive.ports.credentials import Credentials
from playlist_archive.ports.spotify import Reading
from tests.support.builders import (
    DAY,
    OTHER,
    PLAYLIST,
    RUN,
    a_header,
    a_library,
    a_reading,
    rows,
)
from tests.support.command import Command
from tests.support.fakes import FakeSpotify
from tests.support.living_stack import LivingClock, LivingStack

pytestmark = pytest.mark.unit

MINE = "5MyOwNpLaYlIsT00000001"
UNKNOWN = "6nObOdYkNoWsThIs000001"


@pytest.fixture
def spotify() -> FakeSpotify:
    spotify = FakeSpotify()
    spotify.playlists[PLAYLIST] = a_reading(1, 2, 3)
    spotify.playlists[OTHER] = Reading(a_header(name="Slack water"), rows(4, 5))
    spotify.playlists[MINE] = Reading(a_header(name="Mine, all mine"), rows(6))
    spotify.stored_credentials = Credentials("id", "secret", "token")
    spotify.library = a_library((MINE, a_header(name="Mine, all mine")))
    return spotify


@pytest.fixture
def stack(spotify: FakeSpotify) -> LivingStack:
    """Return a stack after a run; it archives a registered playlist, and one of the library."""
    clock = LivingClock(RUN)
    spotify.now = clock.now
    stack = LivingStack(spotify, clock)
    stack.bucket.objects[f"registry/{PLAYLIST}"] = b"Kitchen\n"
    stack.registered = stack._registry()
    stack.call_lister({})
    stack.pipeline.settle()
    clock.moment = RUN + DAY / 2
    return stack


@pytest.fixture
def command(stack: LivingStack, monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command.on(stack, monkeypatch)


def entry(stack: LivingStack, playlist_id: str) -> str | None:
    body = stack.bucket.objects.get(f"registry/{playlist_id}")
    return None if body is None else body.decode()


def fails(command: Command, *arguments: str, code: int) -> str:
    outcome = command(*arguments)
    assert outcome.exit_code == code, outcome
    assert outcome.out == ""
    assert outcome.err.startswith("playlist-archive: ")
    assert outcome.err.count("\n") == 1
    return outcome.err


# Wrong input.


@pytest.mark.parametrize("verb", ["add", "remove", "exclude", "rename"])
def test_a_verb_without_a_playlist_is_wrong_use(command: Command, verb: str) -> None:
    assert "'PLAYLIST'" in fails(command, verb, code=2)


def test_a_rename_without_a_name_is_wrong_use(command: Command) -> None:
    assert "'NAME'" in fails(command, "rename", PLAYLIST, code=2)


@pytest.mark.parametrize("verb", [["add"], ["remove"], ["exclude"], ["rename", "x"]])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "https://open.spotify.com/track/4uLU6hMCjMI75M1A2tKUQC",
        "spotify:album:4uLU6hMCjMI75M1A2tKUQC",
        "https://open.spotify.com/playlist/short",
        f"https://open.spotify.com/playlist/{PLAYLIST}x",
        "no playlist at all",
        "../../etc/passwd",
    ],
)
def test_what_names_no_playlist_is_wrong_use_and_changes_nothing(
    command: Command, stack: LivingStack, verb: list[str], text: str
) -> None:
    before = dict(stack.bucket.objects)

    assert text.strip() in fails(command, verb[0], "--", text, *verb[1:], code=2)
    assert stack.bucket.objects == before


def test_two_links_are_ambiguous(command: Command) -> None:
    text = f"spotify:playlist:{PLAYLIST} spotify:playlist:{OTHER}"

    assert f"{OTHER}, {PLAYLIST}" in fails(command, "add", text, code=2)


def test_a_part_of_two_names_is_ambiguous(command: Command) -> None:
    assert MINE in fails(command, "exclude", "i", code=2)


@pytest.mark.parametrize("alias", [" blank ", "two\nlines", "\x1b[31mred", "x" * 301, "\u200b"])
def test_an_alias_that_the_lister_would_ignore_is_wrong_use(
    command: Command, stack: LivingStack, alias: str
) -> None:
    fails(command, "add", OTHER, "--alias", alias, code=2)
    assert entry(stack, OTHER) is None


@pytest.mark.parametrize("alias", ["Kitchen", "kitchen", "KITCHEN", "Kit\u200bchen"])
@pytest.mark.parametrize("arguments", [["rename", MINE], ["add", OTHER, "--alias"]])
def test_a_name_that_another_playlist_has_is_wrong_use(
    command: Command, stack: LivingStack, arguments: list[str], alias: str
) -> None:
    before = dict(stack.bucket.objects)

    assert PLAYLIST in fails(command, *arguments, alias, code=2)
    assert stack.bucket.objects == before


def test_a_playlist_may_keep_its_own_name_in_another_case(
    command: Command, stack: LivingStack
) -> None:
    assert command("rename", "Kitchen", "KITCHEN").exit_code == 0
    assert entry(stack, PLAYLIST) == "KITCHEN\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rename", UNKNOWN, "x"], f"playlist-archive add {UNKNOWN}"),
        (["remove", UNKNOWN], "is not registered"),
        (["exclude", "--undo", MINE], "is not left out"),
        (["remove", "Mine, all"], f"playlist-archive exclude {MINE}"),
    ],
)
def test_what_makes_no_sense_now_says_what_to_do(
    command: Command, arguments: list[str], message: str
) -> None:
    assert message in fails(command, *arguments, code=1)


def test_who_may_not_delete_is_told_so(command: Command, stack: LivingStack) -> None:
    stack.refused = {"delete_object"}

    assert "do not suffice" in fails(command, "remove", "Kitchen", code=1)
    assert entry(stack, PLAYLIST) == "Kitchen\n"


# add


@pytest.mark.parametrize(
    "text",
    [
        OTHER,
        f" {OTHER}\n",
        f"https://open.spotify.com/playlist/{OTHER}?si=0123456789abcdef0123456789abcdef",
        f"https://open.spotify.com/intl-de/playlist/{OTHER}",
        f"https://open.spotify.com/user/lena/playlist/{OTHER}",
        f"spotify:playlist:{OTHER}",
        f"spotify:user:lena:playlist:{OTHER}",
        f"Listen: https://open.spotify.com/playlist/{OTHER}?si=x&nd=1 !",
    ],
)
def test_the_id_is_taken_out_of_what_was_pasted(
    command: Command, stack: LivingStack, text: str
) -> None:
    outcome = command("add", text)

    assert outcome.exit_code == 0, outcome
    assert outcome.out == "Slack water is archived, with 2 songs\n"
    assert entry(stack, OTHER) == ""


def test_an_alias_is_the_name_in_the_archive(command: Command, stack: LivingStack) -> None:
    outcome = command("add", OTHER, "--alias", "Ours", "--json")

    assert outcome.document == {
        "id": OTHER,
        "name": "Ours",
        "status": "ok",
        "reason": "",
        "songs": 2,
        "not_before": None,
    }
    assert entry(stack, OTHER) == "Ours\n"


def test_adding_again_keeps_the_alias_unless_another_is_given(
    command: Command, stack: LivingStack
) -> None:
    assert command("add", PLAYLIST).out == "Kitchen is archived, with 3 songs\n"
    assert entry(stack, PLAYLIST) == "Kitchen\n"
    assert command("add", PLAYLIST, "--alias", "").exit_code == 0
    assert entry(stack, PLAYLIST) == ""


@pytest.mark.parametrize(
    ("playlist_id", "told"),
    [(UNKNOWN, "not found: Spotify does not find it"), (OTHER, "forbidden: closed")],
)
def test_what_cannot_be_read_is_told_and_fails(
    command: Command, stack: LivingStack, spotify: FakeSpotify, playlist_id: str, told: str
) -> None:
    spotify.playlists[OTHER] = ContentsForbiddenError("closed")

    for _ in range(2):
        outcome = command("add", playlist_id)
        assert outcome.exit_code == 1
        assert told in outcome.out
    assert entry(stack, playlist_id) == ""


def test_a_paused_archive_says_until_when_and_that_is_no_failure(
    command: Command, stack: LivingStack
) -> None:
    pause(stack)

    outcome = command("add", OTHER)

    assert outcome.exit_code == 0
    assert "Spotify asks to wait until 2026-10-03 04:00 UTC" in outcome.out
    assert entry(stack, OTHER) == ""


def pause(stack: LivingStack) -> None:
    status = stack.bucket.objects["playlists/status.json"]
    stack.bucket.objects["playlists/status.json"] = status.replace(
        b'"not_before": null', b'"not_before": "2026-10-03T04:00:00Z"'
    )


@pytest.mark.parametrize("broken", ["lister", "fetcher", "indexer"])
def test_a_registration_of_which_nothing_comes_ends_the_wait_and_fails(
    command: Command, stack: LivingStack, broken: str
) -> None:
    stack.broken = {broken}

    outcome = command("add", OTHER)

    assert outcome.exit_code == 1
    assert "is registered, but nothing has come of it" in outcome.out


def test_before_the_first_run_a_playlist_can_be_added(
    spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = LivingStack(spotify, LivingClock(RUN))

    assert Command.on(stack, monkeypatch)("add", OTHER).out == (
        "Slack water is archived, with 2 songs\n"
    )


def test_a_retired_playlist_can_be_added_again_by_its_name(
    command: Command, stack: LivingStack
) -> None:
    command("remove", "Kitchen")

    assert command("add", "Kitchen").exit_code == 0
    assert entry(stack, PLAYLIST) == ""


# rename


def test_another_name_shows_on_the_pages(command: Command, stack: LivingStack) -> None:
    outcome = command("rename", "Kitchen", "Larder")

    assert outcome.out == "Larder is archived, with 3 songs\n"
    assert "Larder" in stack.pipeline.page(f"playlists/pretty/{PLAYLIST}.md")
    assert command("rename", "Larder", "Larder").exit_code == 0
    assert command("rename", "Larder", "").out == "Harbour mix is archived, with 3 songs\n"


def test_renaming_a_playlist_of_the_library_registers_it_and_says_so(
    command: Command, stack: LivingStack
) -> None:
    outcome = command("rename", MINE, "Ours")

    assert outcome.exit_code == 0
    assert entry(stack, MINE) == "Ours\n"
    assert "registered now" in outcome.err


# remove and exclude


def test_what_is_removed_is_retired(command: Command, stack: LivingStack) -> None:
    outcome = command("remove", "Kitchen", "--json")

    assert outcome.document["retired"]
    assert entry(stack, PLAYLIST) is None
    assert f"playlists/pretty/{PLAYLIST}.md" in stack.bucket.objects


def test_removing_what_the_library_holds_says_that_it_stays_and_offers_exclude(
    command: Command, stack: LivingStack
) -> None:
    command("rename", MINE, "Ours")

    outcome = command("remove", MINE)

    assert outcome.exit_code == 0
    assert f"`playlist-archive exclude {MINE}` leaves it out" in outcome.out
    assert entry(stack, MINE) is None


def test_a_removal_that_the_lister_does_not_notice_counts_from_the_next_run(
    command: Command, stack: LivingStack
) -> None:
    stack.broken = {"lister"}

    assert "the next run retires it" in command("remove", "Kitchen").out


def test_what_is_left_out_counts_from_the_next_run(command: Command, stack: LivingStack) -> None:
    assert "It counts from the next run" in command("exclude", "mine, all").out
    assert "left out already" in command("exclude", MINE).out
    stack.clock.moment = RUN + DAY
    command("run")
    assert "retired" in command("list", "--retired").out
    assert "not left out any more" in command("exclude", "--undo", MINE).out
    assert f"excluded/{MINE}" not in stack.bucket.objects


def test_leaving_out_what_is_registered_says_that_the_registration_counts(
    command: Command,
) -> None:
    assert f"playlist-archive remove {PLAYLIST}" in command("exclude", PLAYLIST).out


def test_a_write_beside_another_s_is_told(
    command: Command, stack: LivingStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interfere(operation: str, key: str) -> None:
        if operation == "put" and key.startswith("registry/"):
            stack.bucket.objects[key] = b"Theirs\n"

    monkeypatch.setattr(stack.bucket, "before", interfere)

    assert "by another just now" in fails(command, "add", OTHER, "--alias", "Ours", code=1)
    assert entry(stack, OTHER) == "Theirs\n"
