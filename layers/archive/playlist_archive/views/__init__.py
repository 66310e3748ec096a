"""Renders the pages of one playlist from its ledger: one module for each page."""

from collections.abc import Callable, Iterator, Mapping

from playlist_archive.documents.content_types import ATOM, JSON
from playlist_archive.documents.keys import song_ids_key, songs_key, view_key
from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.old_removals import went_long_ago, years_long_ago
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.views.cumulative import Cumulative
from playlist_archive.views.feed import FeedHead, atom_feed
from playlist_archive.views.history import history_page
from playlist_archive.views.history_json import history_json, newest_changes
from playlist_archive.views.item_texts import ItemTexts
from playlist_archive.views.page import Page, text_page
from playlist_archive.views.page_header import page_path
from playlist_archive.views.plain import plain_page
from playlist_archive.views.pretty import pretty_json, pretty_page
from playlist_archive.views.songs import song_ids_line, songs_line
from playlist_archive.views.yearly_pages import pages_of_years

__all__ = ["VIEWS", "Page", "newest_lines", "newest_pages", "render_lines", "render_pages"]

type Pages = Iterator[tuple[str, Page]]
type View = Callable[[Ledger, ItemTexts], Pages]


def render_pages(ledger: Ledger) -> dict[str, Page]:
    """Return all pages of the playlist by key; the ledger must include its yearly partitions."""
    texts = ItemTexts(ledger.items)
    return {key: page for render in VIEWS.values() for key, page in render(ledger, texts)}


def newest_pages(ledger: Ledger) -> dict[str, Page]:
    """Return the pages that need no yearly partitions: all but the yearly pages."""
    texts = ItemTexts(ledger.items)
    return {key: page for render in _NEWEST.values() for key, page in render(ledger, texts)}


def render_lines(ledger: Ledger) -> dict[str, bytes]:
    """Return the playlist's line in each shared document, by the document's key.

    Songs are in the order of their first appearance; those removed more than a year ago are first
    sorted by year. A playlist younger than a year has no line for these. The ledger must include
    its yearly partitions.
    """
    lines = newest_lines(ledger)
    if years_long_ago(ledger):
        went = went_long_ago(ledger)
        gone = [ledger.items[number] for number in sorted(went, key=lambda one: (went[one], one))]
        lines[songs_key(ledger.playlist_id, gone=True)] = songs_line(gone)
        lines[song_ids_key(ledger.playlist_id, gone=True)] = song_ids_line(gone)
    return lines


def newest_lines(ledger: Ledger) -> dict[str, bytes]:
    """Return the lines of present and recent songs."""
    id_, went = ledger.playlist_id, went_long_ago(ledger)
    here = [item for number, item in ledger.items.items() if number not in went]
    return {songs_key(id_): songs_line(here), song_ids_key(id_): song_ids_line(here)}


def _pretty(ledger: Ledger, texts: ItemTexts) -> Pages:
    yield view_key("pretty", ledger.playlist_id, ".md"), text_page(pretty_page(ledger, texts))
    yield view_key("pretty", ledger.playlist_id, ".json"), Page(pretty_json(ledger, texts), JSON)


def _cumulative(ledger: Ledger, texts: ItemTexts) -> Pages:
    page, document = Cumulative(ledger, texts).newest()
    yield view_key("cumulative", ledger.playlist_id, ".md"), text_page(page)
    yield view_key("cumulative", ledger.playlist_id, ".json"), Page(document, JSON)


def _plain(ledger: Ledger, _texts: ItemTexts) -> Pages:
    yield view_key("plain", ledger.playlist_id), text_page(plain_page(ledger))


def _history(ledger: Ledger, texts: ItemTexts) -> Pages:
    yield view_key("history", ledger.playlist_id, ".md"), text_page(history_page(ledger, texts))
    yield view_key("history", ledger.playlist_id, ".json"), Page(history_json(ledger), JSON)


def _feed(ledger: Ledger, _texts: ItemTexts) -> Pages:
    key = view_key("feeds", ledger.playlist_id, ".atom")
    head = FeedHead(
        path=f"/{key}",
        title=ledger.unique_name,
        alternate=page_path("history", ledger.playlist_id),
        since=to_timestamp(ledger.first_read),
    )
    yield key, Page(atom_feed(head, newest_changes(ledger)), ATOM)


_NEWEST: Mapping[str, View] = {
    "pretty": _pretty,
    "cumulative": _cumulative,
    "plain": _plain,
    "history": _history,
    "feeds": _feed,
}


def _with_years(name: str) -> View:
    def render(ledger: Ledger, texts: ItemTexts) -> Pages:
        if newest := _NEWEST.get(name):
            yield from newest(ledger, texts)
        yield from pages_of_years(name, ledger, texts)

    return render


VIEWS: Mapping[str, View] = {name: _with_years(name) for name in (*_NEWEST, "table")}
