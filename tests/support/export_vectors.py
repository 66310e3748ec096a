"""`tests/golden/exports.json`: what each format makes of some playlists, for every implementation.

A case has a snapshot, whose rows are repeated `repeat` times, and for each format the text of its
files and what is left out. The other cases are names of playlists and of their files.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from playlist_archive.documents.playlist import Album, Artist, Item, Owner, Row
from playlist_archive.documents.snapshot import Snapshot, decode_snapshot, encode_snapshot
from playlist_archive_cli.exports.collection import rows_of_snapshot
from playlist_archive_cli.exports.file_names import file_names
from playlist_archive_cli.exports.formats import ENCODINGS

VECTORS = Path(__file__).parents[1] / "golden/exports.json"

_ID, _OTHER, _THIRD = "4uLU6hMCjMI75M1A2tKUQC", "1ArChIvEdPlAyLiSt00001", "2tQ4mXvNcJ8hLr5sWzKfYb"
_SPOTIFY = "https://open.spotify.com"
_ADDED = datetime(2024, 5, 16, 20, 46, 24, tzinfo=UTC)
_TRACK = Item(
    type="track",
    uri="spotify:track:6tRaCkTeStOnE000000001",
    name="Ebb / Flow",
    duration_ms=214360,
    artists=(
        Artist("The Harbour Lamps", f"{_SPOTIFY}/artist/4hArTtEsToNe0000000001"),
        Artist("Earth, Wind & Fire", f"{_SPOTIFY}/artist/4hArTtEsToNe0000000002"),
    ),
    album=Album("Slack Water", f"{_SPOTIFY}/album/5aLbUmTeStOnE000000001", "2019-03"),
    url=f"{_SPOTIFY}/track/6tRaCkTeStOnE000000001",
    explicit=True,
    isrc="GBXXX1900123",
)
_LOCAL = Item(
    type="track",
    uri="spotify:local:Fog+%26+Bell:Demo+Tape:No+Wind%2C+No+Sail:273",
    name="No Wind, No Sail",
    duration_ms=273500,
    artists=(Artist("Fog & Bell"),),
    album=Album("Demo Tape"),
    local=True,
)
_EPISODE = Item(
    type="episode",
    uri="spotify:episode:7ePiSoDeStOnE000000001",
    name='=1+1 “quoted” "twice"',
    duration_ms=0,
    artists=(Artist("Talk & tide", f"{_SPOTIFY}/show/8sHoWsToNe00000000001a"),),
    album=Album("Talk & tide", f"{_SPOTIFY}/show/8sHoWsToNe00000000001a", "2026-10-01"),
    url=f"{_SPOTIFY}/episode/7ePiSoDeStOnE000000001",
)
_HOSTILE = Item(
    type="track",
    uri="spotify:track:6tRaCkTeStOnE000000002",
    name="<b>]]>\n#EXTINF:1,x\x1b[31m\u2028\ufffe 窓",
    duration_ms=1500,
)
_BAD_URI = Item(type="track", uri="two\nlines", name="Bad URI", duration_ms=1000)
_MIXED = Snapshot(
    playlist_id=_ID,
    time=datetime(2026, 10, 4, 4, tzinfo=UTC),
    read_at=datetime(2026, 10, 4, 4, 0, 7, tzinfo=UTC),
    name="Harbour mix: <loud>\tand quiet",
    description='Rock &amp; roll, see <a href="spotify:playlist:x">this</a>',
    owner=Owner("lena.example", "Lena", f"{_SPOTIFY}/user/lena.example"),
    url=f"{_SPOTIFY}/playlist/{_ID}",
    snapshot_id="v1",
    rows=(
        Row(_ADDED, "lena.example", _TRACK),
        Row(_ADDED, "", _LOCAL),
        Row(),
        Row(None, "lena.example", _EPISODE),
        Row(item=_HOSTILE),
        Row(item=_BAD_URI),
    ),
)
_SNAPSHOTS = {
    "everything that a row can be": (_MIXED, 1),
    "an empty playlist": (replace(_MIXED, rows=(), name="", description=""), 1),
    "more than five hundred rows": (replace(_MIXED, rows=_MIXED.rows[:1]), 501),
}
_NAMES = (
    {_ID: "Harbour mix", _OTHER: "harbour MIX", _THIRD: "AC/DC: live?"},
    {_ID: "con", _OTHER: "  ..  ", _THIRD: "é" * 200},
    {_ID: f"Mix ({_OTHER})", _OTHER: "Mix", _THIRD: "mix"},
)


def make_vectors() -> str:
    """Return the document as this implementation makes it."""
    cases = [
        {
            "what": what,
            "snapshot": msgspec.json.decode(encode_snapshot(snapshot)),
            "repeat": repeat,
            **export_case(snapshot, repeat),
        }
        for what, (snapshot, repeat) in _SNAPSHOTS.items()
    ]
    names = [{"names": names, "files": file_names(names)} for names in _NAMES]
    document = msgspec.json.encode({"exports": cases, "file_names": names})
    return msgspec.json.format(document, indent=1).decode() + "\n"


def read_vectors() -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(VECTORS.read_bytes())
    return document


def export_case(snapshot: Snapshot, repeat: int) -> dict[str, Any]:
    """Return the files of each format, and what they leave out; of many rows only the URIs."""
    collection = rows_of_snapshot(replace(snapshot, rows=snapshot.rows * repeat), snapshot.name)
    encoded = {
        format_: encoding.encode(collection)
        for format_, encoding in ENCODINGS.items()
        if repeat == 1 or format_ == "uris"
    }
    return {
        "files": {
            format_: [file.decode() for file in one.files] for format_, one in encoded.items()
        },
        "left_out": {format_: dict(one.left_out) for format_, one in encoded.items()},
    }


def snapshot_of_case(case: dict[str, Any]) -> Snapshot:
    return decode_snapshot(msgspec.json.encode(case["snapshot"]))
