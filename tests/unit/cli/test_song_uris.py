"""A URI tells the kind of what stands in a row, its link, and for a local file its names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.playlist import Album, Artist
from playlist_archive_cli.imports.song_uris import item_of_uri, link_to, parse_song_uri

pytestmark = pytest.mark.unit

ID = "6tRaCkTeStOnE000000001"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "undefined",
        "6tRaCkTeStOnE000000001",
        "spotify:track:",
        "spotify:track:a b",
        "spotify:track:a\n",
        "spotify:track:a\x00",
        f"spotify:album:{ID}",
        f"spotify:playlist:{ID}",
        f"https://open.spotify.com/track/{ID}",
        f"xspotify:track:{ID}",
    ],
)
def test_what_can_stand_in_no_row_is_no_uri(text: str) -> None:
    assert parse_song_uri(text) is None


@given(st.text(max_size=20))
def test_only_a_uri_of_letters_and_digits_has_a_link(rest: str) -> None:
    link = link_to(f"spotify:track:{rest}")

    assert link in {"", f"https://open.spotify.com/track/{rest}"}
    assert link == "" or (rest.isascii() and rest.isalnum())


def test_an_episode_is_one_by_its_uri() -> None:
    uri = parse_song_uri(f"spotify:episode:{ID}")

    assert uri
    assert (uri.type, uri.is_local, uri.url) == (
        "episode",
        False,
        f"https://open.spotify.com/episode/{ID}",
    )


def test_the_uri_of_a_local_file_tells_its_names_and_its_length_in_seconds() -> None:
    uri = parse_song_uri("spotify:local:Fog+%26+Bell:Demo+Tape:No+Wind%2C+No+Sail:273")

    assert uri
    item = item_of_uri(uri)
    assert (item.type, item.local, item.url) == ("track", True, "")
    assert (item.name, item.duration_ms) == ("No Wind, No Sail", 273_000)
    assert (item.artists, item.album) == ((Artist("Fog & Bell"),), Album("Demo Tape"))
    assert {"name", "duration_ms", "artists", "album"} < set(item.unknown)


@pytest.mark.parametrize("rest", ["::::", ":::", "a", "a:b:c:d:e:f", ":::x", ":::-1"])
def test_the_uri_of_a_local_file_without_the_usual_parts_is_still_its_identity(rest: str) -> None:
    uri = parse_song_uri(f"spotify:local:{rest}")

    assert uri
    item = item_of_uri(uri)
    assert (item.uri, item.local, item.duration_ms) == (f"spotify:local:{rest}", True, 0)
