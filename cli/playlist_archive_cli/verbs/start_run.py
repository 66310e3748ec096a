"""`run` and `rebuild`: starts a run or a rebuild, and follows it."""

from typing import Annotated

import typer

from playlist_archive.documents.status import spell_status
from playlist_archive_cli.answer import Answer, Block, Line, Table
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.dates import spell_moment
from playlist_archive_cli.frame import verb
from playlist_archive_cli.runs import RebuildEnd, RunEnd, rebuild_now, run_now


@verb
def run(connection: Connection) -> Answer:
    """Start a run now, and follow it to its end. Exits with 1 if something fails."""
    end = run_now(connection)
    return Answer(end, tell_run(end), attention=end.failed)


@verb
def rebuild(
    connection: Connection,
    *,
    playlists: Annotated[
        list[str] | None, typer.Argument(metavar="[PLAYLIST]...", help="Default: all.")
    ] = None,
) -> Answer:
    """Make all pages again from the snapshots, without a request to Spotify."""
    chosen = list(dict.fromkeys(connection.archive.choose(text).id for text in playlists or ()))
    end = rebuild_now(connection, chosen or None)
    return Answer(end, tell_rebuild(end), attention=end.failed)


def tell_run(end: RunEnd) -> list[Block]:
    """Return the text about the end of a run."""
    blocks: list[Block] = [Line(_headline(end), "warning" if end.failed else "strong")]
    facts = [
        ("Run", spell_moment(end.run)),
        ("Playlists up to date", f"{end.up_to_date} of {end.playlists}"),
        ("Changed", str(end.changed)),
    ]
    if end.deferred:
        facts.append(("Deferred", str(end.deferred)))
    if end.failure:
        facts.append(("Failure", end.failure))
    if end.given_up:
        facts.append(("Given up", _spell_given_up(end.given_up)))
    if end.unfinished:
        facts.append(("Awaited in vain", end.unfinished))
    blocks.append(Table(("Check", "Result"), facts))
    if end.not_read:
        blocks += [
            Line(""),
            Line(f"Not read ({len(end.not_read)})", "strong"),
            Table(
                ("Playlist", "Status", "Reason"),
                [(one.name, spell_status(one.status), one.reason) for one in end.not_read],
            ),
        ]
    if end.given_up or end.unfinished:
        blocks += [Line(""), Line(f"To see why, say: playlist-archive logs --run {end.run}")]
    return blocks


def _headline(end: RunEnd) -> str:
    if end.given_up:
        return "The run did not end well: messages were given up"
    if end.unfinished:
        return "The run did not end: nothing has moved for too long"
    if end.not_before:
        paused = f"Spotify asks to wait until {spell_moment(end.not_before)}"
        return f"{paused}; the run goes on by itself afterwards"
    if end.failed:
        return "The run has ended, and something failed"
    return "The run has ended"


def tell_rebuild(end: RebuildEnd) -> list[Block]:
    """Return the text about the end of a rebuild."""
    counted = f"{end.playlists} playlist{'' if end.playlists == 1 else 's'}"
    if end.given_up:
        return [
            Line(f"Messages were given up: {_spell_given_up(end.given_up)}", "warning"),
            Line("To see why, say: playlist-archive dead-letters"),
        ]
    if end.unfinished:
        return [Line(f"Nothing has moved for too long; {end.unfinished}", "warning")]
    if not end.watched:
        return [Line(f"The pages of {counted} are being made again; how far, you may not see")]
    return [Line(f"The pages of {counted} are made again", "strong")]


def _spell_given_up(given_up: dict[str, int]) -> str:
    return ", ".join(f"{count} in {queue}" for queue, count in given_up.items())
