"""The displayed name of a playlist, the same on every page."""

import re
from unicodedata import category, normalize

# They join emoji and the letters of some scripts, so they are part of the text.
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
# Invisible characters that are no format characters: the fillers of Hangul and Khmer, the combining
# grapheme joiner, the blank of Braille, and a code point that Unicode reserves for format
# characters.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0")
# The flags of England, Scotland and Wales are spelt with invisible tags.
_FLAG = re.compile("\N{WAVING BLACK FLAG}[\U000e0030-\U000e007a]+\U000e007f")


def visible(text: str) -> str:
    """Return the text without invisible characters and those that change the text's direction.

    Unicode calls them format characters (Cf). Joiners and the tags of flags are kept.
    """
    if text.isascii():
        return text
    pieces: list[str] = []
    begin = 0
    for flag in _FLAG.finditer(text):
        pieces += [_without_format(text[begin : flag.start()]), flag[0]]
        begin = flag.end()
    return "".join([*pieces, _without_format(text[begin:])])


def name_playlist(alias: str, spotify_name: str, playlist_id: str) -> str:
    """Return the owner's alias, or Spotify's name, or the id: the first that is visible."""
    for name in (alias, spotify_name):
        if looks(shown := visible(name).strip()):
            return shown
    return playlist_id


def looks(name: str) -> str:
    """Return a key that is equal for names that look the same."""
    if name.isascii():
        return " ".join(name.split())
    seen = "".join(
        character
        for character in normalize("NFC", name)
        if character not in _JOINERS and not _is_variation_selector(character)
    )
    return " ".join(seen.split())


def _without_format(text: str) -> str:
    return "".join(
        character
        for character in text
        if character in _JOINERS
        or (category(character) != "Cf" and character not in _BLANK_LETTERS)
    )


def _is_variation_selector(character: str) -> bool:
    return any(
        first <= character <= last
        for first, last in (
            ("\ufe00", "\ufe0f"),
            ("\u180b", "\u180f"),  # of Mongolian
            ("\U000e0100", "\U000e01ef"),
        )
    )
