"""What changed in all playlists, as a page and as a feed."""

from collections.abc import Sequence
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from playlist_archive.documents.history import (
    Counts,
    OwnerChange,
    PublishedPlaylist,
    RenamedSong,
    Song,
    SongAtRow,
    TextChange,
)
from playlist_archive.documents.playlist import Owner
from playlist_archive.documents.recent_changes import RecentChange, RecentChanges, window_start
from playlist_archive.views.changes import SONGS_NAMED, all_feed, changes_page
from tests.support.builders import OTHER, PLAYLIST
from tests.support.strategies import nasty_texts

pytestmark = pytest.mark.unit

GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TRACK = "spotify:track:6tRaCkTeStOnE000000001"
URL = "https://open.spotify.com/track/6tRaCkTeStOnE000000001"

TITLE = f"**[Harbour mix](/playlists/history/{PLAYLIST}.md)**"


def a_song(row: int = 1, name: str = "Ebb", uri: str = TRACK) -> SongAtRow:
    return SongAtRow(row, name, ("The Lamps", "Others"), uri)


def a_change(
    day: str = "2026-10-04",
    *,
    after: str = "",
    playlist: str = PLAYLIST,
    moved: int = 0,
    **fields: object,
) -> RecentChange:
    time = f"{day}T04:00:00Z"
    added, readded, removed = (
        len(fields.get(name, ()))  # type: ignore[arg-type]
        for name in ("added", "readded", "removed")
    )
    return RecentChange(
        time=time,
        after=f"{after or day}T03:00:00Z",
        until=time,
        counts=Counts(added, readded, removed, moved),
        playlist=playlist,
        **fields,  # type: ignore[arg-type]
    )


def document(
    *changes: RecentChange, names: Sequence[str] = ("Harbour mix", "Aria")
) -> RecentChanges:
    newest_first = sorted(changes, key=lambda it: (it.time, it.playlist), reverse=True)
    until = newest_first[0].time if newest_first else None
    return RecentChanges(
        since=window_start(until),
        until=until,
        playlists=tuple(
            PublishedPlaylist(playlist_id, name, f"https://open.spotify.com/playlist/{playlist_id}")
            for playlist_id, name in zip((PLAYLIST, OTHER), names, strict=True)
        ),
        changes=tuple(newest_first),
    )


def page(*changes: RecentChange) -> list[str]:
    return changes_page(document(*changes)).split("\n")


def test_before_the_first_change_the_page_says_so() -> None:
    assert page() == [
        "[index](/playlists/index.md) - [status](/playlists/status.md) - changes",
        "",
        "Nothing has changed yet",
        "",
    ]


def test_before_the_first_change_the_feed_is_empty_and_has_a_date() -> None:
    feed = all_feed(document()).decode()

    assert "<entry>" not in feed
    assert "<updated>1970-01-01T00:00:00Z</updated>" in feed


def test_a_change_names_its_playlist_its_numbers_and_its_songs() -> None:
    change = a_change(added=(a_song(),), removed=(a_song(2, "Flow"), SongAtRow(3)), moved=12)

    assert page(change)[2:] == [
        "1 change from 2026-09-04 to 2026-10-04",
        "",
        "#### 2026-10-04",
        "",
        f"{TITLE}: 1 added - 1 song, 2 rows (1 not named by Spotify) removed - 12 moved",
        "",
        f"- Added: [Ebb]({URL}) by The Lamps, Others",
        f"- Removed: [Flow]({URL}) by The Lamps, Others",
        "- Removed: row 3, which Spotify does not name",
        "",
    ]


def test_texts_and_availability_are_told() -> None:
    song = Song("Ebb", (), "spotify:local:::x:1")
    change = a_change(
        readded=(a_song(),),
        unavailable=(song,),
        available=(song,),
        renamed=(RenamedSong("Ebbe", "Ebb", (), TRACK),),
        name=TextChange("Old", "New"),
        description=TextChange("<b>Soul</b>", "Funk &amp; more"),
        owner=OwnerChange(Owner("a", "Ann", "https://open.spotify.com/user/a"), Owner("b", "Bob")),
    )

    assert page(change)[6:] == [
        f"{TITLE}: 1 added again",
        "",
        "- Renamed from “Old” to “New”",
        "- Description changed from “Soul” to “Funk & more”",
        "- Owner changed from [Ann](https://open.spotify.com/user/a) to Bob",
        f"- Added again: [Ebb]({URL}) by The Lamps, Others",
        "- No longer available on Spotify: Ebb",
        "- Available again: Ebb",
        f"- Spotify changed: “Ebbe” is now [Ebb]({URL})",
        "",
    ]


def test_a_long_list_ends_with_a_link_to_the_history() -> None:
    songs = tuple(a_song(row) for row in range(1, 1_000 + SONGS_NAMED))
    lines = page(a_change(added=songs))

    assert sum(line.startswith("- Added: [Ebb]") for line in lines) == SONGS_NAMED
    assert lines[-2] == f"- Added: [and 999 more](/playlists/history/{PLAYLIST}.md)"


def test_a_list_that_is_just_short_enough_is_told_whole() -> None:
    lines = page(a_change(added=tuple(a_song(row) for row in range(SONGS_NAMED))))

    assert not any("more]" in line for line in lines)


def test_each_day_has_one_heading_newest_first_and_playlists_by_name() -> None:
    lines = page(
        a_change("2026-10-04", moved=1),
        a_change("2026-10-04", playlist=OTHER, moved=2),
        a_change("2026-10-04", after="2026-10-01", playlist=OTHER, moved=3),
        a_change("2026-09-30", moved=4),
    )

    told = [line.rpartition(": ")[2] for line in lines if line.startswith(("####", "**"))]
    assert told == [
        "#### 2026-10-04",
        "2 moved",
        "1 moved",
        "#### Between 2026-10-01 and 2026-10-04",
        "3 moved",
        "#### 2026-09-30",
        "4 moved",
    ]


def test_the_feed_has_the_newest_fifty_and_leads_to_the_page() -> None:
    changes = [
        a_change(f"2026-{month:02}-{day:02}", moved=1) for month in (9, 10) for day in range(1, 31)
    ]
    feed = all_feed(document(*changes)).decode()

    assert feed.count("<entry>") == 50
    assert '<link rel="alternate" href="/playlists/changes.md"/>' in feed
    assert "<title>Harbour mix: 1 moved</title>" in feed
    assert "<p>Moved: 1 row</p>" in feed
    assert "2026-09-10" not in feed


@given(nasty_texts, nasty_texts, nasty_texts)
def test_hostile_texts_are_text(name: str, title: str, artist: str) -> None:
    song = SongAtRow(1, title, (artist, artist), artist)
    change = a_change(
        added=(song,),
        unavailable=(Song(title, (artist,), TRACK),),
        renamed=(RenamedSong(artist, title, (), TRACK),),
        name=TextChange(name, title),
        description=TextChange(title, artist),
        owner=OwnerChange(Owner("a", name, title), Owner("b", title, artist)),
    )
    text = changes_page(document(change, names=(name or "x", "Aria")))

    assert text.splitlines() == text.split("\n")[:-1]
    blocks = []
    for token in GITHUB.parse(text):
        assert token.type != "html_block"
        blocks += [token.tag] if token.nesting == 1 else []
        for child in token.children or ():
            assert child.type not in {"image", "em_open", "s_open"}
            assert child.type != "html_inline" or child.content == "<br/>"
            if child.type == "link_open":
                href = str(child.attrs["href"])
                assert href.startswith(("/playlists/", "https://open.spotify.com/")), href
    assert blocks == ["p", "p", "h4", "p", "ul", *["li", "p"] * 6]


@given(st.datetimes(datetime(2000, 2, 1), datetime(8999, 12, 31)))  # noqa: DTZ001
def test_the_thirty_days_are_counted_back_from_the_newest_change(moment: datetime) -> None:
    newest = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    since = window_start(newest)

    assert since
    assert (datetime.fromisoformat(newest) - datetime.fromisoformat(since)).days == 30
