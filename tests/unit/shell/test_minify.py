"""What only readers need is left out of scripts and style sheets, and nothing else."""

from random import Random

import pytest

from playlist_archive.errors import SiteError
from playlist_archive.shell.bundle import join_modules
from playlist_archive.shell.minify import minify_script, minify_style
from playlist_archive.shell.site_files import read_shell
from tests.support.javascript import trees

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
    "const lines = `a\n  ${[\n    `b\n`,\n  ].join('\\n')}\n  c`;",
    "const holes = [, 1, ,]; const [, second, ] = holes;",
    "const i = () => {\n}\n[1].map(i)",
    "let next = 1\nnext\n++\nnext",
    "const quotient = 8 / 4 / 2; const isSlash = [/[/]/, /\\//].some((it) => it.test('/'));",
    "const named = (text) => { return /a b/.test(text) ? text : 'a  b' };",
]


def test_a_script_has_neither_comments_nor_indentation() -> None:
    script = minify_script("// Tells.\n/** Says. */\nif (a) {\n  b = 1; // with a remark\n\n}\n")

    assert script == "if(a){b=1}"


@pytest.mark.parametrize("line", LINES)
def test_a_squeezed_line_says_the_same(line: str) -> None:
    squeezed = minify_script(f"{line}\n")

    before, after = trees(line, squeezed)
    assert after == before


def test_lines_in_any_order_say_the_same() -> None:
    chance = Random(5)
    scripts = [
        "".join(f"{{\n{line}\n}}\n" for line in chance.sample(LINES, len(LINES))) for _ in range(50)
    ]
    squeezed = [minify_script(script) for script in scripts]

    assert trees(*squeezed) == trees(*scripts)
    assert not [script for script in squeezed if "lost" in script]


def test_the_site_s_script_says_the_same() -> None:
    script = join_modules(
        {name: body.decode() for name, body in SOURCE.items() if name.endswith(".js")}
    )
    squeezed = minify_script(script)

    before, after = trees(script, squeezed)
    assert len(before) > 100_000
    assert after == before
    assert "\n" not in squeezed


@pytest.mark.parametrize("script", ["const a = `b", "const a = 'b\n';", "a(); /* b", "`${b}"])
def test_what_has_no_end_is_refused(script: str) -> None:
    with pytest.raises(SiteError, match="without an end"):
        minify_script(f"{script}\n")


def test_a_style_sheet_says_the_same() -> None:
    style = """/* Why
   so */
a:hover, b  {
  margin: 0 auto; width: calc(1rem - 2px); content: "a ;  : b, c";
}
"""
    assert minify_style(style) == (
        'a:hover,b{margin:0 auto;width:calc(1rem - 2px);content:"a ;  : b, c"}'
    )
