"""The forms of Spotify's answers, old and new, and their conversion to documents.

A playlist's page is in `items` or, in old answers, in `tracks`. A row's item is in `item` or in
`track`. Some apps get both (Spotify: February 2026 migration guide). A field is optional if it was
ever absent or null in an answer. Other fields are ignored.
"""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from playlist_archive.documents.playlist import Album, Artist, Header, Item, Owner, Row
from playlist_archive.errors import UNREADABLE

type Links = dict[str, str | None]

# Values outside these bounds count as unknown. Spotify was founded in 2006, and sends the epoch for
# an unknown date.
EARLIEST_ADDED = datetime(2000, 1, 1, tzinfo=UTC)
LATEST_ADDED = datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_DURATION_MS = 30 * 24 * 3_600_000
MOST_FOLLOWERS = 10_000_000_000
SHORTEST_TOKEN_SECONDS, LONGEST_TOKEN_SECONDS = 120, 86_400
_TOKEN_SECONDS = 3_600

# Tokens go into HTTP headers, so they must be printable ASCII. A refresh token also has to fit into
# the parameter, which takes 4,096 characters in all.
Token = Annotated[str, Meta(pattern=r"\A[!-~]{1,8192}\Z")]
RefreshToken = Annotated[str, Meta(pattern=r"\A[!-~]{1,2048}\Z")]
Text = Annotated[str, Meta(min_length=1)]
Total = Annotated[int, Meta(ge=0)]


class WireOwner(msgspec.Struct, frozen=True):
    id: str | None = None
    display_name: str | None = None
    external_urls: Links | None = None


class WireFollowers(msgspec.Struct, frozen=True):
    total: int | None = None


class WireArtist(msgspec.Struct, frozen=True):
    name: str | None = None
    type: str | None = None
    external_urls: Links | None = None


class WireAlbum(msgspec.Struct, frozen=True):
    """An album, or an episode's show."""

    name: str | None = None
    release_date: str | None = None
    external_urls: Links | None = None


class WireItem(msgspec.Struct, frozen=True):
    type: str | None = None
    id: str | None = None
    uri: str | None = None
    name: str | None = None
    duration_ms: float | None = None
    artists: list[WireArtist | None] | None = None
    album: WireAlbum | None = None
    show: WireAlbum | None = None
    external_urls: Links | None = None
    external_ids: Links | None = None
    is_local: bool | None = None
    is_playable: bool | None = None
    restrictions: dict[str, Any] | None = None
    explicit: bool | None = None
    release_date: str | None = None


class WireAdder(msgspec.Struct, frozen=True):
    id: str | None = None


class WireRow(msgspec.Struct, frozen=True):
    added_at: str | None = None
    added_by: WireAdder | None = None
    is_local: bool | None = None
    item: WireItem | None = None
    track: WireItem | None = None


class WirePage(msgspec.Struct, frozen=True):
    """A page of rows; `items` is None if the answer lacks it."""

    items: list[WireRow | None] | None = None
    total: Total | None = None
    offset: int | None = None
    next: str | None = None


class WirePlaylist(msgspec.Struct, frozen=True):
    """A playlist; without `items` and `tracks` this app may not see its contents."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    owner: WireOwner | None = None
    external_urls: Links | None = None
    snapshot_id: str | None = None
    followers: WireFollowers | None = None
    collaborative: bool | None = None
    items: WirePage | None = None
    tracks: WirePage | None = None


class WirePlaylists(msgspec.Struct, frozen=True):
    """A page of `/me/playlists`; its entries stay encoded, so that a bad one affects no other."""

    items: list[msgspec.Raw]
    total: Total | None = None
    next: str | None = None


class WireUser(msgspec.Struct, frozen=True):
    id: Text


class WireSaved(msgspec.Struct, frozen=True):
    """A page of the Liked Songs."""

    items: list[WireRow | None]
    total: Total
    offset: int | None = None


class WireToken(msgspec.Struct, frozen=True):
    access_token: Token
    expires_in: float | None = None
    refresh_token: str | None = None


def parse_entry(body: msgspec.Raw) -> WirePlaylist | None:
    """Decode an entry of the library; None if it is null or not an object.

    From a malformed entry only the fields that decide whether the playlist is archived are used.
    Without a version, the playlist is read in full.
    """
    try:
        return msgspec.json.decode(body, type=WirePlaylist | None)
    except UNREADABLE:
        pass
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return None
    return WirePlaylist(
        id=_parse_field(fields, "id", str),
        name=_parse_field(fields, "name", str),
        owner=_parse_field(fields, "owner", WireOwner) or _parse_bare_owner(fields),
        collaborative=_parse_field(fields, "collaborative", bool),
    )


def _parse_bare_owner(fields: dict[str, msgspec.Raw]) -> WireOwner | None:
    owner = _parse_field(fields, "owner", WireAdder)
    return WireOwner(id=owner.id) if owner else None


def _parse_field[T](fields: dict[str, msgspec.Raw], name: str, shape: type[T]) -> T | None:
    try:
        return msgspec.json.decode(fields.get(name, b"null"), type=shape)
    except UNREADABLE:
        return None


def token_seconds(wire: WireToken) -> float:
    """Return the token's lifetime in seconds, or the documented hour if it is implausible."""
    seconds = wire.expires_in
    if seconds is None or not SHORTEST_TOKEN_SECONDS <= seconds <= LONGEST_TOKEN_SECONDS:
        return _TOKEN_SECONDS
    return seconds


def next_refresh_token(wire: WireToken) -> str:
    """Return the refresh token that replaces the present one, empty if there is none."""
    try:
        return msgspec.convert(wire.refresh_token, RefreshToken)
    except msgspec.ValidationError:
        return ""


def parse_header(playlist_id: str, wire: WirePlaylist) -> Header:
    """Return the playlist's fields other than its rows."""
    return Header(
        name=wire.name or "",
        description=wire.description or "",
        owner=parse_owner(wire.owner or WireOwner()),
        url=_link(wire.external_urls) or f"https://open.spotify.com/playlist/{playlist_id}",
        snapshot_id=wire.snapshot_id or "",
        followers=_parse_followers(wire.followers),
    )


def parse_owner(wire: WireOwner) -> Owner:
    return Owner(
        id=wire.id or "",
        name=wire.display_name or wire.id or "",
        url=_link(wire.external_urls),
    )


def _parse_followers(wire: WireFollowers | None) -> int | None:
    total = wire.total if wire else None
    return total if total is not None and 0 <= total <= MOST_FOLLOWERS else None


def parse_row(wire: WireRow | None) -> Row:
    if wire is None:
        return Row()
    added_by = (wire.added_by.id if wire.added_by else None) or ""
    item = wire.item or wire.track
    return Row(
        added_at=_parse_moment(wire.added_at),
        added_by=added_by,
        item=_parse_item(item, wire) if item and (item.uri or item.id or item.name) else None,
    )


def _parse_moment(text: str | None) -> datetime | None:
    """Return when a row was added, None if that is unknown (null, empty, or the epoch)."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC) if EARLIEST_ADDED <= moment < LATEST_ADDED else None


def _parse_duration(milliseconds: float | None) -> int:
    """Return whole milliseconds, 0 if the duration is unknown."""
    known = milliseconds is not None and 0 <= milliseconds <= LONGEST_DURATION_MS
    return int(milliseconds) if milliseconds is not None and known else 0


def _parse_item(wire: WireItem, row: WireRow) -> Item:
    artists = [artist for artist in wire.artists or () if artist]
    album = wire.album
    if wire.show and not artists:
        artists = [WireArtist(name=wire.show.name, external_urls=wire.show.external_urls)]
        album = WireAlbum(
            name=wire.show.name,
            release_date=wire.release_date,
            external_urls=wire.show.external_urls,
        )
    album = album or WireAlbum()
    url = _link(wire.external_urls)
    kind = wire.type or "track"
    return Item(
        type=kind,
        uri=wire.uri or url or f"spotify:{kind}:{wire.id or wire.name}",
        name=wire.name or "",
        duration_ms=_parse_duration(wire.duration_ms),
        artists=tuple(
            # An episode in the form of a track may have an artist with a type instead of a name.
            Artist(
                name=artist.name if artist.name is not None else artist.type or "",
                url=_link(artist.external_urls),
            )
            for artist in artists
        ),
        album=Album(
            name=album.name or "",
            url=_link(album.external_urls),
            release_date=album.release_date or "",
        ),
        url=url,
        local=bool(wire.is_local or row.is_local),
        playable=wire.is_playable is not False and not wire.restrictions,
        explicit=bool(wire.explicit),
        isrc=(wire.external_ids or {}).get("isrc") or "",
    )


def _link(links: Links | None) -> str:
    return (links or {}).get("spotify") or ""
