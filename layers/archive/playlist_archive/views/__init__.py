"""The pages of one playlist, from its ledger alone: each module knows one of them."""

import msgspec

from playlist_archive.content_types import JSON, TEXT
from playlist_archive.keys import view_key
from playlist_archive.ledger import Ledger
from playlist_archive.views.cumulative import cumulative_page, cumulative_twin, songs
from playlist_archive.views.history import history_pages, year_key
from playlist_archive.views.plain import plain_page
from playlist_archive.views.pretty import pretty_page, pretty_twin


class Page(msgspec.Struct, frozen=True):
    body: bytes
    content_type: str


def render_pages(ledger: Ledger) -> dict[str, Page]:
    """Return all pages of the playlist by their keys in the bucket."""
    playlist_id = ledger.playlist_id
    all_songs = songs(ledger)
    history, years = history_pages(ledger)
    return {
        view_key("pretty", playlist_id, ".md"): _text(pretty_page(ledger)),
        view_key("pretty", playlist_id, ".json"): Page(pretty_twin(ledger), JSON),
        view_key("cumulative", playlist_id, ".md"): _text(cumulative_page(ledger, all_songs)),
        view_key("cumulative", playlist_id, ".json"): Page(
            cumulative_twin(ledger, all_songs), JSON
        ),
        view_key("plain", playlist_id): _text(plain_page(ledger)),
        view_key("history", playlist_id, ".md"): _text(history),
        **{year_key(playlist_id, year): _text(page) for year, page in years.items()},
    }


def _text(page: str) -> Page:
    return Page(page.encode(), TEXT)
