"""Names of files that every file system takes."""

import re
from collections import Counter
from collections.abc import Mapping
from unicodedata import category, normalize

from playlist_archive.documents.names import visible

# With what is added to it, a name stays within the 255 bytes that a file system allows.
_LONGEST_BYTES = 150
_FORBIDDEN = '<>:"/\\|?*'
# A long list of URIs is written in parts, whose names say which.
_PART = re.compile(r" [0-9]+ of [0-9]+$")
# Windows keeps these for devices, whatever follows after a dot.
_DEVICE = re.compile(
    r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])(?:$|[. ])", re.IGNORECASE
)


def file_names(names: Mapping[str, str]) -> dict[str, str]:
    """Return a name without a suffix for each playlist; no two of them are alike.

    Names that would be alike, if only to a file system that ignores case, get the playlist's id, and
    so do those that look like a part of another's file.
    """
    plain = {id_: file_name(name) or id_ for id_, name in names.items()}
    with_id = {id_: f"{name} ({id_})" for id_, name in plain.items()}
    chosen = {id_: with_id[id_] if _PART.search(name) else name for id_, name in plain.items()}
    while True:
        often = Counter(map(_alike, chosen.values()))
        # Even a name with an id may be another playlist's own name.
        clashing = {id_ for id_, name in chosen.items() if often[_alike(name)] > 1}
        named_anew = {id_: with_id[id_] for id_ in clashing if chosen[id_] != with_id[id_]}
        if not named_anew:
            return chosen
        chosen |= named_anew


def file_name(name: str) -> str:
    """Return a name that every file system takes, as near to `name` as may be, or nothing."""
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
    """Return the name of one of the files of a playlist, which nearly always is the only one."""
    return f"{name} {number} of {parts}" if parts > 1 else name


def is_a_part(stem: str, name: str) -> bool:
    """Whether a file is one of those of a playlist, however many they were."""
    return stem == name or (stem.startswith(name) and bool(_PART.fullmatch(stem, len(name))))


def _alike(name: str) -> str:
    return normalize("NFKC", normalize("NFKC", name).casefold())
