import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.keys import song_ids_key, songs_key, songs_part
from playlist_archive.documents.songs import Lines, decode_lines, encode_lines
from playlist_archive.errors import UNREADABLE, InvalidPlaylistIdError
from tests.support.builders import OTHER, PLAYLIST
from tests.support.documented import documented
from tests.support.song_parts import PART, SECOND, THIRD

pytestmark = pytest.mark.unit


def test_a_playlist_always_stands_in_the_same_part() -> None:
    assert [songs_part(id_) for id_ in (PLAYLIST, SECOND, OTHER)] == [9, 9, 7]
    assert songs_key(PLAYLIST) == "playlists/songs/9.json"
    assert song_ids_key(OTHER) == "playlists/songs/7.ids.json"


HARBOUR = {
    "title": '[["Ebb / Flow","The Harbour Lamps"],["Tide","Kite","The Harbour Lamps"]]',
    "ids": '[["6tRaCkTeStOnE000000001","GBAYE0601498"],["6tRaCkTeStOnE000000002"]]',
}


@pytest.mark.parametrize(("number", "line"), [*enumerate(HARBOUR.values())], ids=HARBOUR)
def test_the_documented_parts_are_what_the_code_reads_and_writes(number: int, line: str) -> None:
    example = documented("The songs of all playlists")[number]

    assert decode_lines(example, PART).good == {PLAYLIST: line.encode()}
    assert encode_lines({PLAYLIST: line.encode()}) == example


@given(st.from_regex(r"\A[0-9A-Za-z]{22}\Z"))
def test_there_are_sixteen_parts(playlist_id: str) -> None:
    assert songs_part(playlist_id) in range(16)


def test_what_is_no_playlist_id_stands_in_no_part() -> None:
    with pytest.raises(InvalidPlaylistIdError, match="a/b"):
        songs_part("a/b")


def test_a_part_has_a_line_for_each_playlist_in_the_order_of_their_ids() -> None:
    assert encode_lines({THIRD: b'[["Tide"]]', PLAYLIST: b"[]"}).decode() == (
        f'{{\n"schema": 1,\n"playlists": {{\n"{PLAYLIST}": [],\n"{THIRD}": [["Tide"]]\n}}\n}}\n'
    )


_lines = st.dictionaries(
    st.sampled_from([PLAYLIST, SECOND, THIRD]),
    st.lists(st.lists(st.text())).map(lambda songs: json.dumps(songs).encode()),
)


@given(_lines)
def test_every_line_comes_back_as_it_was(lines: dict[str, bytes]) -> None:
    assert decode_lines(encode_lines(lines), PART) == (lines, frozenset())


@pytest.mark.parametrize("line", [b"null", b"{}", b'"songs"', b"7", b"true"])
def test_a_line_that_is_no_list_is_lost_and_harms_no_other(line: bytes) -> None:
    document = encode_lines({PLAYLIST: b"[]", SECOND: line})

    assert decode_lines(document, PART) == Lines({PLAYLIST: b"[]"}, frozenset({SECOND}))


@pytest.mark.parametrize("stranger", [OTHER, "no playlist", "", f"{PLAYLIST} "])
@pytest.mark.parametrize("line", [b"[]", b"null"])
def test_a_line_that_belongs_to_no_playlist_of_the_part_does_not_count(
    stranger: str, line: bytes
) -> None:
    document = encode_lines({PLAYLIST: b"[]", stranger: line})

    assert decode_lines(document, PART) == ({PLAYLIST: b"[]"}, frozenset())


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"schema":2,"playlists":{}}',
        b'{"schema":1,"playlists":[]}',
        b'{"schema":1}',
        encode_lines({PLAYLIST: b"[]"})[:-4],
        encode_lines({PLAYLIST: b"[[}"}),
    ],
    ids=range(11),
)
def test_what_is_no_part_of_this_schema_is_refused(document: bytes) -> None:
    with pytest.raises(UNREADABLE):
        decode_lines(document, PART)
