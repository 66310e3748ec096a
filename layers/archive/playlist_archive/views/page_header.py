"""The header of every Markdown page of a playlist."""

from typing import Literal

from playlist_archive.documents.keys import INDEX, view_key
from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.status import Status
from playlist_archive.views import wording
from playlist_archive.views.markdown import escape, escape_paragraph, link, strip_tags

type View = Literal["pretty", "cumulative", "plain", "history"]

_SUFFIXES: dict[View, str] = {"pretty": ".md", "cumulative": ".md", "plain": "", "history": ".md"}

_STATUS_LINES: dict[Status, str] = {
    "not_found": "Spotify does not find this playlist",
    "forbidden": "Spotify keeps this playlist's contents from this archive",
    "invalid": "Spotify's answers about this playlist make no sense",
    "unstable": "This playlist changes while it is read",
    "held": "This playlist lost so much that a second read has to confirm it",
    "deferred": "This playlist waits to be read",
    "retired": "This playlist is no longer archived",
}


def page_path(view: View, playlist_id: str) -> str:
    """Return the root-relative path of a page."""
    return f"/{view_key(view, playlist_id, _SUFFIXES[view])}"


def navigation(ledger: Ledger, current: View | None = None) -> str:
    """Return the links to the other pages; history pages also link to the index.

    The other pages begin like those of this archive's predecessor.
    """
    links = [
        view if view == current else f"[{view}]({page_path(view, ledger.playlist_id)})"
        for view in _SUFFIXES
    ]
    if current in {"history", None}:
        links.insert(0, f"[index](/{INDEX})")
    return " - ".join(links)


def title(ledger: Ledger) -> str:
    return f"### {link(ledger.unique_name, ledger.header.url)}"


def description(ledger: Ledger) -> str:
    return f"> {escape_paragraph(strip_tags(ledger.header.description))}"


def page_header(ledger: Ledger, current: View) -> list[str]:
    """Return the first lines of a page, its title last, followed by a blank line."""
    return [navigation(ledger, current), "", *_status_lines(ledger), title(ledger), ""]


def _status_lines(ledger: Ledger) -> list[str]:
    page_status = ledger.page_status
    if page_status is None or page_status.status == "ok":
        return []
    reason = f": {escape(page_status.reason.strip())}" if page_status.reason.strip() else ""
    return [
        f"> **{_STATUS_LINES[page_status.status]}, since {wording.day(page_status.since)}**{reason}",
        f"> (this page shows the last good snapshot, of {wording.day(ledger.last)})",
        "",
    ]
