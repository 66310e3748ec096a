import re
from pathlib import Path

import msgspec
import pytest

from playlist_archive.documents.playlist import Item, Row
from playlist_archive.documents.snapshot import Snapshot, decode_snapshot, encode_snapshot
from tests.support.builders import PLAYLIST, RUN, a_header, a_row

pytestmark = pytest.mark.unit

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "snapshot.md"


def a_snapshot(*rows: Row, **changes: object) -> Snapshot:
    header = msgspec.structs.asdict(a_header())
    snapshot = Snapshot(playlist_id=PLAYLIST, time=RUN, read_at=RUN, rows=rows, **header)
    return msgspec.structs.replace(snapshot, **changes)


def an_item() -> Item:
    item = a_row(1).item
    assert item is not None
    return item


def with_item(**changes: object) -> Snapshot:
    return a_snapshot(Row(RUN, "me", msgspec.structs.replace(an_item(), **changes)))


def test_the_code_reads_and_writes_the_documented_example() -> None:
    match = re.search(r"```json\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
    assert match
    document = match[1].encode()

    assert encode_snapshot(decode_snapshot(document)) == document


def test_every_field_is_documented() -> None:
    words = set(re.findall(r"`(\w+)`", DOCUMENTATION.read_text()))

    for struct in (Snapshot, Row, Item):
        assert set(struct.__struct_fields__) <= words


def test_a_document_of_another_schema_is_refused() -> None:
    document = encode_snapshot(a_snapshot()).replace(b'"schema": 1', b'"schema": 2')

    with pytest.raises(msgspec.ValidationError, match="schema"):
        decode_snapshot(document)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(a_snapshot(), a_snapshot(name="Other"), id="name"),
        pytest.param(a_snapshot(), a_snapshot(description="Other"), id="description"),
        pytest.param(a_snapshot(), a_snapshot(owner=a_header(owner="x").owner), id="owner"),
        pytest.param(a_snapshot(), a_snapshot(a_row(1)), id="a row"),
        pytest.param(a_snapshot(a_row(1), a_row(2)), a_snapshot(a_row(2), a_row(1)), id="order"),
        pytest.param(a_snapshot(a_row(1)), a_snapshot(Row(RUN)), id="null row"),
        pytest.param(a_snapshot(a_row(1)), a_snapshot(a_row(1, added_at=None)), id="date added"),
        pytest.param(with_item(), with_item(name="Other"), id="title"),
        pytest.param(with_item(), with_item(artists=()), id="artists"),
        pytest.param(
            with_item(),
            with_item(album=msgspec.structs.replace(an_item().album, name="Other")),
            id="album",
        ),
        pytest.param(with_item(), with_item(playable=False), id="playability"),
        pytest.param(with_item(), with_item(uri="spotify:track:x"), id="identity"),
    ],
)
def test_this_is_a_change(one: Snapshot, other: Snapshot) -> None:
    assert one.content_hash() != other.content_hash()


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "git-archive"},
        {"followers": 9},
        {"snapshot_id": "v2"},
        {"read_at": RUN.replace(hour=9)},
    ],
)
def test_other_differences_are_no_change(changes: dict[str, object]) -> None:
    assert a_snapshot(**changes).content_hash() == a_snapshot().content_hash()
