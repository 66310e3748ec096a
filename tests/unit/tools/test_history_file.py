"""A file that is no history file is refused, with what is wrong and where."""

import json
import lzma
from datetime import date
from pathlib import Path

import pytest

from tools.stand_in.history import HistoryFileError, HistoryLibrary

pytestmark = pytest.mark.unit

TRACKS = {"tracks": [["t1", "Song", [["a1", "Artist"]], "b1", "Album", 173]]}
PLAYLIST = {"id": "p1", "versions": [["2026-01-01", "Mix", None, [0]]]}


def compressed(*lines: object) -> bytes:
    return lzma.compress("\n".join(map(json.dumps, lines)).encode())


def with_versions(*versions: object) -> dict[str, object]:
    return {"id": "p1", "versions": list(versions)}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        pytest.param(b"", "not compressed with xz", id="an empty file"),
        pytest.param(lzma.compress(b""), "it is empty", id="nothing compressed"),
        pytest.param(b"# Notes\n", "not compressed with xz", id="a text"),
        pytest.param(compressed(TRACKS, PLAYLIST)[:-20], "not compressed with xz", id="cut off"),
        pytest.param(lzma.compress(b"\xff\xfe"), "line 1", id="no text"),
        pytest.param(compressed([]), "line 1", id="no tracks"),
        pytest.param(compressed(TRACKS), "no playlist", id="no playlist"),
        pytest.param(compressed(TRACKS, PLAYLIST, {"id": 7}), "line 3", id="no versions"),
        pytest.param(compressed(TRACKS, with_versions()), "line 2.*no version", id="none"),
        pytest.param(
            compressed(TRACKS, with_versions(["2026-02-30", "Mix", None, []])),
            "line 2.*date",
            id="an impossible date",
        ),
        pytest.param(
            compressed(
                TRACKS,
                with_versions(["2026-01-02", "Mix", None, []], ["2026-01-01", "Mix", None, []]),
            ),
            "line 2.*order",
            id="backwards",
        ),
        pytest.param(
            compressed(TRACKS, with_versions(["2026-01-01", "Mix", None, [1]])),
            "line 2.*track that line 1 does not hold",
            id="an unknown track",
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "history.jsonl.xz"
    path.write_bytes(content)

    with pytest.raises(
        HistoryFileError, match=rf"history\.jsonl\.xz is no history file: .*{complaint}"
    ):
        HistoryLibrary(path)


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryFileError, match=r"absent cannot be read: No such file"):
        HistoryLibrary(tmp_path / "absent")


def test_a_history_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl.xz"
    path.write_bytes(compressed(TRACKS, PLAYLIST))

    mix = HistoryLibrary(path).find("p1", date(2026, 1, 2))

    assert mix
    assert mix.name == "Mix"
