"""`diff`: compares a playlist on two dates."""

from typing import Annotated

import msgspec
import typer

from playlist_archive.documents.history import PublishedChange
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.answer import Answer, Block, Line
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.changes_in_words import change_lines, spell_counts
from playlist_archive_cli.comparison import compare_snapshots
from playlist_archive_cli.dates import Date, parse_date
from playlist_archive_cli.errors import WrongUseError
from playlist_archive_cli.frame import verb
from playlist_archive_cli.past_in_words import look_back, spell_time
from playlist_archive_cli.playlist_choice import PlaylistText


class Difference(msgspec.Struct, frozen=True):
    """The document of `diff --json`; `before` and `after` are the compared snapshots."""

    id: str
    name: str
    before: Timestamp
    after: Timestamp
    remarks: list[str]
    change: PublishedChange | None


@verb
def diff(
    archive: Archive,
    playlist: PlaylistText,
    from_: Annotated[Date, typer.Argument(metavar="FROM", parser=parse_date, help="A date.")],
    to: Annotated[
        Date | None,
        typer.Argument(metavar="TO", parser=parse_date, help="A later date; now, if left out."),
    ] = None,
) -> Answer:
    """Compare a playlist on two dates.

    It tells what was added, removed, moved and renamed.
    """
    if to and to.last < from_.last:
        raise WrongUseError(f"{to.text} is before {from_.text}: name the earlier date first")
    chosen = archive.choose(playlist)
    history = chosen.history_around([from_, to])
    pasts = [look_back(history, chosen.status, date) for date in (from_, to)]
    times = [past.snapshot for past in pasts]
    before, after = archive.at_once(lambda time: archive.snapshot(chosen.id, time), times)
    change = compare_snapshots(before, after)
    remarks = [remark for past in pasts for remark in past.remarks]
    remarks += [tell_silence(one) for one in (before, after) if change is None and is_silent(one)]
    remarks = list(dict.fromkeys(remarks))
    document = Difference(chosen.id, chosen.name, times[0], times[1], remarks, change)
    return Answer(document, tell_difference(document, before, after), notes=remarks)


def is_silent(snapshot: Snapshot) -> bool:
    """Whether a snapshot does not tell all that others tell."""
    items = (row.item for row in snapshot.rows)
    return bool(snapshot.unknown) or any(item.unknown for item in items if item)


def tell_silence(snapshot: Snapshot) -> str:
    return f"what the snapshot of {spell_time(snapshot)} does not tell is not compared"


def tell_difference(difference: Difference, before: Snapshot, after: Snapshot) -> list[Block]:
    between = f"{spell_time(before)} and {spell_time(after)}"
    if difference.before == difference.after:
        return [
            Line(
                f"{difference.name}: nothing is known to differ, the read of {spell_time(after)} "
                "shows both dates"
            )
        ]
    if difference.change is None:
        return [Line(f"{difference.name}: nothing differs between {between}")]
    counts = spell_counts(difference.change.counts)
    head = f"{difference.name}, between {between}"
    return [
        Line(f"{head}: {counts}" if counts else head, "strong"),
        *(Line(f"  {line}") for line in change_lines(difference.change)),
    ]
