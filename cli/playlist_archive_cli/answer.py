"""The result of a verb: a document for programs, and blocks of text for a person."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

type Weight = Literal["normal", "strong", "warning", "faint"]


class Line(NamedTuple):
    text: str
    weight: Weight = "normal"


class Table(NamedTuple):
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


type Block = Line | Table


class Answer(NamedTuple):
    """`document` is printed with `--json`, `blocks` without it.

    `notes` go to standard error, so that they do not mix with output for programs. `attention` ends
    the command with exit code 1. `afterwards` is called after everything is printed.
    """

    document: object
    blocks: Sequence[Block]
    notes: Sequence[str] = ()
    attention: bool = False
    afterwards: Callable[[], None] | None = None
