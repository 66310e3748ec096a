import re

import pytest
from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.token import Token

from playlist_archive.views.markdown import code, escape, escape_paragraph, link, strip_tags
from tests.support.strategies import nasty_texts

pytestmark = pytest.mark.unit

URL = "https://open.spotify.com/track/0123456789abcdefghijkl"
GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("plain, text!", "plain, text!"),
        ("back\\slash", r"back\\slash"),
        ("feat. Ann", r"feat\. Ann"),
        ("Inc.", "Inc."),
        ("e.g.this", "e.g.this"),
        ("#1", r"\#1"),
        ("(live)", r"\(live\)"),
        ("[mix]", r"\[mix\]"),
        ("a-b", r"a\-b"),
        ("a*b", r"a\*b"),
        ("a_b", r"a\_b"),
        ("a`b", r"a\`b"),
        ("a|b", r"a\|b"),
        ("a~b", r"a\~b"),
        (r"\|", r"\\\|"),
        ("one\ntwo", "one<br/>two"),
        ("> + { } $ ! =", "> + { } $ ! ="),
        ("a < b", "a &lt; b"),
        ("<br/>", "&lt;br/>"),
        ("AT&T", "AT&T"),
        ("R&B; Soul", "R&amp;B; Soul"),
        ("A & B", "A & B"),
        ("&copy;", "&amp;copy;"),
        ("&copy", "&copy"),
        ("&#60;", r"&\#60;"),
        ("https://example.org/a", "https://example.org/a"),
    ],
)
def test_only_markup_is_escaped(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@pytest.mark.parametrize(
    "line_break",
    ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"],
)
def test_every_line_break_is_one_break_within_the_line(line_break: str) -> None:
    assert escape(f"a{line_break}b") == "a<br/>b"


@pytest.mark.parametrize("control", ["\x00", "\x07", "\x0e", "\x1b", "\x1f", "\x7f", "\x9f"])
def test_control_characters_are_replaced(control: str) -> None:
    assert escape(f"a{control}b") == "a\N{REPLACEMENT CHARACTER}b"


def test_tabs_stay() -> None:
    assert escape("a\tb") == "a\tb"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("> not a quotation", r"\> not a quotation"),
        (">", r"\>"),
        ("+ not a list", r"\+ not a list"),
        ("+", r"\+"),
        ("+1", "+1"),
        ("1. not a list", r"1\. not a list"),
        ("12.", r"12\."),
        ("1.5", "1.5"),
        ("2020+ hits", "2020+ hits"),
        ("a > b + c", "a > b + c"),
        ("  \n both ends \t", "both ends"),
    ],
)
def test_a_paragraph_begins_no_other_block(text: str, escaped: str) -> None:
    assert escape_paragraph(text) == escaped


def test_a_link_holds_escaped_text() -> None:
    assert link("[a]", URL) == rf"[\[a\]]({URL})"


def test_a_link_may_lead_to_a_page_of_the_archive() -> None:
    assert link("a", "/playlists/pretty/x.md") == "[a](/playlists/pretty/x.md)"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "spotify:track:x",
        "data:text/html,x",
        "https://a.example/ b",
        "https://a.example/)b",
        "https://a.example/(b",
        "https://a.example/|b",
        "https://a.example/\nb",
        "https://a.example/<b",
        "https://a.example/\\b",
        " https://a.example/",
    ],
)
def test_an_address_that_no_link_can_hold_leaves_only_the_text(url: str) -> None:
    assert link("a|b", url) == r"a\|b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("c25hcA==", "`c25hcA==`"), ("a`b", "`ab`"), ("a\nb\x00", "`ab`")],
)
def test_nothing_ends_code_early(text: str, shown: str) -> None:
    assert code(text) == shown


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ('more <a href="spotify:genre:edm_dance">dance</a>.', "more dance."),
        ("Brownies &amp; Lemonade", "Brownies & Lemonade"),
        ("&amp;lt;", "&lt;"),
        ("&lt;b&gt;", "<b>"),
        ("we <3 you > all", "we <3 you > all"),
        ("a < b", "a < b"),
        ("a<!-- hidden -->b", "ab"),
        ("&#x27;s", "'s"),
        (f"&#{'9' * 5000};", f"&#{'9' * 5000};"),
    ],
)
def test_descriptions_lose_tags_and_are_decoded_once(description: str, text: str) -> None:
    assert strip_tags(description) == text


@given(nasty_texts, nasty_texts)
def test_a_table_keeps_its_cells_whatever_the_texts(first: str, second: str) -> None:
    row = f"| {link(first, URL)} | {escape(second)} | end |"

    assert row.splitlines() == [row]
    tokens = GITHUB.parse(f"| A | B | C |\n|---|---|---|\n{row}\n")
    cells = [token for token in tokens if token.type == "inline"][3:]
    assert [text_of(cell) for cell in cells] == [shown(first), shown(second).strip(" \t"), "end"]
    assert links_of(tokens) == [URL]
    assert foreign_markup(tokens) == []


@given(nasty_texts)
def test_a_paragraph_stays_one_whatever_the_text(text: str) -> None:
    tokens = GITHUB.parse(f"> {escape_paragraph(text)}\n\nafter\n")

    paragraphs = ["paragraph_open", "inline", "paragraph_close"]
    quoted = paragraphs if text.strip() else []
    assert [token.type for token in tokens] == [
        "blockquote_open",
        *quoted,
        "blockquote_close",
        *paragraphs,
    ]
    if quoted:
        assert text_of(tokens[2]) == shown(text.strip())
    assert links_of(tokens) == []
    assert foreign_markup(tokens) == []


@given(nasty_texts)
def test_code_is_code_whatever_the_text(text: str) -> None:
    (inline,) = (t for t in GITHUB.parse(f"Id: {code(f'a{text}z')}\n") if t.type == "inline")

    assert [child.type for child in inline.children or ()] == ["text", "code_inline"]


def text_of(token: Token) -> str:
    """Return the text that a reader sees, our line breaks as line feeds."""
    return "".join(
        "\n" if child.type == "html_inline" else child.content for child in token.children or ()
    )


def shown(text: str) -> str:
    text = re.sub("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]", "\n", text)
    return re.sub("[\x00-\x08\x0e-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", text)


def links_of(tokens: list[Token]) -> list[str]:
    return [
        str(child.attrs["href"])
        for token in tokens
        for child in token.children or ()
        if child.type == "link_open"
    ]


def foreign_markup(tokens: list[Token]) -> list[str]:
    """Return whatever is not text, our link or our line break."""
    ours = {"text", "text_special", "link_open", "link_close"}
    return [
        child.content
        for token in tokens
        for child in token.children or ()
        if child.type not in ours and (child.type, child.content) != ("html_inline", "<br/>")
    ]
