"""The command takes Liked Songs as any playlist, by their name, their id or their link."""

from pathlib import Path

import pytest

from playlist_archive.documents.keys import registry_key
from playlist_archive.documents.liked_songs import LIKED_SONGS, LIKED_SONGS_URL, liked_header
from playlist_archive.documents.playlist import Owner
from playlist_archive.ports.spotify import Reading
from playlist_archive_cli.imports.versions import PastVersion, snapshot_of
from playlist_archive_cli.verbs.deploy import ask_for_liked_songs
from tests.support.builders import DAY, RUN, rows
from tests.support.command import Command
from tests.support.fakes import FakeSpotify
from tests.support.living_stack import LivingClock, LivingStack

pytestmark = pytest.mark.unit

NAME = "ArchiveLikedSongs"


@pytest.fixture
def spotify() -> FakeSpotify:
    spotify = FakeSpotify()
    spotify.playlists[LIKED_SONGS] = Reading(
        liked_header(Owner("lena", "Lena"), "v"), rows(3, 2, 1)
    )
    return spotify


def start(spotify: FakeSpotify, *, liked_songs: bool) -> LivingStack:
    clock = LivingClock(RUN)
    spotify.now = clock.now
    stack = LivingStack(spotify, clock, liked_songs=liked_songs)
    stack.call_lister({})
    stack.pipeline.settle()
    clock.moment = RUN + DAY / 2
    return stack


@pytest.fixture
def command(spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch) -> Command:
    return Command.on(start(spotify, liked_songs=True), monkeypatch)


def test_a_registration_does_not_archive_them(
    spotify: FakeSpotify, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = start(spotify, liked_songs=False)
    outcome = Command.on(stack, monkeypatch)("add", LIKED_SONGS_URL)

    assert outcome.exit_code == 1
    assert "ArchiveLikedSongs=true" in outcome.err
    assert registry_key(LIKED_SONGS) not in stack.bucket.objects


def test_they_are_renamed_and_left_out_as_any_playlist(command: Command) -> None:
    renamed = command("rename", "spotify:collection", "Hearts")
    removed = command("remove", "Hearts")
    excluded = command("exclude", "spotify:collection")

    errors = renamed.err + removed.err + excluded.err
    assert [one.exit_code for one in (renamed, removed, excluded)] == [0, 0, 0], errors
    assert "Hearts" in renamed.out


@pytest.mark.parametrize("name", ["Liked Songs", LIKED_SONGS, LIKED_SONGS_URL])
def test_they_are_shown_by_name_id_and_link(command: Command, name: str) -> None:
    outcome = command("show", name)

    assert outcome.exit_code == 0, outcome.err
    assert "Song 3" in outcome.out


def test_they_are_exported_newest_first(command: Command, tmp_path: Path) -> None:
    outcome = command("export", "Liked Songs", "--format", "uris", "--to", str(tmp_path))

    assert outcome.exit_code == 0, outcome.err
    [file] = tmp_path.iterdir()
    assert [line[-1] for line in file.read_text().splitlines()] == ["3", "2", "1"]


def test_imported_ones_link_to_them_in_spotify() -> None:
    past = PastVersion(
        playlist_id=LIKED_SONGS,
        time=RUN,
        source="exportify",
        reference="Liked.csv",
        name="Liked",
        rows=(),
    )

    assert snapshot_of(past).url == LIKED_SONGS_URL


@pytest.mark.parametrize(
    ("before", "now", "lines"), [({}, "true", 1), ({}, "false", 0), ({NAME: "true"}, "true", 0)]
)
def test_a_deployment_that_begins_with_them_says_to_log_in(
    before: dict[str, str], now: str, lines: int
) -> None:
    said = ask_for_liked_songs(before, {NAME: now})

    assert len(said) == lines
    assert all("playlist-archive login" in line for line in said)


def test_they_go_back_as_a_new_playlist(command: Command) -> None:
    outcome = command("restore", "Liked Songs")

    assert outcome.exit_code == 0, outcome.err
    assert "Liked Songs" in outcome.out
    assert "3" in outcome.out
