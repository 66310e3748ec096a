"""Merges outcomes into the catalog, whatever their order and repetition.

There is one rule. The fields of an entry are divided into groups, and every group is taken from one
outcome. Of two outcomes with the same group, the one of greater rank is kept (`Stamp.rank`: its
run, then the moment at which it was found; for the newest snapshot only that moment). The status
follows the same rule run by run (`status.History`).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from playlist_archive.documents.catalog import Announced, Catalog, Entry, Figures
from playlist_archive.documents.messages import (
    DamageReport,
    Outcome,
    OutcomeMessage,
    PagesWritten,
    RunReport,
)
from playlist_archive.documents.names import looks
from playlist_archive.documents.status import RECENT, Check, PageStatus, Stamp, reliable

type Group = Mapping[str, object]


def merge(
    catalog: Catalog,
    messages: Iterable[OutcomeMessage],
    *,
    revision: int = 0,
    announce_all: bool = False,
) -> Catalog:
    """Return the catalog with the messages merged; it is equal if they contain nothing new.

    A changed catalog gets the given revision, or the next one if that is not greater. With
    `announce_all` all page statuses are sent again.
    """
    entries = dict(catalog.entries)
    report, runs = catalog.report, catalog.runs
    for message in messages:
        if isinstance(message, RunReport):
            report = message if report is None else max(report, message, key=_report_rank)
            runs = _with_run(runs, Stamp.of(message.run, message.at))
        elif merged := _merge_one(entries.get(message.playlist_id), message):
            entries[message.playlist_id] = merged
    for playlist_id, entry in entries.items():
        if entry.at < entry.run:
            entries[playlist_id] = _refute(entry, runs)
    same = entries == catalog.entries and report == catalog.report and runs == catalog.runs
    if same and not announce_all:
        return catalog
    revision = max(catalog.revision + 1, revision)
    named = _name(entries)
    changed = [
        playlist_id
        for playlist_id, entry in named.items()
        if announce_all or entry is not catalog.entries.get(playlist_id)
    ]
    for playlist_id in changed:
        named[playlist_id] = _announce(
            playlist_id, named[playlist_id], revision, again=announce_all
        )
    return replace(catalog, revision=revision, report=report, runs=runs, entries=named)


def with_all_sent(catalog: Catalog) -> Catalog:
    """Return the catalog with all page statuses marked as sent."""
    entries = {
        playlist_id: replace(entry, announced=replace(entry.announced, sent=True))
        if entry.announced and not entry.announced.sent
        else entry
        for playlist_id, entry in catalog.entries.items()
    }
    return replace(catalog, entries=entries)


def _merge_one(entry: Entry | None, message: Outcome | DamageReport | PagesWritten) -> Entry | None:
    """Return the entry of a playlist with one more message; only an outcome creates an entry."""
    if isinstance(message, Outcome):
        return merge_outcome(entry, message)
    if entry is None:
        return None
    if isinstance(message, DamageReport):
        return _in_doubt(entry, message)
    return _unless_shown(entry, message.revision)


def _in_doubt(entry: Entry, report: DamageReport) -> Entry:
    """Return the entry of a playlist after an object was damaged, or removed by hand.

    Its page status is sent again. If the object was a snapshot, the next run reads the whole
    playlist.
    """
    doubted = max(report.at, entry.doubted or report.at) if report.snapshots else entry.doubted
    announced = Announced() if entry.announced else None
    return replace(entry, announced=announced, doubted=doubted)


def _unless_shown(entry: Entry, revision: int) -> Entry:
    """Return the entry, marked to send its page status again if the pages show an older one.

    The message may have overtaken the page status. It may also come from a ledger that was restored
    in an older version.
    """
    announced = entry.announced
    if announced and announced.page_status and announced.page_status.revision > revision:
        return replace(entry, announced=replace(announced, sent=False))
    return entry


def _refute(entry: Entry, runs: Iterable[Stamp]) -> Entry:
    """Return the entry without checks ahead of the clock that a present run has refuted."""
    history = entry.history.without_refuted(runs)
    return entry if history == entry.history else entry.with_history(history)


def merge_outcome(entry: Entry | None, outcome: Outcome) -> Entry:
    """Return the entry with one more outcome."""
    stamp = Stamp.of(outcome.run, outcome.at)
    if entry is None:
        entry = Entry(
            first_seen=stamp.moment_time,
            run=outcome.run,
            at=outcome.at,
            status=outcome.status,
            since=outcome.run,
        )
    fields: dict[str, Any] = {"first_seen": min(entry.first_seen, stamp.moment_time)}
    stamps = dict(entry.stamps)
    for name, group in _groups(outcome).items():
        known = stamps.get(name)
        if known is None or _is_newer(name, stamp, group, known, entry):
            stamps[name] = stamp
            fields |= group
    found_again = outcome.latest and not outcome.first and entry.latest is None
    if (found_again or _comes_back(outcome)) and not entry.announced:
        # The snapshot is older than this entry, so it is unknown what its pages show.
        fields["announced"] = Announced()
    entry = replace(entry, **fields, stamps=dict(sorted(stamps.items())))
    return _with_check(entry, _check_of(outcome))


def _groups(outcome: Outcome) -> dict[str, Group]:
    """Return the groups of fields in an outcome, and their values."""
    groups: dict[str, Group] = {}
    good, header = outcome.status == "ok", outcome.header
    if outcome.source:
        groups["archived"] = {
            "source": outcome.source,
            "alias": outcome.alias,
            "in_library": outcome.in_library,
        }
    if header:
        groups["described"] = {"header": header, "described": outcome.run}
        # A restored playlist gets the name in its newest snapshot.
        if good or _comes_back(outcome) or outcome.status == "retired":
            groups["named"] = {"name": header.name}
    if outcome.latest:
        groups["latest"] = {"latest": outcome.latest}
    if outcome.read:
        groups["read"] = {"read": outcome.run}
    if good or outcome.held:
        groups["held"] = {"held": outcome.held}
    if outcome.status != "deferred" or outcome.oversized:
        groups["oversized"] = {"oversized": outcome.oversized}
    if good and header:
        figures = Figures(
            followers=header.followers,
            snapshot_id=header.snapshot_id,
            snapshot=outcome.latest.time if outcome.latest else None,
        )
        groups["figures"] = {"figures": figures}
        if outcome.written:
            groups["printed"] = {"printed": figures}
    return groups


def _comes_back(outcome: Outcome) -> bool:
    """Whether the outcome restores a playlist that the catalog had lost.

    It may be a repetition of an outcome about the first snapshot, from before the loss.
    """
    return outcome.status in {"deferred", "retired"} and outcome.latest is not None


def _is_newer(name: str, stamp: Stamp, group: Group, known: Stamp, entry: Entry) -> bool:
    """Whether a group that was found out at `stamp` outranks the known one.

    The newest snapshot is found in the bucket, whatever the run, so the later listing wins. If both
    were found in the same second of the same run, their contents decide.
    """
    if name == "latest" and stamp.found != known.found:
        return stamp.found > known.found
    if stamp.rank != known.rank:
        return stamp.rank > known.rank
    present = {field: getattr(entry, field) for field in group}
    return msgspec.json.encode(group) > msgspec.json.encode(present)


def _check_of(outcome: Outcome) -> Check:
    """Return the check in an outcome."""
    stamp = Stamp.of(outcome.run, outcome.at)
    good = outcome.status == "ok"
    followers = outcome.header.followers if good and outcome.header else None
    return Check(stamp.run, stamp.after, outcome.status, outcome.reason, followers)


def _with_check(entry: Entry, check: Check) -> Entry:
    """Return the entry with the status after one more check."""
    return entry.with_history(entry.history.add(check))


def _with_run(runs: Iterable[Stamp], stamp: Stamp) -> tuple[Stamp, ...]:
    """Return the recent runs with one more, oldest first; each run has its highest stamp."""
    stamps: dict[int, Stamp] = {}
    for one in (*runs, stamp):
        known = stamps.get(one.run)
        if known is None or one.rank > known.rank:
            stamps[one.run] = one
    return tuple(reliable(stamps.values())[-RECENT:])


def _report_rank(report: RunReport) -> tuple[object, ...]:
    return *Stamp.of(report.run, report.at).rank, msgspec.json.encode(report)


def _name(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Give every entry its unique name."""
    names = unique_names(entries)
    return {
        playlist_id: entry
        if entry.unique_name == names[playlist_id]
        else replace(entry, unique_name=names[playlist_id])
        for playlist_id, entry in sorted(entries.items())
    }


def unique_names(entries: Mapping[str, Entry]) -> dict[str, str]:
    """Name the playlists so that no two look the same; the first one keeps the bare name.

    The others get ` (2)`, ` (3)` and so on. A later arrival never renames an earlier one.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    for playlist_id in sorted(entries, key=lambda key: (entries[key].first_seen, key)):
        original = name = entries[playlist_id].original_name(playlist_id)
        alike = looks(original)
        while looks(name) in taken:
            numbers[alike] = numbers.get(alike, 1) + 1
            name = f"{original} ({numbers[alike]})"
        taken.add(looks(name))
        names[playlist_id] = name
    return names


def _announce(playlist_id: str, entry: Entry, revision: int, *, again: bool) -> Entry:
    """Return the entry with a page status to send, if the pages do not show it yet."""
    if entry.latest is None:
        return entry
    page_status, announced = entry.page_status(playlist_id, revision), entry.announced
    if not again and _shows(announced, entry) == _showing(page_status, entry):
        return entry
    return replace(entry, announced=Announced(page_status=page_status))


def _shows(announced: Announced | None, entry: Entry) -> tuple[object, ...] | None:
    """Return what the pages of an entry show, None if unknown."""
    if announced is None:
        return _showing(None, entry)
    return _showing(announced.page_status, entry) if announced.page_status else None


def _showing(page_status: PageStatus | None, entry: Entry) -> tuple[object, ...]:
    """Return what the pages of an entry show after a page status.

    If the unique name is Spotify's own, the pages show the snapshot's name. `since` shows only with
    a failure. The figures are those of the newest snapshot, unless newer ones were read.
    """
    printed = entry.printed.shown if entry.printed else None
    if page_status is None:
        return None, "ok", "", None, (), printed
    good = page_status.status == "ok"
    own_name = not page_status.alias and page_status.unique_name == page_status.name
    assert entry.latest
    newer = page_status.snapshot is not None and page_status.snapshot >= entry.latest.time
    return (
        None if own_name else (page_status.alias, page_status.name, page_status.unique_name),
        page_status.status,
        page_status.reason,
        None if good else page_status.since,
        page_status.gaps,
        (page_status.followers, page_status.snapshot_id) if newer else printed,
    )
