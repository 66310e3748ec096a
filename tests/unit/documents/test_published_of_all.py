"""The documents about all playlists are documented as they are."""

import re
from pathlib import Path

import msgspec
import pytest

from playlist_archive.documents import index, recent_changes
from playlist_archive.documents.index import Index, encode_index
from playlist_archive.documents.recent_changes import (
    decode_recent_changes,
    encode_recent_changes,
)

pytestmark = pytest.mark.unit

DOCUMENTATION = (Path(__file__).parents[3] / "docs" / "documents.md").read_text()


def section(heading: str) -> str:
    return DOCUMENTATION.split(f"## {heading}\n")[1].split("\n## ")[0]


def example(heading: str) -> bytes:
    match = re.search(r"```json\n(.*?)```", section(heading), re.DOTALL)
    assert match
    return match[1].encode()


def fields_of(module: object) -> set[str]:
    return {
        field
        for struct in vars(module).values()
        if isinstance(struct, type) and issubclass(struct, msgspec.Struct)
        for field in struct.__struct_encode_fields__
    }


def test_the_example_of_the_index_is_what_the_code_reads_and_writes() -> None:
    written = encode_index(msgspec.json.decode(example("All playlists"), type=Index))

    assert msgspec.json.format(written, indent=1) + b"\n" == example("All playlists")


def test_the_example_of_the_changes_is_what_the_code_reads_and_writes() -> None:
    changes = example("The changes of all playlists")
    written = encode_recent_changes(decode_recent_changes(changes))

    assert msgspec.json.format(written, indent=1) + b"\n" == changes


@pytest.mark.parametrize("module", [index, recent_changes])
def test_every_field_is_named(module: object) -> None:
    assert fields_of(module) <= set(re.findall(r"`(\w+)`", DOCUMENTATION))
