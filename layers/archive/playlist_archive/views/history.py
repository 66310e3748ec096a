"""The history page: every change and every gap, newest first."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from playlist_archive.documents.changes import Change, Move, Names, Placed, names_after, year_of
from playlist_archive.documents.keys import view_key
from playlist_archive.documents.ledger import Gap, Ledger
from playlist_archive.documents.playlist import Owner
from playlist_archive.views import wording
from playlist_archive.views.item_texts import ItemTexts
from playlist_archive.views.markdown import escape, link, strip_tags
from playlist_archive.views.page_header import navigation, page_header, page_path, title

MOVED_NAMED = 50


def archived_changes(ledger: Ledger, year: int) -> list[Change]:
    """Return the archived changes of a year, oldest first."""
    return [change for part in ledger.years.get(year, ()) for change in part.changes()]


def year_key(playlist_id: str, year: int) -> str:
    return view_key("history", playlist_id, f"-{year}.md")


def history_page(ledger: Ledger, texts: ItemTexts) -> str:
    """Return the page of the newest changes and the gaps between them, with links to `years`."""
    archived = sum(ledger.archived_counts.values())
    return "\n".join(
        [
            *page_header(ledger, "history"),
            f"{wording.counted(len(ledger.changes) + archived, 'change')} since the first snapshot",
            "",
            *_Sections(ledger, texts).of(ledger.changes, ledger.names, gaps_by_page(ledger).newest),
            *_older(ledger),
            _first_snapshot(ledger),
            *_imports(ledger),
            "",
        ]
    )


def years(ledger: Ledger) -> list[int]:
    """Return the years with changes and gaps older than the newest changes, newest first."""
    return sorted(
        ledger.archived_counts.keys() | gaps_by_page(ledger).of_years.keys(), reverse=True
    )


class PageGaps(NamedTuple):
    """The gaps of each history page, oldest first."""

    newest: list[Gap]
    of_years: Mapping[int, list[Gap]]


def gaps_by_page(ledger: Ledger) -> PageGaps:
    """Assign each gap to a page: its last year's if it is older than the newest changes."""
    newest: list[Gap] = []
    of_years: dict[int, list[Gap]] = {}
    for gap in ledger.gaps:
        older = bool(ledger.archived_counts) and gap.last < ledger.changes[0].time
        (of_years.setdefault(gap.last.year, []) if older else newest).append(gap)
    return PageGaps(newest, of_years)


def year_page(ledger: Ledger, year: int, texts: ItemTexts) -> str:
    """Return the page of one of the `years`, with its archived changes."""
    newest = page_path("history", ledger.playlist_id)
    changes = archived_changes(ledger, year)
    names = ledger.years[year][-1].names if changes else ledger.names
    count = f"{wording.counted(len(changes), 'change')} in {year}"
    if any(year_of(change) == year for change in ledger.changes):
        count += f", before [the newest]({newest})"
    page = [navigation(ledger), "", title(ledger), "", count, ""]
    gaps = gaps_by_page(ledger).of_years.get(year, [])
    return "\n".join([*page, *_Sections(ledger, texts).of(changes, names, gaps)])


class _Lines(dict[int, str]):
    """Returns the text of a song by its item, rendered only once."""

    def __init__(self, texts: ItemTexts) -> None:
        super().__init__()
        self._texts = texts

    def __missing__(self, item: int) -> str:
        name, artists, _ = self._texts.song_columns(item)
        self[item] = line = wording.song_by(name, artists)
        return line


class _Sections:
    """Renders the sections of one ledger's changes."""

    def __init__(self, ledger: Ledger, texts: ItemTexts) -> None:
        self._ledger = ledger
        self._lines = _Lines(texts)

    def of(self, changes: Sequence[Change], names: Names, gaps: Sequence[Gap]) -> list[str]:
        """Return the lines of the changes and gaps, newest first; `names` are the final ones."""
        lines: list[str] = []
        afters = names_after(changes, names)
        waiting = list(gaps)
        for change, after in zip(reversed(changes), reversed(afters), strict=True):
            while waiting and waiting[-1].last >= change.time:
                lines += [_gap(waiting.pop()), ""]
            lines += [f"#### {wording.day_or_days(change.previous, change.time)}", ""]
            if counts := _counts(self._ledger, change):
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
        occurrences, song = self._ledger.occurrences, self._lines
        lines = [
            f"- {verb}: {song[occurrences[placed.occurrence].item]}"
            for verb, chosen in (
                ("Added", change.added),
                ("Added again", change.readded),
                ("Removed", change.removed),
            )
            for placed in chosen
        ]
        lines += [
            f"- {verb}: {_unnamed(rows)}"
            for verb, rows in (("Added", change.null_added), ("Removed", change.null_removed))
            if rows
        ]
        lines += [
            f"- Moved: {song[occurrences[move.occurrence].item]},"
            f" from row {move.before:,} to row {move.after:,}"
            for move in change.moved[:MOVED_NAMED]
        ]
        if len(change.moved) > MOVED_NAMED:
            lines.append(f"- Moved: {len(change.moved) - MOVED_NAMED:,} more")
        lines += [f"- No longer available on Spotify: {song[item]}" for item in change.unavailable]
        lines += [f"- Available again: {song[item]}" for item in change.available]
        lines += [
            f"- Spotify changed {_quote(line)}: {song[item]}" for item, line in change.renamed
        ]
        return lines


def _counts(ledger: Ledger, change: Change) -> str:
    counts: tuple[tuple[Sequence[Placed | Move], str], ...] = (
        (change.added, "added"),
        (change.readded, "added again"),
        (change.removed, "removed"),
        (change.moved, "moved"),
    )
    return " - ".join(f"{_count(ledger, told)} {what}" for told, what in counts if told)


def _count(ledger: Ledger, told: Sequence[Placed | Move]) -> str:
    """Return the number of rows, and also of songs if there are fewer."""
    songs = Counter(ledger.occurrences[one.occurrence].item for one in told)
    if len(songs) == len(told):
        return f"{len(told):,}"
    return wording.songs_and_rows(songs.values(), len(told))


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
    first = ledger.snapshots[0]
    times = [rows for rows, songs in ledger.first_songs.items() for _ in range(songs)]
    count = wording.songs_and_rows(times, first.rows)
    return f"First snapshot: {wording.day(ledger.first_read)}, {count}"


def _imports(ledger: Ledger) -> Iterator[str]:
    """Yield a line for each source of imported snapshots."""
    imported: dict[str, list[str]] = {}
    for one in ledger.snapshots:
        if one.source:
            imported.setdefault(one.source, []).append(one.time[:10])
    for source, days in imported.items():
        when = f"of {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}"
        count = wording.counted(len(days), "snapshot")
        yield ""
        yield f"Imported from {escape(wording.source_in_words(source))}: {count}, {when}"


def _unnamed(rows: Sequence[int]) -> str:
    if len(rows) == 1:
        return f"row {rows[0]:,}, which Spotify does not name"
    return f"{wording.counted(len(rows), 'row')} that Spotify does not name"


def _owner(owner: Owner) -> str:
    return link(owner.name, owner.url)


def _quote(text: str) -> str:
    return f"“{escape(text)}”"
