"""Lists dead letters, sends them again and deletes them: `python -m tools.dead_letters`."""

import sys
import tomllib
from collections.abc import Callable, Iterable
from functools import partial
from typing import Annotated, Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from playlist_archive.errors import ArchiveError
from tools.dead_letters.contents import Sender, spell
from tools.dead_letters.queues import DeadLetter, DeadLetterQueue, open_dead_letter_queues
from tools.local.engine import REGION, Engine, find_running, isolate_environment
from tools.local.errors import LocalStackError
from tools.local.stack import STACK_NAME
from tools.local.workspace import PROJECT

console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
app = typer.Typer(pretty_exceptions_enable=False)


class DeadLettersError(Exception):
    """The command cannot do what it was asked; the message says why or what to do."""


def _print(text: str) -> None:
    """Print text with its control characters replaced, so that none reaches the terminal."""
    console.print(
        "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
    )


def _tell(dead_letter: DeadLetter) -> None:
    _print(f"  {dead_letter.id}  sent {spell(dead_letter.sent)}, received {dead_letter.received}x")
    _print(f"    {dead_letter.contents.about}")
    _print(f"    {dead_letter.contents.why}")


def _tell_all(dead_letter_queues: Iterable[DeadLetterQueue]) -> None:
    for dead_letter_queue in dead_letter_queues:
        found = dead_letter_queue.read()
        count = max(dead_letter_queue.count(), len(found))
        _print(f"{dead_letter_queue.sender}: {count or 'nothing'}")
        for dead_letter in found:
            _tell(dead_letter)
        if count > len(found):
            _print(f"  and {count - len(found)} more")


def _redrive(dead_letter_queue: DeadLetterQueue) -> None:
    for dead_letter, worth_it in dead_letter_queue.redrive():
        _tell(dead_letter)
        _print(
            "    sent again"
            if worth_it
            else f"    left: ARGS='--delete {dead_letter.id}' deletes it"
        )
    _print(f"{dead_letter_queue.sender}: {dead_letter_queue.count() or 'nothing'}")


def _delete(dead_letter_queues: Iterable[DeadLetterQueue], message_id: str) -> None:
    def confirm(dead_letter: DeadLetter) -> bool:
        _tell(dead_letter)
        return typer.confirm("Delete it permanently?")

    if not any(
        dead_letter_queue.delete(message_id, confirm) for dead_letter_queue in dead_letter_queues
    ):
        raise DeadLettersError(f"there is no dead letter with the id {message_id}")


def _open_deployed(stack_name: str) -> list[DeadLetterQueue]:
    """Return the dead-letter queues of a stack in AWS, by default that of `make deploy`."""
    answers = _read_deploy_answers()
    stack_name = stack_name or answers.get("stack_name", "")
    if not stack_name:
        raise DeadLettersError(
            "nothing was deployed from here: name the stack with ARGS='--stack-name <name>', or use "
            "ARGS=--local for the stack of `make run`"
        )
    session: Any = boto3.Session(
        profile_name=answers.get("profile"), region_name=answers.get("region")
    )
    return _open_stack(session.client, stack_name)


def _read_deploy_answers() -> dict[str, Any]:
    with (PROJECT / "samconfig.toml").open("rb") as file:
        default = tomllib.load(file).get("default", {})
    return {**default.get("global", {}).get("parameters", {}), **default["deploy"]["parameters"]}


def _open_local() -> list[DeadLetterQueue]:
    isolate_environment()
    # The engine accepts any credentials as the account owner's.
    session: Any = boto3.Session("test", "test", region_name=REGION)
    return [
        dead_letter_queue
        for workspace in find_running()
        for dead_letter_queue in _open_stack(
            partial(session.client, endpoint_url=Engine.ensure(workspace).url), STACK_NAME
        )
    ]


def _open_stack(open_client: Callable[[str], Any], stack_name: str) -> list[DeadLetterQueue]:
    [stack] = open_client("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return open_dead_letter_queues(open_client, outputs)


@app.command()
def dead_letters(
    *,
    redrive: Annotated[
        Sender | None, typer.Option(help="Send these dead letters back to their queue or function.")
    ] = None,
    delete: Annotated[
        str, typer.Option(metavar="ID", help="Delete this dead letter; asks first.")
    ] = "",
    local: Annotated[bool, typer.Option("--local", help="Use the stacks of `make run`.")] = False,
    stack_name: Annotated[
        str, typer.Option(help="Use this stack in AWS; default the one of `make deploy`.")
    ] = "",
) -> None:
    """List the dead letters of each queue, with the reason why each was given up."""
    try:
        dead_letter_queues = _open_local() if local else _open_deployed(stack_name)
        if delete:
            _delete(dead_letter_queues, delete)
        elif redrive:
            for dead_letter_queue in dead_letter_queues:
                if dead_letter_queue.sender is redrive:
                    _redrive(dead_letter_queue)
        else:
            _tell_all(dead_letter_queues)
    except (DeadLettersError, LocalStackError, ArchiveError, BotoCoreError, ClientError) as error:
        typer.echo(f"dead letters: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    app()
