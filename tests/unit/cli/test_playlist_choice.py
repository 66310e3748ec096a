"""A playlist is named by id, link, URI, name, or an unambiguous part of its name."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from playlist_archive.documents.liked_songs import LIKED_SONGS
from playlist_archive_cli.errors import WrongUseError
from playlist_archive_cli.playlist_choice import choose_playlist, find_playlist_id

pytestmark = pytest.mark.unit

HARBOUR = "4uLU6hMCjMI75M1A2tKUQC"
NIGHT = "1ArChIvEdPlAyLiSt00001"
RAIN = "JS2UVMF02K9M0Yzm0udjO0"
NAMES = {HARBOUR: "Harbour mix", NIGHT: "Harbour at night", RAIN: "Rain"}

ids = st.text(string.ascii_letters + string.digits, min_size=22, max_size=22)
libraries = st.dictionaries(ids, st.text(min_size=1), min_size=1, max_size=6)


def test_a_part_of_several_names_lists_them_with_their_ids() -> None:
    with pytest.raises(WrongUseError) as caught:
        choose_playlist("harbour", NAMES)

    assert f"Harbour at night ({NIGHT}), Harbour mix ({HARBOUR})" in str(caught.value)


def test_of_very_many_only_some_are_listed() -> None:
    many = {f"{number:022}": f"Mix {number}" for number in range(25)}

    with pytest.raises(WrongUseError, match="and 15 more"):
        choose_playlist("mix", many)


@pytest.mark.parametrize("text", ["", "  ", "Polka", "\u200b"])
def test_what_no_name_contains_is_refused(text: str) -> None:
    with pytest.raises(WrongUseError, match="no playlist is called"):
        choose_playlist(text, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "https://open.spotify.com/collection/tracks",
        "https://open.spotify.com/intl-de/collection/tracks",
        "spotify:collection",
        "spotify:user:lena.example:collection",
    ],
)
def test_liked_songs_have_links_of_their_own(text: str) -> None:
    assert find_playlist_id(text) == LIKED_SONGS


@pytest.mark.parametrize(
    "text",
    [
        "0000000000000000000000",
        "https://open.spotify.com/playlist/0000000000000000000000",
        f"https://open.spotify.com/album/{HARBOUR}",
        "https://spotify.link/abc",
        f"spotify:track:{HARBOUR}",
    ],
)
def test_an_id_or_a_link_of_something_else_is_refused(text: str) -> None:
    with pytest.raises(WrongUseError, match="not a playlist of this archive"):
        choose_playlist(text, NAMES)


@pytest.mark.parametrize(
    "text",
    [
        HARBOUR,
        f" {HARBOUR}\n",
        f"spotify:playlist:{HARBOUR}",
        f"spotify:user:lena.example:playlist:{HARBOUR}",
        f"https://open.spotify.com/playlist/{HARBOUR}",
        f"https://open.spotify.com/intl-de/playlist/{HARBOUR}?si=0123456789abcdef",
        f"open.spotify.com/playlist/{HARBOUR}",
        "Harbour mix",
        "harbour MIX",
        "our mix",
    ],
)
def test_every_way_to_name_one_finds_it(text: str) -> None:
    assert choose_playlist(text, NAMES).id == HARBOUR


def test_a_whole_name_comes_before_a_part_of_another() -> None:
    assert choose_playlist("rain", {**NAMES, NIGHT: "Rain at night"}).id == RAIN


def test_the_case_decides_where_only_it_differs() -> None:
    assert choose_playlist("RAIN", {**NAMES, NIGHT: "RAIN"}).id == NIGHT


def test_an_id_that_is_longer_than_one_is_none() -> None:
    assert find_playlist_id(f"https://open.spotify.com/playlist/{HARBOUR}x") is None


@given(libraries, st.data())
def test_every_playlist_is_found_by_its_id_and_its_links(
    names: dict[str, str], data: st.DataObject
) -> None:
    wanted = data.draw(st.sampled_from(sorted(names)))

    for text in (wanted, f"spotify:playlist:{wanted}", f"https://x/playlist/{wanted}?si=1"):
        assert choose_playlist(text, names) == (wanted, names[wanted])


@given(libraries, st.data())
def test_every_playlist_is_found_by_a_name_that_no_other_has(
    names: dict[str, str], data: st.DataObject
) -> None:
    wanted = data.draw(st.sampled_from(sorted(names)))
    name = names[wanted]
    assume(list(names.values()).count(name) == 1)
    assume(find_playlist_id(name) is None)

    assert choose_playlist(name, names).id == wanted


@given(libraries, st.text())
def test_what_is_found_by_name_has_it_in_its_name(names: dict[str, str], text: str) -> None:
    assume(find_playlist_id(text) is None)
    try:
        found = choose_playlist(text, names)
    except WrongUseError:
        return

    others = [name for name in names.values() if name != found.name]
    assert text == found.name or text not in others


def test_links_of_several_playlists_name_none() -> None:
    links = f"https://open.spotify.com/playlist/{HARBOUR}?si=1 spotify:playlist:{RAIN}"

    with pytest.raises(WrongUseError, match=f"choose one: {HARBOUR}, {RAIN}"):
        choose_playlist(links, NAMES)
    assert find_playlist_id(f"spotify:playlist:{RAIN} spotify:playlist:{RAIN}") == RAIN
