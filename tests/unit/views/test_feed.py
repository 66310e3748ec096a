import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.history import (
    History,
    OwnerChange,
    PublishedChange,
    PublishedPlaylist,
    RenamedSong,
    Song,
    SongAtRow,
    TextChange,
)
from playlist_archive.documents.playlist import Owner
from playlist_archive.views.feed import ENTRIES, SONGS_NAMED, FeedHead, atom_feed
from tests.support.builders import PLAYLIST as PLAYLIST_ID
from tests.support.documented import documented
from tests.support.feeds import (
    HEAD,
    PLAYLIST,
    SECOND,
    a_change,
    a_song,
    links,
    read_feed,
    texts,
)
from tests.support.strategies import nasty_texts

pytestmark = pytest.mark.unit


def title_of(change: PublishedChange) -> str:
    (title,) = texts(read_feed(atom_feed(HEAD, [(PLAYLIST, change)])), "entry/title")
    return title


def content_of(change: PublishedChange) -> list[str]:
    (content,) = texts(read_feed(atom_feed(HEAD, [(PLAYLIST, change)])), "entry/content")
    return [line for line in content.split("\n") if line]


def test_a_feed_without_changes_is_as_old_as_the_first_snapshot() -> None:
    feed = read_feed(atom_feed(HEAD, []))

    assert texts(feed, "updated") == ["2026-10-01T04:00:00Z"]
    assert texts(feed, "title") == ["All playlists"]
    assert links(feed) == [
        ("self", "/playlists/feeds/all.atom"),
        ("alternate", "/playlists/changes.md"),
    ]
    assert not texts(feed, "entry")


def test_a_feed_is_as_new_as_its_newest_change_and_lists_that_one_first() -> None:
    changes = [(PLAYLIST, a_change(3)), (SECOND, a_change(5)), (PLAYLIST, a_change(4))]

    feed = read_feed(atom_feed(HEAD, changes))

    assert texts(feed, "updated") == ["2026-10-05T04:00:00Z"]
    assert texts(feed, "entry/updated") == [f"2026-10-0{day}T04:00:00Z" for day in (5, 4, 3)]
    assert [title.partition(":")[0] for title in texts(feed, "entry/title")] == [
        "Night drive", "Harbour mix", "Harbour mix"
    ]  # fmt: skip


@given(st.permutations([(one, a_change(day)) for one in (PLAYLIST, SECOND) for day in (3, 4, 5)]))
def test_the_order_of_the_changes_makes_no_difference(
    changes: list[tuple[PublishedPlaylist, PublishedChange]],
) -> None:
    assert atom_feed(HEAD, changes) == atom_feed(HEAD, sorted(changes, key=repr))


def test_only_the_newest_changes_are_told() -> None:
    changes = [(playlist, a_change(day)) for day in range(1, 32) for playlist in (PLAYLIST, SECOND)]

    told = texts(read_feed(atom_feed(HEAD, changes)), "entry/updated")

    assert len(told) == ENTRIES == 50
    assert told[-1] == "2026-10-07T04:00:00Z"


def test_an_entry_leads_to_the_history_page_and_to_spotify() -> None:
    feed = read_feed(atom_feed(HEAD, [(PLAYLIST, a_change())]))

    assert links(feed, "entry/link") == [
        ("alternate", f"/playlists/history/{PLAYLIST_ID}.md"),
        ("via", f"https://open.spotify.com/playlist/{PLAYLIST_ID}"),
    ]


@pytest.mark.parametrize("url", ["", "spotify", "javascript:alert(1)", "https://a b", "https://%"])
def test_what_is_no_web_address_becomes_no_link(url: str) -> None:
    playlist = PublishedPlaylist(PLAYLIST_ID, "Harbour mix", url)

    feed = read_feed(atom_feed(HEAD, [(playlist, a_change())]))

    assert [relation for relation, _ in links(feed, "entry/link")] == ["alternate"]


def test_an_id_depends_on_playlist_and_time_alone() -> None:
    renamed = PublishedPlaylist(PLAYLIST_ID, "Renamed", "https://example.org")
    own = FeedHead("/playlists/feeds/own.atom", "Harbour mix", "/own.md", "2025-01-01T00:00:00Z")
    named = [
        (HEAD, PLAYLIST, a_change()),
        (own, renamed, a_change(added=(), removed=[a_song(7)])),
    ]

    ids = {
        texts(read_feed(atom_feed(head, [(one, change)])), "entry/id")[0]
        for head, one, change in named
    }

    assert ids == {"urn:uuid:9960ee3e-fcb8-5b35-afa1-4156a31976ff"}


def test_each_change_and_each_feed_has_an_id_of_its_own() -> None:
    changes = [(one, a_change(day)) for one in (PLAYLIST, SECOND) for day in (4, 5)]
    own = HEAD._replace(path="/playlists/feeds/own.atom")
    feeds = [read_feed(atom_feed(head, changes)) for head in (HEAD, own)]

    assert len({*texts(feeds[0], "entry/id"), *texts(feeds[0], "id"), *texts(feeds[1], "id")}) == 6


SONG = Song("Tide", ("Kite",), "spotify:track:tide")
OWNERS = OwnerChange(Owner("a", "Ana"), Owner("b", "Ben"))


@pytest.mark.parametrize(
    ("change", "title"),
    [
        (a_change(added=[a_song(1)] * 3, removed=[a_song(2)]), "3 added, 1 removed"),
        (a_change(added=(), readded=[a_song(1)], moved=1_200), "1 added again, 1,200 moved"),
        (a_change(added=(), name=TextChange("Old", "Harbour mix")), "renamed"),
        (a_change(description=TextChange("", "x"), owner=OWNERS), "1 added, new description, new owner"),
        (
            a_change(
                added=(),
                unavailable=(SONG,),
                available=(SONG, SONG),
                renamed=(RenamedSong("x -- y -- z", "Tide", (), "spotify:track:tide"),),
            ),
            "1 no longer available, 2 available again, 1 changed by Spotify",
        ),
    ],
)  # fmt: skip
def test_a_title_says_in_words_what_is_different(change: PublishedChange, title: str) -> None:
    assert title_of(change) == f"Harbour mix: {title}"


@pytest.mark.parametrize(
    ("after", "when"), [(3, "2026-10-04"), (2, "Between 2026-10-02 and 2026-10-04")]
)
def test_an_entry_says_when_as_the_history_page_does(after: int, when: str) -> None:
    assert content_of(a_change(4, after=after))[0] == when


def test_an_entry_names_every_song() -> None:
    change = a_change(
        added=[a_song(1, "First"), SongAtRow(1_002)],
        readded=[a_song(2, "Second")],
        removed=[SongAtRow(3, "Third", (), "spotify:track:third")],
        moved=1,
        unavailable=(SONG,),
        available=(SONG,),
        renamed=(RenamedSong("Old -- A -- B", "New", ("A",), "spotify:track:new"),),
        name=TextChange("Old mix", "Harbour mix"),
        description=TextChange("", 'by <a href="x">me</a> &amp; you '),
        owner=OWNERS,
    )

    assert content_of(change) == [
        "2026-10-04",
        "Renamed from “Old mix” to “Harbour mix”",
        "Description changed from “” to “by me & you”",
        "Owner changed from Ana to Ben",
        "Added:",
        "First by The Harbour Lamps, Kite",
        "row 1,002, which Spotify does not name",
        "Added again:",
        "Second by The Harbour Lamps, Kite",
        "Removed:",
        "Third",
        "No longer available on Spotify:",
        "Tide by Kite",
        "Available again:",
        "Tide by Kite",
        "Spotify changed:",
        "“Old -- A -- B”: New by A",
        "Moved: 1 row",
    ]


@pytest.mark.parametrize(("songs", "more"), [(SONGS_NAMED, ""), (SONGS_NAMED + 1_200, "1,200")])
def test_the_history_page_names_the_songs_beyond_the_first(songs: int, more: str) -> None:
    change = a_change(added=[a_song(row, f"Song {row}") for row in range(songs)])

    lines = content_of(change)
    feed = atom_feed(HEAD, [(PLAYLIST, change)]).decode()
    targets = re.findall('<a href="(.*?)">', feed)

    assert sum("Song" in line for line in lines) == SONGS_NAMED
    assert lines[2 + SONGS_NAMED :] == ([f"and {more} more"] if more else [])
    assert targets == ([f"/playlists/history/{PLAYLIST_ID}.md"] if more else [])


def test_the_documented_feed_is_that_of_the_documented_history() -> None:
    history = msgspec.json.decode(documented("Example")[0], type=History)
    head = FeedHead(
        f"/playlists/feeds/{PLAYLIST_ID}.atom",
        history.playlist.name,
        f"/playlists/history/{PLAYLIST_ID}.md",
        history.first_snapshot,
    )

    feed = atom_feed(head, [(history.playlist, change) for change in history.changes])

    assert documented("Feeds", "xml") == [feed]


hostile_texts = (
    nasty_texts
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["]]>", "<![CDATA[", "&#0;", "\ufffe\uffff", "\ud800", "\udfff\udc00", "\x00\x1b"])
)  # fmt: skip


def shown(text: str) -> str:
    """Return what a reader has to see: one line, in which nothing is lost that can be shown."""
    unbroken = " ".join(re.split(r"[\t\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+", text))
    forbidden = {*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF}
    return "".join("\ufffd" if ord(one) in forbidden else one for one in unbroken)


URI = "spotify:track:6tRaCkTeStOnE000000001"


@given(hostile_texts, hostile_texts, hostile_texts)
def test_hostile_text_stays_text(name: str, song: str, artist: str) -> None:
    playlist = PublishedPlaylist(PLAYLIST_ID, name, name)
    change = a_change(
        added=[SongAtRow(1, song, (artist,), URI)],
        renamed=(RenamedSong(artist, song, (), URI),),
        name=TextChange(song, name),
        owner=OwnerChange(Owner(artist, artist), Owner(name, name)),
    )

    feed = read_feed(atom_feed(HEAD._replace(title=name), [(playlist, change)]))

    assert texts(feed, "title") == [shown(name)]
    (title,) = texts(feed, "entry/title")
    assert title.startswith(shown(f"{name}: "))
    (content,) = texts(feed, "entry/content")
    assert [line for line in content.split("\n") if line] == [
        "2026-10-04",
        f"Renamed from “{shown(song)}” to “{shown(name)}”",
        f"Owner changed from {shown(f'{artist} to {name}')}",
        "Added:",
        shown(f"{song or URI} by {artist}" if artist else song or URI),
        "Spotify changed:",
        f"{shown(f'“{artist}”: {song or URI}')}",
    ]


@given(hostile_texts, hostile_texts)
def test_a_hostile_description_stays_text(before: str, after: str) -> None:
    change = a_change(added=(), description=TextChange(before, after))

    (line,) = content_of(change)[1:]

    assert line.startswith("Description changed from “")
