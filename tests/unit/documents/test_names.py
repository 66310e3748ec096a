"""A playlist has one name, made of the visible characters of its alias or of Spotify's name."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.names import looks, name_playlist, visible
from tests.support.builders import PLAYLIST

pytestmark = pytest.mark.unit

WALES = "\N{WAVING BLACK FLAG}\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
FAMILY = "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN}\N{ZERO WIDTH JOINER}\N{GIRL}"


@pytest.mark.parametrize(
    ("alias", "spotify_name", "name"),
    [
        ("Ours", "Mix", "Ours"),
        ("", "Mix", "Mix"),
        ("", " Mix ", "Mix"),
        ("", "", PLAYLIST),
        ("", " \N{ZERO WIDTH SPACE}\N{HANGUL FILLER}", PLAYLIST),
        ("\N{ZERO WIDTH JOINER}", "Mix", "Mix"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}xiM", "Mix", "xiM"),
        ("", "Mix\N{SOFT HYPHEN}tape\N{POP DIRECTIONAL ISOLATE}", "Mixtape"),
    ],
)
def test_the_first_name_that_can_be_seen_is_taken(alias: str, spotify_name: str, name: str) -> None:
    assert name_playlist(alias, spotify_name, PLAYLIST) == name


@pytest.mark.parametrize(
    "text",
    [
        "Mix \N{BEER MUG}",
        FAMILY,
        f"Songs of {WALES}!",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\N{HEAVY BLACK HEART}\N{VARIATION SELECTOR-16}",
        "Été",
    ],
)
def test_visible_text_keeps_its_characters(text: str) -> None:
    assert visible(text) == text


@given(st.text())
def test_names_lose_direction_marks_and_invisible_characters(text: str) -> None:
    shown = name_playlist(text, text, PLAYLIST)
    kept = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"

    assert visible(visible(text)) == visible(text)
    assert not [
        character
        for character in shown
        if category(character) == "Cf"
        and character not in kept
        and not "\U000e0020" <= character <= "\U000e007f"
    ]


@pytest.mark.parametrize(
    "twin",
    [
        "Caf\N{LATIN SMALL LETTER E WITH ACUTE} mix",
        "Café  mix",
        "Cafe\N{COMBINING ACUTE ACCENT} mix",
    ],
)
def test_names_that_look_the_same_are_alike(twin: str) -> None:
    assert looks(twin) == looks("Café mix")
