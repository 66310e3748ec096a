"""The texts of one ledger's songs, each rendered once for all pages."""

from collections.abc import Mapping

from playlist_archive.documents.playlist import Item
from playlist_archive.views.json_documents import ItemMembers, make_members
from playlist_archive.views.song_columns import SongColumns, make_song_columns


class ItemTexts:
    """The texts of items, by their numbers in the ledger.

    There is no cache between renders: looking up a newly decoded song takes as long as rendering
    its texts.
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
