"""What only readers need is left out of scripts and style sheets, and nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.errors import SiteError
from playlist_archive.shell.bundle import join_modules
from playlist_archive.shell.packed import read_shell
from playlist_archive.shell.squeeze import squeeze_script, squeeze_style
from tests.support.javascript import tokens

pytestmark = pytest.mark.unit

SOURCE = read_shell()
LINES = [
    "// A remark: it's one.",
    "/** What it is. */",
    "/**\n * Why,\n *\n * const lost = 1;\n */",
    "/* unlike */ const kept = 'a';",
    "const text = 'a :  b, {  }'; // that's all",
    "const url = 'https://example.org/ // no remark';",
    'const other = "it\'s  //  so";',
    "const tick = `a  ${text ? ' ,  ' : `  ${url}  `}  b`;",
    "const words = `a  ${{ b: '  ``  ' }.b} c`;",
    "const pattern = /[\"']  :  \\/\\/ x/u;",
    "const remark = 1; // it's over;\nconst after = remark;",
    "const list = [1, // it's {\n  2,\n];",
    "const share = 4 / 2; // a / b",
    "const sum = 1 + +2 - -3;",
    "let count = 1; count ++ ; -- count;",
    "const choice = count ? .5 : 1;",
    "if (count < ! -- count) count = - 1;",
    "for (const [a, b] of [[1, 2]]) console.log(a ?? b, a ** b, a >>> b);",
    "const f = async ({ a = 1, ...rest }) => ({ a, rest });",
    "label: for (;;) break label",
    "  const g = 1\n  const h = g\n  ;[h].map((one) => one)",
]


def test_a_script_has_neither_comments_nor_indentation() -> None:
    script = squeeze_script("// Tells.\n/** Says. */\nif (a) {\n  b = 1; // with a remark\n\n}\n")

    assert script == "if(a){b=1;}\n"


@pytest.mark.parametrize("line", LINES)
def test_each_sign_stays(line: str) -> None:
    squeezed = squeeze_script(f"{line}\n")

    before, after = tokens(line, squeezed)
    assert after == before


@given(st.permutations(LINES))
def test_no_comment_ends_where_another_one_does(lines: list[str]) -> None:
    squeezed = squeeze_script("".join(f"{line}\n" for line in lines))

    assert len(re.findall(r"\bconst\b", squeezed)) == "".join(lines).count("const ") - 1
    assert "lost" not in squeezed


def test_every_sign_of_the_site_s_script_stays() -> None:
    script = join_modules(
        {name: body.decode() for name, body in SOURCE.items() if name.endswith(".js")}
    )
    squeezed = squeeze_script(script)

    before, after = tokens(script, squeezed)
    assert len(before) > 10_000
    assert after == before
    assert not re.search(r"^[ \t]|^//", squeezed, re.MULTILINE)


def test_a_text_of_several_lines_is_refused() -> None:
    with pytest.raises(SiteError, match=r"several lines.*const a = `b"):
        squeeze_script("const a = `b\n  c`;\n")


def test_a_style_sheet_says_the_same() -> None:
    style = """/* Why
   so */
a:hover, b  {
  margin: 0 auto; width: calc(1rem - 2px); content: "a ;  : b, c";
}
"""
    assert squeeze_style(style) == (
        'a:hover,b{margin:0 auto;width:calc(1rem - 2px);content:"a ;  : b, c";}'
    )
