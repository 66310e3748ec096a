"""The JSON documents beside the Markdown pages, with the keys of this archive's predecessor.

They have the format of `json.dumps(document, indent=2, sort_keys=True)`, but are joined from
pieces: because there are thousands of songs, each is written by a template.
"""

import json
from collections.abc import Iterable, Mapping
from json.encoder import encode_basestring_ascii as text
from typing import NamedTuple

from playlist_archive.documents.playlist import Album, Artist, Item

__all__ = ["ItemMembers", "encode_json_document", "make_members", "text"]


class ItemMembers(NamedTuple):
    """The fields of an item, as encoded members of a song's object.

    They are divided where other keys are sorted between them: `credits` are `album` and `artists`;
    `identity` are `type`, `uri` and `url`.
    """

    credits: str
    duration: str
    name: str
    identity: str


def make_members(item: Item) -> ItemMembers:
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


def encode_json_document(document: Mapping[str, object], **songs: Iterable[str]) -> bytes:
    """Return a document in the format of `json`, with lists of songs.

    A song is given as the members of its object, each a line indented by six.
    """
    pieces: list[str] = []
    for name in sorted(document.keys() | songs.keys()):
        pieces.append(f"{',' if pieces else '{'}\n  {text(name)}: ")
        if name in songs:
            pieces += _array(songs[name])
        else:
            member = json.dumps(document[name], indent=2, sort_keys=True)
            pieces.append(member.replace("\n", "\n  "))
    pieces.append("\n}\n")
    # Joined only once, because copying a large text takes longer than making it.
    return "".join(pieces).encode("ascii")


def _array(entries: Iterable[str]) -> list[str]:
    pieces: list[str] = []
    for entry in entries:
        pieces += ("    },\n    {\n" if pieces else "[\n    {\n", entry)
    return [*pieces, "    }\n  ]"] if pieces else ["[]"]
