"""Minifies scripts and style sheets: removes comments, blanks and line breaks.

Names, strings and regular expressions are kept, and so are line breaks that may have a meaning. There
is no grammar here, so the tests compare the site's script with its source by a parser.
"""

import re

from playlist_archive.errors import SiteError

_SPECIAL = re.compile(r"//|/\*|[/'\"`{}]")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_TEXT = re.compile(r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\"""")
_PATTERN = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
# The parts of a template before, between and after its values.
_TEMPLATE = re.compile(r"[`}](?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)", re.DOTALL)
# There is no value before the slash, so it does not mean division.
_NO_VALUE = re.compile(r"(?:^|[=(,:;!&|?{\[>]|\breturn)\s*$")
_TAIL = 20
_KEPT = "\0"  # a placeholder for each string and pattern

_LINE_END = re.compile(r"\s*\n\s*")
_BLANKS = re.compile(r" *([=<>!&|?:;,(){}\[\]*/%]) *|(?<![+-]) *([+-]) *(?![+-])")
# Line breaks that do not end a statement.
_IDLE_END = re.compile(r"(?<=[=<>!&|?:;,({\[])\n|\n(?=[=<>&|?:;,.)}\]]|\Z)|(?<=\})\n(?=\w)")
_LAST_SIGN = re.compile(r"(?<![,\[]),(?=[)}\]])|;(?=\})")

_STYLE_TEXT = re.compile(r"""("[^"\n]*"|'[^'\n]*')""")
_STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STYLE_BLANKS = re.compile(r"\s*([{};]|,(?=\s)|:(?=\s))\s*")


def minify_script(script: str) -> str:
    """Return a smaller script that does the same.

    Raises:
        SiteError: it has an unterminated string, template or comment.
    """
    code, kept = _take_apart(script)
    code = _LINE_END.sub("\n", code.strip())
    code = _IDLE_END.sub("", _BLANKS.sub(r"\1\2", code))
    first, *others = _LAST_SIGN.sub("", code).split(_KEPT)
    return first + "".join(text + one for text, one in zip(kept, others, strict=True))


def minify_style(style: str) -> str:
    """Return a smaller style sheet with the same meaning."""
    parts = _STYLE_TEXT.split(_STYLE_COMMENT.sub("", style).strip())
    parts[::2] = [_STYLE_BLANKS.sub(r"\1", one).replace(";}", "}") for one in parts[::2]]
    return "".join(parts)


def _take_apart(script: str) -> tuple[str, list[str]]:
    """Return the code of a script without comments, and its strings and regular expressions."""
    code, place = "", 0
    kept: list[str] = []
    open_braces: list[bool] = []  # and whether each one began a value in a template
    while special := _SPECIAL.search(script, place):
        code += script[place : special.start()]
        sign, place = special[0], special.start()
        is_template = sign == "`" or (sign == "}" and bool(open_braces) and open_braces.pop())
        if is_template:
            shape = _TEMPLATE
        elif sign in "'\"":
            shape = _TEXT
        elif sign in {"//", "/*"}:
            shape = _COMMENT
        elif sign == "/" and _NO_VALUE.search(code[-_TAIL:]):
            shape = _PATTERN
        else:
            if sign == "{":
                open_braces.append(False)
            code, place = code + sign, place + 1
            continue
        found = shape.match(script, place)
        if not found:
            raise SiteError(f"a script has something without an end: {script[place : place + 60]}")
        if is_template and found[0].endswith("${"):
            open_braces.append(True)
        if shape is _COMMENT:
            code += " "
        else:
            code += _KEPT
            kept.append(found[0])
        place = found.end()
    return code + script[place:], kept
