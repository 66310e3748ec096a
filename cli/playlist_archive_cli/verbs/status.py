"""`status`: says whether the archive works, and what is wrong."""

from datetime import datetime, timedelta

import msgspec

from playlist_archive.documents.status import Status, spell_status
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.answer import Answer, Block, Line, Table
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.dates import spell_day, spell_moment
from playlist_archive_cli.frame import verb
from playlist_archive_cli.published import NEEDS_ATTENTION, ArchiveStatus, Problem

# The same time as that of `NothingInvokedAlarm`.
_SILENCE = timedelta(hours=26)


class NotRead(msgspec.Struct, frozen=True):
    id: str
    name: str
    status: Status
    since: Timestamp
    reason: str
    last_checked: Timestamp | None


class Overdue(msgspec.Struct, frozen=True):
    id: str
    name: str
    since: Timestamp
    last_checked: Timestamp | None


class Report(msgspec.Struct, frozen=True):
    """The document of `status --json`."""

    archive: str
    headline: str
    attention: bool
    silent: bool
    last_run: Timestamp | None
    playlists: int
    up_to_date: int
    changed: int
    retired: int
    failing: list[NotRead]
    overdue: list[Overdue]
    failure: str
    problems: list[Problem]
    damaged: list[str]
    authorization_ends: Timestamp | None
    requests_within_24_hours: int
    not_before: Timestamp | None


@verb
def status(archive: Archive) -> Answer:
    """Say whether the archive works, and what is wrong. Exits with 1 if something is."""
    now = archive.clock.now() if archive.scheduled else None
    report = make_report(archive.address, archive.status(), now)
    return Answer(report, tell_report(report), attention=report.attention)


def make_report(address: str, status: ArchiveStatus, now: datetime | None) -> Report:
    """Return the report; `now` shows whether runs have stopped, None if there is no schedule."""
    active = {id_: one for id_, one in status.playlists.items() if one.status != "retired"}
    silent = now is not None and is_silent(status, now)
    return Report(
        archive=address,
        headline=status.headline,
        attention=silent or status.headline == NEEDS_ATTENTION,
        silent=silent,
        last_run=status.run,
        playlists=len(active),
        up_to_date=status.up_to_date,
        changed=status.changed,
        retired=len(status.playlists) - len(active),
        failing=[
            NotRead(id_, one.name or id_, one.status, one.since, one.reason, one.last_checked)
            for id_, one in active.items()
            if one.status != "ok"
        ],
        overdue=[
            Overdue(id_, one.name or id_, one.overdue_since, one.last_checked)
            for id_, one in active.items()
            if one.overdue_since
        ],
        failure=status.failure,
        problems=status.problems,
        damaged=status.damaged,
        authorization_ends=status.authorization_ends,
        requests_within_24_hours=status.requests_within_24_hours,
        not_before=status.not_before,
    )


def is_silent(status: ArchiveStatus, now: datetime) -> bool:
    """Whether the last run is so old that one must have been missed."""
    return status.run is not None and now - datetime.fromisoformat(status.run) > _SILENCE


def tell_report(report: Report) -> list[Block]:
    """Return the report as text."""
    last_run = spell_moment(report.last_run) if report.last_run else "none yet"
    ends = report.authorization_ends
    facts = [
        ("Archive", report.archive),
        ("Last run", f"{last_run}: a run was missed since" if report.silent else last_run),
        ("Playlists up to date", f"{report.up_to_date} of {report.playlists}"),
        ("Changed in the last run", str(report.changed)),
        ("Spotify authorisation", f"ends on {spell_day(ends)}" if ends else "has no known end"),
        ("Requests in 24 hours", str(report.requests_within_24_hours)),
    ]
    if report.not_before:
        facts.append(("No request before", spell_moment(report.not_before)))
    if report.failure:
        facts.append(("Failure of the last run", report.failure))
    headline = NEEDS_ATTENTION if report.attention else report.headline
    blocks: list[Block] = [
        Line(headline, "warning" if report.attention else "strong"),
        Table(("Check", "Result"), facts),
    ]
    if report.failing:
        blocks += [
            Line(""),
            Line(f"Not read ({len(report.failing)})", "strong"),
            Table(
                ("Playlist", "Status", "Since", "Last good check", "Reason"),
                [
                    (
                        one.name,
                        spell_status(one.status),
                        spell_day(one.since),
                        spell_day(one.last_checked) if one.last_checked else "never",
                        one.reason,
                    )
                    for one in report.failing
                ],
            ),
        ]
    if report.overdue:
        blocks += [
            Line(""),
            Line(f"Overdue ({len(report.overdue)})", "strong"),
            Table(
                ("Playlist", "Overdue since", "Last good check"),
                [
                    (
                        one.name,
                        spell_moment(one.since),
                        spell_moment(one.last_checked) if one.last_checked else "never",
                    )
                    for one in report.overdue
                ],
            ),
        ]
    if report.problems:
        blocks += [
            Line(""),
            Line("To be corrected by you", "strong"),
            Table(("Object", "What to do"), [(one.subject, one.reason) for one in report.problems]),
        ]
    if report.damaged:
        blocks += [
            Line(""),
            Line(f"Damaged ({len(report.damaged)}): look at each copy, then delete it", "strong"),
            *(Line(key) for key in report.damaged),
        ]
    return blocks
