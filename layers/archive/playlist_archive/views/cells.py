"""How a song looks in a Markdown table or a list."""

from playlist_archive.snapshot import Item
from playlist_archive.views.markdown import link
from playlist_archive.views.wording import track_length


def item_link(item: Item) -> str:
    return link(item.name, item.url)


def artist_links(item: Item) -> str:
    return ", ".join(link(artist.name, artist.url) for artist in item.artists)


def item_cells(item: Item, note: str = "") -> str:
    """Return the cells from title to length; `note` follows the title."""
    return (
        f"{item_link(item)}{note} | {artist_links(item)} | "
        f"{link(item.album.name, item.album.url)} | {track_length(item.duration_ms)}"
    )
