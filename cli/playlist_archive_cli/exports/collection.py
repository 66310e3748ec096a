"""The rows to export: those of a playlist now or on a date, or all that were ever in it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple
from unicodedata import category

from playlist_archive.documents.playlist import Item, Owner, Row
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.timestamps import Timestamp, to_timestamp
from playlist_archive_cli.published import Stay

UNNAMED_ROWS = "unnamed_rows"
UNUSABLE_URIS = "unusable_uris"
REPLACED_TEXTS = "replaced_texts"
LEFT_OUT: Mapping[str, str] = {
    UNNAMED_ROWS: "rows that Spotify does not name, left out",
    UNUSABLE_URIS: "rows whose URI is not one, left out",
    REPLACED_TEXTS: "texts with characters that the format cannot hold, which are blanks now",
}
"""What a format cannot hold, and what to say of it."""


class Collection(NamedTuple):
    """Rows, and the playlist that they are from.

    `time` is that of the snapshot. It is None if the rows are from several snapshots; then `stays`
    says for each row when it was in the playlist.
    """

    id: str
    name: str
    description: str
    owner: Owner
    url: str
    time: Timestamp | None
    rows: Sequence[Row]
    stays: Sequence[Sequence[Stay]] = ()


def rows_of_snapshot(snapshot: Snapshot, name: str) -> Collection:
    """Return the rows of a snapshot, under another name."""
    return Collection(
        snapshot.playlist_id,
        name,
        snapshot.description,
        snapshot.owner,
        snapshot.url,
        to_timestamp(snapshot.time),
        snapshot.rows,
    )


class Encoded(NamedTuple):
    """The contents of the files (nearly always one), and the counts of what they cannot hold."""

    files: Sequence[bytes]
    left_out: Mapping[str, int]


type Encode = Callable[[Collection], Encoded]


class Texts:
    """Returns the texts that a format can hold, and counts the others."""

    def __init__(self) -> None:
        self.left_out: Counter[str] = Counter()

    def named(self, rows: Sequence[Row]) -> Iterator[tuple[Row, Item]]:
        """Yield the rows that Spotify names, with their items."""
        for row in rows:
            if row.item is None:
                self.left_out[UNNAMED_ROWS] += 1
            else:
                yield row, row.item

    def with_uris(self, rows: Sequence[Row]) -> Iterator[tuple[Row, Item]]:
        """Yield the rows whose URI fits on one line."""
        for row, item in self.named(rows):
            if is_uri(item.uri):
                yield row, item
            else:
                self.left_out[UNUSABLE_URIS] += 1

    def on_a_line(self, text: str) -> str:
        """Return a text with line breaks and other control characters replaced by blanks."""
        line = "".join(" " if _is_unfit(char) else char for char in text)
        self.left_out[REPLACED_TEXTS] += line != text
        return line

    def encoded(self, *files: str) -> Encoded:
        counts = {reason: self.left_out[reason] for reason in LEFT_OUT if self.left_out[reason]}
        return Encoded([file.encode() for file in files], counts)


def _is_unfit(char: str) -> bool:
    """Whether a character breaks lines or is not allowed in XML."""
    return category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in "\ufffe\uffff"


def is_uri(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def credit(item: Item) -> str:
    """Return the artists of an item as one text."""
    return ", ".join(artist.name for artist in item.artists if artist.name)
