"""Every track of a history file of real playlists, read back from its page as a reader sees it."""

import json
import lzma
import re
from itertools import batched
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from msgspec.structs import replace

from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.playlist import Album, Artist, Item, Row
from playlist_archive.views.item_texts import ItemTexts
from playlist_archive.views.pretty import pretty_page
from playlist_archive.views.wording import track_length
from tests.support.strategies import SPOTIFY, snapshot_of

pytestmark = pytest.mark.unit

GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TRACKS_A_PAGE = 1_000

type Link = tuple[str, str]


def test_every_real_track_is_read_back_as_it_was(data: Path) -> None:
    with lzma.open(data / "playlist-history.jsonl.xz") as lines:
        tracks = json.loads(next(lines))["tracks"]
    for chosen in batched(tracks, TRACKS_A_PAGE, strict=False):
        # A song that was renamed is there under both names.
        items = [replace(to_item(track), uri=str(place)) for place, track in enumerate(chosen)]
        ledger = fold_all([snapshot_of([Row(item=item) for item in items])])
        page = pretty_page(ledger, ItemTexts(ledger.items))
        table = page[page.index("| No. |") : page.index("\n\nSnapshot ID")]
        song_columns = [token for token in GITHUB.parse(table) if token.type == "inline"]
        rows = list(batched(song_columns, 5, strict=True))[1:]

        assert len(rows) == len(chosen)
        for number, (row, track) in enumerate(zip(rows, chosen, strict=True), start=1):
            expected = [str(number), *map(shown, expected_cells(track))]
            assert [read(cell) for cell in row] == expected


def to_item(track: list[Any]) -> Item:
    track_id, name, artists, album_id, album, seconds = track
    return Item(
        type="track",
        uri=f"spotify:track:{track_id}",
        name=name,
        duration_ms=seconds * 1000,
        artists=tuple(Artist(text, f"{SPOTIFY}/artist/{id_}") for id_, text in artists),
        album=Album(album, f"{SPOTIFY}/album/{album_id}"),
        url=f"{SPOTIFY}/track/{track_id}",
    )


def expected_cells(track: list[Any]) -> list[str]:
    track_id, name, artists, album_id, album, seconds = track
    by = (f"{text}<{SPOTIFY}/artist/{id_}>" for id_, text in artists)
    return [
        f"{name}<{SPOTIFY}/track/{track_id}>",
        ", ".join(by),
        f"{album}<{SPOTIFY}/album/{album_id}>",
        track_length(seconds * 1000),
    ]


def shown(text: str) -> str:
    """Return the text as any page shows it: a few titles have control characters."""
    return re.sub("[\x00-\x1f\x7f-\x9f]", "\N{REPLACEMENT CHARACTER}", text)


def read(cell: Token) -> str:
    """Return the text that a reader sees, each link followed by `<where it leads>`."""
    shown, target = "", ""
    for child in cell.children or ():
        match child.type:
            case "link_open":
                target = str(child.attrs["href"])
            case "link_close":
                shown += f"<{target}>"
            case "text" | "text_special":
                shown += child.content
            case _:
                pytest.fail(f"{child.type} in {cell.content}")
    return shown
