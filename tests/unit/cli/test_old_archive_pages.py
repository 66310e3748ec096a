"""What a page of the old archive says, with every oddity that was seen on one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.playlist import Album, Artist, Owner, Row
from playlist_archive_cli.imports.old_archive.pages import (
    NAMES_ONLY,
    Page,
    Pages,
    UnreadablePageError,
)
from tests.support.builders import PLAYLIST
from tests.support.old_archive import SITE, Era, a_song, an_answer, document, page

pytestmark = pytest.mark.unit

ROW = (
    f"[Ebb]({SITE}/track/6tRaCkTeStOnE000000001) | [The Lamps]({SITE}/artist/4hArTtEsToNe0000000001) "
    f"| [Slack Water]({SITE}/album/5aLbUmTeStOnE000000001) | 3:34"
)


def a_page(*rows: str, name: str = "Mix", description: str = "Text") -> str:
    lines = [
        f"### [{name}]({SITE}/playlist/{PLAYLIST})",
        "",
        f"> {description}",
        "",
        "| No. | Title | Artist(s) | Album | Length |",
        "|---|---|---|---|---|",
        *(f"| {number} | {row} |" for number, row in enumerate(rows, start=1)),
        "",
    ]
    return "\n".join(lines)


def read(text: str | bytes, *, is_document: bool = False) -> Page:
    body = text.encode() if isinstance(text, str) else text
    return Pages().read(body, is_document=is_document)


def only_item(text: str, *, is_document: bool = False):  # type: ignore[no-untyped-def]  # noqa: ANN201
    [row] = read(text, is_document=is_document).rows
    assert row.item
    return row.item


# What cannot be read.


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("Chill Hits\nA description\n\nA -- B -- C\n", NAMES_ONLY),
        ("", NAMES_ONLY),
        (f"### [Mix]({SITE}/playlist/{PLAYLIST})\n\n> Text\n", "no table"),
        (b"\xff\xfe", "not text in UTF-8"),
        (f"### [Mix]({SITE}/album/{PLAYLIST})\n", NAMES_ONLY),
    ],
)
def test_a_page_without_ids_is_refused(body: str | bytes, reason: str) -> None:
    with pytest.raises(UnreadablePageError, match=reason):
        read(body)


@pytest.mark.parametrize("body", ["", "[]", "{", '{"url": 1}', '{"url": "x"}', "null"])
def test_a_document_of_another_form_is_refused(body: str) -> None:
    with pytest.raises(UnreadablePageError, match="cannot be read"):
        read(body, is_document=True)


@pytest.mark.parametrize(
    "row",
    [
        "Ebb | The Lamps | Slack Water | 3:34",
        ROW.replace(f"({SITE}/track/6tRaCkTeStOnE000000001)", "()"),
        ROW.replace("3:34", "long"),
        ROW.replace("[The Lamps]", "The Lamps"),
    ],
)
def test_a_row_that_links_no_song_keeps_its_place_and_is_told(row: str) -> None:
    found = read(a_page(ROW, row, ROW))

    assert [one.item is None for one in found.rows] == [False, True, False]
    assert found.unreadable == ((2, f"{row} |"),)


@pytest.mark.parametrize("url", ["", "spotify:local:a", f"{SITE}/track/short", f"{SITE}/artist/x"])
def test_a_track_of_a_document_without_a_link_keeps_its_place_and_is_told(url: str) -> None:
    told = json.loads(document("E8", an_answer(PLAYLIST, [a_song(1), a_song(2)]), "Mix"))
    told["tracks"][0]["url"] = url

    found = read(json.dumps(told), is_document=True)

    assert found.rows[0] == Row()
    [(number, text)] = found.unreadable
    assert (number, json.loads(text)["url"]) == (1, url)
    assert found.rows[1].item


# What stands on a page.


def test_a_page_tells_its_playlist_and_its_rows() -> None:
    found = read(a_page(ROW, ROW.replace("Ebb", "Flow"), name="A [b] (c)", description="R & B"))

    assert (found.playlist_id, found.name, found.description) == (PLAYLIST, "A [b] (c)", "R & B")
    assert found.unknown == ("owner",)
    item = found.rows[0].item
    assert item
    assert item.uri == "spotify:track:6tRaCkTeStOnE000000001"
    assert item.url == f"{SITE}/track/6tRaCkTeStOnE000000001"
    assert item.artists == (Artist("The Lamps", f"{SITE}/artist/4hArTtEsToNe0000000001"),)
    assert item.album == Album("Slack Water", f"{SITE}/album/5aLbUmTeStOnE000000001")
    assert item.duration_ms == 214_000
    assert set(item.unknown) == {"duration_ms", "playable", "explicit", "isrc"}
    assert [row.item and row.item.name for row in found.rows] == ["Ebb", "Flow"]


@pytest.mark.parametrize(
    "text",
    ["BENZ | I Know", "a ] (b) [c", "| 3 |", "](", "1) [x], [y", "", "*_`<b>", "日本 \u2028x"],
)
def test_texts_are_not_escaped_and_only_links_end_them(text: str) -> None:
    name = text or "x"
    row = ROW.replace("Ebb", name).replace("Slack Water", name).replace("The Lamps", name)
    item = only_item(a_page(row))

    assert (item.name, item.album.name, item.artists[0].name) == (name, name, name)


def test_several_artists_are_told_apart_by_their_links() -> None:
    two = f"[A, B]({SITE}/artist/4hArTtEsToNe0000000001), [C | D]({SITE}/artist/4hArTtEsToNe0000000002)"
    item = only_item(a_page(ROW.replace(f"[The Lamps]({SITE}/artist/4hArTtEsToNe0000000001)", two)))

    assert [one.name for one in item.artists] == ["A, B", "C | D"]


@pytest.mark.parametrize(
    ("written", "milliseconds"), [("58", 58_000), ("3:34", 214_000), ("1:02:03", 3_723_000)]
)
def test_a_length_is_seconds_minutes_or_hours(written: str, milliseconds: int) -> None:
    assert only_item(a_page(ROW.replace("3:34", written))).duration_ms == milliseconds


def test_an_episode_is_one() -> None:
    item = only_item(a_page(ROW.replace("/track/", "/episode/")))

    assert (item.type, item.uri) == ("episode", "spotify:episode:6tRaCkTeStOnE000000001")


def test_a_description_may_have_line_breaks_markup_and_entities() -> None:
    text = 'First &amp; line\nand <a href="x">more</a>\n\n> quoted'

    found = read(a_page(ROW, description=text))

    assert found.description == text
    assert len(found.rows) == 1


@pytest.mark.parametrize(
    "name", ["Rain\nand shine", "a](b) [c", "\u202egnis", "🚨 | 🚨", "](x)\n> y"]
)
def test_the_name_of_a_playlist_is_as_it_was(name: str) -> None:
    found = read(a_page(ROW, name=name))

    assert (found.name, found.playlist_id, found.description) == (name, PLAYLIST, "Text")


def test_lines_may_end_as_on_windows() -> None:
    text = a_page(ROW, ROW.replace("Ebb", "Flow"), description="One\ntwo")

    assert read(text.replace("\n", "\r\n")) == read(text)


def test_a_line_break_in_a_title_belongs_to_the_title() -> None:
    assert only_item(a_page(ROW.replace("Ebb", "Ebb\n| and flow"))).name == "Ebb\n| and flow"


def test_a_playlist_without_rows_is_empty() -> None:
    assert read(a_page()).rows == ()


@pytest.mark.parametrize("title", ["<MISSING>", ""])
def test_what_the_page_did_not_have_is_unknown(title: str) -> None:
    row = ROW.replace("[Ebb]", f"[{title}]").replace("[The Lamps]", "[]")
    item = only_item(a_page(row.replace("[Slack Water]", f"[{title}]")))

    assert (item.name, item.artists[0].name, item.album.name) == ("", "", "")
    assert {"name", "artists", "album"} <= set(item.unknown)


def test_an_album_called_none_is_unknown_and_a_song_called_so_is_not() -> None:
    item = only_item(a_page(ROW.replace("[Slack Water]", "[None]").replace("[Ebb]", "[None]")))

    assert (item.album.name, "album" in item.unknown) == ("", True)
    assert (item.name, "name" in item.unknown) == ("None", False)


# What stands in a document.


@pytest.mark.parametrize("era", ["E6", "E7", "E8"])
def test_a_document_tells_milliseconds_and_later_dates_and_the_owner(era: Era) -> None:
    answer = an_answer(PLAYLIST, [a_song(1)])

    found = read(document(era, answer, "Mix"), is_document=True)

    [row] = found.rows
    assert row.item
    assert row.item.duration_ms == 180_124
    assert set(row.item.unknown) == {"playable", "explicit", "isrc"}
    assert found.name == "Mix"
    if era == "E6":
        assert (row.added_at, found.owner, found.unknown) == (None, Owner("", ""), ("owner",))
        return
    assert row.added_at
    assert row.added_at.isoformat() == "2020-05-01T10:00:00+00:00"
    assert found.owner == Owner("lena.example", "Lena", f"{SITE}/user/lena.example")
    assert (found.unknown, found.followers, found.snapshot_id) == ((), 12, "v1")


def test_the_epoch_in_a_document_is_no_date() -> None:
    told = json.loads(document("E7", an_answer(PLAYLIST, [a_song(1)]), "Mix"))
    told["tracks"][0]["added_at"] = "1970-01-01 00:00:00"

    assert read(json.dumps(told), is_document=True).rows[0].added_at is None


def test_an_owner_without_a_link_is_unknown() -> None:
    told = json.loads(document("E8", an_answer(PLAYLIST, [a_song(1)]), "Mix"))
    told["owner"]["url"] = ""

    assert read(json.dumps(told), is_document=True).unknown == ("owner",)


def test_an_owner_without_a_name_has_the_id_for_one_as_a_read_of_the_archive_says() -> None:
    told = json.loads(document("E8", an_answer(PLAYLIST, [a_song(1)]), "Mix"))
    told["owner"]["name"] = ""

    assert read(json.dumps(told), is_document=True).owner.name == "lena.example"


def test_who_speaks_in_an_episode_is_not_told() -> None:
    """Spotify dressed it as a song, by an artist without a name; the archive reads the show."""
    rows = [a_song(1, type="episode"), a_song(2)]
    told = document("E8", an_answer(PLAYLIST, rows), "Mix")

    episode, song = (row.item for row in read(told, is_document=True).rows)

    assert episode
    assert song
    assert "artists" in episode.unknown
    assert "artists" not in song.unknown


def test_empty_texts_of_a_document_are_spotifys_unless_a_name_is_missing() -> None:
    told = json.loads(document("E8", an_answer(PLAYLIST, [a_song(1), a_song(2)]), "Mix"))
    for track, name in zip(told["tracks"], ("", "<MISSING>"), strict=True):
        track["name"], track["artists"][0]["name"] = name, ""

    empty, missing = (row.item for row in read(json.dumps(told), is_document=True).rows)

    assert empty
    assert missing
    assert {"name", "artists"}.isdisjoint(empty.unknown)
    assert {"name", "artists"} <= set(missing.unknown)


# What counts as the same.


def test_other_links_in_the_head_are_the_same_content() -> None:
    answer = an_answer(PLAYLIST, [a_song(1), a_song(2)])
    pages = [read(page(era, answer, "Mix")) for era in ("E1", "E2", "E4")]

    assert len({one.content for one in pages}) == 1


def test_followers_and_version_are_another_answer_with_the_same_content() -> None:
    one, other = (
        read(
            document("E8", an_answer(PLAYLIST, [a_song(1)], followers={"total": number}), "Mix"),
            is_document=True,
        )
        for number in (1, 2)
    )

    assert one.content == other.content
    assert one.answer != other.answer


@given(
    st.lists(st.integers(0, 9), max_size=6),
    st.lists(st.integers(0, 9), max_size=6),
)
def test_pages_have_the_same_content_exactly_where_their_rows_are_the_same(
    one: list[int], other: list[int]
) -> None:
    first, second = (
        read(page("E2", an_answer(PLAYLIST, [a_song(number) for number in numbers]), "Mix"))
        for numbers in (one, other)
    )

    assert (first.content == second.content) == (one == other)


@given(st.lists(st.integers(0, 30), max_size=20), st.sampled_from(["E1", "E2", "E4", "E6", "E8"]))
def test_a_reader_that_has_read_other_pages_reads_the_same(numbers: list[int], era: Era) -> None:
    answer = an_answer(PLAYLIST, [a_song(number) for number in numbers])
    is_document = era in {"E6", "E8"}
    text = (document if is_document else page)(era, answer, "Mix").encode()
    pages = Pages()
    pages.read(
        page("E2", an_answer(PLAYLIST, [a_song(number) for number in range(20)]), "Mix").encode(),
        is_document=False,
    )

    assert pages.read(text, is_document=is_document) == read(text, is_document=is_document)
