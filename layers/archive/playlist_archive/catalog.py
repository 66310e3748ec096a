"""The catalog: one entry a playlist, merged from outcomes in whatever order they come."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Self

import msgspec

from playlist_archive.messages import (
    Header,
    Held,
    Latest,
    Outcome,
    RunReport,
    Source,
    Standing,
    Status,
    Stretch,
)

# An outcome that comes late may stand between two that were taken for neighbours. So many runs are
# remembered one by one: as many daily ones as OutcomeQueue can hold back (12 days), and four.
RECENT = 16
NEWEST_GAPS = 100

_SECOND = timedelta(seconds=1)
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


class Check(msgspec.Struct, frozen=True, gc=False, array_like=True, omit_defaults=True):
    """What a run found out: its time, in seconds since 2020, and how long after that it did."""

    run: int
    after: int
    status: Status = "ok"
    reason: str = ""

    @classmethod
    def by(cls, outcome: Outcome) -> Self:
        run = outcome.run - _EPOCH
        after = (outcome.at - outcome.run) // _SECOND
        return cls(run // _SECOND, after, outcome.status, outcome.reason)

    @property
    def run_time(self) -> datetime:
        return _EPOCH + self.run * _SECOND

    @property
    def weight(self) -> tuple[object, ...]:
        """Return what decides which of two is the last word; a good one is it for its run."""
        decisive = self.status == "retired", self.status == "ok"
        return self.run, decisive, self.after, self.status, self.reason


class Figures(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What changes without being a change: learnt in the run `read`."""

    read: datetime
    followers: int | None = None
    snapshot_id: str


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is known of one playlist. Moments are runs, named by their time.

    `first_seen` orders equal names. `header` is Spotify's newest description (of `described`),
    `latest` the newest snapshot, `read` the last whole read, `checked` the last good check. The
    outcome of `run` (found out `at`) gave `status` and `reason`; the status is the same `since`
    the run of that name. `recent` are the newest runs one by one; of those before them `past` holds
    the stretches that were not good, and the last one. `figures` are those read last, `shown` those
    that the pages show. `standing` is what the renderer is told, `announced` the revision it was told.
    """

    first_seen: datetime
    source: Source = "registry"
    alias: str = ""
    header: Header | None = None
    described: datetime | None = None
    latest: Latest | None = None
    read: datetime | None = None
    checked: datetime | None = None
    run: datetime
    at: datetime
    status: Status
    since: datetime
    reason: str = ""
    recent: tuple[Check, ...] = ()
    past: tuple[Stretch, ...] = ()
    held: Held | None = None
    figures: Figures | None = None
    shown: Figures | None = None
    unique_name: str = ""
    standing: Standing | None = None
    announced: int = 0

    def original_name(self, playlist_id: str) -> str:
        """Return the owner's alias, else Spotify's name, else the id."""
        spotify_name = self.header.name.strip() if self.header else ""
        return self.alias or spotify_name or playlist_id

    def stretches(self) -> tuple[Stretch, ...]:
        """Return the newest stretches that were not good, and the one that lasts."""
        return reduce(_continue, self.recent, self.past)

    def gaps(self) -> tuple[Stretch, ...]:
        """Return the newest stretches that were not good before a good check, oldest first."""
        checked = self.checked
        statuses = {*(one.status for one in self.past), *(one.status for one in self.recent)}
        if checked is None or statuses <= {"ok"}:
            return ()
        return tuple([one for one in self.stretches() if one.until and one.first < checked])


class Catalog(
    msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="schema", tag=1
):
    """All entries by playlist id, and the newest run's report."""

    revision: int = 0
    report: RunReport | None = None
    entries: dict[str, Entry] = {}

    def active(self) -> Iterator[tuple[str, Entry]]:
        """Yield the entries that are still archived."""
        for playlist_id, entry in self.entries.items():
            if entry.status != "retired":
                yield playlist_id, entry

    def unannounced(self) -> Iterator[tuple[str, Standing]]:
        """Yield the standings that the renderer may not know yet."""
        for playlist_id, entry in self.entries.items():
            if entry.standing and entry.standing.revision > entry.announced:
                yield playlist_id, entry.standing


def merge(catalog: Catalog, messages: Iterable[Outcome | RunReport]) -> Catalog:
    """Return the catalog with the messages merged; equal if they bring nothing new.

    The order and repetition of messages do not matter.
    """
    entries = dict(catalog.entries)
    report = catalog.report
    for message in sorted(messages, key=lambda message: (message.run, message.at)):
        if isinstance(message, Outcome):
            entries[message.playlist_id] = merge_outcome(entries.get(message.playlist_id), message)
        elif report is None or (message.run, message.at) >= (report.run, report.at):
            report = message
    if entries == catalog.entries and report == catalog.report:
        return catalog
    revision = catalog.revision + 1
    return Catalog(revision=revision, report=report, entries=_settle(entries, revision))


def announced(catalog: Catalog) -> Catalog:
    """Return the catalog with every standing marked as told."""
    entries = {
        playlist_id: msgspec.structs.replace(entry, announced=entry.standing.revision)
        if entry.standing
        else entry
        for playlist_id, entry in catalog.entries.items()
    }
    return msgspec.structs.replace(catalog, entries=entries)


def merge_outcome(entry: Entry | None, outcome: Outcome) -> Entry:
    """Merge one outcome; each group of fields keeps its newest source."""
    run = outcome.run
    if entry is None:
        entry = Entry(
            first_seen=run,
            run=run,
            at=outcome.at,
            status=outcome.status,
            since=run,
            reason=outcome.reason,
            source=outcome.source or "registry",
            alias=outcome.alias,
            held=outcome.held,
        )
    entry = _merge_status(entry, outcome)
    fields: dict[str, object] = {"first_seen": min(entry.first_seen, run)}
    if outcome.header and (entry.described is None or run >= entry.described):
        fields |= {"header": outcome.header, "described": run}
    if outcome.latest and (entry.latest is None or outcome.latest.time >= entry.latest.time):
        fields["latest"] = outcome.latest
    if outcome.status == "ok":
        fields["checked"] = max(run, entry.checked or run)
        fields |= _merge_figures(entry, outcome)
    if outcome.read:
        fields["read"] = max(run, entry.read or run)
    return msgspec.structs.replace(entry, **fields)


def _merge_figures(entry: Entry, outcome: Outcome) -> dict[str, Figures]:
    header, known = outcome.header, entry.figures
    if header is None or (known and outcome.run < known.read):
        return {}
    figures = Figures(read=outcome.run, followers=header.followers, snapshot_id=header.snapshot_id)
    return {"figures": figures, "shown": figures} if outcome.written else {"figures": figures}


def _merge_status(entry: Entry, outcome: Outcome) -> Entry:
    check = Check.by(outcome)
    newest = entry.recent[-1] if entry.recent else check
    entry = _remember(entry, check)
    since = entry.stretches()[-1].first
    if check.weight < newest.weight:
        return msgspec.structs.replace(entry, since=since)
    return msgspec.structs.replace(
        entry,
        run=outcome.run,
        at=outcome.at,
        status=outcome.status,
        since=since,
        reason=outcome.reason,
        source=outcome.source or entry.source,
        alias=outcome.alias if outcome.source else entry.alias,
        held=outcome.held or (None if outcome.status == "ok" else entry.held),
    )


def _remember(entry: Entry, check: Check) -> Entry:
    """Put the check in its place among those of other runs, one a run."""
    if entry.past and check.run < entry.recent[0].run:
        return entry
    by_run = {known.run: known for known in entry.recent}
    by_run[check.run] = max(by_run.get(check.run, check), check, key=lambda known: known.weight)
    recent = [by_run[run] for run in sorted(by_run)]
    past = entry.past
    while len(recent) > RECENT:
        past = _continue(past, recent.pop(0))
    return msgspec.structs.replace(entry, recent=tuple(recent), past=past)


def _continue(stretches: tuple[Stretch, ...], check: Check) -> tuple[Stretch, ...]:
    """Return the stretches with the check of a later run; good ones stay only while they last."""
    run, status, reason = check.run_time, check.status, check.reason
    if not stretches:
        return (Stretch(run, status, reason),)
    *ended, last = stretches
    if last.status == status:
        return (*ended, msgspec.structs.replace(last, reason=reason))
    if last.status != "ok":
        ended = [*ended, msgspec.structs.replace(last, until=run)][-NEWEST_GAPS:]
    return (*ended, Stretch(run, status, reason))


def _settle(entries: dict[str, Entry], revision: int) -> dict[str, Entry]:
    """Give every entry its unique name, and a new standing where the pages have to change."""
    names = unique_names(entries)
    return {
        playlist_id: _restand(playlist_id, entry, names[playlist_id], revision)
        for playlist_id, entry in sorted(entries.items())
    }


def unique_names(entries: dict[str, Entry]) -> dict[str, str]:
    """Name the playlists so that no two are equal; who was there first keeps the bare name.

    The others get ` (2)`, ` (3)` and so on. A later arrival never renames an earlier one.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    for playlist_id in sorted(entries, key=lambda key: (entries[key].first_seen, key)):
        original = name = entries[playlist_id].original_name(playlist_id)
        while name in taken:
            numbers[original] = numbers.get(original, 1) + 1
            name = f"{original} ({numbers[original]})"
        taken.add(name)
        names[playlist_id] = name
    return names


def _restand(playlist_id: str, entry: Entry, unique_name: str, revision: int) -> Entry:
    if entry.latest is None:
        return msgspec.structs.replace(entry, unique_name=unique_name)  # it has no page yet
    figures = entry.figures
    standing = Standing(
        revision=entry.standing.revision if entry.standing else 0,
        alias=entry.alias,
        name=entry.original_name(playlist_id),
        unique_name=unique_name,
        status=entry.status,
        since=entry.since,
        reason=entry.reason,
        read=figures.read if figures else None,
        followers=figures.followers if figures else None,
        snapshot_id=figures.snapshot_id if figures else "",
        gaps=entry.gaps(),
    )
    shown = _figures(entry.figures) == _figures(entry.shown)
    if shown and (_core(standing) == _core(entry.standing) or _says_nothing(standing, entry)):
        return msgspec.structs.replace(entry, unique_name=unique_name)
    return msgspec.structs.replace(
        entry,
        unique_name=unique_name,
        shown=figures,
        standing=msgspec.structs.replace(standing, revision=revision),
    )


def _figures(figures: Figures | None) -> tuple[int | None, str] | None:
    return (figures.followers, figures.snapshot_id) if figures else None


def _core(standing: Standing | None) -> tuple[object, ...] | None:
    """Return what of a standing always shows on the pages; `since` only beside a failure."""
    if standing is None:
        return None
    return (
        standing.alias,
        standing.name,
        standing.unique_name,
        standing.status,
        standing.reason,
        None if standing.status == "ok" else standing.since,
        standing.gaps,
    )


def _says_nothing(standing: Standing, entry: Entry) -> bool:
    """Whether the pages already look so without having been told."""
    return (
        entry.standing is None
        and not standing.alias
        and standing.unique_name == standing.name
        and standing.status == "ok"
        and not standing.gaps
    )


def encode_catalog(catalog: Catalog) -> bytes:
    # No line's end: to add it would copy what may be hundreds of megabytes.
    return msgspec.json.encode(catalog)


def decode_catalog(document: bytes | None) -> Catalog:
    return msgspec.json.decode(document, type=Catalog) if document else Catalog()
