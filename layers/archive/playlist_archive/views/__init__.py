"""The pages of one playlist, from its ledger alone: each module knows one of them."""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from playlist_archive.documents.content_types import ATOM, GZIP, JSON, TEXT
from playlist_archive.documents.keys import song_ids_key, songs_key, table_key, view_key
from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.long_gone import went_long_ago, years_long_ago
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.views.cumulative import Cumulative, cumulative_key
from playlist_archive.views.feed import FeedHead, atom_feed
from playlist_archive.views.history import archived_changes, history_page, year_key, year_pages
from playlist_archive.views.history_json import (
    history_json,
    newest_changes,
    year_document_key,
    year_documents,
)
from playlist_archive.views.item_texts import ItemTexts
from playlist_archive.views.page_header import page_path
from playlist_archive.views.plain import plain_page
from playlist_archive.views.pretty import pretty_json, pretty_page
from playlist_archive.views.songs import song_ids_line, songs_line
from playlist_archive.views.table import table_files


class Page(msgspec.Struct, frozen=True):
    body: bytes
    content_type: str


type Pages = Iterator[tuple[str, Page]]


def render_pages(ledger: Ledger) -> dict[str, Page]:
    """Return all pages of the playlist by their keys in the bucket."""
    texts = ItemTexts(ledger.items)
    return {key: page for render in VIEWS.values() for key, page in render(ledger, texts)}


def render_lines(ledger: Ledger) -> dict[str, bytes]:
    """Return the playlist's line of each document that all playlists share, by its key.

    Songs are in the order in which they first came. A playlist that was not read long ago has no
    line among those that went then.
    """
    id_, went = ledger.playlist_id, went_long_ago(ledger)
    here = [item for number, item in enumerate(ledger.items) if number not in went]
    lines = {songs_key(id_): songs_line(here), song_ids_key(id_): song_ids_line(here)}
    if years_long_ago(ledger):
        gone = [item for number, item in enumerate(ledger.items) if number in went]
        lines[songs_key(id_, gone=True)] = songs_line(gone)
        lines[song_ids_key(id_, gone=True)] = song_ids_line(gone)
    return lines


def _pretty(ledger: Ledger, texts: ItemTexts) -> Pages:
    yield view_key("pretty", ledger.playlist_id, ".md"), _text(pretty_page(ledger, texts))
    yield view_key("pretty", ledger.playlist_id, ".json"), Page(pretty_json(ledger, texts), JSON)


def _cumulative(ledger: Ledger, texts: ItemTexts) -> Pages:
    cumulative = Cumulative(ledger, texts)
    page, document = cumulative.newest()
    yield view_key("cumulative", ledger.playlist_id, ".md"), _text(page)
    yield view_key("cumulative", ledger.playlist_id, ".json"), Page(document, JSON)
    for year, page, document in cumulative.older():
        yield cumulative_key(ledger.playlist_id, year, ".md"), _text(page)
        yield cumulative_key(ledger.playlist_id, year, ".json"), Page(document, JSON)


def _plain(ledger: Ledger, _texts: ItemTexts) -> Pages:
    yield view_key("plain", ledger.playlist_id), _text(plain_page(ledger))


def _history(ledger: Ledger, texts: ItemTexts) -> Pages:
    archived = archived_changes(ledger)
    yield view_key("history", ledger.playlist_id, ".md"), _text(history_page(ledger, texts))
    for year, page in year_pages(ledger, archived, texts):
        yield year_key(ledger.playlist_id, year), _text(page)
    document = history_json(ledger, archived)
    yield view_key("history", ledger.playlist_id, ".json"), Page(document, JSON)
    for year, document in year_documents(ledger, archived):
        yield year_document_key(ledger.playlist_id, year), Page(document, JSON)


def _feed(ledger: Ledger, _texts: ItemTexts) -> Pages:
    key = view_key("feeds", ledger.playlist_id, ".atom")
    head = FeedHead(
        path=f"/{key}",
        title=ledger.unique_name,
        alternate=page_path("history", ledger.playlist_id),
        since=to_timestamp(ledger.first_read),
    )
    yield key, Page(atom_feed(head, newest_changes(ledger)), ATOM)


def _table(ledger: Ledger, _texts: ItemTexts) -> Pages:
    for year, file in table_files(ledger):
        yield table_key(ledger.playlist_id, year), Page(file, GZIP)


def _text(page: str) -> Page:
    return Page(page.encode(), TEXT)


VIEWS: Mapping[str, Callable[[Ledger, ItemTexts], Pages]] = {
    "pretty": _pretty,
    "cumulative": _cumulative,
    "plain": _plain,
    "history": _history,
    "feeds": _feed,
    "table": _table,
}
