"""The pages of one playlist, from its ledger alone: each module knows one of them."""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from playlist_archive.content_types import JSON, TEXT
from playlist_archive.keys import view_key
from playlist_archive.ledger import Ledger
from playlist_archive.views.cumulative import cumulative_page, cumulative_twin, songs
from playlist_archive.views.history import history_page, same_year, year_key, year_pages, years
from playlist_archive.views.plain import plain_page
from playlist_archive.views.pretty import pretty_page, pretty_twin


class Page(msgspec.Struct, frozen=True):
    body: bytes
    content_type: str


type Pages = Iterator[tuple[str, Page]]


def render_pages(ledger: Ledger, before: Ledger | None = None) -> dict[str, Page]:
    """Return all pages of the playlist by their keys in the bucket.

    With the ledger `before`, the pages of those years are left out that are as they were then.
    """
    return {key: page for render in VIEWS.values() for key, page in render(ledger, before)}


def _pretty(ledger: Ledger, _before: Ledger | None) -> Pages:
    yield view_key("pretty", ledger.playlist_id, ".md"), _text(pretty_page(ledger))
    yield view_key("pretty", ledger.playlist_id, ".json"), Page(pretty_twin(ledger), JSON)


def _cumulative(ledger: Ledger, _before: Ledger | None) -> Pages:
    rows = songs(ledger)
    page, twin = cumulative_page(ledger, rows), cumulative_twin(ledger, rows)
    yield view_key("cumulative", ledger.playlist_id, ".md"), _text(page)
    yield view_key("cumulative", ledger.playlist_id, ".json"), Page(twin, JSON)


def _plain(ledger: Ledger, _before: Ledger | None) -> Pages:
    yield view_key("plain", ledger.playlist_id), _text(plain_page(ledger))


def _history(ledger: Ledger, before: Ledger | None) -> Pages:
    yield view_key("history", ledger.playlist_id, ".md"), _text(history_page(ledger))
    chosen = years(ledger)
    if before and _same_texts(before, ledger):
        chosen = [year for year in chosen if not same_year(before, ledger, year)]
    for year, page in year_pages(ledger, chosen):
        yield year_key(ledger.playlist_id, year), _text(page)


def _same_texts(before: Ledger, after: Ledger) -> bool:
    """Whether a page about the past would use the same words for both ledgers."""
    return (
        before.unique_name == after.unique_name
        and before.header.url == after.header.url
        and before.items == after.items[: len(before.items)]
        and all(
            old.item == new.item
            for old, new in zip(before.occurrences, after.occurrences, strict=False)
        )
    )


def _text(page: str) -> Page:
    return Page(page.encode(), TEXT)


VIEWS: Mapping[str, Callable[[Ledger, Ledger | None], Pages]] = {
    "pretty": _pretty,
    "cumulative": _cumulative,
    "plain": _plain,
    "history": _history,
}
