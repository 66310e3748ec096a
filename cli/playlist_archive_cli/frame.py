"""The common parts of all verbs: the options that select an archive, `--json`, the exit code."""

import inspect
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeAliasType, get_type_hints

import typer

from playlist_archive_cli.answer import Answer
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.errors import FAILED
from playlist_archive_cli.local_stacks import find_running
from playlist_archive_cli.location import STACK_VARIABLE, Asked, locate
from playlist_archive_cli.screen import Screen
from playlist_archive_cli.stored_deployment import deployment_file, recall

app = typer.Typer(
    name="playlist-archive",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_OPTIONS: dict[str, tuple[Any, Any]] = {
    "local": (
        Annotated[
            bool, typer.Option("--local", help="The archive that `make run` keeps running here.")
        ],
        False,
    ),
    "workspace": (
        Annotated[
            str, typer.Option(metavar="NAME", help="Which of several local ones, as: sample.")
        ],
        "",
    ),
    "stack": (
        Annotated[
            str,
            typer.Option(metavar="NAME", help=f"The stack in AWS; also ${STACK_VARIABLE}."),
        ],
        "",
    ),
    "region": (Annotated[str, typer.Option(metavar="NAME", help="The stack's region.")], ""),
    "profile": (
        Annotated[str, typer.Option(metavar="NAME", help="The profile of AWS credentials.")],
        "",
    ),
    "as_json": (Annotated[bool, typer.Option("--json", help="Print a JSON document.")], False),
}


def verb[**P](function: Callable[P, Answer]) -> Callable[P, Answer]:
    """Register a function as the verb of the same name.

    Its first parameter is the archive; or the connection, if it does more than read; or the options
    that select an archive, if none need exist. The other parameters and the common options come
    from the command line.
    """
    return verb_of(app)(function)


def open_group(name: str, description: str) -> typer.Typer:
    """Return a new verb with subcommands."""
    group = typer.Typer(name=name, help=description)
    app.add_typer(group)
    return group


def verb_of[**P](
    group: typer.Typer,
) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
    """Register a function as a subcommand of a group, like `verb`."""
    return partial(_register, group)


def _register[**P](group: typer.Typer, function: Callable[P, Answer]) -> Callable[P, Answer]:
    archive, *own = inspect.signature(function, eval_str=True).parameters.values()
    # Typer does not resolve type aliases, which may contain the help of an option.
    own = [one.replace(annotation=_unnamed(one.annotation)) for one in own]
    wanted = get_type_hints(function)[archive.name]

    def run(**values: Any) -> None:
        options = {name: values.pop(name) for name in _OPTIONS}
        screen = Screen(as_json=options.pop("as_json"))
        answer = function(_give(wanted, Asked(**options)), **values)  # type: ignore[arg-type]
        screen.show(answer)
        if answer.afterwards:
            sys.stdout.flush()
            answer.afterwards()
        if answer.attention:
            raise typer.Exit(FAILED)

    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)
        for name, (kind, default) in _OPTIONS.items()
    ]
    run.__signature__ = inspect.Signature([*own, *common])  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in (*own, *common)}
    group.command(function.__name__.strip("_").replace("_", "-"), help=inspect.getdoc(function))(
        run
    )
    return function


def _unnamed(annotation: Any) -> Any:
    return annotation.__value__ if isinstance(annotation, TypeAliasType) else annotation


def _give(wanted: type, asked: Asked) -> Asked | Connection | Archive:
    if wanted is Asked:
        return asked
    connection = open_connection(asked)
    return connection if wanted is Connection else connection.archive


def open_connection(asked: Asked) -> Connection:
    """Open the archive selected by options, environment, running stacks and stored deployment."""
    running = [] if asked.stack else find_running(Path.cwd())
    known = recall(deployment_file())
    return Connection(locate(asked, os.environ, running, known.location if known else None))
