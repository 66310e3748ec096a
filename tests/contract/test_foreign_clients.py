"""Programs that others wrote for the old archive can read these pages.

spotifyplaylistarchive.com finds playlists by `index.md`: a heading with the number of playlists, a
blank line, and then one link a line to the end of the page. SpotifyUnchained makes the lists of former weeks from tables
of `cumulative/<id>.md`: title and first artist are links, and the days of adding and removal are
written YYYY-MM-DD. `tools.verification.tables` holds both forms.
"""

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.merge import merge
from playlist_archive.documents.messages import Latest, Outcome
from playlist_archive.documents.playlist import Album, Artist, Item, Row
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.documents.status import Status
from playlist_archive.views.cumulative import Cumulative
from playlist_archive.views.item_texts import ItemTexts
from playlist_archive.views.overview import render_overview
from tests.support.builders import DAY, RUN, a_header
from tests.support.fakes import FakeBucket
from tests.support.strategies import SPOTIFY, nasty_texts, snapshot_of, song
from tools.measure.render import read_versions
from tools.verification.tables import FormError, read_cumulative_table, read_index

pytestmark = pytest.mark.contract

STATUSES: tuple[Status, ...] = ("ok", "ok", "ok", "not_found", "retired")


def shown(text: str) -> str:
    """Return an escaped text as the programs do, which only drop backslashes."""
    return text.replace("\\", "")


def an_outcome(number: int, name: str, status: Status) -> Outcome:
    playlist_id = f"{number:022}"
    was_read = status == "ok"
    return Outcome(
        playlist_id=playlist_id,
        run=RUN,
        at=RUN,
        status=status,
        reason="" if was_read else "[gone](/playlists/pretty/x.md)",
        source="registry",
        header=a_header(name=name, playlist_id=playlist_id),
        read=was_read,
        latest=Latest(RUN - DAY, "digest", 3),
        written=was_read,
    )


def index_of(*playlists: tuple[str, Status]) -> str:
    outcomes = [an_outcome(number, *one) for number, one in enumerate(playlists)]
    pages = render_overview(merge(Catalog(), outcomes), SpotifyState())
    return pages["playlists/index.md"].body.decode()


class TestIndex:
    def test_the_sample_library_is_found_by_the_form(self, troubled_archive: FakeBucket) -> None:
        status = json.loads(troubled_archive.objects["playlists/status.json"])["playlists"]
        readable = {key: one["name"] for key, one in status.items() if one["status"] == "ok"}

        found = read_index(troubled_archive.objects["playlists/index.md"].decode())

        assert 0 < len(readable) < len(status)
        names = {key: unescape(shown(name)).replace("<br/>", "\n") for key, name in found.items()}
        assert names == readable

    @given(st.lists(st.tuples(nasty_texts, st.sampled_from(STATUSES)), max_size=8))
    def test_no_name_and_no_status_breaks_the_form(
        self, playlists: list[tuple[str, Status]]
    ) -> None:
        found = read_index(index_of(*playlists))

        assert found.keys() == {
            f"{number:022}" for number, (_, status) in enumerate(playlists) if status == "ok"
        }

    def test_an_archive_without_playlists_has_the_form_too(self) -> None:
        assert read_index(index_of()) == {}

    @pytest.mark.parametrize(
        ("wrong", "complaint"),
        [
            ("## Playlists (1)\n\n{}\n", "0 headings"),
            ("## Playlists\n\n{}\n", "0 headings"),
            ("## Playlists \\(1\\)\n\n{0}\n\n## Playlists \\(1\\)\n\n{0}\n", "2 headings"),
            ("## Playlists \\(1\\)\n{}\n", "no blank line"),
            ("## Playlists \\(1\\)\n\n{}\n\n## Retired \\(1\\)\n", "more or less than a link"),
            ("## Playlists \\(1\\)\n\n{}", "line's end"),
            ("## Playlists \\(2\\)\n\n{}\n", "1 entries"),
            ("## Playlists \\(2\\)\n\n{0}\n{0}\n", "2 entries"),
            ("## Playlists \\(1\\)\n\n{}, 12 songs\n", "more or less than a link"),
            ("## Playlists \\(1\\)\n\n  {}\n", "more or less than a link"),
        ],
    )
    def test_another_form_is_refused(self, wrong: str, complaint: str) -> None:
        entry = f"- [Harbour mix](/playlists/pretty/{'a' * 22}.md)"

        with pytest.raises(FormError, match=re.escape(complaint)):
            read_index(wrong.format(entry))


def cumulative_page(*items: Item) -> str:
    ledger = fold_all(
        [
            snapshot_of([Row(item=item) for item in items], "2024-03-01"),
            snapshot_of([Row(item=item) for item in items[1:]], "2024-03-02"),
        ]
    )
    return Cumulative(ledger, ItemTexts(ledger.items)).newest()[0]


def a_track(number: int, title: str, artists: list[str], album: str) -> Item:
    return Item(
        type="track",
        uri=f"spotify:track:{number:022}",
        name=title,
        duration_ms=180_000,
        artists=tuple(Artist(name, f"{SPOTIFY}/artist/{number:022}") for name in artists),
        album=Album(album, f"{SPOTIFY}/album/{number:022}"),
        url=f"{SPOTIFY}/track/{number:022}",
    )


_tracks = st.lists(
    st.tuples(nasty_texts, st.lists(nasty_texts, max_size=3), nasty_texts), min_size=1, max_size=5
).map(lambda drawn: [a_track(number, *texts) for number, texts in enumerate(drawn)])


class TestCumulativeTables:
    def test_songs_artists_and_days_are_found_by_the_form(self) -> None:
        guest = Artist("Guest", f"{SPOTIFY}/artist/{'9' * 22}")
        items = (song("a"), song("b"), a_track(7, "Duet", ["One [1]", guest.name], "Album"))

        rows = read_cumulative_table(cumulative_page(*items))

        assert [
            (shown(row.title.text), row.artist and shown(row.artist.text), row.added, row.removed)
            for row in rows
        ] == [
            ("Duet", "One [1]", "2024-03-01", ""),
            ("Song a", "Ensemble", "2024-03-01", "2024-03-02"),
            ("Song b", "Ensemble", "2024-03-01", ""),
        ]
        assert rows[0].title.url == f"{SPOTIFY}/track/{7:022}"

    @given(_tracks)
    def test_no_text_breaks_the_form(self, items: list[Item]) -> None:
        rows = read_cumulative_table(cumulative_page(*items))

        assert {row.title.url for row in rows} == {item.url for item in items}
        removed = {row.title.url: row.removed for row in rows}
        assert removed == {item.url: "" for item in items} | {items[0].url: "2024-03-02"}
        artists = {row.title.url: row.artist for row in rows}
        assert all(bool(artists[item.url]) == bool(item.artists) for item in items)

    def test_the_sample_library_has_the_form(self, troubled_archive: FakeBucket) -> None:
        found = 0
        for key, page in troubled_archive.objects.items():
            if re.fullmatch(r"playlists/cumulative/\w+\.md", key):
                tracks = json.loads(troubled_archive.objects[key.replace(".md", ".json")])["tracks"]
                rows = read_cumulative_table(page.decode())
                assert facts(rows) == [
                    (one["url"], one["date_added"], one["date_removed"] or "")
                    for one in tracks
                    if one["type"] == "track" and one["url"]
                ]
                found += len(rows)

        assert found > 100

    def test_real_playlists_have_the_form(self, data: Path) -> None:
        found = 0
        for versions in read_versions(data / "playlist-history.jsonl.xz"):
            ledger = fold_all(versions[-5:])
            rows = read_cumulative_table(Cumulative(ledger, ItemTexts(ledger.items)).newest()[0])
            assert len(rows) == len(ledger.items)
            found += len(rows)

        assert found > 5_000

    @pytest.mark.parametrize(
        ("right", "wrong", "complaint"),
        [
            ("| Removed |", "| Removed | Plays |", "no table"),
            ("| 3:00 |", "| 3:00 | 12 plays |", "7 columns"),
            ("| 3:00 |", "|", "5 columns"),
            ("| 2024-03-02 |", "| 2 March 2024 |", "other days"),
            ("| 2024-03-01\\* |", "| since 2024-03-01 |", "other days"),
            ("| 2024-03-01\\* |", "| 2024-03-01T04:00:00Z |", "other days"),
            (f"[Ensemble]({SPOTIFY}/artist/{'a' * 22})", "Ensemble", "no link"),
        ],
    )
    def test_another_form_is_refused(self, right: str, wrong: str, complaint: str) -> None:
        page = cumulative_page(song("a"), song("b"))
        assert right in page

        with pytest.raises(FormError, match=complaint):
            read_cumulative_table(page.replace(right, wrong))


def facts(rows: list[Any]) -> list[tuple[str, str, str]]:
    return [(row.title.url, row.added, row.removed) for row in rows]
