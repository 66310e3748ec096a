import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from msgspec.structs import replace

from playlist_archive.documents import old_removals
from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.playlist import Artist, Item, Row
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.views import render_pages
from playlist_archive.views.cumulative import Cumulative
from playlist_archive.views.item_texts import ItemTexts
from tests.support.strategies import (
    PLAYLIST_ID,
    SPOTIFY,
    day,
    playlist_histories,
    rows_of,
    snapshot_of,
    song,
)

pytestmark = pytest.mark.unit

KNOWN = day("2023-11-05")


def folded(*contents: str | tuple[Row, ...]) -> Ledger:
    """Fold contents that were read on 1 March, 2 March and so on."""
    return fold_all(
        snapshot_of(rows, f"2024-03-{number:02}") for number, rows in enumerate(contents, start=1)
    )


def cumulative_page(ledger: Ledger) -> str:
    return Cumulative(ledger, ItemTexts(ledger.items)).newest()[0]


def dates(ledger: Ledger) -> dict[str, str]:
    """Return the last two columns of each song."""
    page = cumulative_page(ledger)
    rows = [line.split(" | ") for line in page.split("\n") if line.startswith("| [")]
    return {row[0][len("| [Song ")]: " | ".join(row[4:]).removesuffix(" |") for row in rows}


def json_document(ledger: Ledger) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Cumulative(ledger, ItemTexts(ledger.items)).newest()[1])
    return document


def test_the_page_lists_every_song_that_ever_was_there() -> None:
    ledger = fold_all(
        [
            snapshot_of(rows_of("b", KNOWN), "2024-03-01", description="For cooking"),
            snapshot_of("a", "2024-03-02", description="For cooking"),
        ]
    )

    header, page = cumulative_page(ledger).split("\n\n", 1)
    assert " - cumulative - " in header
    a, b = "a" * 22, "b" * 22
    assert page == (
        f"### [Kitchen radio]({SPOTIFY}/playlist/{PLAYLIST_ID})\n"
        "\n"
        "> For cooking\n"
        "\n"
        "2 songs - 6 min 0 sec\n"
        "\n"
        "| Title | Artist(s) | Album | Length | Added | Removed |\n"
        "|---|---|---|---|---|---|\n"
        f"| [Song a]({SPOTIFY}/track/{a}) | [Ensemble]({SPOTIFY}/artist/{a}) "
        f"| [Collected]({SPOTIFY}/album/{a}) | 3:00 | 2024-03-02 |  |\n"
        f"| [Song b]({SPOTIFY}/track/{b}) | [Ensemble]({SPOTIFY}/artist/{b}) "
        f"| [Collected]({SPOTIFY}/album/{b}) | 3:00 | 2023-11-05 | 2024-03-02 |\n"
        "\n"
        r"\*This playlist was first scraped on 2024-03-01. Prior content cannot be recovered."
        "\n"
    )


@pytest.mark.parametrize(
    ("told", "added"),
    [
        ((KNOWN,), "2023-11-05"),
        ((None,), r"2024-03-01\*"),
        ((None, KNOWN), "2023-11-05"),
        ((KNOWN, None), "2023-11-05"),
        ((KNOWN, day("2023-11-04")), "2023-11-04"),
        ((KNOWN, day("2023-11-06")), "2023-11-05"),
        ((None, day("2024-03-01")), r"2024-03-01\*"),
        ((None, day("2024-03-02")), r"2024-03-01\*"),
        ((day("2024-03-01"),), "2024-03-01"),
    ],
)
def test_the_oldest_date_counts_and_the_first_snapshots_has_an_asterisk(
    told: tuple[datetime | None, ...], added: str
) -> None:
    ledger = folded(*(rows_of("a", date) for date in told))

    assert dates(ledger)["a"] == f"{added} | "


def test_a_song_without_date_in_a_later_snapshot_has_no_asterisk() -> None:
    assert dates(folded("a", "ab"))["b"] == "2024-03-02 | "


def test_a_song_that_came_back_is_there_since_it_first_came() -> None:
    ledger = folded("ab", "a", (*rows_of("a"), *rows_of("b", day("2024-03-03"))))

    assert dates(ledger)["b"] == r"2024-03-01\* | "


def test_a_song_that_went_twice_was_removed_the_second_time() -> None:
    assert dates(folded("ab", "a", "ab", "a"))["b"] == r"2024-03-01\* | 2024-03-04"


def test_a_song_that_is_there_twice_has_one_row() -> None:
    twice = (*rows_of("a", KNOWN), *rows_of("a", day("2023-10-01")))

    assert dates(folded(twice)) == {"a": "2023-10-01 | "}


def test_a_song_is_there_while_one_of_its_occurrences_is() -> None:
    assert dates(folded("aba", "ab", "b"))["a"] == r"2024-03-01\* | 2024-03-03"
    assert dates(folded("aba", "ab"))["a"] == r"2024-03-01\* | "


def test_a_song_behind_an_unknown_row_is_not_removed() -> None:
    assert dates(folded("abc", "a?c"))["b"] == r"2024-03-01\* | "


def test_songs_are_sorted_by_title_artists_length_and_id_whatever_the_case() -> None:
    def variant(letter: str, name: str, artists: str = "x", duration_ms: int = 1000) -> Item:
        item = song(letter, name=name, duration_ms=duration_ms)
        return replace(item, artists=tuple(map(Artist, artists.split(","))))

    expected = [
        variant("z", "alpha"),
        variant("y", "Beta", "ann"),
        variant("x", "beta", "Ann,bob"),
        variant("w", "beta", "ann b"),
        variant("v", "beta", "Bob", 2000),
        variant("u", "beta", "bob", 3000),
        variant("a", "beta", "cid"),
        variant("b", "beta", "cid"),
    ]
    ledger = fold_all([snapshot_of([Row(item=item) for item in reversed(expected)])])

    assert [track["uri"] for track in json_document(ledger)["tracks"]] == [
        item.uri for item in expected
    ]


class TestJsonDocument:
    def test_it_has_the_keys_of_the_old_archive_and_the_stays(self) -> None:
        ledger = folded(rows_of("a", KNOWN), "b", "a")

        first, second = json_document(ledger).pop("tracks")
        assert json_document(ledger) | {"tracks": []} == {
            "date_first_scraped": "2024-03-01",
            "description": "",
            "name": "Kitchen radio",
            "tracks": [],
            "url": f"{SPOTIFY}/playlist/{PLAYLIST_ID}",
        }
        assert first == {
            "album": {"name": "Collected", "url": f"{SPOTIFY}/album/{'a' * 22}"},
            "artists": [{"name": "Ensemble", "url": f"{SPOTIFY}/artist/{'a' * 22}"}],
            "date_added": "2023-11-05",
            "date_added_asterisk": False,
            "date_removed": None,
            "duration_ms": 180_000,
            "intervals": [
                {
                    "added_at": "2023-11-05T04:00:00Z",
                    "first_missing": "2024-03-02T04:00:00Z",
                    "first_seen": "2024-03-01T04:00:00Z",
                    "last_seen": "2024-03-01T04:00:00Z",
                },
                {
                    "added_at": None,
                    "first_missing": None,
                    "first_seen": "2024-03-03T04:00:00Z",
                    "last_seen": None,
                },
            ],
            "isrc": "",
            "name": "Song a",
            "type": "track",
            "uri": f"spotify:track:{'a' * 22}",
            "url": f"{SPOTIFY}/track/{'a' * 22}",
        }
        assert (second["date_added"], second["date_removed"]) == ("2024-03-02", "2024-03-03")

    def test_it_has_the_code_of_the_recording(self) -> None:
        ledger = folded((Row(item=replace(song("a"), isrc="GBXXX1900123")),))

        assert [track["isrc"] for track in json_document(ledger)["tracks"]] == ["GBXXX1900123"]

    def test_the_asterisk_is_told(self) -> None:
        flags = [
            track["date_added_asterisk"] for track in json_document(folded("a", "ab"))["tracks"]
        ]

        assert flags == [True, False]


class TestPagesOfYears:
    """Of a playlist with very many songs; here those are more than three."""

    @pytest.fixture(autouse=True)
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(old_removals, "MOST_SONGS", 3)

    @pytest.fixture
    def ledger(self) -> Ledger:
        days = {"2021-05-01": "abc", "2021-06-01": "c", "2022-06-01": "d", "2023-07-01": "de"}
        return fold_all(snapshot_of(rows, day) for day, rows in days.items())

    def documents(self, ledger: Ledger) -> dict[str, Any]:
        """Return the JSON documents by year, the main one under an empty one."""
        prefix = f"playlists/cumulative/{PLAYLIST_ID}"
        return {
            key.removeprefix(prefix).removesuffix(".json").strip("/"): json.loads(page.body)
            for key, page in render_pages(ledger).items()
            if key.startswith(prefix) and key.endswith(".json")
        }

    def titles(self, document: dict[str, Any]) -> list[str]:
        return [track["name"] for track in document["tracks"]]

    def test_up_to_so_many_songs_nothing_stands_apart(
        self, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(old_removals, "MOST_SONGS", 5)
        (document,) = self.documents(ledger).values()

        assert len(document["tracks"]) == 5
        assert "older" not in document
        assert "more than a year ago" not in cumulative_page(ledger)

    def test_songs_that_went_long_ago_stand_on_the_page_of_their_year(self, ledger: Ledger) -> None:
        documents = self.documents(ledger)

        assert {year: self.titles(one) for year, one in documents.items()} == {
            "": ["Song d", "Song e"],
            "2021": ["Song a", "Song b"],
            "2022": ["Song c"],
        }
        path = f"/playlists/cumulative/{PLAYLIST_ID}"
        assert documents[""]["older"] == [
            {"year": 2022, "path": f"{path}/2022.json", "songs": 1},
            {"year": 2021, "path": f"{path}/2021.json", "songs": 2},
        ]
        assert documents["2021"] | {"tracks": []} == {
            "date_first_scraped": "2021-05-01",
            "name": "Kitchen radio",
            "tracks": [],
            "url": f"{SPOTIFY}/playlist/{PLAYLIST_ID}",
            "year": 2021,
        }

    def test_the_main_page_leads_to_them(self, ledger: Ledger) -> None:
        path = f"/playlists/cumulative/{PLAYLIST_ID}"

        assert cumulative_page(ledger).split("\n")[6:11] == [
            "2 songs - 6 min 0 sec",
            "",
            f"Removed more than a year ago: [2022]({path}/2022.md) (1), [2021]({path}/2021.md) (2)",
            "",
            "| Title | Artist(s) | Album | Length | Added | Removed |",
        ]

    def test_the_page_of_a_year_has_their_table_and_no_description(self, ledger: Ledger) -> None:
        page = render_pages(ledger)[f"playlists/cumulative/{PLAYLIST_ID}/2022.md"].body.decode()

        assert page.split("\n\n", 1)[1] == (
            f"### [Kitchen radio]({SPOTIFY}/playlist/{PLAYLIST_ID})\n"
            "\n"
            "1 song removed in 2022 - 3 min 0 sec\n"
            "\n"
            "| Title | Artist(s) | Album | Length | Added | Removed |\n"
            "|---|---|---|---|---|---|\n"
            f"| [Song c]({SPOTIFY}/track/{'c' * 22}) | [Ensemble]({SPOTIFY}/artist/{'c' * 22}) "
            f"| [Collected]({SPOTIFY}/album/{'c' * 22}) | 3:00 | 2021-05-01\\* | 2022-06-01 |\n"
            "\n"
            r"\*This playlist was first scraped on 2021-05-01. Prior content cannot be recovered."
            "\n"
        )

    def test_a_year_whose_songs_came_back_has_an_empty_page_that_nothing_leads_to(self) -> None:
        days = {"2021-05-01": "abcd", "2021-06-01": "c", "2023-07-01": "abcd"}
        documents = self.documents(fold_all(snapshot_of(rows, day) for day, rows in days.items()))

        assert {year: self.titles(one) for year, one in documents.items()} == {
            "": ["Song a", "Song b", "Song c", "Song d"],
            "2021": [],
        }
        assert "older" not in documents[""]

    @given(history=playlist_histories(max_size=12, most_days=200))
    def test_every_song_stands_in_one_document(self, history: list[Snapshot]) -> None:
        ledger = fold_all(history)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(old_removals, "MOST_SONGS", 0)
            apart = self.documents(ledger)
            patch.setattr(old_removals, "MOST_SONGS", 100)
            (everything,) = self.documents(ledger).values()

        tracks = [track for document in apart.values() for track in document["tracks"]]
        assert sorted(tracks, key=str) == sorted(everything["tracks"], key=str)
        told = {str(one["year"]): one["songs"] for one in apart[""].get("older", ())}
        assert told == {
            year: len(one["tracks"]) for year, one in apart.items() if year and one["tracks"]
        }
