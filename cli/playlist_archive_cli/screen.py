"""Prints answers: for a person in a terminal, in plain lines to a pipe, or as JSON."""

import sys
from collections.abc import Iterable
from unicodedata import category

import msgspec
from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from playlist_archive.documents.names import visible
from playlist_archive_cli.answer import Answer, Block, Line

_STYLES = {"normal": "", "strong": "bold", "warning": "yellow", "faint": "dim"}
# Control characters, halves of surrogate pairs, and separators of lines and paragraphs.
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str) -> str:
    """Return text without control characters, colours or changes of direction."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        _REPLACEMENT if category(char) in _UNPRINTABLE else char for char in visible(text)
    )


def encode_json(document: object) -> str:
    """Return a document as JSON, with unprintable characters escaped."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=1).decode()
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(char if char.isprintable() or char == "\n" else _escape(char) for char in text)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


class Screen:
    """The standard output and the standard error of the command."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._as_json = as_json
        self._console = Console(
            highlight=False, markup=False, emoji=False, soft_wrap=True, file=sys.stdout
        )

    def show(self, answer: Answer) -> None:
        if self._as_json:
            sys.stdout.write(encode_json(answer.document) + "\n")
        elif self._console.is_terminal:
            for block in answer.blocks:
                self._console.print(_decorated(block))
        else:
            sys.stdout.writelines(f"{line}\n" for line in plain_lines(answer.blocks))
        for note in answer.notes:
            tell(note)


def tell(text: str) -> None:
    """Print a line to the standard error."""
    sys.stderr.write(f"{printable(text)}\n")


def plain_lines(blocks: Iterable[Block]) -> Iterable[str]:
    """Yield the lines of blocks; a table's cells are separated by tabs."""
    for block in blocks:
        if isinstance(block, Line):
            yield printable(block.text)
        else:
            for row in (block.columns, *block.rows):
                yield "\t".join(printable(cell) for cell in row)


def _decorated(block: Block) -> Text | RichTable:
    if isinstance(block, Line):
        return Text(printable(block.text), style=_STYLES[block.weight])
    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in block.columns:
        table.add_column(Text(column), overflow="fold")
    for row in block.rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    return table
