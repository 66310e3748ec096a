"""CSV with the columns of Exportify, whose names and order importers expect.

It has no byte order mark and no blank after a comma, because some importers fail on these.
"""

import csv
import io
import re

from playlist_archive.documents.playlist import Item, Row
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive_cli.exports.collection import Collection, Encoded, Texts

COLUMNS = (
    "Track URI",
    "Track Name",
    "Artist URI(s)",
    "Artist Name(s)",
    "Album URI",
    "Album Name",
    "Album Release Date",
    "Track Duration (ms)",
    "Explicit",
    "ISRC",
    "Added By",
    "Added At",
)
_LINK = re.compile(r"https://open\.spotify\.com/([a-z]+)/([0-9A-Za-z]+)")


def encode_csv(collection: Collection) -> Encoded:
    texts, written = Texts(), io.StringIO()
    lines = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n")
    lines.writerow(COLUMNS)
    lines.writerows(_cells(row, item) for row, item in texts.named(collection.rows))
    return texts.encoded(written.getvalue())


def _cells(row: Row, item: Item) -> tuple[str, ...]:
    artist_uris = [to_uri(artist.url) for artist in item.artists]
    return (
        item.uri,
        item.name,
        _join(artist_uris) if any(artist_uris) else "",
        _join([artist.name for artist in item.artists]),
        to_uri(item.album.url),
        item.album.name,
        item.album.release_date,
        str(item.duration_ms),
        "true" if item.explicit else "false",
        item.isrc,
        f"spotify:user:{row.added_by}" if row.added_by else "",
        to_timestamp(row.added_at) if row.added_at else "",
    )


def to_uri(url: str) -> str:
    """Return the URI of a link to Spotify, empty if it is none."""
    link = _LINK.fullmatch(url)
    return f"spotify:{link[1]}:{link[2]}" if link else ""


def _join(texts: list[str]) -> str:
    """Join texts with commas; a comma within a text is escaped by a backslash."""
    return ", ".join(text.replace(",", "\\,") for text in texts)
