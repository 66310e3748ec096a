"""The yearly pages of a playlist: which exist, and from which inputs they are made.

Yearly pages seldom change. Their `stamp`, a digest of all their inputs, shows whether they are
current. So yearly partitions need not be read, and the pages need not be rendered, to know that.
"""

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import NamedTuple

import msgspec

from playlist_archive.documents.changes import year_of
from playlist_archive.documents.content_types import GZIP, JSON
from playlist_archive.documents.keys import table_key
from playlist_archive.documents.ledger import Ledger, Sums
from playlist_archive.views.cumulative import Cumulative, cumulative_key, cumulative_years
from playlist_archive.views.history import gaps_by_page, year_key, year_page, years
from playlist_archive.views.history_json import year_document, year_document_key
from playlist_archive.views.item_texts import ItemTexts
from playlist_archive.views.page import Page, text_page
from playlist_archive.views.table import table_file, table_files, table_years

# Increase it when the format changes, so that all yearly pages are rendered again.
_FORM = 1


class OfYear(NamedTuple):
    """The pages of one view and one year, which are rendered together.

    `stamp` is a digest of their inputs. They are made from the ledger and the partitions of the
    years `needs`.
    """

    view: str
    year: int
    keys: tuple[str, ...]
    stamp: str
    needs: frozenset[int]


def list_of_years(ledger: Ledger, sums: Sums) -> Iterator[OfYear]:
    """Yield all yearly pages; `sums` are those of the ledger and its partitions."""
    for view, (list_years, list_keys, _) in _OF_YEARS.items():
        for year in list_years(ledger):
            keys = tuple(list_keys(ledger, year))
            stamp = _STAMPS[view](ledger, sums, year)
            yield OfYear(view, year, keys, stamp, _needs(view, ledger, year))


def render_year(ledger: Ledger, view: str, year: int, texts: ItemTexts) -> dict[str, Page]:
    """Return a view's pages of a year by key; the ledger must include the needed partitions."""
    return dict(_OF_YEARS[view].render(ledger, year, texts))


def pages_of_years(view: str, ledger: Ledger, texts: ItemTexts) -> Iterator[tuple[str, Page]]:
    """Yield all yearly pages of a view; the ledger must include its partitions."""
    if view == "table":  # in one pass over all stays
        for year, file in table_files(ledger).items():
            yield table_key(ledger.playlist_id, year), Page(file, GZIP)
    elif view in _OF_YEARS:
        of_years = _OF_YEARS[view]
        for year in of_years.years(ledger):
            yield from of_years.render(ledger, year, texts)


type _Pages = Iterator[tuple[str, Page]]


class _View(NamedTuple):
    years: Callable[[Ledger], list[int]]
    keys: Callable[[Ledger, int], list[str]]
    render: Callable[[Ledger, int, ItemTexts], _Pages]


def _cumulative_keys(ledger: Ledger, year: int) -> list[str]:
    return [cumulative_key(ledger.playlist_id, year, suffix) for suffix in (".md", ".json")]


def _cumulative(ledger: Ledger, year: int, texts: ItemTexts) -> _Pages:
    page, document = Cumulative(ledger, texts).of_year(year)
    yield cumulative_key(ledger.playlist_id, year, ".md"), text_page(page)
    yield cumulative_key(ledger.playlist_id, year, ".json"), Page(document, JSON)


def _history_keys(ledger: Ledger, year: int) -> list[str]:
    page = [year_key(ledger.playlist_id, year)]
    has_changes = year in ledger.archived_counts
    return [*page, year_document_key(ledger.playlist_id, year)] if has_changes else page


def _history(ledger: Ledger, year: int, texts: ItemTexts) -> _Pages:
    yield year_key(ledger.playlist_id, year), text_page(year_page(ledger, year, texts))
    if year in ledger.archived_counts:
        key = year_document_key(ledger.playlist_id, year)
        yield key, Page(year_document(ledger, year), JSON)


def _table_keys(ledger: Ledger, year: int) -> list[str]:
    return [table_key(ledger.playlist_id, year)]


def _table(ledger: Ledger, year: int, _texts: ItemTexts) -> _Pages:
    yield table_key(ledger.playlist_id, year), Page(table_file(ledger, year), GZIP)


_OF_YEARS = {
    "cumulative": _View(cumulative_years, _cumulative_keys, _cumulative),
    "history": _View(years, _history_keys, _history),
    "table": _View(table_years, _table_keys, _table),
}


def _needs(view: str, ledger: Ledger, year: int) -> frozenset[int]:
    """Return the years of the partitions with contents of these pages."""
    parts = ledger.put_away
    if view == "cumulative":
        return frozenset({year} & parts.keys())
    if view == "table":
        return frozenset(part for part, one in parts.items() if year in one.sums.stays)
    if year not in ledger.archived_counts:
        return frozenset()
    named = (part for part, one in parts.items() if year in one.sums.texts)
    return frozenset({year, *named} & parts.keys())


def _cumulative_stamp(ledger: Ledger, sums: Sums, year: int) -> str:
    return _digest("cumulative", *_title(ledger), ledger.first_read, sums.songs.get(year))


def _history_stamp(ledger: Ledger, sums: Sums, year: int) -> str:
    part = ledger.put_away.get(year)
    return _digest(
        "history",
        *_title(ledger),
        part.archive if part else "",
        sums.texts.get(year) if part and part.changes else 0,
        gaps_by_page(ledger).of_years.get(year, []),
        any(year_of(change) == year for change in ledger.changes),
        ledger.names if part is None or not part.changes else None,
    )


def _table_stamp(_: Ledger, sums: Sums, year: int) -> str:
    return _digest("table", sums.stays.get(year))


_STAMPS: dict[str, Callable[[Ledger, Sums, int], str]] = {
    "cumulative": _cumulative_stamp,
    "history": _history_stamp,
    "table": _table_stamp,
}


def _title(ledger: Ledger) -> tuple[str, ...]:
    return ledger.playlist_id, ledger.unique_name, ledger.header.url


def _digest(*told: object) -> str:
    return sha256(msgspec.json.encode((_FORM, *told))).hexdigest()[:32]
