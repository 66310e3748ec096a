"""Asks the owner questions, on standard error, so that the output stays clean."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout

import typer

from playlist_archive_cli.errors import CommandError, WrongUseError
from playlist_archive_cli.screen import tell


def is_possible() -> bool:
    """Whether there is a terminal to answer in."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str, default: str | None = None, *, hidden: bool = False) -> str:
    """Return the answer; without a default, ask until there is one."""
    with _on_standard_error():
        answer: str = typer.prompt(
            question, default=default, show_default=bool(default), hide_input=hidden
        )
    return answer.strip()


def ask_until[T](question: str, default: str, parse: Callable[[str], T]) -> T:
    """Ask until `parse` accepts the answer."""
    while True:
        answer = ask(question, default)
        try:
            return parse(answer)
        except WrongUseError as error:
            tell(f"“{answer}” does not do: {error}")


def agree(question: str) -> bool:
    with _on_standard_error():
        return typer.confirm(question, default=False)


@contextmanager
def _on_standard_error() -> Iterator[None]:
    # A prompt on standard error still writes a space to standard output.
    with redirect_stdout(sys.stderr):
        try:
            yield
        except typer.Abort:
            tell("")
            if sys.stdin is None or not sys.stdin.isatty():
                raise CommandError(
                    "nobody is here to answer: run the same command in a terminal, or see --help for an option"
                ) from None
            raise
