"""Each format holds what it can, counts the rest, and is the same each time."""

import csv
import io
import json
from unicodedata import category
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playlist_archive.documents.playlist import Album, Artist, Item, Owner, Row
from playlist_archive_cli.exports.collection import (
    REPLACED_TEXTS,
    UNNAMED_ROWS,
    UNUSABLE_URIS,
    Collection,
)
from playlist_archive_cli.exports.csv_file import COLUMNS, encode_csv, to_uri
from playlist_archive_cli.exports.formats import ENCODINGS, Format
from playlist_archive_cli.exports.json_document import encode_json
from playlist_archive_cli.exports.m3u8 import encode_m3u8
from playlist_archive_cli.exports.uri_lists import encode_uris
from playlist_archive_cli.exports.xspf import encode_jspf, encode_xspf
from tests.support.strategies import nasty_texts, rows_of

pytestmark = pytest.mark.unit

XSPF = "{http://xspf.org/ns/0/}"
texts = nasty_texts | st.text(max_size=12)
items = st.builds(
    Item,
    type=st.sampled_from(["track", "episode"]),
    uri=st.sampled_from(["spotify:track:a", "spotify:local:A:B:C:1", "", "two\nlines"]),
    name=texts,
    duration_ms=st.integers(-1, 10**8),
    artists=st.lists(st.builds(Artist, texts), max_size=3).map(tuple),
    album=st.builds(Album, texts),
)
collections = st.builds(
    Collection,
    st.just("4uLU6hMCjMI75M1A2tKUQC"),
    texts,
    texts,
    st.builds(Owner, st.just("lena.example"), texts),
    st.just("https://open.spotify.com/playlist/4uLU6hMCjMI75M1A2tKUQC"),
    st.sampled_from(["2026-10-04T04:00:00Z", None]),
    st.lists(st.builds(Row, item=st.none() | items), max_size=6),
    stays=st.just(()),
)


def a_collection(rows: tuple[Row, ...], **fields: str) -> Collection:
    known = {"name": "Harbour mix", "description": "", **fields}
    return Collection(
        id="4uLU6hMCjMI75M1A2tKUQC",
        name=known["name"],
        description=known["description"],
        owner=Owner("lena.example", "Lena"),
        url="https://open.spotify.com/playlist/4uLU6hMCjMI75M1A2tKUQC",
        time="2026-10-04T04:00:00Z",
        rows=rows,
    )


def an_item(**fields: object) -> Row:
    known = {"type": "track", "uri": "spotify:track:a", "name": "Song", "duration_ms": 1500}
    return Row(item=Item(**(known | fields)))  # type: ignore[arg-type]


@given(collections, st.sampled_from(Format))
def test_a_file_is_utf_8_without_a_mark_and_the_same_each_time(
    collection: Collection, wanted: Format
) -> None:
    encode = ENCODINGS[wanted].encode
    encoded = encode(collection)

    assert encode(collection) == encoded
    for file in encoded.files:
        assert not file.startswith(b"\xef\xbb\xbf")
        assert file.decode().endswith("\n") or wanted is Format.URIS


@given(collections)
def test_csv_reads_back_what_was_in_the_rows(collection: Collection) -> None:
    encoded = encode_csv(collection)
    [file] = encoded.files
    head, *lines = csv.reader(io.StringIO(file.decode(), newline=""))

    named = [row.item for row in collection.rows if row.item]
    assert tuple(head) == COLUMNS
    assert [(line[0], line[1], line[5]) for line in lines] == [
        (item.uri, item.name, item.album.name) for item in named
    ]
    assert encoded.left_out.get(UNNAMED_ROWS, 0) == len(collection.rows) - len(named)


def test_csv_has_no_blank_after_a_comma_and_masks_commas_in_names() -> None:
    [file] = encode_csv(
        a_collection((an_item(artists=(Artist("Earth, Wind & Fire"), Artist('The "Who"'))),))
    ).files

    assert '","' in file.decode()
    assert '", "' not in file.decode()
    assert '"Earth\\, Wind & Fire, The ""Who"""' in file.decode()


def test_only_a_link_to_spotify_becomes_a_uri() -> None:
    assert to_uri("https://open.spotify.com/artist/4hArT") == "spotify:artist:4hArT"
    assert to_uri("https://open.spotify.com/artist/4hArT?x") == ""
    assert to_uri("http://evil.example/artist/4hArT") == ""
    assert to_uri("") == ""


@pytest.mark.parametrize(
    ("rows", "files"), [(0, [0]), (1, [1]), (500, [500]), (501, [500, 1]), (1203, [500, 500, 203])]
)
def test_a_list_of_uris_has_files_of_five_hundred(rows: int, files: list[int]) -> None:
    encoded = encode_uris(a_collection(rows_of("a" * rows)))

    assert [file.count(b"\n") for file in encoded.files] == files


@given(collections)
def test_a_line_of_a_list_is_a_uri_and_nothing_else(collection: Collection) -> None:
    encoded = encode_uris(collection)
    lines = b"".join(encoded.files).decode().splitlines()

    assert set(lines) <= {"spotify:track:a", "spotify:local:A:B:C:1"}
    left_out = encoded.left_out.get(UNNAMED_ROWS, 0) + encoded.left_out.get(UNUSABLE_URIS, 0)
    assert len(lines) + left_out == len(collection.rows)


@given(collections)
@example(a_collection((an_item(name="a\n#EXTINF:1,b\nhttp://evil"),), name="x\r\ny"))
def test_m3u8_has_two_lines_a_song_whatever_its_name_is(collection: Collection) -> None:
    encoded = encode_m3u8(collection)
    [file] = encoded.files
    head, title, *lines = file.decode().split("\n")[:-1]

    assert (head, title[:10]) == ("#EXTM3U", "#PLAYLIST:")
    assert all(line.startswith("#EXTINF:") for line in lines[::2])
    assert all(line.startswith("spotify:") for line in lines[1::2])
    left_out = encoded.left_out.get(UNNAMED_ROWS, 0) + encoded.left_out.get(UNUSABLE_URIS, 0)
    assert len(lines) // 2 + left_out == len(collection.rows)


@pytest.mark.parametrize(
    ("duration_ms", "seconds"), [(0, -1), (1499, 1), (1500, 2), (2500, 3), (214360, 214)]
)
def test_m3u8_rounds_to_seconds_and_marks_an_unknown_length(duration_ms: int, seconds: int) -> None:
    [file] = encode_m3u8(a_collection((an_item(duration_ms=duration_ms),))).files

    assert f"#EXTINF:{seconds},Song\n" in file.decode()


@given(collections)
@example(a_collection((an_item(name="\x00\x1b]]>\ufffe<b>&amp;"),)))
def test_xspf_is_well_formed_and_says_the_same(collection: Collection) -> None:
    encoded = encode_xspf(collection)
    [file] = encoded.files
    tracks = ET.fromstring(file).findall(f".//{XSPF}track")

    named = [row.item for row in collection.rows if row.item]
    for track, item in zip(tracks, named, strict=True):
        title = track.findtext(f"{XSPF}title") or ""
        assert title == "".join(map(_blank_if_unfit, item.name))


def _blank_if_unfit(char: str) -> str:
    return " " if category(char) in {"Cc", "Zl", "Zp"} or char in "\ufffe\uffff" else char


def test_xspf_counts_the_texts_that_it_had_to_change() -> None:
    encoded = encode_xspf(a_collection((an_item(name="a\x1bb"), an_item())))

    assert encoded.left_out == {REPLACED_TEXTS: 1}
    assert b"<title>a b</title>" in encoded.files[0]


@given(collections)
def test_jspf_holds_every_text_as_it_is(collection: Collection) -> None:
    [file] = encode_jspf(collection).files
    document = json.loads(file)["playlist"]

    named = [row.item for row in collection.rows if row.item]
    assert document["title"] == collection.name
    assert [track.get("title", "") for track in document["track"]] == [item.name for item in named]
    assert [track.get("identifier") for track in document["track"]] == [
        [item.uri] if item.uri.startswith("spotify:") else None for item in named
    ]


@given(collections)
def test_json_holds_every_row(collection: Collection) -> None:
    encoded = encode_json(collection)
    rows = msgspec.json.decode(encoded.files[0])["rows"]

    assert msgspec.convert(rows, tuple[Row, ...]) == tuple(collection.rows)
    assert encoded.left_out == {}
