"""The songs of all playlists, in sixteen parts; `docs/documents.md` describes them.

A part has a line for each of its playlists. A playlist's renderer replaces that line and does not
look into the others.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from playlist_archive.documents.keys import is_playlist_id, songs_part

SCHEMA = 1


class SongsPart(msgspec.Struct, frozen=True, tag_field="schema", tag=SCHEMA):
    playlists: dict[str, msgspec.Raw]


class Lines(NamedTuple):
    """The lines of a part, by playlist, and the playlists whose lines are lost."""

    good: Mapping[str, bytes]
    lost: frozenset[str]


_PARTS = msgspec.json.Decoder(SongsPart)


def decode_lines(document: bytes, part: int) -> Lines:
    """Read a part; a line that is no list is lost, and one of another part does not count.

    Raises:
        ValueError: the document is no part of this schema version.
        RecursionError: it is nested too deeply.
    """
    lines = {
        playlist_id: bytes(line)
        for playlist_id, line in _PARTS.decode(document).playlists.items()
        if is_playlist_id(playlist_id) and songs_part(playlist_id) == part
    }
    good = {playlist_id: line for playlist_id, line in lines.items() if line.startswith(b"[")}
    return Lines(good, frozenset(lines.keys() - good.keys()))


def encode_lines(lines: Mapping[str, bytes]) -> bytes:
    """Return a part with a line for each playlist, in the order of their ids."""
    members = b",\n".join([b'"%b": %b' % (id_.encode(), lines[id_]) for id_ in sorted(lines)])
    return b'{\n"schema": %d,\n"playlists": {\n%b\n}\n}\n' % (SCHEMA, members)
