# ruff: noqa: RUF001, these tests are about letters that look like others
"""The site's search finds what `playlist-archive find` finds, and says what it could not search."""

import json
import unicodedata
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import CDPSession

from playlist_archive.documents.keys import INDEX_JSON, songs_part
from playlist_archive_cli.song_search import Part, fold_case, search_for
from tests.browser.conftest import Tell
from tests.support.browser import Module, Watch
from tests.support.fakes import FakeBucket

pytestmark = pytest.mark.browser

ASKED = 25
SONGS = 120_000
TITLES = [
    ["Ebb / Flow", "The Harbour Lamps"],
    ["Café del Mar", "Énergie 52"],
    ["ＦＵＬＬ　ｗｉｄｔｈ", "ﾊﾝｶｸ"],
    ["STRASSE", "Größenwahn"],
    ["İstanbul", "Kırmızı"],
    ["Κόσμος", "Σοφία"],
    ["", "Nameless"],
    ["<img src=x onerror=alert(1)>", "__proto__"],
    ["Harbour", "Tide"],
]


@pytest.fixture(scope="module")
def search(module: Callable[[str], Module]) -> Module:
    return module("search.js")


def find(search: Module, songs: Sequence[Sequence[str]], text: str) -> list[str]:
    """Return the titles that are found, in their order."""
    found = search(
        """(() => {
            const index = new it.SongIndex();
            index.add({ '4uLU6hMCjMI75M1A2tKUQC': given.songs });
            return index.find(it.parseSearch(given.text).words).songs.map((song) => song.title);
        })()""",
        {"songs": songs, "text": text},
    )
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("cafe MAR", "Café del Mar"),
        ("CAFÉ", "Café del Mar"),
        ("cafe\u0301", "Café del Mar"),
        ("energie", "Café del Mar"),
        ("full width", "ＦＵＬＬ　ｗｉｄｔｈ"),
        ("ハンカク", "ＦＵＬＬ　ｗｉｄｔｈ"),
        ("straße", "STRASSE"),
        ("grossenwahn", "STRASSE"),
        ("istanbul", "İstanbul"),
        ("kirmizi", "İstanbul"),
        ("ΚΟΣΜΟΣ", "Κόσμος"),
        ("κόσ", "Κόσμος"),
        ("onerror", "<img src=x onerror=alert(1)>"),
        ("__proto__", "<img src=x onerror=alert(1)>"),
        ("nameless", ""),
    ],
)
def test_cases_accents_and_widths_do_not_matter(search: Module, text: str, title: str) -> None:
    assert find(search, TITLES, text) == [title]


@pytest.mark.parametrize("text", ["", "   ", "\u0301", "zzz", "ebb zzz", "lamps\nflow\nx"])
def test_what_is_not_there_is_not_found(search: Module, text: str) -> None:
    assert find(search, TITLES, text) == []


def test_a_title_comes_before_its_beginning_a_word_a_part_and_an_artist(search: Module) -> None:
    titles = ["Other", "Ride the tide", "Betide", "Tides turn", "Tide"]
    songs = [[title, "Tide" if title == "Other" else "X"] for title in titles]

    assert find(search, songs, "tide") == [
        "Tide",
        "Tides turn",
        "Ride the tide",
        "Betide",
        "Other",
    ]


def test_a_song_of_several_playlists_is_one_and_says_where_it_is(search: Module) -> None:
    found = search(
        """(() => {
            const index = new it.SongIndex();
            index.add({ a: [['Tide', 'Kite']], b: [['Ebb', 'X'], ['Tide', 'Kite']] });
            index.add({ c: [['Tide', 'Kite']] }, { gone: true });
            return index.find(['tide']);
        })()"""
    )

    assert found == {
        "songs": [
            {
                "title": "Tide",
                "artists": ["Kite"],
                "places": [
                    {"playlist": "a", "position": 0, "gone": False},
                    {"playlist": "b", "position": 1, "gone": False},
                    {"playlist": "c", "position": 0, "gone": True},
                ],
            }
        ],
        "total": 1,
    }


def test_more_than_are_shown_are_counted(search: Module) -> None:
    songs = [[f"Tide {number}", "Kite"] for number in range(300)]
    found = search(
        """(() => {
            const index = new it.SongIndex();
            index.add({ a: given });
            return index.find(['tide'], 50);
        })()""",
        songs,
    )

    assert (len(found["songs"]), found["total"]) == (50, 300)


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("https://open.spotify.com/track/6tRaCkTeStOnE000000001?si=x", "6tRaCkTeStOnE000000001"),
        (
            " https://open.spotify.com/intl-de/track/6tRaCkTeStOnE000000001",
            "6tRaCkTeStOnE000000001",
        ),
        ("spotify:track:6tRaCkTeStOnE000000001", "6tRaCkTeStOnE000000001"),
        ("spotify:local:a:b:c:1", "spotify:local:a:b:c:1"),
        ("gbaye0601498", "GBAYE0601498"),
    ],
)
def test_a_link_a_uri_and_an_isrc_mean_one_song(search: Module, text: str, id_: str) -> None:
    assert search("it.parseSearch(given)", text) == {"words": None, "id": id_}
    by_command = search_for(text)
    assert by_command
    assert (by_command.by_id, by_command.fits([id_])) == (True, True)


def test_an_isrc_finds_the_other_ids_of_its_recording(search: Module) -> None:
    parts = [
        {"playlists": {"a": [["1", "GB1"], ["2", "GB1"], ["3"]]}, "gone": False},
        {"playlists": {"b": [["2", "GB1"]]}, "gone": True},
    ]
    found = search("it.findById(given, 'GB1')", parts)

    assert [(song["id"], len(song["places"])) for song in found] == [("1", 1), ("2", 2)]


def test_every_letter_is_folded_as_the_command_folds_it(search: Module) -> None:
    letters = [
        char
        for char in map(chr, range(0x20, 0x30000))
        if unicodedata.category(char) not in {"Cn", "Cs", "Co"}
    ]
    folded = search("given.map(it.foldCase)", letters)
    different = {
        char: (by_site, fold_case(char))
        for char, by_site in zip(letters, folded, strict=True)
        if by_site != fold_case(char)
    }

    # Cherokee folds to capitals in Unicode and to small letters here; a mark became another kind of
    # mark in a later Unicode. A dotless i is found as an i, since many keyboards have none.
    assert {char for char in different if not "\u13a0" <= char <= "\uabbf"} <= set("ı𝚤\U0001171e")
    assert {by_site for by_site, _ in different.values()} >= {"i"}


def parts_of(archive: FakeBucket) -> list[Part]:
    names = [f"playlists/songs/{number}.json" for number in range(16)]
    return [
        json.loads(archive.objects[name])["playlists"] for name in names if name in archive.objects
    ]


FIND_ALL = """(() => {
    const index = new it.SongIndex();
    for (const part of given.parts) index.add(part);
    return given.texts.map((text) => index.find(it.parseSearch(text).words ?? [], 1e6));
})()"""


def test_words_of_real_titles_find_what_the_command_finds(
    search: Module, real_archive: FakeBucket
) -> None:
    chance, parts = Random(14), parts_of(real_archive)
    lines = sorted({tuple(line) for part in parts for songs in part.values() for line in songs})
    words = [word for line in chance.sample(lines, ASKED) for word in " ".join(line).split()]
    texts = [chance.choice(words)[: chance.randint(1, 6)] for _ in range(ASKED)]
    texts += [" ".join(chance.sample(words, 2)) for _ in range(ASKED)]

    for text, found in zip(texts, search(FIND_ALL, {"parts": parts, "texts": texts}), strict=True):
        by_command = search_for(text)
        if by_command is None or by_command.by_id:
            continue
        expected = {line for line in lines if by_command.fits(line)}
        songs = {(song["title"], *song["artists"]) for song in found["songs"]}
        assert songs == expected, text
        assert found["total"] == len(expected)


@given(line=st.lists(st.text("aÄßσς ｗﾊ́ıİ\n<", max_size=6), min_size=1, max_size=3), data=st.data())
def test_any_part_of_a_title_finds_it(search: Module, line: list[str], data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(line[0])))
    text = line[0][begin : data.draw(st.integers(begin, len(line[0])))]

    if fold_case(text).split():
        assert find(search, [line], text) == [line[0]], text


def test_all_parts_are_searched_and_the_playlists_by_name(
    search: Module, sample_archive: FakeBucket
) -> None:
    index = json.loads(sample_archive.objects[INDEX_JSON])["playlists"]
    read = [one for one in index if "last_snapshot" in one]
    text = read[-1]["name"].split()[0]
    found = search(FIND_IN_ALL, text)

    assert read[-1]["id"] in [one["id"] for one in found["playlists"]]
    assert (found["unsearched"], found["troubles"]) == ([], [])


FIND_IN_ALL = """(async () => {
    const { forget } = await import('/site/js/documents.js');
    forget();
    const search = new it.Search();
    let parts = 0;
    await search.load(() => { parts += 1; });
    const found = search.find(given);
    return { ...found, parts, troubles: found.troubles.map(
        ({ part, gone, error }) => [part, gone, error.kind]
    ) };
})()"""


@pytest.mark.parametrize(("status", "kind"), [(500, "offline"), (401, "notAllowed")])
def test_a_part_that_cannot_be_loaded_is_told_with_its_playlists(
    watch: Watch, sample_archive: FakeBucket, status: int, kind: str
) -> None:
    watch.tolerate("Failed to load resource")
    page = watch.open("site/blank.html")
    index = json.loads(sample_archive.objects[INDEX_JSON])["playlists"]
    read = [one["id"] for one in index if "last_snapshot" in one]
    part = songs_part(read[0])
    page.route(f"**/songs/{part}.json", lambda route: route.fulfill(status=status))
    found = Module(page, "search.js")(FIND_IN_ALL, "e")

    assert {one["id"] for one in found["unsearched"]} == {
        id_ for id_ in read if songs_part(id_) == part
    }
    assert found["troubles"] == [[part, False, kind]]
    # The names of the playlists come first.
    assert found["parts"] == 1 + len({songs_part(id_) for id_ in read})
    assert found["songs"]


def test_a_part_that_lacks_a_playlist_leaves_it_unsearched(
    watch: Watch, sample_archive: FakeBucket
) -> None:
    watch.tolerate("Failed to load resource")
    page = watch.open("site/blank.html")
    page.route("**/songs/*.json", lambda route: route.fulfill(status=404))
    found = Module(page, "search.js")(FIND_IN_ALL, "e")
    index = json.loads(sample_archive.objects[INDEX_JSON])["playlists"]

    assert len(found["unsearched"]) == sum("last_snapshot" in one for one in index)
    assert found["songs"] == []


def slowed(page: Any, times: int) -> CDPSession:
    session: CDPSession = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": times})
    return session


def test_how_long_a_search_in_very_many_songs_takes(watch: Watch, tell: Tell) -> None:
    """Print it: a time may not fail a test."""
    page = watch.open("site/blank.html")
    slowed(page, 4)
    times = Module(page, "search.js")(
        """(() => {
            const words = ['night', 'love', 'café', 'river', 'stone', 'über', 'tide', 'north'];
            const songs = Array.from({ length: given }, (_, n) => [
                `${words[n % 8]} ${words[(n >> 3) % 8]} ${n}`, `The ${words[(n >> 6) % 8]}s ${n % 9000}`,
            ]);
            const took = (work) => { const begun = performance.now(); work();
                return performance.now() - begun; };
            const index = new it.SongIndex();
            const parts = Array.from({ length: 16 }, (_, part) => (
                { [part]: songs.filter((_, n) => n % 16 === part) }));
            const prepare = Math.max(...parts.map((part) => took(() => index.add(part))));
            const empty = took(() => songs.map(([title]) => title.includes('zzz')));
            const typed = ['n', 'ni', 'nig', 'night t', 'night ti', 'cafe', 'zzz', '119999'];
            return { prepare, empty,
                typed: typed.map((text) => took(() => index.find(it.parseSearch(text).words))) };
        })()""",
        SONGS,
    )

    assert len(times["typed"]) == 8
    longest = max(times["typed"])
    tell(
        f"{SONGS:,} songs, slowed 4 times: a part prepared in {times['prepare']:.0f} ms, "
        f"a keystroke at most {longest:.0f} ms, "
        f"{longest / max(times['empty'], 0.1):.1f} times a plain includes over the titles"
    )
