"""The JSON documents beside the Markdown pages, with the keys of the archive before this one.

They look as `json.dumps(document, indent=2, sort_keys=True)` writes them, made from pieces: a song
is written by a template, for there are thousands.
"""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from json.encoder import encode_basestring_ascii as text
from typing import NamedTuple

from playlist_archive.snapshot import Album, Artist, Item

__all__ = ["ItemMembers", "encode_twin", "item_members", "text"]


class ItemMembers(NamedTuple):
    """What is told of every item, as members of a song's object.

    The pieces are those between which other keys are sorted: `credits` are `album` and `artists`,
    `identity` are `type`, `uri` and `url`.
    """

    credits: str
    duration: str
    name: str
    identity: str


@lru_cache(maxsize=1 << 14)  # a song stands in both twins
def item_members(item: Item) -> ItemMembers:
    artists = ",\n        ".join([_named(artist, "        ") for artist in item.artists])
    if artists:
        artists = f"\n        {artists}\n      "
    return ItemMembers(
        credits=f"""      "album": {_named(item.album, "      ")},
      "artists": [{artists}],
""",
        duration=f"""      "duration_ms": {item.duration_ms},
""",
        name=f"""      "name": {text(item.name)},
""",
        identity=f"""      "type": {text(item.type)},
      "uri": {text(item.uri)},
      "url": {text(item.url)}
""",
    )


def _named(thing: Album | Artist, indent: str) -> str:
    return f"""{{
{indent}  "name": {text(thing.name)},
{indent}  "url": {text(thing.url)}
{indent}}}"""


def encode_twin(document: Mapping[str, object], **songs: Iterable[str]) -> bytes:
    """Return a document as `json` would write it, with lists of songs besides.

    A song is the members of its object, each a line that is indented by six.
    """
    members = {
        name: json.dumps(value, indent=2, sort_keys=True).replace("\n", "\n  ")
        for name, value in document.items()
    }
    for name, entries in songs.items():
        joined = "    },\n    {\n".join(entries)
        members[name] = f"[\n    {{\n{joined}    }}\n  ]" if joined else "[]"
    lines = ",\n".join([f"  {text(name)}: {member}" for name, member in sorted(members.items())])
    return f"{{\n{lines}\n}}\n".encode("ascii")
