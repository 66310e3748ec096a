"""Reading the Liked Songs in part: what is proved is what a whole read would find."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.liked_alignment import LineUp, NoLineUpError
from playlist_archive.documents.liked_songs import LIKED_PAGE, liked_version
from playlist_archive.documents.playlist import Item, Row

pytestmark = pytest.mark.unit

SINCE = datetime(2020, 1, 1, tzinfo=UTC)


def liked(number: int) -> Row:
    """Return the song that was liked as the `number`-th."""
    item = Item(type="track", uri=f"spotify:track:{number:022}", name="", duration_ms=0)
    return Row(added_at=SINCE + timedelta(minutes=number), item=item)


SONGS = [liked(number) for number in range(6_000)]


def newest_first(numbers: Sequence[int]) -> list[Row]:
    return [SONGS[number] for number in reversed(numbers)]


def read(known: Sequence[Row], now: Sequence[Row]) -> tuple[tuple[Row, ...], list[int]]:
    """Return what is proved of the rows of now, and the pages that were read."""
    line_up, total = LineUp(known), len(now)
    pages = {0: now[:LIKED_PAGE]}
    while (begin := line_up.next_page(total, pages)) is not None:
        assert begin not in pages
        pages[begin] = now[begin : begin + LIKED_PAGE]
    return line_up.fill(total, pages), list(pages)


@st.composite
def edits(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Return known songs, and those after some went and others came in front."""
    count = draw(st.integers(0, 500))
    gone = draw(st.sets(st.integers(0, max(0, count - 1)), max_size=draw(st.integers(0, 30))))
    block = range(draw(st.integers(0, count)), draw(st.integers(0, count)))
    new = range(count, count + draw(st.integers(0, 120)))
    kept = [number for number in range(count) if number not in gone and number not in block]
    return list(range(count)), [*kept, *new]


@pytest.mark.parametrize(
    ("what", "now"),
    [
        ("came in between", [*SONGS[:100], SONGS[5_000], *SONGS[100:400]]),
        ("moved", [*SONGS[:20], SONGS[21], SONGS[20], *SONGS[22:299]]),
        ("came at the end", [*SONGS[:300], SONGS[5_000]]),
        ("another order", list(reversed(SONGS[:300]))),
        ("twice", [*SONGS[:60], SONGS[0], *SONGS[60:290]]),
    ],
)
def test_songs_that_came_or_moved_elsewhere_prove_nothing(what: str, now: list[Row]) -> None:
    with pytest.raises(NoLineUpError):
        read(SONGS[:300], now)


def test_known_songs_that_are_alike_prove_nothing() -> None:
    with pytest.raises(NoLineUpError):
        LineUp([SONGS[0], SONGS[1], SONGS[0]])


def test_a_song_that_was_lost_by_the_catalogue_is_another_one() -> None:
    now = [*SONGS[:10], replace(SONGS[10], item=None), *SONGS[11:300]]

    with pytest.raises(NoLineUpError):
        read(SONGS[:300], now)


@given(edits())
def test_what_is_proved_is_what_a_whole_read_finds(edit: tuple[list[int], list[int]]) -> None:
    known, now = map(newest_first, edit)

    rows, pages = read(known, now)

    assert rows == tuple(now)
    assert len(pages) <= max(1, ceil(len(now) / LIKED_PAGE))


@given(edits(), st.data())
def test_no_other_songs_have_the_pages_that_proved_these(
    edit: tuple[list[int], list[int]], data: st.DataObject
) -> None:
    known, now = edit
    gone = sorted({*known} - {*now})
    left = [number for number in now if number < len(known)]
    if not gone or not left:
        return
    back, away = data.draw(st.sampled_from(gone)), data.draw(st.sampled_from(left))
    other = sorted({*now, back} - {away})
    found, others = newest_first(now), newest_first(other)

    _, pages = read(newest_first(known), found)

    differs = [begin for begin in pages if found[begin:][:50] != others[begin:][:50]]
    assert differs, f"{back} came for {away}, and pages {pages} are the same"


@pytest.mark.parametrize("new", [0, 1, 49])
@pytest.mark.parametrize("gone", [0, 1, 49, 50])
def test_new_songs_and_losses_among_the_newest_are_seen_on_one_page(new: int, gone: int) -> None:
    count = len(SONGS) - new
    now = [*range(count - gone), *range(count, count + new)]

    _, pages = read(newest_first(range(count)), newest_first(now))

    assert pages == [0]


def test_a_song_that_went_from_anywhere_is_found_in_few_pages() -> None:
    known = list(range(5_000))
    needed = [
        len(read(newest_first(known), newest_first([*known[:gone], *known[gone + 1 :]]))[1])
        for gone in range(0, 5_000, 97)
    ]

    assert max(needed) <= 8


def test_many_new_songs_are_read_page_by_page() -> None:
    _, pages = read(newest_first(range(1_000)), newest_first(range(1_120)))

    assert pages == [0, 50, 100]


def test_all_songs_gone_is_proved_by_the_empty_page() -> None:
    assert read(SONGS[:300], []) == ((), [0])


def test_the_version_tells_the_number_and_the_newest_songs() -> None:
    now = SONGS[:200]

    assert liked_version(200, now) == liked_version(200, now[:50])
    assert liked_version(199, now) != liked_version(200, now)
    assert liked_version(200, [SONGS[300], *now[1:]]) != liked_version(200, now)
