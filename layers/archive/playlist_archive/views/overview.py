"""The pages about all playlists that are made only from the catalog: index, status, metadata."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import brotli

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.content_types import BROTLI, JSON, TEXT
from playlist_archive.documents.keys import (
    INDEX,
    METADATA_COMPACT,
    METADATA_FULL,
    STATUS_JSON,
    STATUS_PAGE,
)
from playlist_archive.documents.names import visible
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.documents.status import spell_status
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.views import Page
from playlist_archive.views.index import (
    Playlists,
    index_page,
    navigation_of_all,
    page_link,
    sort_playlists,
)
from playlist_archive.views.markdown import escape
from playlist_archive.views.wording import day

_MOST_DAMAGED = 64

# Brotli's best quality takes 1.7 s of CPU time for a megabyte and two minutes for forty. Quality 5
# takes a hundredth of that, for a quarter more bytes.
_BEST_QUALITY_BYTES = 2**20
_BEST_QUALITY, _QUICK_QUALITY = 11, 5


def render_overview(
    catalog: Catalog, state: SpotifyState, damaged: Sequence[str] = ()
) -> dict[str, Page]:
    """Return every page about all playlists by key; `damaged` are the keys of copies."""
    playlists = sort_playlists(catalog)
    full = _full_metadata(playlists)
    compact = _compact_metadata(playlists)
    return {
        INDEX: Page(index_page(playlists).encode(), TEXT),
        STATUS_PAGE: Page(_status_page(playlists, catalog, state, damaged).encode(), TEXT),
        STATUS_JSON: Page(_status_json(playlists, catalog, state, damaged).encode(), JSON),
        METADATA_FULL: Page(f"{full}\n".encode(), JSON),
        f"{METADATA_FULL}.br": Page(_compress(full), BROTLI),
        METADATA_COMPACT: Page(f"{compact}\n".encode(), JSON),
        f"{METADATA_COMPACT}.br": Page(_compress(compact), BROTLI),
    }


def _compress(text: str) -> bytes:
    document = text.encode()
    small = len(document) <= _BEST_QUALITY_BYTES
    compressed: bytes = brotli.compress(
        document, quality=_BEST_QUALITY if small else _QUICK_QUALITY
    )
    return compressed


def _status_page(
    playlists: Playlists, catalog: Catalog, state: SpotifyState, damaged: Sequence[str]
) -> str:
    active = [pair for pair in playlists if pair[1].status != "retired"]
    bad = [pair for pair in active if pair[1].status != "ok"]
    report, overdue = catalog.report, catalog.overdue()
    lines = [
        navigation_of_all("status"),
        "",
        f"## {headline(catalog, damaged)}",
        "",
        *_first_steps(catalog),
        "| Check | Result |",
        "|---|---|",
        f"| Last run | {_moment(report.run) if report else 'none yet'} |",
        f"| Playlists up to date | {catalog.up_to_date()} of {len(active)} |",
        f"| Changed in the last run | {_changed(catalog)} |",
        f"| Spotify authorisation | {_authorisation(catalog)} |",
        f"| Requests to Spotify in 24 hours | {_requests(catalog, state)} |",
    ]
    if report and report.failure:
        lines.append(f"| Failure of the last run | {escape(report.failure)} |")
    if state.not_before and report and state.not_before > report.at:
        lines.append(f"| No request before | {_moment(state.not_before)} |")
    if bad:
        lines += _table(
            f"Not read ({len(bad)})",
            ("Playlist", "Status", "Since", "Last good check", "Reason"),
            (
                (
                    page_link(playlist_id, entry),
                    spell_status(entry.status),
                    day(entry.since),
                    day(entry.checked) if entry.checked else "never",
                    escape(entry.reason),
                )
                for playlist_id, entry in bad
            ),
        )
    if overdue:
        lines += _table(
            f"Overdue ({len(overdue)})",
            ("Playlist", "Overdue since", "Last good check"),
            (
                (
                    page_link(playlist_id, entry),
                    _moment(overdue[playlist_id]),
                    _moment(entry.checked) if entry.checked else "never",
                )
                for playlist_id, entry in active
                if playlist_id in overdue
            ),
        )
    if report and report.problems:
        lines += _table(
            "To be corrected by you",
            ("Object", "What to do"),
            ((escape(visible(it.subject)), escape(visible(it.reason))) for it in report.problems),
        )
    if damaged:
        lines += _table(
            f"Damaged ({len(damaged)})",
            ("Copy of what could not be read", "What to do"),
            (
                (escape(visible(key)), "look at it, then delete it")
                for key in damaged[:_MOST_DAMAGED]
            ),
        )
    return "\n".join(lines) + "\n"


def headline(catalog: Catalog, damaged: Sequence[str] = ()) -> str:
    """Return the headline, which says whether the archive works."""
    report = catalog.report
    bad = any(entry.status != "ok" for _, entry in catalog.active())
    wrong = report and (report.failure or report.problems or report.must_log_in())
    if bad or wrong or damaged or catalog.missed():
        return "Something needs attention"
    if not any(catalog.active()):
        return "Nothing is archived" if catalog.entries else "Nothing is archived yet"
    if report is None:
        return "No run is known yet"
    return "The last run is not complete" if catalog.overdue() else "All is well"


def _first_steps(catalog: Catalog) -> list[str]:
    """Return what is missing if no playlist is archived, and what to do first."""
    report = catalog.report
    if any(catalog.active()):
        return []
    if report is None:
        step = "No run has begun yet: wait for the schedule, or invoke the lister with {}"
    elif report.failure:
        step = "No playlist is archived, and Spotify could not be asked: see the failure of the last run below"
    elif not report.user:
        step = (
            "No playlist is archived: nobody is logged in, so no library is known. "
            "Say make login, or write an object registry/<playlist id>"
        )
    else:
        step = (
            f"No playlist is archived: of the {report.library or 0} in your library "
            "ArchiveMyPlaylists chooses none. Choose others, or write an object "
            "registry/<playlist id>"
        )
    return [escape(step), ""]


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    head = ["", f"### {escape(title)}", "", _row(columns), "|" + "---|" * len(columns)]
    return [*head, *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _authorisation(catalog: Catalog) -> str:
    report = catalog.report
    if report is None or report.authorization_ends is None:
        return "has no known end"
    verb = "ended" if report.authorization_ends <= report.at else "ends"
    advice = "; log in again" if report.must_log_in() else ""
    return f"{verb} on {day(report.authorization_ends)}{advice}"


def _requests(catalog: Catalog, state: SpotifyState) -> int:
    return state.requests_within_a_day(catalog.report.at) if catalog.report else 0


def _changed(catalog: Catalog) -> int:
    """Count the playlists whose newest snapshot is from the last run."""
    run = catalog.report.run if catalog.report else None
    return sum(
        entry.latest is not None and entry.latest.time == run for entry in catalog.entries.values()
    )


def _status_json(
    playlists: Playlists, catalog: Catalog, state: SpotifyState, damaged: Sequence[str]
) -> str:
    report, overdue = catalog.report, catalog.overdue()
    counts = Counter(entry.status for _, entry in playlists)
    document = {
        "run": _iso(report.run) if report else None,
        "at": _iso(report.at) if report else None,
        "headline": headline(catalog, damaged),
        "counts": dict(sorted(counts.items())),
        "up_to_date": catalog.up_to_date(),
        "changed": _changed(catalog),
        "planned": report.planned if report else 0,
        "unchanged": report.unchanged if report else 0,
        "failure": report.failure if report else "",
        "problems": [
            {"subject": problem.subject, "reason": problem.reason}
            for problem in (report.problems if report else ())
        ],
        "damaged": list(damaged),
        "authorization_ends": _iso(report.authorization_ends) if report else None,
        "requests_within_24_hours": _requests(catalog, state),
        "not_before": _iso(state.not_before),
        "playlists": {
            playlist_id: {
                "name": entry.unique_name,
                "status": entry.status,
                "since": _iso(entry.since),
                "reason": entry.reason,
                "overdue_since": _iso(overdue.get(playlist_id)),
                "last_checked": _iso(entry.checked),
                "last_changed": _iso(entry.latest.time) if entry.latest else None,
                "in_library": entry.in_library,
            }
            for playlist_id, entry in playlists
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _full_metadata(playlists: Playlists) -> str:
    document = {
        playlist_id: {
            "description": entry.header.description,
            "num_followers": entry.figures.followers if entry.figures else None,
            "original_name": entry.original_name(playlist_id),
            "owner": {"name": entry.header.owner.name, "url": entry.header.owner.url},
            "snapshot_id": entry.header.snapshot_id,
            "unique_name": entry.unique_name,
            "url": entry.header.url,
        }
        for playlist_id, entry in playlists
        if entry.header
    }
    return json.dumps(document, indent=2, sort_keys=True)


def _compact_metadata(playlists: Playlists) -> str:
    names = {playlist_id: entry.unique_name for playlist_id, entry in playlists}
    return json.dumps(names, separators=(",", ":"), sort_keys=True)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _iso(moment: datetime | None) -> str | None:
    return to_timestamp(moment) if moment else None
