"""Questions to the owner; they stand on the standard error, so that the output stays clean."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout

import typer

from playlist_archive_cli.errors import WrongUseError
from playlist_archive_cli.screen import tell


def is_possible() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str, default: str | None = None, *, hidden: bool = False) -> str:
    """Return what is answered; without a default, an answer is waited for."""
    with _on_standard_error():
        answer: str = typer.prompt(
            question, default=default, show_default=bool(default), hide_input=hidden
        )
    return answer.strip()


def ask_until[T](question: str, default: str, parse: Callable[[str], T]) -> T:
    """Ask until the answer is one that `parse` accepts."""
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
    # A prompt that is told to use the standard error still writes a space to the other one.
    with redirect_stdout(sys.stderr):
        try:
            yield
        except typer.Abort:
            tell("")
            raise
