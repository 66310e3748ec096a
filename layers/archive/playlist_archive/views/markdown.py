"""Text that others wrote, as text in Markdown: GitHub's flavour, tables included."""

import html
import re
from functools import lru_cache

# Everything at which str.splitlines breaks a line; a table's row must not break.
_LINE_BREAK = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
# A dot before a space might number a list; the other characters do harm anywhere.
_SPECIAL = re.compile(r"[\\#()\[\]\-*_`|~]|\.(?= )")
_ENTITY = re.compile(r"&(?=[0-9A-Za-z]+;)")
# What is left that makes a quotation or a list of a paragraph: `>`, `+ ` and a final `1.`.
_BLOCK_START = re.compile(r"\A(?:(?=>|\+(?:[ \t]|\Z))|([0-9]+)(?=\.(?:\t|\Z)))")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
_LINK_TARGET = re.compile(r"(?:https?:/)?/[^\x00-\x20\x7f-\x9f\s<>()\[\]\\|`\"]+")


def escape(text: str) -> str:
    """Return Markdown that shows `text` in a table's cell or within a line."""
    escaped = _ENTITY.sub("&amp;", _SPECIAL.sub(r"\\\g<0>", text)).replace("<", "&lt;")
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", _LINE_BREAK.sub("<br/>", escaped))


def escape_paragraph(text: str) -> str:
    """Return Markdown that shows `text`, stripped, as a paragraph or at the start of one."""
    return _BLOCK_START.sub(r"\1\\", escape(text.strip()))


@lru_cache(maxsize=1 << 16)  # the same artists and albums stand on every page
def link(text: str, url: str) -> str:
    """Return a link, or the text alone where there is no URL that a link can hold."""
    escaped = escape(text)
    return f"[{escaped}]({url})" if _LINK_TARGET.fullmatch(url) else escaped


def code(text: str) -> str:
    """Return `text` as code; what would end the code is left out."""
    return f"`{_CONTROL.sub('', _LINE_BREAK.sub('', text)).replace('`', '')}`"


def strip_tags(description: str) -> str:
    """Return the text of a description, which Spotify sends as HTML: links, entities."""
    return html.unescape(_TAG.sub("", description))
