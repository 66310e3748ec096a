"""A playlist of a file is matched where that is certain, and else named for the owner to decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive_cli.imports.found import FoundPlaylist
from playlist_archive_cli.imports.matching import NOTHING_FITS, Archived, Match, match
from tests.support.strategies import rows_of, song

pytestmark = pytest.mark.unit

HARBOUR, NIGHT, RAIN = "4uLU6hMCjMI75M1A2tKUQC", "1ArChIvEdPlAyLiSt00001", "JS2UVMF02K9M0Yzm0udjO0"


def found(name: str, letters: str, *, of_a_day: bool = True) -> FoundPlaylist:
    return FoundPlaylist(
        source="spotify-export",
        reference=f"Playlist1.json: {name}",
        name=name,
        called=frozenset({name.casefold()}),
        rows=rows_of(letters),
        of_a_day=of_a_day,
    )


def archived(playlist_id: str, letters: str, *names: str) -> Archived:
    songs = frozenset(song(letter).uri for letter in letters)
    return Archived(playlist_id, names, len(songs), songs)


def only(one: FoundPlaylist, *known: Archived) -> Match:
    [matched] = match([one], known, str.casefold)
    return matched


# What is not certain


def test_what_has_neither_name_nor_songs_in_common_fits_nothing() -> None:
    matched = only(found("Mix", "abcdef"), archived(HARBOUR, "ghijkl", "Harbour"))

    assert (matched.playlist_id, matched.fits, matched.doubt) == (None, (), NOTHING_FITS)


def test_a_name_with_quite_other_songs_is_not_enough() -> None:
    matched = only(found("Mix", "abcdefgh"), archived(HARBOUR, "aijklmnop", "Mix"))

    assert matched.playlist_id is None
    assert matched.doubt == "hardly any of its songs ever were in the playlist of its name"
    assert [fit.archived.id for fit in matched.fits] == [HARBOUR]


def test_a_name_that_several_have_is_not_enough_if_the_songs_do_not_decide() -> None:
    two = archived(HARBOUR, "abcdef", "Mix"), archived(NIGHT, "abcdeg", "Mix")

    matched = only(found("Mix", "abcdef"), *two)
    assert matched.doubt == "several playlists of the archive have its name"
    assert [fit.archived.id for fit in matched.fits] == [HARBOUR, NIGHT]


def test_an_empty_playlist_is_not_matched_by_its_name_alone() -> None:
    matched = only(found("Mix", ""), archived(HARBOUR, "abc", "Mix"))

    assert matched.doubt == "it has no songs that could be compared"


def test_a_name_is_not_enough_if_another_playlist_has_far_more_of_the_songs() -> None:
    two = archived(HARBOUR, "abc", "Mix"), archived(NIGHT, "abcdefgh", "Night")

    assert "another name" in only(found("Mix", "abcdefgh"), *two).doubt


@pytest.mark.parametrize(
    ("letters", "known"),
    [("abcd", "abcd"), ("abcdef", "abcdefghijk"), ("abcdefgh", "abcdef")],
    ids=["few songs", "a part of many", "more songs"],
)
def test_songs_alone_are_not_enough_unless_nearly_all_are_the_same(
    letters: str, known: str
) -> None:
    matched = only(found("Renamed", letters), archived(HARBOUR, known, "Mix"))

    assert matched.playlist_id is None
    assert [fit.archived.id for fit in matched.fits] == [HARBOUR]


def test_songs_of_many_days_are_matched_by_name_only() -> None:
    known = archived(HARBOUR, "abcdefgh", "Mix")

    assert only(found("Mix ever", "abcdefgh"), known).playlist_id == HARBOUR
    assert only(found("Mix ever", "abcdefgh", of_a_day=False), known).playlist_id is None


def test_two_files_that_fit_the_same_playlist_as_well_are_both_in_doubt() -> None:
    known = [archived(HARBOUR, "abcdef", "Mix")]

    for matched in match([found("Mix", "abcde"), found("Mix", "abcdf")], known, str.casefold):
        assert matched.doubt == "another one of the files fits the same playlist"
        assert matched.fits


# What is certain


def test_an_empty_playlist_is_one_that_always_was_empty() -> None:
    assert only(found("Mix", ""), archived(HARBOUR, "", "Mix")).playlist_id == HARBOUR


def test_a_name_and_some_of_the_songs_are_enough() -> None:
    assert only(found("MIX", "abcd"), archived(HARBOUR, "dcefgh", "Mix")).playlist_id == HARBOUR


def test_an_id_is_enough() -> None:
    two = archived(HARBOUR, "abc", "Mix"), archived(NIGHT, "abc", "Mix")

    assert only(found("Mix", "abc")._replace(playlist_id=NIGHT), *two).playlist_id == NIGHT
    assert only(found("Mix", "abc")._replace(playlist_id=RAIN), *two).playlist_id is None


def test_any_of_a_playlists_names_fits() -> None:
    known = archived(HARBOUR, "abc", "Mix (wool socks)", "Mix")

    assert only(found("Mix", "abc"), known).playlist_id == HARBOUR


def test_a_name_is_enough_for_a_playlist_that_was_never_read() -> None:
    assert only(found("Mix", "abc"), archived(HARBOUR, "", "Mix")).playlist_id == HARBOUR


def test_of_several_with_the_name_the_songs_decide() -> None:
    two = archived(HARBOUR, "abcdef", "Mix"), archived(NIGHT, "ghijkl", "Mix")

    assert only(found("Mix", "abcdeg"), *two).playlist_id == HARBOUR


def test_nearly_the_same_songs_are_enough_for_one_that_was_renamed() -> None:
    two = archived(HARBOUR, "abcdefghij", "Mix"), archived(NIGHT, "abklm", "Night")

    assert only(found("Renamed", "abcdefghi"), *two).playlist_id == HARBOUR


def test_of_two_files_that_fit_the_same_playlist_the_far_better_one_is_it() -> None:
    known = [archived(HARBOUR, "abcdef", "Mix")]

    better, worse = match([found("Mix", "abcdef"), found("Mix", "abgh")], known, str.casefold)
    assert better.playlist_id == HARBOUR
    assert worse.playlist_id is None


libraries = st.lists(
    st.tuples(st.sampled_from(["Mix", "mix", "Night"]), st.text("abcdefgh", max_size=8)), max_size=4
)


@given(libraries, libraries)
def test_no_two_are_the_same_playlist_and_the_order_does_not_matter(
    files: list[tuple[str, str]], library: list[tuple[str, str]]
) -> None:
    known = [
        archived(f"{number:022}", letters, name) for number, (name, letters) in enumerate(library)
    ]
    all_found = [found(*one) for one in files]

    matched = match(all_found, known, str.casefold)
    certain = [one.playlist_id for one in matched if one.playlist_id]
    assert len(certain) == len(set(certain))
    assert [one.found for one in matched] == all_found
    backwards = match(all_found[::-1], known[::-1], str.casefold)
    assert [one.playlist_id for one in backwards[::-1]] == [one.playlist_id for one in matched]
