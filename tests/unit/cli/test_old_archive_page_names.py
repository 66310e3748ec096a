"""Which names on the old archive's pages may not be Spotify's own."""

from datetime import UTC, datetime

import pytest

from playlist_archive_cli.imports.old_archive.page_names import Named, doubtful_names

pytestmark = pytest.mark.unit


def named(day: str, name: str) -> Named:
    return Named(int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()), name)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Fresh Finds: Pop", "Fresh Finds - Pop"),
        ("80s | 90s", "80s - 90s"),
        ("Got Djent?", "Got Djent"),
        ("Rock/Pop", "Rock Pop"),
        ("Rock\\Pop", "Rock Pop"),
        (" .hidden. ", "hidden"),
        (". a/b\\c:d|e?f. ", "a b c -d-ef"),
    ],
)
def test_a_cleaned_name_is_doubtful_beside_the_one_that_it_was_made_from(
    name: str, written: str
) -> None:
    before, after = named("2020-01-01", name), named("2021-11-01", name)
    cleaned = [named("2021-04-22", written), named("2021-10-24", written)]

    assert doubtful_names([before, *cleaned]) == [False, True, True]
    assert doubtful_names([*cleaned, after]) == [True, True, False]
    assert doubtful_names([before, *cleaned, after]) == [False, True, True, False]


def test_a_slash_was_written_in_two_ways() -> None:
    found = doubtful_names(
        [
            named("2020-01-20", "Rock / Pop"),
            named("2020-02-01", "Rock \\ Pop"),
            named("2021-05-01", "Rock   Pop"),
        ]
    )

    assert found == [False, True, True]


def test_a_name_that_was_written_with_more_in_it_tells_that_of_the_others() -> None:
    found = doubtful_names([named("2021-01-01", "Finds: Pop"), named("2021-05-01", "Finds - Pop")])

    assert found == [False, True]


@pytest.mark.parametrize("name", ["Finds - Pop", "80s - 90s", "Rock \\ Pop", "Rock   Pop"])
def test_the_only_name_is_doubtful_where_spotify_may_tell_another_one(name: str) -> None:
    assert doubtful_names([named("2021-05-01", name)]) == [True]
    assert doubtful_names([named("2019-05-27", "A"), named("2021-05-01", name)]) == [False, False]
    assert doubtful_names([named("2021-05-01", name), named("2021-11-01", name)]) == [False, False]
    assert doubtful_names([named("2022-05-01", name)]) == [False]


def test_a_playlist_that_was_renamed_is() -> None:
    days = ("2021-01-01", "2021-05-01", "2021-06-01", "2021-11-01")

    found = doubtful_names([named(day, name) for day, name in zip(days, "ABCD", strict=True)])

    assert found == [False] * 4


def test_names_outside_that_time_are_spotifys_however_alike() -> None:
    found = doubtful_names([named("2019-06-01", "Finds: Pop"), named("2019-07-01", "Finds - Pop")])

    assert found == [False, False]


def test_a_number_that_was_added_for_some_days_is_not_spotifys() -> None:
    found = doubtful_names(
        [
            named("2021-12-31", "Mix"),
            named("2022-01-02", "Mix (2)"),
            named("2022-01-17", "Mix"),
            named("2022-01-20", "Mix"),
            named("2022-02-01", "Mix (2)"),
        ]
    )

    assert found == [False, True, False, False, False]


def test_no_page_has_no_name() -> None:
    assert doubtful_names([]) == []
