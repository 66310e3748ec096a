"""The shapes of Spotify's answers, in every generation, and what they mean for us.

A playlist's page stands under `items` or, older, `tracks`; a row's item under `item` or `track`;
some apps get both (Spotify: February 2026 migration guide). Everything may be absent or null that
was ever seen so. Fields that are not named here are ignored.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec

from playlist_archive.messages import Header
from playlist_archive.snapshot import Album, Artist, Item, Owner, Row

type Links = dict[str, str | None]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
    """A page of rows; where only `total` came, `items` is None."""

    items: list[WireRow | None] | None = None
    total: int | None = None
    offset: int | None = None
    next: str | None = None


class WirePlaylist(msgspec.Struct, frozen=True):
    """A playlist; without `items` and `tracks` its contents are closed to this app."""

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
    """A page of `/me/playlists`; a closed playlist stands as null."""

    items: list[WirePlaylist | None]
    total: int | None = None
    next: str | None = None


class WireUser(msgspec.Struct, frozen=True):
    id: str


class WireToken(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: int
    refresh_token: str | None = None


def parse_header(playlist_id: str, wire: WirePlaylist) -> Header:
    """Return what the answer says about the playlist besides its rows."""
    owner = wire.owner or WireOwner()
    return Header(
        name=wire.name or "",
        description=wire.description or "",
        owner=Owner(
            id=owner.id or "",
            name=owner.display_name or owner.id or "",
            url=_link(owner.external_urls),
        ),
        url=_link(wire.external_urls) or f"https://open.spotify.com/playlist/{playlist_id}",
        snapshot_id=wire.snapshot_id or "",
        followers=wire.followers.total if wire.followers else None,
    )


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
    """Return when a row was added, None where Spotify does not know: null, empty, the epoch."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if moment != _EPOCH else None


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
        duration_ms=int(wire.duration_ms or 0),
        artists=tuple(
            # A disguised episode's artist may have a type instead of a name.
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
