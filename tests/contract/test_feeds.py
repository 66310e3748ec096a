"""The feeds and RFC 4287, whose rules stand in `atom.rng`."""

import pytest

from playlist_archive.views.feed import FeedHead, atom_feed
from tests.support.feeds import HEAD, PLAYLIST, a_change, read_feed

pytestmark = pytest.mark.contract

GOOD = atom_feed(HEAD, [(PLAYLIST, a_change())])
EMPTY = atom_feed(HEAD, [])


@pytest.mark.parametrize("feed", [GOOD, EMPTY])
def test_a_feed_is_valid_with_and_without_entries(feed: bytes) -> None:
    read_feed(feed)


def without(tag: bytes, feed: bytes = GOOD, *, first: bool) -> bytes:
    """Return the feed without the first element of this name (the feed's), or the last (an entry's)."""
    begin = (feed.find if first else feed.rfind)(b"<%b>" % tag)
    end = feed.index(b"</%b>" % tag, begin) + len(b"</%b>" % tag)
    return feed[:begin] + feed[end:]


BAD = {
    "feed without id": without(b"id", first=True),
    "entry without id": without(b"id", first=False),
    "feed without title": without(b"title", first=True),
    "entry without title": without(b"title", first=False),
    "feed without update": without(b"updated", first=True),
    "entry without update": without(b"updated", first=False),
    "feed without author": without(b"author", first=True),
    "empty feed without author": without(b"author", EMPTY, first=True),
    "author without name": without(b"name", first=True),
    "two ids": GOOD.replace(b"</id>", b"</id><id>urn:a</id>", 1),
    "relative id": GOOD.replace(b"urn:uuid:", b"/", 1),
    "day for a date": GOOD.replace(b"T04:00:00Z", b""),
    "date without zone": GOOD.replace(b":00Z", b":00"),
    "impossible date": GOOD.replace(b"<updated>2026-10", b"<updated>2026-13"),
    "link without target": GOOD.replace(b' href="/playlists/feeds', b' title="/playlists/feeds'),
    "link to nowhere": GOOD.replace(b'href="/playlists/feeds/all.atom"', b'href=""'),
    "markup in a title": GOOD.replace(b"<title>", b"<title><b>bold</b>", 1),
    "markup as text": GOOD.replace(b'type="xhtml"', b'type="html"'),
    "script in the content": GOOD.replace(b"<ul>", b"<script/><ul>"),
    "xhtml without div": GOOD.replace(b"<div ", b"<p ").replace(b"</div>", b"</p>"),
    "html of no namespace": GOOD.replace(b' xmlns="http://www.w3.org/1999/xhtml"', b""),
    "unknown element": GOOD.replace(b"<author>", b"<published>2026-10-04T04:00:00Z</published><author>"),
    "no Atom": GOOD.replace(b"2005/Atom", b"2005/RSS"),
    "cut off": GOOD[:-10],
    "the same entry twice": atom_feed(HEAD, [(PLAYLIST, a_change())] * 2),
}  # fmt: skip


@pytest.mark.parametrize("feed", BAD.values(), ids=BAD.keys())
def test_the_schema_refuses_what_the_standard_forbids(feed: bytes) -> None:
    assert feed != GOOD

    with pytest.raises(ValueError, match=r"."):
        read_feed(feed)


def test_a_feed_needs_no_author_of_its_own_where_each_entry_has_one() -> None:
    author = b"<author><name>Playlist archive</name></author>"

    read_feed(GOOD.replace(author, b"").replace(b"</content>", b"</content>" + author))


def test_a_title_of_control_characters_is_still_a_title() -> None:
    read_feed(atom_feed(FeedHead("/a.atom", "\x00\ufffe", "/a.md", "0001-01-01T00:00:00Z"), []))
