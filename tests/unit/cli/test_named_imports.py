"""What the owner says that a playlist is, counts; what is not clear is asked back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive_cli.errors import WrongUseError
from playlist_archive_cli.imports.found import FoundPlaylist
from playlist_archive_cli.imports.matching import Archived
from playlist_archive_cli.imports.named import Named, assign, parse_named
from tests.support.strategies import rows_of, song

pytestmark = pytest.mark.unit

HARBOUR, NIGHT = "4uLU6hMCjMI75M1A2tKUQC", "1ArChIvEdPlAyLiSt00001"
NAMES = {HARBOUR: "Harbour mix", NIGHT: "2 + 2 = 4"}


def found(name: str, letters: str = "abcdef") -> FoundPlaylist:
    return FoundPlaylist(
        source="spotify-export",
        reference=f"{name}.json",
        name=name,
        called=frozenset({name.casefold()}),
        rows=rows_of(letters),
    )


def give(playlists: list[FoundPlaylist], *named: Named) -> dict[str, str]:
    songs = frozenset(song(letter).uri for letter in "abcdef")
    known = [Archived(HARBOUR, ("Harbour mix",), len(songs), songs)]
    return {one.reference: id_ for one, id_ in assign(playlists, named, known, str.casefold)}


@pytest.mark.parametrize(
    "text", ["polka", "Road trip=polka", "", f"={HARBOUR}x", "=harbour", "harbour="]
)
def test_what_names_no_playlist_is_refused(text: str) -> None:
    with pytest.raises(WrongUseError):
        parse_named(text, NAMES)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("harbour", Named(None, HARBOUR)),
        ("2 + 2 = 4", Named(None, NIGHT)),
        (HARBOUR, Named(None, HARBOUR)),
        ("0UnKnOwNpLaYlIsT000001", Named(None, "0UnKnOwNpLaYlIsT000001")),
        (f"https://open.spotify.com/playlist/{HARBOUR}?si=x", Named(None, HARBOUR)),
        (f"Road trip={HARBOUR}", Named("Road trip", HARBOUR)),
        ("Road trip=harbour", Named("Road trip", HARBOUR)),
        ("1 = 2=harbour mix", Named("1 = 2", HARBOUR)),
        ("2 + 2=2 + 2 =", Named("2 + 2", NIGHT)),
        (f"a=b={HARBOUR}", Named("a=b", HARBOUR)),
        (f"Mix=https://open.spotify.com/playlist/{HARBOUR}?si=x", Named("Mix", HARBOUR)),
        (f"Mix=spotify:playlist:{HARBOUR}", Named("Mix", HARBOUR)),
    ],
)
def test_a_playlist_is_named_with_or_without_what_the_files_call_it(
    text: str, named: Named
) -> None:
    assert parse_named(text, NAMES) == named


@given(st.text(min_size=1))
def test_any_name_can_stand_before_an_id(name: str) -> None:
    assert parse_named(f"{name}={HARBOUR}", NAMES) == Named(name, HARBOUR)


def test_a_name_that_the_files_do_not_have_is_refused() -> None:
    with pytest.raises(WrongUseError, match="there is no playlist called “Polka”"):
        give([found("Mix")], Named("Polka", NIGHT))
    with pytest.raises(WrongUseError, match="there is no playlist in what is imported"):
        give([], Named(None, NIGHT))


def test_one_of_many_has_to_be_named_if_its_songs_do_not_tell() -> None:
    files = [found("Mix", "ghijkl"), found("Night", "mnopqr")]

    with pytest.raises(WrongUseError, match=r"“Mix\.json”, “Night\.json”"):
        give(files, Named(None, NIGHT))
    assert give(files, Named("Night", NIGHT)) == {"Night.json": NIGHT}


def test_of_many_the_one_with_its_songs_is_the_playlist_that_is_named() -> None:
    files = [found("Mix", "ghijkl"), found("Renamed"), found("Night", "mnopqr")]

    assert give(files, Named(None, HARBOUR)) == {"Renamed.json": HARBOUR}


def test_of_equal_names_one_is_named_by_where_it_stands() -> None:
    twins = [found("Mix")._replace(reference=f"playlist {number}") for number in (1, 2)]

    with pytest.raises(WrongUseError, match="“playlist 1”, “playlist 2”"):
        give(twins, Named("Mix", NIGHT))
    assert give(twins, Named("playlist 2", NIGHT)) == {"playlist 2": NIGHT}


@pytest.mark.parametrize(
    "twice",
    [
        (Named("Mix", HARBOUR), Named("Mix", NIGHT)),
        (Named("Mix", HARBOUR), Named("Night", HARBOUR)),
    ],
)
def test_nothing_is_named_twice(twice: tuple[Named, Named]) -> None:
    with pytest.raises(WrongUseError, match="twice"):
        give([found("Mix"), found("Night")], *twice)


def test_the_only_one_is_the_playlist_that_is_named_whatever_it_holds() -> None:
    assert give([found("Mix", "xyz")], Named(None, NIGHT)) == {"Mix.json": NIGHT}
