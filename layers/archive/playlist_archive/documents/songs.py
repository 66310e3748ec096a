"""The song lists of all playlists, in sixteen partitions (`docs/documents.md`).

A partition has a line for each of its playlists. A renderer replaces its playlist's line without
decoding the others.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from playlist_archive.documents.keys import is_playlist_id, songs_part

SCHEMA = 1


class SongsPart(msgspec.Struct, frozen=True, tag_field="schema", tag=SCHEMA):
    playlists: dict[str, msgspec.Raw]


class Lines(NamedTuple):
    """The lines of a partition, by playlist, and the playlists whose lines are lost."""

    good: Mapping[str, bytes]
    lost: frozenset[str]


_PARTS = msgspec.json.Decoder(SongsPart)


def decode_lines(document: bytes, part: int) -> Lines:
    """Decode a partition. A line that is no list is lost; one of another partition is ignored.

    Raises:
        ValueError: the document is no partition of this schema version.
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
    """Return a partition with a line for each playlist, sorted by id."""
    members = b",\n".join([b'"%b": %b' % (id_.encode(), lines[id_]) for id_ in sorted(lines)])
    return b'{\n"schema": %d,\n"playlists": {\n%b\n}\n}\n' % (SCHEMA, members)
