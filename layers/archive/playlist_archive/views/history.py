"""What changed when, newest first."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from playlist_archive.keys import view_key
from playlist_archive.ledger import Change, Ledger
from playlist_archive.snapshot import Owner
from playlist_archive.views import wording
from playlist_archive.views.cells import artist_links, item_link
from playlist_archive.views.heading import heading, navigation, title
from playlist_archive.views.markdown import escape, link, strip_tags

NEWEST_CHANGES = 100


def year_key(playlist_id: str, year: int) -> str:
    return view_key("history", playlist_id, f"-{year}.md")


def history_pages(ledger: Ledger) -> tuple[str, dict[int, str]]:
    """Return the page of the newest changes, and a page for each year that it does not exhaust.

    A year's page holds all changes of the year, so it stays as it is when the year is over.
    """
    years = sorted({_year(change) for change in ledger.changes[:-NEWEST_CHANGES]}, reverse=True)
    sections = _Sections(ledger)
    newest = len(ledger.changes) - NEWEST_CHANGES
    main = [
        *heading(ledger, "history"),
        f"{wording.counted(len(ledger.changes), 'change')} since the first snapshot",
        "",
        *sections.of(range(max(newest, 0), len(ledger.changes))),
        *_older(ledger, years),
        _first_snapshot(ledger),
        "",
    ]
    pages = {}
    for year in years:
        chosen = [i for i, change in enumerate(ledger.changes) if _year(change) == year]
        count = wording.counted(len(chosen), "change")
        page = [navigation(ledger), "", title(ledger), "", f"{count} in {year}", ""]
        pages[year] = "\n".join([*page, *sections.of(chosen)])
    return "\n".join(main), pages


class _Sections:
    """The sections of one ledger's changes; a song's line is made once, however often it is used."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lines: dict[int, str] = {}
        self._afters = _headers_after(ledger)

    def of(self, changes: Sequence[int]) -> Iterator[str]:
        """Yield the lines of the sections of the given changes, the last one first."""
        for index in reversed(changes):
            change = self._ledger.changes[index]
            yield f"#### {_when(change)}"
            yield ""
            counts = _counts(change)
            if counts:
                yield counts
                yield ""
            yield from self._details(change, self._afters[index])
            yield ""

    def _details(self, change: Change, after: "_Names") -> Iterator[str]:
        name, description, owner = after
        if change.name is not None:
            yield f"- Renamed from {_quote(change.name)} to {_quote(name)}"
        if change.description is not None:
            old, new = (
                _quote(strip_tags(text).strip()) for text in (change.description, description)
            )
            yield f"- Description changed from {old} to {new}"
        if change.owner is not None:
            yield f"- Owner changed from {_owner(change.owner)} to {_owner(owner)}"
        for verb, occurrences in (
            ("Added", change.added),
            ("Added again", change.readded),
            ("Removed", change.removed),
            ("Moved", change.moved),
        ):
            for occurrence in occurrences:
                yield f"- {verb}: {self._song(self._ledger.occurrences[occurrence].item)}"
        if change.moved_count > len(change.moved):
            yield f"- Moved: {change.moved_count - len(change.moved):,} more"
        for item in change.unavailable:
            yield f"- No longer available on Spotify: {self._song(item)}"
        for item in change.available:
            yield f"- Available again: {self._song(item)}"
        for item, line in change.renamed:
            yield f"- Spotify changed {_quote(line)}: {self._song(item)}"

    def _song(self, index: int) -> str:
        line = self._lines.get(index)
        if line is None:
            item = self._ledger.items[index]
            artists = artist_links(item)
            line = f"{item_link(item)} by {artists}" if artists else item_link(item)
            self._lines[index] = line
        return line


type _Names = tuple[str, str, Owner]


def _headers_after(ledger: Ledger) -> list[_Names]:
    """Return name, description and owner as each change left them."""
    name, description, owner = (
        ledger.header.name,
        ledger.header.description,
        ledger.header.owner,
    )
    afters: list[_Names] = []
    for change in reversed(ledger.changes):
        afters.append((name, description, owner))
        name = name if change.name is None else change.name
        description = description if change.description is None else change.description
        owner = owner if change.owner is None else change.owner
    return afters[::-1]


def _counts(change: Change) -> str:
    counts = (
        (len(change.added), "added"),
        (len(change.readded), "added again"),
        (len(change.removed), "removed"),
        (change.moved_count, "moved"),
    )
    return " - ".join(f"{count:,} {what}" for count, what in counts if count)


def _when(change: Change) -> str:
    """Say the day of a change, or the days between which it happened if some were missed."""
    if wording.days_apart(change.previous, change.time) > 1:
        return f"Between {wording.day(change.previous)} and {wording.day(change.time)}"
    return wording.day(change.time)


def _older(ledger: Ledger, years: Sequence[int]) -> list[str]:
    if not years:
        return []
    links = (f"[{year}](/{year_key(ledger.playlist_id, year)})" for year in years)
    return [f"Older changes: {', '.join(links)}", ""]


def _first_snapshot(ledger: Ledger) -> str:
    first = sum(
        occurrence.intervals[0].seen == ledger.first_read for occurrence in ledger.occurrences
    )
    return f"First snapshot: {wording.day(ledger.first_read)}, {wording.counted(first, 'song')}"


def _owner(owner: Owner) -> str:
    return link(owner.name, owner.url)


def _quote(text: str) -> str:
    return f"“{escape(text)}”"


def _year(change: Change) -> int:
    return _utc(change.time).year


def _utc(time: datetime) -> datetime:
    return time.astimezone(UTC)
