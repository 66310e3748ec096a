"""The catalog: one entry for each playlist, the newest run's report, and the recent runs."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from playlist_archive.documents.messages import Held, Latest, RunReport, Source
from playlist_archive.documents.names import name_playlist
from playlist_archive.documents.playlist import Header
from playlist_archive.documents.status import History, PageStatus, Stamp, Status
from playlist_archive.documents.timestamps import Time, Timestamp

# Forbidden and missing playlists are requested again within a week; a day more is late.
_SELDOM = timedelta(days=8)


class Figures(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Values that do not count as a change, read when `snapshot` was the newest snapshot."""

    followers: int | None = None
    snapshot_id: str = ""
    snapshot: datetime | None = None

    @property
    def shown(self) -> tuple[int | None, str]:
        return self.followers, self.snapshot_id


class Announced(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The page status last requested from the renderer.

    `page_status` is None if it is unknown what the pages show; `sent` says that the message was
    sent.
    """

    page_status: PageStatus | None = None
    sent: bool = False


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The catalog's data about one playlist. Moments are runs, named by their time.

    The fields are divided into groups, each from one outcome; `stamps` has the time of each group's
    outcome. `first_seen` orders equal names. `source`, `alias` and `in_library` say why the
    playlist is archived. `name` is Spotify's name in the newest snapshot; `header` is Spotify's
    newest description, from the run `described`, possibly without contents. `latest` is the newest
    snapshot and `printed` the figures in it; `read` is the last full read, and `figures` are the
    last figures read. `held` is a great loss that no later run has confirmed. Data about snapshots
    from before `doubted` may be wrong, because a snapshot was damaged or removed by hand.

    `status` and `reason` are from the outcome of `run`, found `at` that moment. The status has been
    the same `since` that run, and `checked` is the last good check. All of these are derived from
    `history`. `announced` is None while the pages need no page status.
    """

    first_seen: datetime
    source: Source = "registry"
    alias: str = ""
    in_library: bool = False
    name: str | None = None
    header: Header | None = None
    described: datetime | None = None
    latest: Latest | None = None
    printed: Figures | None = None
    read: datetime | None = None
    held: Held | None = None
    figures: Figures | None = None
    oversized: bool = False
    doubted: datetime | None = None
    run: datetime
    at: datetime
    status: Status
    since: datetime
    reason: str = ""
    checked: datetime | None = None
    history: History = History()
    stamps: dict[str, Stamp] = {}
    unique_name: str = ""
    announced: Announced | None = None

    def original_name(self, playlist_id: str) -> str:
        described = self.header.name if self.header else ""
        return name_playlist(self.alias, described if self.name is None else self.name, playlist_id)

    def is_doubted(self, group: str) -> bool:
        """Whether a group of fields is older than the damage or removal of a snapshot."""
        stamp = self.stamps.get(group)
        return self.doubted is not None and (stamp is None or stamp.found_at <= self.doubted)

    def with_history(self, history: History) -> "Entry":
        """Return the entry with a history and the status derived from it."""
        if not history.recent:
            return msgspec.structs.replace(
                self,
                run=self.first_seen,
                at=self.first_seen,
                status="deferred",
                since=self.first_seen,
                reason="it was read only in a run ahead of the clock",
                checked=history.checked,
                history=history,
            )
        last = history.runs()[-1]
        return msgspec.structs.replace(
            self,
            run=last.run_time,
            at=last.at,
            status=last.status,
            since=history.periods()[-1].first,
            reason=last.reason,
            checked=history.last_good(),
            history=history,
        )

    def page_status(self, playlist_id: str, revision: int) -> PageStatus:
        """Return the page status that the pages have to show."""
        name = self.original_name(playlist_id)
        figures = self.figures or Figures()
        return PageStatus(
            revision=revision,
            alias=self.alias,
            name=name,
            unique_name=self.unique_name or name,
            status=self.status,
            since=self.since,
            reason=self.reason,
            snapshot=figures.snapshot,
            followers=figures.followers,
            snapshot_id=figures.snapshot_id,
            gaps=self.history.gaps(),
        )


class AlertReport(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """The last report of an alert to the owner, `at` that moment; grade 0 reports its end."""

    grade: int
    since: Time
    at: Time


class EventsSent(msgspec.Struct, frozen=True, gc=False):
    """Which changes were published as events: those later than `after`, up to `shown`.

    `shown` has for each playlist the newest snapshot that needs no further event.
    """

    after: Timestamp
    shown: dict[str, Timestamp] = {}


class Catalog(
    msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="schema", tag=1
):
    """All entries by playlist id, the newest run's report, and the recent runs, oldest first.

    `told` has the last report of each alert, by its key; `digested` is the run with which the
    last digest ended; `undigested` has the playlists that this run had not read or rendered yet,
    with the newest rendered snapshot; `events` says what was published, None if nothing is.
    `telling` is the time at which an indexer began to send news that these do not record yet.
    """

    revision: int = 0
    report: RunReport | None = None
    runs: tuple[Stamp, ...] = ()
    told: dict[str, AlertReport] = {}
    digested: Time | None = None
    undigested: dict[str, Timestamp] = {}
    events: EventsSent | None = None
    telling: Time | None = None
    entries: dict[str, Entry] = {}

    def without_later(self, moment: datetime) -> "Catalog":
        """Return the catalog without results found after a moment that is still in the future.

        They are from a wrong clock. The next results replace them, whatever their rank.
        """
        latest = Stamp.of(moment, moment).moment
        report = self.report if self.report and self.report.at <= moment else None
        runs = tuple(run for run in self.runs if run.moment <= latest)
        entries = {
            playlist_id: _without_later(entry, moment) if _is_later(entry, moment) else entry
            for playlist_id, entry in self.entries.items()
        }
        same = report is self.report and len(runs) == len(self.runs)
        if same and all(one is self.entries[playlist_id] for playlist_id, one in entries.items()):
            return self
        return msgspec.structs.replace(self, report=report, runs=runs, entries=entries)

    def active(self) -> Iterator[tuple[str, Entry]]:
        """Yield the entries that are not retired."""
        for playlist_id, entry in self.entries.items():
            if entry.status != "retired":
                yield playlist_id, entry

    def up_to_date(self) -> int:
        """Count the playlists that have had a good check in the last run, or since."""
        last = self.runs[-1].run_time if self.runs else None
        return sum(
            entry.checked is not None and (last is None or entry.checked >= last)
            for _, entry in self.active()
        )

    def overdue(self) -> dict[str, datetime]:
        """Return the playlists without an outcome from the last run, and since when.

        That is the first run that missed them, or its beginning if its name is ahead of the clock.
        Forbidden and missing playlists are not requested in every run, but once a week.
        """
        times = [run.run_time for run in self.runs]
        overdue: dict[str, datetime] = {}
        for playlist_id, entry in self.entries.items():
            if not times or entry.run >= times[-1] or entry.status == "retired":
                continue
            asked = entry.run
            if entry.status in {"forbidden", "not_found"}:
                asked += _SELDOM
            later = self.runs[bisect_right(times, asked) :]
            known = min(entry.run, entry.at)
            missed = (run.moment_time for run in later if run.moment_time > known)
            if since := next(missed, None):
                overdue[playlist_id] = since
        return overdue

    def missed(self) -> dict[str, datetime]:
        """Return the playlists that have been overdue since before the last run."""
        began = self.began()
        return {
            playlist_id: since
            for playlist_id, since in self.overdue().items()
            if began is not None and since < began
        }

    def began(self) -> datetime | None:
        """Return when the last run began."""
        return self.runs[-1].moment_time if self.runs else None

    def unsent(self) -> Iterator[tuple[str, PageStatus]]:
        """Yield the page statuses that may not have been sent to the renderer yet."""
        for playlist_id, entry in self.entries.items():
            announced = entry.announced
            if announced and announced.page_status and not announced.sent:
                yield playlist_id, announced.page_status


def _is_later(entry: Entry, moment: datetime) -> bool:
    latest = Stamp.of(moment, moment).found
    return entry.at > moment or any(stamp.found > latest for stamp in entry.stamps.values())


def _without_later(entry: Entry, moment: datetime) -> Entry:
    latest = Stamp.of(moment, moment).found
    stamps = {name: stamp for name, stamp in entry.stamps.items() if stamp.found <= latest}
    first_seen = min(entry.first_seen, moment)
    entry = msgspec.structs.replace(entry, stamps=stamps, read=None, first_seen=first_seen)
    return entry.with_history(entry.history.without_later(moment))


def encode_catalog(catalog: Catalog) -> bytes:
    # No final line break: adding it would copy what may be hundreds of megabytes.
    return msgspec.json.encode(catalog)


def decode_catalog(document: bytes | None) -> Catalog:
    """Read a document of this schema version.

    Raises:
        UNREADABLE (`errors`): the document is not a catalog.
    """
    if document is None:
        return Catalog()
    return msgspec.json.decode(document, type=Catalog)
