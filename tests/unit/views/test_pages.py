"""Properties that all pages of a playlist share."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from playlist_archive.documents.content_types import GZIP
from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.ledger import Ledger, with_page_status
from playlist_archive.documents.playlist import Album, Artist, Item, Owner, Row
from playlist_archive.documents.status import Status
from playlist_archive.views import render_pages
from tests.support.strategies import PLAYLIST_ID, day, nasty_texts, page_status_of, snapshot_of

pytestmark = pytest.mark.unit

GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKDOWN = ("pretty", "cumulative", "history")


@pytest.fixture
def ledger() -> Ledger:
    return fold_all([snapshot_of("abc", "2024-03-01"), snapshot_of("ab", "2024-03-02")])


def page(ledger: Ledger, view: str, suffix: str = ".md") -> str:
    return render_pages(ledger)[f"playlists/{view}/{PLAYLIST_ID}{suffix}"].body.decode()


def test_a_playlist_has_these_pages(ledger: Ledger) -> None:
    text, document = "text/plain; charset=utf-8", "application/json; charset=utf-8"
    feed = "application/atom+xml; charset=utf-8"

    assert {key: page.content_type for key, page in render_pages(ledger).items()} == {
        f"playlists/pretty/{PLAYLIST_ID}.md": text,
        f"playlists/pretty/{PLAYLIST_ID}.json": document,
        f"playlists/cumulative/{PLAYLIST_ID}.md": text,
        f"playlists/cumulative/{PLAYLIST_ID}.json": document,
        f"playlists/plain/{PLAYLIST_ID}": text,
        f"playlists/history/{PLAYLIST_ID}.md": text,
        f"playlists/history/{PLAYLIST_ID}.json": document,
        f"playlists/feeds/{PLAYLIST_ID}.atom": feed,
        f"playlists/table/{PLAYLIST_ID}/2024.json.gz": "application/gzip",
    }


def test_every_page_ends_with_one_line_break(ledger: Ledger) -> None:
    for rendered in render_pages(ledger).values():
        if rendered.content_type == GZIP:
            continue
        assert rendered.body.endswith(b"\n")
        assert not rendered.body.endswith(b"\n\n")


@pytest.mark.parametrize("view", MARKDOWN)
def test_the_first_line_leads_to_the_other_pages(ledger: Ledger, view: str) -> None:
    links = {
        "pretty": f"[pretty](/playlists/pretty/{PLAYLIST_ID}.md)",
        "cumulative": f"[cumulative](/playlists/cumulative/{PLAYLIST_ID}.md)",
        "plain": f"[plain](/playlists/plain/{PLAYLIST_ID})",
        "history": f"[history](/playlists/history/{PLAYLIST_ID}.md)",
    }

    if view == "history":
        links = {"index": "[index](/playlists/index.md)", **links}
    assert page(ledger, view).split("\n")[0] == " - ".join((links | {view: view}).values())


@pytest.mark.parametrize("view", MARKDOWN)
def test_the_title_is_the_unique_name(ledger: Ledger, view: str) -> None:
    ledger = with_page_status(ledger, page_status_of(unique_name="Kitchen radio (2)"))

    title = rf"### [Kitchen radio \(2\)](https://open.spotify.com/playlist/{PLAYLIST_ID})"
    assert page(ledger, view).split("\n")[2] == title


@pytest.mark.parametrize("view", ["pretty", "cumulative"])
def test_the_description_is_quoted_as_text(view: str) -> None:
    ledger = fold_all([snapshot_of("a", description=' Soul &amp; <a href="spotify:x">Funk</a> ')])

    assert page(ledger, view).split("\n")[4] == "> Soul & Funk"


@pytest.mark.parametrize("view", MARKDOWN)
@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("not_found", "Spotify does not find this playlist"),
        ("forbidden", "Spotify keeps this playlist's contents from this archive"),
        ("invalid", "Spotify's answers about this playlist make no sense"),
        ("unstable", "This playlist changes while it is read"),
        ("held", "This playlist lost so much that a second read has to confirm it"),
        ("deferred", "This playlist waits to be read"),
        ("retired", "This playlist is no longer archived"),
    ],
)
def test_a_page_says_what_is_wrong_since_when_and_why(
    ledger: Ledger, view: str, status: Status, words: str
) -> None:
    page_status = page_status_of(status=status, since=day("2024-03-08"), reason="a | reason")

    lines = page(with_page_status(ledger, page_status), view).split("\n")

    assert lines[2:7] == [
        rf"> **{words}, since 2024-03-08**: a \| reason",
        "> (this page shows the last good snapshot, of 2024-03-02)",
        "",
        "### [Kitchen radio](https://open.spotify.com/playlist/" + PLAYLIST_ID + ")",
        "",
    ]


def test_without_a_reason_none_is_shown(ledger: Ledger) -> None:
    page_status = page_status_of(status="retired", since=day("2024-03-08"))

    lines = page(with_page_status(ledger, page_status), "pretty").split("\n")

    assert lines[2] == "> **This playlist is no longer archived, since 2024-03-08**"


def test_a_bad_status_changes_only_markdown_pages(ledger: Ledger) -> None:
    pages = render_pages(ledger)
    troubled = render_pages(
        with_page_status(ledger, page_status_of(status="not_found", reason="gone"))
    )

    changed = {key for key in pages if pages[key] != troubled[key]}
    assert changed == {f"playlists/{view}/{PLAYLIST_ID}.md" for view in MARKDOWN}


def test_a_page_of_a_good_playlist_shows_no_status(ledger: Ledger) -> None:
    assert render_pages(with_page_status(ledger, page_status_of())) == render_pages(ledger)


hostile_items = st.builds(
    Item,
    type=st.just("track"),
    uri=st.uuids().map(lambda uuid: f"spotify:track:{uuid.hex[:22]}"),
    name=nasty_texts,
    duration_ms=st.integers(0, 10**8),
    artists=st.lists(
        st.builds(Artist, nasty_texts, st.sampled_from(["", "https://open.spotify.com/artist/x"])),
        max_size=2,
    ).map(tuple),
    album=st.builds(Album, nasty_texts, st.just("https://open.spotify.com/album/x")),
    url=st.sampled_from(["", "https://open.spotify.com/track/x"]),
)


@given(
    st.lists(hostile_items, min_size=1, max_size=3),
    st.lists(nasty_texts, min_size=5, max_size=5),
    st.booleans(),
)
def test_hostile_text_is_text_on_every_page(
    items: list[Item], texts: list[str], owner_has_page: bool
) -> None:
    name, description, owner_name, snapshot_id, reason = texts
    owner = Owner("x", owner_name, "https://open.spotify.com/user/x" if owner_has_page else "")
    rows = [Row(item=item) for item in items]
    snapshots = [
        snapshot_of(rows[1:], "2024-03-01"),
        snapshot_of(
            rows[:1],
            "2024-03-02",
            name=name,
            description=description,
            owner=owner,
            snapshot_id=snapshot_id,
        ),
    ]
    page_status = page_status_of(name=name, unique_name=name, status="held", reason=reason)
    ledger = with_page_status(fold_all(snapshots), page_status)

    assert blocks(page(ledger, "pretty")) == [
        *["paragraph", "blockquote", "heading", "blockquote", "paragraph", "table", "paragraph"]
    ]
    assert blocks(page(ledger, "cumulative")) == [
        *["paragraph", "blockquote", "heading", "blockquote", "paragraph", "table", "paragraph"]
    ]
    assert set(blocks(page(ledger, "history"))) <= {
        *["paragraph", "blockquote", "heading", "bullet_list"]
    }
    for view, rows_expected in (("pretty", 1), ("cumulative", len(items))):
        tokens = GITHUB.parse(page(ledger, view))
        assert sum(token.type == "tr_open" for token in tokens) == rows_expected + 1
    for view in MARKDOWN:
        assert page(ledger, view).splitlines() == page(ledger, view).split("\n")[:-1]
        for token in GITHUB.parse(page(ledger, view)):
            assert token.type != "html_block"
            for child in token.children or ():
                assert child.type not in {"image", "em_open", "s_open"} or view == "pretty"
                if child.type == "html_inline":
                    assert child.content == "<br/>"
                if child.type == "link_open":
                    assert str(child.attrs["href"]).startswith(
                        ("https://open.spotify.com/", "/playlists/")
                    )
    plain = page(ledger, "plain", "")
    assert plain.splitlines() == plain.split("\n")[:-1]
    assert len(plain.splitlines()) == 3 + 1


def blocks(markdown: str) -> list[str]:
    """Return the kinds of the outermost blocks."""
    return [
        token.type.removesuffix("_open")
        for token in GITHUB.parse(markdown)
        if token.level == 0 and token.nesting == 1
    ]


texts = nasty_texts | st.text()
described_items = st.builds(
    Item,
    type=texts,
    uri=st.uuids().map(str),
    name=texts,
    duration_ms=st.integers(0, 10**8),
    artists=st.lists(st.builds(Artist, texts, texts), max_size=2).map(tuple),
    album=st.builds(Album, texts, texts),
    url=texts,
    local=st.booleans(),
    playable=st.booleans(),
    explicit=st.booleans(),
    isrc=texts,
)
described_rows = st.builds(
    Row,
    added_at=st.none() | st.just(day("2024-02-28")),
    added_by=texts,
    item=st.none() | described_items,
)


@given(st.lists(st.lists(described_rows, max_size=3), min_size=1, max_size=3), texts, texts)
def test_a_json_document_has_the_bytes_of_the_standard_encoder(
    contents: list[list[Row]], name: str, description: str
) -> None:
    ledger = fold_all(
        snapshot_of(rows, f"2024-03-{number:02}", name=name, description=description)
        for number, rows in enumerate(contents, start=1)
    )

    for view in ("pretty", "cumulative"):
        json_document = page(ledger, view, ".json")
        assert (
            json_document == json.dumps(json.loads(json_document), indent=2, sort_keys=True) + "\n"
        )


def test_days_later_nothing_changes_by_itself(ledger: Ledger) -> None:
    seen = page_status_of(snapshot=day("2024-03-02") + timedelta(days=9), followers=12)

    assert render_pages(with_page_status(ledger, seen)) == render_pages(ledger)
