import json
from typing import Any

import pytest

from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.ledger import Ledger, with_page_status
from playlist_archive.documents.playlist import Album, Artist, Item, Owner, Row
from playlist_archive.views import pretty
from playlist_archive.views.item_texts import ItemTexts
from tests.support.strategies import SPOTIFY, day, page_status_of, rows_of, snapshot_of, song

pytestmark = pytest.mark.unit

LOCAL = Item(
    type="track",
    uri="spotify:local:Grandma::Lullaby:61",
    name="Lullaby",
    duration_ms=61_000,
    artists=(Artist("Grandma"),),
    local=True,
)
EPISODE = Item(
    type="episode",
    uri="spotify:episode:" + "e" * 22,
    name="Pilot",
    duration_ms=3_600_000,
    artists=(Artist("Kitchen talk", f"{SPOTIFY}/show/{'s' * 22}"),),
    album=Album("Kitchen talk", f"{SPOTIFY}/show/{'s' * 22}"),
    url=f"{SPOTIFY}/episode/{'e' * 22}",
)


def pretty_page(ledger: Ledger) -> str:
    return pretty.pretty_page(ledger, ItemTexts(ledger.items))


def pretty_json(ledger: Ledger) -> bytes:
    return pretty.pretty_json(ledger, ItemTexts(ledger.items))


def table(ledger: Ledger) -> list[str]:
    return [line for line in pretty_page(ledger).split("\n") if line.startswith("| ")][1:]


def linked_row(number: int, letter: str, note: str = "") -> str:
    ident = letter * 22
    return (
        f"| {number} | [Song {letter}]({SPOTIFY}/track/{ident}){note} "
        f"| [Ensemble]({SPOTIFY}/artist/{ident}) | [Collected]({SPOTIFY}/album/{ident}) | 3:00 |"
    )


def test_each_row_has_its_number_links_and_length() -> None:
    assert table(fold_all([snapshot_of("ba")])) == [linked_row(1, "b"), linked_row(2, "a")]


def test_the_facts_are_in_one_line() -> None:
    page = pretty_page(fold_all([snapshot_of("aa", followers=5000)]))

    assert f"\n[Marta]({SPOTIFY}/user/marta) - 5,000 likes - 2 songs - 6 min 0 sec\n" in page


def test_an_empty_playlist_has_an_empty_table() -> None:
    page = pretty_page(fold_all([snapshot_of("")]))

    assert " - 0 songs - 0 sec\n" in page
    assert page.endswith("|---|---|---|---|---|\n\nSnapshot ID: `c25hcA==`\n")


def test_an_unknown_follower_number_is_not_made_up() -> None:
    ledger = fold_all([snapshot_of("a", followers=None)])

    assert f"\n[Marta]({SPOTIFY}/user/marta) - 1 song - 3 min 0 sec\n" in pretty_page(ledger)
    assert "likes" not in pretty_page(ledger)
    assert json.loads(pretty_json(ledger))["num_followers"] is None


def test_newer_numbers_are_shown() -> None:
    page_status = page_status_of(snapshot=day("2024-03-05"), followers=1, snapshot_id="bmV3")
    ledger = with_page_status(fold_all([snapshot_of("a")]), page_status)

    assert " - 1 like - " in pretty_page(ledger)
    assert "Snapshot ID: `bmV3`" in pretty_page(ledger)
    json_document = json.loads(pretty_json(ledger))
    assert (json_document["num_followers"], json_document["snapshot_id"]) == (1, "bmV3")


def test_an_owner_without_a_page_or_name_is_text_or_nothing() -> None:
    nameless = fold_all([snapshot_of("a", owner=Owner("", ""))])
    pageless = fold_all([snapshot_of("a", owner=Owner("x", "> Paul"))])

    assert "\n12 likes - 1 song - 3 min 0 sec\n" in pretty_page(nameless)
    assert "\n\\> Paul - 12 likes - " in pretty_page(pageless)


def test_local_files_and_episodes_are_rows() -> None:
    ledger = fold_all([snapshot_of([Row(item=LOCAL), Row(item=EPISODE)])])

    show = f"[Kitchen talk]({SPOTIFY}/show/{'s' * 22})"
    assert table(ledger) == [
        "| 1 | Lullaby | Grandma |  | 1:01 |",
        f"| 2 | [Pilot]({SPOTIFY}/episode/{'e' * 22}) | {show} | {show} | 1:00:00 |",
    ]


def test_a_song_that_cannot_be_played_is_marked() -> None:
    ledger = fold_all([snapshot_of([Row(item=song("a", playable=False))])])

    assert table(ledger) == [linked_row(1, "a", " *(not playable)*")]


def test_unknown_rows_keep_their_numbers_and_their_known_fields() -> None:
    ledger = fold_all([snapshot_of("?abc", "2024-03-01"), snapshot_of("?a?c", "2024-03-02")])

    assert table(ledger) == [
        "| 1 | *(not available)* |  |  |  |",
        linked_row(2, "a"),
        linked_row(3, "b", " *(no longer available)*"),
        linked_row(4, "c"),
    ]
    assert " - 2 songs - 6 min 0 sec\n" in pretty_page(ledger)


class TestJsonDocument:
    def json_document(self, rows: list[Row]) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(pretty_json(fold_all([snapshot_of(rows)])))
        return document

    def test_it_has_the_keys_of_the_old_archive_and_more(self) -> None:
        row = Row(added_at=day("2024-02-03"), added_by="paul", item=song("a"))

        json_document = self.json_document([row])

        assert json_document == {
            "description": "",
            "num_followers": 12,
            "original_name": "Kitchen radio",
            "owner": {"id": "marta", "name": "Marta", "url": f"{SPOTIFY}/user/marta"},
            "snapshot_id": "c25hcA==",
            "tracks": [
                {
                    "added_at": "2024-02-03 04:00:00",
                    "added_by": "paul",
                    "album": {"name": "Collected", "url": f"{SPOTIFY}/album/{'a' * 22}"},
                    "artists": [{"name": "Ensemble", "url": f"{SPOTIFY}/artist/{'a' * 22}"}],
                    "duration_ms": 180_000,
                    "explicit": False,
                    "isrc": "",
                    "local": False,
                    "name": "Song a",
                    "playable": True,
                    "position": 1,
                    "type": "track",
                    "uri": f"spotify:track:{'a' * 22}",
                    "url": f"{SPOTIFY}/track/{'a' * 22}",
                }
            ],
            "unavailable": [],
            "unique_name": "Kitchen radio",
            "url": f"{SPOTIFY}/playlist/2tQ4mXvNcJ8hLr5sWzKfYb",
        }

    def test_a_description_is_as_spotify_sent_it(self) -> None:
        ledger = fold_all([snapshot_of("", description="<b>Soul</b> &amp; Funk ")])

        assert json.loads(pretty_json(ledger))["description"] == "<b>Soul</b> &amp; Funk "

    def test_rows_without_an_item_are_listed_apart(self) -> None:
        ledger = fold_all([snapshot_of("?abc", "2024-03-01"), snapshot_of("?a?c", "2024-03-02")])

        json_document = json.loads(pretty_json(ledger))

        assert [track["position"] for track in json_document["tracks"]] == [2, 4]
        unknown, hidden = json_document["unavailable"]
        assert unknown == {"position": 1}
        assert (hidden["position"], hidden["name"]) == (3, "Song b")
        assert hidden["playable"] is False

    def test_an_unknown_date_is_null(self) -> None:
        assert self.json_document(list(rows_of("a")))["tracks"][0]["added_at"] is None
