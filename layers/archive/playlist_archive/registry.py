"""What the owner wrote: the entries under `registry/` and `excluded/`, and what is wrong with them."""

from hashlib import md5
from typing import NamedTuple
from unicodedata import category

from playlist_archive.documents.keys import registry_key
from playlist_archive.documents.messages import Problem
from playlist_archive.documents.names import looks, visible

_LONGEST_ALIAS = 300


_LARGEST_ENTRY = 4 * _LONGEST_ALIAS + 8


# Unicode's control characters, and its separators of lines and paragraphs.
_NO_TEXT = frozenset({"Cc", "Zl", "Zp"})


class Registry(NamedTuple):
    """What the owner wrote: aliases by playlist id, ids to leave out, and what is wrong with it."""

    aliases: dict[str, str]
    excluded: frozenset[str]
    problems: tuple[Problem, ...]


def _alias_etags(alias: str) -> set[str]:
    """Return the ETags of an entry that holds `alias` and ends its line in one way or another.

    An object that was written at once has its MD5 as ETag (S3: Object). Any other is read.
    """
    bodies = (f"{alias}{end}".encode() for end in ("", "\n", "\r\n"))
    return {f'"{md5(body, usedforsecurity=False).hexdigest()}"' for body in bodies}


def _parse_alias(playlist_id: str, body: bytes) -> tuple[str, Problem | None]:
    """Return the alias in a registry entry, or none and what is wrong with it."""
    try:
        text = body.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return "", _bad_alias(playlist_id)
    blank = text.strip() != text
    if blank or len(text) > _LONGEST_ALIAS or _NO_TEXT.intersection(map(category, text)):
        return "", _bad_alias(playlist_id)
    if text and not looks(visible(text)):
        return "", _bad_alias(playlist_id)
    return text, None


def _bad_alias(playlist_id: str) -> Problem:
    return Problem(
        registry_key(playlist_id),
        "the alias is ignored: write one line of text without blanks around it",
    )
