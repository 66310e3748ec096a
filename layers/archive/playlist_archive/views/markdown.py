"""Escapes foreign text for Markdown (GitHub's flavour, including tables)."""

import html
import re

# All other characters, except line breaks and control characters, need no escaping. A dot before a
# space might begin a numbered list, and an ampersand an entity; the others are special anywhere.
_SPECIAL = r"\#()[]-*_`|~"
_MARKUP = re.compile(rf"[{re.escape(_SPECIAL)}.&<\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
# The backslash comes first. Replacing is quicker than any regular expression.
_ESCAPES = [(special, f"\\{special}") for special in (*_SPECIAL, ". ")] + [("<", "&lt;")]
_ENTITY = re.compile(r"&(?=[0-9A-Za-z]+;)")
# All line breaks of str.splitlines; a table's row must not contain any.
_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if code != ord("\t")]
_UNPRINTABLE = str.maketrans(
    dict.fromkeys(_CONTROLS, "\N{REPLACEMENT CHARACTER}") | dict.fromkeys(_LINE_BREAKS, "<br/>")
)
_INVISIBLE = str.maketrans(dict.fromkeys([*_CONTROLS, *_LINE_BREAKS]))
# The remaining markup that makes a paragraph a quotation or a list: `>`, `+ ` and a final `1.`.
_BLOCK_START = re.compile(r"\A(?:(?=>|\+(?:[ \t]|\Z))|([0-9]+)(?=\.(?:\t|\Z)))")
_HUGE_ENTITY = re.compile(r"&(?=#[0-9]{100})")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
# ASCII without controls, spaces and characters that might end a link or a cell: " ( ) < > [ \ ] ` |
_LINK_TARGET = re.compile(r"(?:https?://|/playlists/)[!#-'*-;=?-Z^_a-{}~]+")


def escape(text: str) -> str:
    """Return Markdown that shows `text` in a table's cell or within a line."""
    if not _MARKUP.search(text):
        return text
    if "&" in text:
        text = _ENTITY.sub("&amp;", text)
    for special, escaped in _ESCAPES:
        if special in text:
            text = text.replace(special, escaped)
    if not text.isprintable():
        text = text.replace("\r\n", "\n").translate(_UNPRINTABLE)
    return text


def escape_paragraph(text: str) -> str:
    """Return Markdown that shows `text`, stripped, as a paragraph or at the start of one."""
    return _BLOCK_START.sub(r"\1\\", escape(text.strip()))


def link(text: str, url: str) -> str:
    """Return a link, or only the text if the URL is missing or cannot be used in a link."""
    escaped = escape(text)
    return f"[{escaped}]({url})" if _LINK_TARGET.fullmatch(url) else escaped


def code(text: str) -> str:
    """Return `text` as code; characters that would end the code are left out."""
    return f"`{text.translate(_INVISIBLE).replace('`', '')}`"


def strip_tags(description: str) -> str:
    """Return the text of a description, which Spotify sends as HTML with links and entities.

    A numeric entity with thousands of digits, which Python cannot parse, is left unchanged.
    """
    return html.unescape(_HUGE_ENTITY.sub("&amp;", _TAG.sub("", description)))
