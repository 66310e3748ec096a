"""The texts of one ledger's songs, each made once for all pages of a render."""

from collections.abc import Mapping

from playlist_archive.documents.playlist import Item
from playlist_archive.views.json_documents import ItemMembers, make_members
from playlist_archive.views.song_columns import SongColumns, make_song_columns


class ItemTexts:
    """The texts of items, by their numbers in the ledger.

    Nothing is kept from one render to the next: a song that is decoded anew is another object, and
    recognising it takes as long as making its texts again.
    """

    def __init__(self, items: Mapping[int, Item]) -> None:
        self._items = items
        self._song_columns: dict[int, SongColumns] = {}
        self._members: dict[int, ItemMembers] = {}

    def song_columns(self, item: int) -> SongColumns:
        columns = self._song_columns.get(item)
        if columns is None:
            columns = self._song_columns[item] = make_song_columns(self._items[item])
        return columns

    def members(self, item: int) -> ItemMembers:
        members = self._members.get(item)
        if members is None:
            members = self._members[item] = make_members(self._items[item])
        return members
