"""What changed when, newest first."""

from collections.abc import Iterator, Sequence

from playlist_archive.keys import view_key
from playlist_archive.ledger import (
    NEWEST_CHANGES,
    Change,
    ClosedYear,
    Gap,
    Ledger,
    Names,
    names_after,
    to_moment,
    year_of,
)
from playlist_archive.snapshot import Owner
from playlist_archive.views import wording
from playlist_archive.views.cells import cells
from playlist_archive.views.heading import heading, navigation, title
from playlist_archive.views.markdown import escape, link, strip_tags


def year_key(playlist_id: str, year: int) -> str:
    return view_key("history", playlist_id, f"-{year}.md")


def history_page(ledger: Ledger) -> str:
    """Return the page of the newest changes and the gaps between them; it leads to `years`."""
    changes = ledger.changes
    older = len(_older_gaps(ledger))
    count = len(changes) + sum(closed.count for closed in ledger.years.values())
    return "\n".join(
        [
            *heading(ledger, "history"),
            f"{wording.counted(count, 'change')} since the first snapshot",
            "",
            *_Sections(ledger).of(changes[-NEWEST_CHANGES:], ledger.names, ledger.gaps[older:]),
            *_older(ledger),
            _first_snapshot(ledger),
            "",
        ]
    )


def years(ledger: Ledger) -> list[int]:
    """Return the years that the page of the newest changes does not exhaust, newest first."""
    open_years = {year_of(change) for change in ledger.changes[:-NEWEST_CHANGES]}
    gaps = {gap.last.year for gap in _older_gaps(ledger)}
    return sorted(open_years | ledger.years.keys() | gaps, reverse=True)


def same_year(before: Ledger, after: Ledger, year: int) -> bool:
    """Say whether a page of the year tells the same, and there was one before."""
    return year in years(before) and _told_of(before, year) == _told_of(after, year)


def _told_of(ledger: Ledger, year: int) -> tuple[ClosedYear | list[Change], list[Gap]]:
    closed = ledger.years.get(year)
    changes = closed or [change for change in ledger.changes if year_of(change) == year]
    return changes, _gaps_of(ledger, year)


def _gaps_of(ledger: Ledger, year: int) -> list[Gap]:
    return [gap for gap in ledger.gaps if gap.last.year == year]


def _older_gaps(ledger: Ledger) -> list[Gap]:
    """Return the gaps before the oldest of the newest changes, if others came before that."""
    if not ledger.years and len(ledger.changes) <= NEWEST_CHANGES:
        return []
    oldest = ledger.changes[-NEWEST_CHANGES].time
    return [gap for gap in ledger.gaps if gap.last < oldest]


def year_pages(ledger: Ledger, chosen: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Yield the page of each of the chosen `years`: it holds all changes and gaps of the year."""
    afters = names_after(ledger.changes, ledger.names)
    sections = _Sections(ledger)
    for year in chosen:
        if closed := ledger.years.get(year):
            changes, names = closed.changes(), closed.names
        else:
            indices = [i for i, change in enumerate(ledger.changes) if year_of(change) == year]
            changes = tuple(ledger.changes[index] for index in indices)
            names = afters[indices[-1]] if indices else ledger.names
        count = wording.counted(len(changes), "change")
        page = [navigation(ledger), "", title(ledger), "", f"{count} in {year}", ""]
        yield year, "\n".join([*page, *sections.of(changes, names, _gaps_of(ledger, year))])


class _Sections:
    """The sections of one ledger's changes; a song's line is made once, however often it is used."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lines: dict[int, str] = {}

    def of(self, changes: Sequence[Change], names: Names, gaps: Sequence[Gap]) -> list[str]:
        """Return the lines of the changes and gaps, newest first; the last change left `names`."""
        lines: list[str] = []
        afters = names_after(changes, names)
        waiting = list(gaps)
        for change, after in zip(reversed(changes), reversed(afters), strict=True):
            while waiting and waiting[-1].last >= change.time:
                lines += [_gap(waiting.pop()), ""]
            lines += [f"#### {_when(change)}", ""]
            if counts := _counts(change):
                lines += [counts, ""]
            lines += self._names(change, after)
            lines += self._songs(change)
            lines.append("")
        for gap in reversed(waiting):
            lines += [_gap(gap), ""]
        return lines

    def _names(self, change: Change, after: Names) -> Iterator[str]:
        if change.name is not None:
            yield f"- Renamed from {_quote(change.name)} to {_quote(after.name)}"
        if change.description is not None:
            old, new = (
                _quote(strip_tags(text).strip()) for text in (change.description, after.description)
            )
            yield f"- Description changed from {old} to {new}"
        if change.owner is not None:
            yield f"- Owner changed from {_owner(change.owner)} to {_owner(after.owner)}"

    def _songs(self, change: Change) -> list[str]:
        occurrences, song = self._ledger.occurrences, self._song
        lines = [
            f"- {verb}: {song(occurrences[occurrence].item)}"
            for verb, chosen in (
                ("Added", change.added),
                ("Added again", change.readded),
                ("Removed", change.removed),
                ("Moved", change.moved),
            )
            for occurrence in chosen
        ]
        if change.moved_count > len(change.moved):
            lines.append(f"- Moved: {change.moved_count - len(change.moved):,} more")
        lines += [f"- No longer available on Spotify: {song(item)}" for item in change.unavailable]
        lines += [f"- Available again: {song(item)}" for item in change.available]
        lines += [
            f"- Spotify changed {_quote(line)}: {song(item)}" for item, line in change.renamed
        ]
        return lines

    def _song(self, index: int) -> str:
        line = self._lines.get(index)
        if line is None:
            name, artists, _ = cells(self._ledger.items[index])
            self._lines[index] = line = f"{name} by {artists}" if artists else name
        return line


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


def _gap(gap: Gap) -> str:
    first, last = wording.day(gap.first), wording.day(gap.last)
    when = f"on {first}" if first == last else f"from {first} to {last}"
    what = "archived" if gap.status == "retired" else "readable"
    reason = f": {escape(gap.reason.strip())}" if gap.reason.strip() else ""
    return f"> Not {what} {when}{reason}"


def _older(ledger: Ledger) -> list[str]:
    older = years(ledger)
    if not older:
        return []
    links = (f"[{year}](/{year_key(ledger.playlist_id, year)})" for year in older)
    return [f"Older changes: {', '.join(links)}", ""]


def _first_snapshot(ledger: Ledger) -> str:
    first_read = to_moment(ledger.first_read)
    first = sum([occurrence.intervals[0].seen == first_read for occurrence in ledger.occurrences])
    return f"First snapshot: {wording.day(ledger.first_read)}, {wording.counted(first, 'song')}"


def _owner(owner: Owner) -> str:
    return link(owner.name, owner.url)


def _quote(text: str) -> str:
    return f"“{escape(text)}”"
