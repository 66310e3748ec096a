"""What a search for songs finds."""

from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.playlist import Album, Artist
from playlist_archive_cli.published import EverSong, Stay
from playlist_archive_cli.song_search import Search, fold_case, search_for

pytestmark = pytest.mark.unit

TRACK = "6tRaCkTeStOnE000000001"
LINE = ["Ají, Limón y Paciencia", "Los Faroles Tercos", "Björk"]


def a_song(uri: str = f"spotify:track:{TRACK}", isrc: str = "GBXXX1900123") -> EverSong:
    return EverSong(
        uri=uri,
        name=LINE[0],
        type="track",
        artists=tuple(map(Artist, LINE[1:])),
        album=Album(""),
        duration_ms=1,
        isrc=isrc,
        url="",
        date_added="2026-10-01",
        date_removed=None,
        intervals=(Stay(None, None, "2026-10-01T04:00:00Z", None),),
    )


def search(text: str) -> Search:
    found = search_for(text)
    assert found
    return found


@pytest.mark.parametrize("text", ["", "  ", "\n", "\u0301"])
def test_without_a_word_there_is_nothing_to_search_for(text: str) -> None:
    assert search_for(text) is None


@pytest.mark.parametrize(
    "text", ["limón", "LIMON", "aji faroles", "bjork", "bjo\u0308rk aji", "terc"]
)
def test_every_word_of_a_title_or_an_artist_finds_it(text: str) -> None:
    assert search(text).fits(LINE)


@pytest.mark.parametrize("text", ["limon pie", "paciencia2", "björk%"])
def test_a_word_that_is_nowhere_finds_nothing(text: str) -> None:
    assert not search(text).fits(LINE)


@pytest.mark.parametrize(
    "text",
    [
        f"spotify:track:{TRACK}",
        f"https://open.spotify.com/track/{TRACK}?si=1",
        f"https://open.spotify.com/intl-de/track/{TRACK}",
        "GBXXX1900123",
        "gbxxx1900123",
    ],
)
def test_a_link_or_a_code_finds_that_song_only(text: str) -> None:
    found = search(text)

    assert found.by_id
    assert found.songs([a_song(), a_song("spotify:track:other", "OTHER")]) == [a_song()]
    assert found.playlists({"one": [["x"], [TRACK, "GBXXX1900123"]], "two": [["x", "y"]]}) == [
        "one"
    ]


def test_the_uri_of_an_episode_or_a_local_file_finds_it() -> None:
    for uri in ("spotify:episode:7ePiSoDeStOnE000000001", "spotify:local:A:B:No+Wind:273"):
        assert search(uri).songs([a_song(), a_song(uri)]) == [a_song(uri)]


def test_a_search_by_words_names_the_playlists_that_have_a_song_with_all_of_them() -> None:
    part = {"one": [["Rain", "Lamp"]], "two": [["Rain", "Tide"], ["Fog", "Lamp"]]}

    assert search("rain lamp").playlists(part) == ["one"]


@given(st.text(min_size=1), st.text(), st.text())
def test_a_part_of_a_title_finds_it(word: str, before: str, after: str) -> None:
    found = search_for(word)
    if found and not found.by_id:
        assert found.fits([f"{before} {word} {after}"])


@given(st.text())
def test_case_and_form_of_accents_make_no_difference(text: str) -> None:
    assert fold_case(normalize("NFD", text)) == fold_case(normalize("NFC", text))
    assert fold_case(fold_case(text)) == fold_case(text)
