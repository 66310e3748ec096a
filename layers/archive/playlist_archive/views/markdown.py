"""Text that others wrote, as text in Markdown: GitHub's flavour, tables included."""

import html
import re

# Whatever is neither one of these nor a line break or control character needs no escaping. A dot
# before a space might number a list, an ampersand begin an entity; the others do harm anywhere.
_SPECIAL = r"\#()[]-*_`|~"
_MARKUP = re.compile(rf"[{re.escape(_SPECIAL)}.&<\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
# The backslash comes first. Replacing is quicker than any regular expression.
_ESCAPES = [(special, f"\\{special}") for special in (*_SPECIAL, ". ")] + [("<", "&lt;")]
_ENTITY = re.compile(r"&(?=[0-9A-Za-z]+;)")
# Everything at which str.splitlines breaks a line; a table's row must not break.
_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if code != ord("\t")]
_UNPRINTABLE = str.maketrans(
    dict.fromkeys(_CONTROLS, "\N{REPLACEMENT CHARACTER}") | dict.fromkeys(_LINE_BREAKS, "<br/>")
)
_INVISIBLE = str.maketrans(dict.fromkeys([*_CONTROLS, *_LINE_BREAKS]))
# What is left that makes a quotation or a list of a paragraph: `>`, `+ ` and a final `1.`.
_BLOCK_START = re.compile(r"\A(?:(?=>|\+(?:[ \t]|\Z))|([0-9]+)(?=\.(?:\t|\Z)))")
_HUGE_ENTITY = re.compile(r"&(?=#[0-9]{100})")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--.*?-->", re.DOTALL)
# ASCII less controls, spaces and what might end a link or a table's cell: " ( ) < > [ \ ] ` |
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
    """Return a link, or the text alone where there is no URL that a link can hold."""
    escaped = escape(text)
    return f"[{escaped}]({url})" if _LINK_TARGET.fullmatch(url) else escaped


def code(text: str) -> str:
    """Return `text` as code; what would end the code is left out."""
    return f"`{text.translate(_INVISIBLE).replace('`', '')}`"


def strip_tags(description: str) -> str:
    """Return the text of a description, which Spotify sends as HTML: links, entities.

    An entity of a number with thousands of digits, which Python does not read, is left as it is.
    """
    return html.unescape(_HUGE_ENTITY.sub("&amp;", _TAG.sub("", description)))
