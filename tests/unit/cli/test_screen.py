"""Hostile text stays text, in a terminal, in a pipe and in JSON."""

import io
import json
import sys
from unicodedata import category

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from playlist_archive_cli.answer import Answer, Line, Table
from playlist_archive_cli.screen import Screen, encode_json, plain_lines, printable

pytestmark = pytest.mark.unit

CONTROLS = "\x1b]0;title\x07\x1b[31mred\x9b2J\r\n\t\b\0\u202e\u2028"


@given(st.text())
@example(CONTROLS)
def test_printed_text_moves_no_cursor_and_turns_no_direction(text: str) -> None:
    shown = printable(text)

    assert not {category(char) for char in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert "\u202e" not in shown


def test_text_that_prints_stays_as_it_is() -> None:
    for text in ("Nørre Vold", "[bold]x[/]", "👩‍👩‍👧 :smile:", "まちのひ"):
        assert printable(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
@example(CONTROLS)
@example("\U000e0001")
def test_a_json_document_prints_and_says_the_same(text: str) -> None:
    encoded = encode_json({"name": text})

    assert encoded.replace("\n", "").isprintable()
    assert json.loads(encoded) == {"name": text}


@given(st.lists(st.tuples(st.text(), st.text())))
def test_a_row_of_a_piped_table_is_a_line_with_all_of_its_cells(
    rows: list[tuple[str, str]],
) -> None:
    lines = list(plain_lines([Table(("A", "B"), rows)]))

    assert len(lines) == len(rows) + 1
    assert {line.count("\t") for line in lines} == {1}
    assert not any(char in line for line in lines for char in "\r\n")


def test_markup_of_the_terminal_library_stays_text(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "[bold]not bold[/bold] [link=http://x]x[/link] :bomb: [/nothing]"
    written = io.StringIO()
    screen = Screen()
    monkeypatch.setattr(
        screen,
        "_console",
        Console(file=written, force_terminal=True, width=200, markup=True, emoji=True),
    )

    screen.show(Answer({}, [Line(hostile), Table(("A",), [(hostile,)])]))

    assert written.getvalue().count(hostile) == 2


def test_notes_do_not_mix_with_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    Screen(as_json=True).show(Answer({"a": 1}, [Line("text")], notes=["left\x1b out"]))

    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"a": 1}
    assert printed.err == "left\N{REPLACEMENT CHARACTER} out\n"
    assert "text" not in printed.out + printed.err


def test_a_pipe_gets_no_colours(capsys: pytest.CaptureFixture[str]) -> None:
    Screen().show(Answer({}, [Line("warned", "warning"), Table(("A", "B"), [("1", "2")])]))

    assert capsys.readouterr().out == "warned\nA\tB\n1\t2\n"
    assert not sys.stdout.isatty()
