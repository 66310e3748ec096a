"""`diff`: compares a playlist on two dates."""

from typing import Annotated

import msgspec
import typer

from playlist_archive.documents.history import PublishedChange
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.answer import Answer, Block, Line
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.changes_in_words import change_lines, spell_counts
from playlist_archive_cli.comparison import compare_snapshots
from playlist_archive_cli.dates import Date, parse_date, spell_moment
from playlist_archive_cli.errors import WrongUseError
from playlist_archive_cli.frame import verb
from playlist_archive_cli.past import look_back
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
    history = chosen.history()
    before, after = (look_back(history, chosen.status, date) for date in (from_, to))
    change = None
    if before.snapshot != after.snapshot:
        change = compare_snapshots(
            *archive.at_once(
                lambda time: archive.snapshot(chosen.id, time), (before.snapshot, after.snapshot)
            )
        )
    remarks = list(dict.fromkeys([*before.remarks, *after.remarks]))
    document = Difference(chosen.id, chosen.name, before.snapshot, after.snapshot, remarks, change)
    return Answer(document, tell_difference(document), notes=remarks)


def tell_difference(difference: Difference) -> list[Block]:
    between = f"{spell_moment(difference.before)} and {spell_moment(difference.after)}"
    if difference.change is None:
        return [Line(f"{difference.name}: nothing changed between {between}")]
    counts = spell_counts(difference.change.counts)
    head = f"{difference.name}, between {between}"
    return [
        Line(f"{head}: {counts}" if counts else head, "strong"),
        *(Line(f"  {line}") for line in change_lines(difference.change)),
    ]
