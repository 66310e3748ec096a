"""Joined names are taken apart where that is clear, and else said not to be."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playlist_archive_cli.imports.artist_names import split_artists

pytestmark = pytest.mark.unit

names = st.lists(st.text("ab\\, ", max_size=5) | st.text(max_size=5), max_size=4)


def join(names: list[str]) -> str:
    return ", ".join(name.replace(",", "\\,") for name in names)


@given(names)
@example(["Backslash\\", "Comma, inside"])
@example(["\\", "\\,", ","])
@example(["", ""])
def test_names_come_back_as_they_were_joined_or_are_not_sure(names: list[str]) -> None:
    found = split_artists(join(names), len(names))

    assert found.names == names or not found.sure


@given(names)
def test_only_a_backslash_before_a_comma_leaves_a_doubt(names: list[str]) -> None:
    found = split_artists(join(names), len(names))

    assert found.sure or "\\, " in join(names)


def test_another_number_of_names_than_there_should_be_is_not_sure() -> None:
    assert split_artists("Ann, Bob", 3) == (["Ann", "Bob"], False)
    assert split_artists("Ann, Bob", 1) == (["Ann", "Bob"], False)


def test_a_comma_within_a_name_is_no_separator() -> None:
    found = split_artists("Earth\\, Wind & Fire, The Emotions", 2)

    assert found == (["Earth, Wind & Fire", "The Emotions"], True)
