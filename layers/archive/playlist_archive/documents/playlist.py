"""A playlist as Spotify describes it: its header and its rows."""

from datetime import datetime
from typing import Literal

import msgspec

type ItemField = Literal[
    "name", "duration_ms", "artists", "album", "url", "playable", "explicit", "isrc"
]
type HeaderField = Literal["name", "description", "owner"]


class Owner(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    id: str
    name: str
    url: str = ""


class Artist(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    name: str
    url: str = ""


class Album(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    name: str
    url: str = ""
    release_date: str = ""


class Item(msgspec.Struct, frozen=True, omit_defaults=True, gc=False, cache_hash=True):
    """A track, an episode or a local file.

    `uri` is the identity; a local file has no `url`. An episode's album and only artist are its
    show. `type` and empty texts are Spotify's own. `unknown` names the fields that the snapshot's
    source lacks, or has only in part.
    """

    type: str
    uri: str
    name: str
    duration_ms: int
    artists: tuple[Artist, ...] = ()
    album: Album = Album("")
    url: str = ""
    local: bool = False
    playable: bool = True
    explicit: bool = False
    isrc: str = ""
    unknown: tuple[ItemField, ...] = ()


class Row(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One row of the playlist; `item` is None if Spotify no longer names the song.

    `added_at` is None if Spotify does not know it (it sends null or the epoch), or if the
    snapshot's source lacks it.
    """

    added_at: datetime | None = None
    added_by: str = ""
    item: Item | None = None


class Header(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A playlist's fields other than its rows.

    `unknown` names the fields that the snapshot's source lacks, or has only in part.
    """

    name: str
    description: str
    owner: Owner
    url: str
    snapshot_id: str
    followers: int | None = None
    unknown: tuple[HeaderField, ...] = ()

    def describes_as(self, other: "Header") -> bool:
        """Whether both have the same name, description and owner (only these count as a change)."""
        return (self.name, self.description, self.owner) == (
            other.name,
            other.description,
            other.owner,
        )
