"""Minifies scripts and style sheets: removes comments and blanks.

Names are kept, and so are line breaks that may have a meaning, so that every token stays the same.
Lines that are uncertain are not changed. Tests compare the tokens of the site's script.
"""

import re

from playlist_archive.errors import SiteError

_WHOLE_COMMENT = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
_LINE_COMMENT = re.compile(r"^[ \t]*//.*\n|[ \t]+// [^'\"`\n]*$", re.MULTILINE)
_INDENTATION = re.compile(r"^[ \t\n]+", re.MULTILINE)
_TEXT = re.compile(r"""('[^'\\\n]*'|`[^`\\\n]*`)""")
_UNSURE = re.compile(r"""["'`/\\]""")
_BLANKS = re.compile(r" *([=<>!&|?:;,(){}\[\]]) *")
_CSS_TEXT = re.compile(r"""("[^"\n]*"|'[^'\n]*')""")
_CSS_BLANKS = re.compile(r"\s*([{};]|,(?=\s)|:(?=\s))\s*")


def squeeze_script(script: str) -> str:
    """Return a smaller script that does the same.

    Raises:
        SiteError: a string spans several lines, and would lose its blanks.
    """
    bare = _LINE_COMMENT.sub("", _WHOLE_COMMENT.sub("", script))
    lines = _INDENTATION.sub("", bare).splitlines()
    if odd := next((line for line in lines if line.count("`") % 2), None):
        raise SiteError(f"a script has a text of several lines, which cannot be squeezed: {odd}")
    return "".join(f"{_squeeze_line(line)}{_end(line)}" for line in lines)


def squeeze_style(style: str) -> str:
    """Return a smaller style sheet with the same meaning."""
    parts = _CSS_TEXT.split(_WHOLE_COMMENT.sub("", style).strip())
    parts[::2] = [_CSS_BLANKS.sub(r"\1", one) for one in parts[::2]]
    return "".join(parts)


def _end(line: str) -> str:
    """Return a line break, or nothing if the next line may be appended."""
    may_end_in_a_remark = "//" in line
    return "" if line.endswith((";", "{", ",")) and not may_end_in_a_remark else "\n"


def _squeeze_line(line: str) -> str:
    parts = _TEXT.split(line)
    texts, code = parts[1::2], parts[::2]
    # A template within the code of another one would be split into two halves.
    is_cut = any(text.count("${") != text.count("}") for text in texts)
    if is_cut or any(_UNSURE.search(one) for one in code):
        return line
    parts[::2] = [_BLANKS.sub(r"\1", one) for one in code]
    return "".join(parts)
