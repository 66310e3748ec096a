import pytest
from msgspec.structs import replace

from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.ledger import with_page_status
from playlist_archive.documents.playlist import Artist, Row
from playlist_archive.views.plain import plain_page
from tests.support.strategies import page_status_of, snapshot_of, song

pytestmark = pytest.mark.unit


def named(*names: str) -> list[Row]:
    return [
        Row(item=song(letter, name=name)) for letter, name in zip("abcdef", names, strict=False)
    ]


def test_the_page_is_name_description_and_sorted_lines() -> None:
    rows = named("Zebra", "apple", "Banana")
    ledger = fold_all([snapshot_of(rows, description="<b>Fruit</b> &amp; animals ")])

    assert plain_page(
        with_page_status(ledger, page_status_of(unique_name="Kitchen radio (2)"))
    ) == (
        "Kitchen radio (2)\n"
        "<b>Fruit</b> &amp; animals \n"
        "\n"
        "apple -- Ensemble -- Collected\n"
        "Banana -- Ensemble -- Collected\n"
        "Zebra -- Ensemble -- Collected\n"
    )


def test_all_artists_are_named() -> None:
    item = replace(song("a"), artists=(Artist("One"), Artist("Two")))

    assert plain_page(fold_all([snapshot_of([Row(item=item)])])).endswith(
        "\nSong a -- One, Two -- Collected\n"
    )


def test_a_song_that_is_there_twice_has_two_lines() -> None:
    assert plain_page(fold_all([snapshot_of("aba")])).count("Song a") == 2


def test_moving_songs_makes_no_difference() -> None:
    rows = named("same", "Same", "SAME")

    assert plain_page(fold_all([snapshot_of(rows)])) == plain_page(
        fold_all([snapshot_of(rows[::-1])])
    )


def test_rows_that_spotify_does_not_describe_have_no_line() -> None:
    ledger = fold_all([snapshot_of("?ab", "2024-03-01"), snapshot_of("?a?", "2024-03-02")])

    assert plain_page(ledger) == "Kitchen radio\n\n\nSong a -- Ensemble -- Collected\n"


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\v", "\x85", "\u2028"])
def test_a_line_break_in_a_text_is_a_space(line_break: str) -> None:
    rows = named(f"two{line_break}lines")
    ledger = fold_all([snapshot_of(rows, name=f"a{line_break}b", description=f"c{line_break}d")])

    assert plain_page(ledger) == "a b\nc d\n\ntwo lines -- Ensemble -- Collected\n"
