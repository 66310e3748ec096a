"""The texts of a song in a Markdown table or list."""

from typing import NamedTuple

from playlist_archive.documents.playlist import Item
from playlist_archive.views.markdown import link
from playlist_archive.views.wording import track_length


class SongColumns(NamedTuple):
    """The columns of a song in every table; `rest` are album and length."""

    title: str
    artists: str
    rest: str


def make_song_columns(item: Item) -> SongColumns:
    artists = ", ".join([link(artist.name, artist.url) for artist in item.artists])
    rest = f"{link(item.album.name, item.album.url)} | {track_length(item.duration_ms)}"
    return SongColumns(link(item.name, item.url), artists, rest)
