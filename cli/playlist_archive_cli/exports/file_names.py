"""File names that are valid on every file system."""

import re
from collections import Counter
from collections.abc import Mapping
from unicodedata import category, normalize

from playlist_archive.documents.names import visible

# With its additions, a name stays within the 255 bytes that file systems allow.
_LONGEST_BYTES = 150
_FORBIDDEN = '<>:"/\\|?*'
# A long list of URIs is written to several numbered files.
_PART = re.compile(r" [0-9]+ of [0-9]+$")
# Windows reserves these for devices, with any extension.
_DEVICE = re.compile(
    r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])(?:$|[. ])", re.IGNORECASE
)


def file_names(names: Mapping[str, str]) -> dict[str, str]:
    """Return a unique name without a suffix for each playlist.

    Names that would be equal, even if only on a file system that ignores case, get the playlist's
    id. So do names that look like one of the numbered files of another playlist.
    """
    plain = {id_: file_name(name) or id_ for id_, name in names.items()}
    with_id = {id_: f"{name} ({id_})" for id_, name in plain.items()}
    chosen = {id_: with_id[id_] if _PART.search(name) else name for id_, name in plain.items()}
    while True:
        often = Counter(map(_alike, chosen.values()))
        # Even a name with an id may equal another playlist's name.
        clashing = {id_ for id_, name in chosen.items() if often[_alike(name)] > 1}
        named_anew = {id_: with_id[id_] for id_ in clashing if chosen[id_] != with_id[id_]}
        if not named_anew:
            return chosen
        chosen |= named_anew


def file_name(name: str) -> str:
    """Return the nearest name that is valid on every file system, or nothing."""
    kept = "".join(
        "_"
        if char in _FORBIDDEN or category(char) in {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}
        else char
        for char in normalize("NFC", visible(name))
    )
    short = " ".join(kept.split()).encode()[:_LONGEST_BYTES].decode(errors="ignore")
    stripped = short.strip(". ")
    return f"_{stripped}" if _DEVICE.match(stripped) else stripped


def part_name(name: str, number: int, parts: int) -> str:
    """Return the name of one of a playlist's files; nearly always there is only one."""
    return f"{name} {number} of {parts}" if parts > 1 else name


def is_a_part(stem: str, name: str) -> bool:
    """Whether a file is one of a playlist's numbered files."""
    return stem == name or (stem.startswith(name) and bool(_PART.fullmatch(stem, len(name))))


def _alike(name: str) -> str:
    return normalize("NFKC", normalize("NFKC", name).casefold())
