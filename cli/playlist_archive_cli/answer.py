"""What a verb answers: a document for programs, and blocks of text for a person."""

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
    """`document` is what `--json` prints; `blocks` are what a person sees.

    `notes` go to the standard error, so that they do not mix with what a program reads.
    `attention` ends the command with the exit code 1. `afterwards` is done once all this stands on
    the screen.
    """

    document: object
    blocks: Sequence[Block]
    notes: Sequence[str] = ()
    attention: bool = False
    afterwards: Callable[[], None] | None = None
