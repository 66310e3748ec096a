"""`dead-letters`: lists dead letters, and redrives or deletes them."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec
import typer

from playlist_archive_cli.answer import Answer, Block, Line
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.dead_letters.contents import Sender, spell
from playlist_archive_cli.dead_letters.kept import (
    DeadLetter,
    DeadLetterQueue,
    open_dead_letter_queues,
)
from playlist_archive_cli.errors import CommandError, WrongUseError
from playlist_archive_cli.frame import verb
from playlist_archive_cli.screen import printable, tell


class ListedDeadLetter(msgspec.Struct, frozen=True):
    """A dead letter; `outcome` is the result of a redrive or deletion, empty in a list."""

    id: str
    sent: str
    received: int
    about: str
    why: str
    outcome: str = ""


class QueueTold(msgspec.Struct, frozen=True):
    """A queue's dead letters; `count` may be more than SQS shows at once."""

    queue: Sender
    count: int
    dead_letters: list[ListedDeadLetter]


class Report(msgspec.Struct, frozen=True):
    """The document of `dead-letters --json`."""

    queues: list[QueueTold]


@verb
def dead_letters(
    connection: Connection,
    *,
    redrive: Annotated[
        Sender | None, typer.Option(help="Send these back to their queue or function.")
    ] = None,
    delete: Annotated[
        str, typer.Option(metavar="ID", help="Delete this dead letter; asks first.")
    ] = "",
) -> Answer:
    """List what was given up, with the reason, send it again, or delete it."""
    if redrive and delete:
        raise WrongUseError("--redrive and --delete exclude each other")
    queues = open_dead_letter_queues(connection.client, connection.output)
    if delete:
        report = Report([_delete(queues, delete)])
    elif redrive:
        report = Report([_redrive(one) for one in queues if one.sender is redrive])
    else:
        report = Report([_list(one) for one in queues])
    return Answer(report, list(_blocks(report.queues)))


def _list(queue: DeadLetterQueue) -> QueueTold:
    found = queue.read()
    return QueueTold(queue.sender, max(queue.count(), len(found)), [_told(one) for one in found])


def _redrive(queue: DeadLetterQueue) -> QueueTold:
    told = [
        _told(one, "sent again" if worth_it else f"left: --delete {one.id} deletes it")
        for one, worth_it in queue.redrive()
    ]
    return QueueTold(queue.sender, queue.count(), told)


def _delete(queues: Iterable[DeadLetterQueue], message_id: str) -> QueueTold:
    told: list[ListedDeadLetter] = []

    def confirm(dead_letter: DeadLetter) -> bool:
        for line in _lines(_told(dead_letter)):
            tell(line)
        agreed = typer.confirm("Delete it permanently?", err=True)
        told.append(_told(dead_letter, "deleted" if agreed else "kept"))
        return agreed

    for queue in queues:
        if queue.delete(message_id, confirm):
            return QueueTold(queue.sender, queue.count(), told)
    raise CommandError(f"there is no dead letter with the id {message_id}")


def _told(one: DeadLetter, outcome: str = "") -> ListedDeadLetter:
    return ListedDeadLetter(
        one.id, spell(one.sent), one.received, one.contents.about, one.contents.why, outcome
    )


def _blocks(queues: Sequence[QueueTold]) -> Iterable[Block]:
    for queue in queues:
        yield Line(f"{queue.queue}: {queue.count or 'nothing'}", "strong")
        for one in queue.dead_letters:
            for line in _lines(one):
                yield Line(printable(line))
        listed = sum(not one.outcome for one in queue.dead_letters)
        if listed and queue.count > listed:
            yield Line(f"  and {queue.count - listed} more")


def _lines(one: ListedDeadLetter) -> list[str]:
    lines = [f"  {one.id}  sent {one.sent}, received {one.received}x", f"    {one.about}"]
    return [*lines, f"    {one.why}", *([f"    {one.outcome}"] if one.outcome else [])]
