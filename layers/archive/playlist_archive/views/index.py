"""The index of all playlists, as a page and as a document."""

from collections.abc import Mapping

import msgspec

from playlist_archive.documents.catalog import Catalog, Entry
from playlist_archive.documents.index import Index, IndexEntry, Summary, encode_index
from playlist_archive.documents.keys import CHANGES_PAGE, INDEX, STATUS_PAGE, view_key
from playlist_archive.documents.status import spell_status
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.views.markdown import escape, link
from playlist_archive.views.wording import day

type Playlists = list[tuple[str, Entry]]

_PAGES = {"index": INDEX, "status": STATUS_PAGE, "changes": CHANGES_PAGE}


def navigation_of_all(current: str) -> str:
    """Return the first line of a page about all playlists."""
    return " - ".join(
        name if name == current else f"[{name}](/{key})" for name, key in _PAGES.items()
    )


def sort_playlists(catalog: Catalog) -> Playlists:
    return sorted(
        catalog.entries.items(),
        key=lambda pair: (pair[1].unique_name.strip().casefold(), pair[1].unique_name, pair[0]),
    )


def index_page(playlists: Playlists) -> str:
    """Return the page; clients of the old archive parse the part after its last heading."""
    bad, retired, good = _groups(playlists)
    sections = [f"{navigation_of_all('index')}\n"]
    if bad:
        sections.append(_section("Not read", bad, with_reason=True))
    if retired:
        sections.append(_section("Retired", retired, with_reason=True))
    sections.append(_section("Playlists", good, with_reason=False))
    return "\n".join(sections)


def index_json(catalog: Catalog, summaries: Mapping[str, Summary]) -> bytes:
    return encode_index(
        Index(
            playlists=tuple(
                [
                    _entry(playlist_id, entry, summaries.get(playlist_id))
                    for group in _groups(sort_playlists(catalog))
                    for playlist_id, entry in group
                ]
            )
        )
    )


def page_link(playlist_id: str, entry: Entry) -> str:
    """Return a link to a playlist's page, if it has one."""
    name = entry.unique_name or playlist_id
    return (
        link(name, f"/{view_key('pretty', playlist_id, '.md')}") if entry.latest else escape(name)
    )


def _groups(playlists: Playlists) -> tuple[Playlists, Playlists, Playlists]:
    """Return the unreadable playlists, the retired ones, and the others."""
    good = [pair for pair in playlists if pair[1].status == "ok"]
    retired = [pair for pair in playlists if pair[1].status == "retired"]
    bad = [pair for pair in playlists if pair[1].status not in {"ok", "retired"}]
    return bad, retired, good


def _section(title: str, playlists: Playlists, *, with_reason: bool) -> str:
    lines = [f"## {title} {escape(f'({len(playlists)})')}", ""]
    for playlist_id, entry in playlists:
        line = f"- {page_link(playlist_id, entry)}"
        lines.append(f"{line}: {_status_and_reason(entry)}" if with_reason else line)
    return "\n".join(lines) + "\n"


def _status_and_reason(entry: Entry) -> str:
    return f"{spell_status(entry.status)} since {day(entry.since)}, {escape(entry.reason)}"


def _entry(playlist_id: str, entry: Entry, summary: Summary | None) -> IndexEntry:
    told = msgspec.structs.asdict(summary) if summary else {}
    return IndexEntry(
        id=playlist_id,
        name=entry.unique_name or playlist_id,
        url=entry.header.url if entry.header else "",
        owner=entry.header.owner if entry.header else None,
        status=entry.status,
        since=to_timestamp(entry.since),
        reason=entry.reason,
        page=f"/{view_key('pretty', playlist_id, '.md')}" if entry.latest else "",
        history=f"/{view_key('history', playlist_id, '.json')}" if summary else "",
        **told,
    )
