import re
from pathlib import Path

import msgspec
import pytest

from playlist_archive.documents.changes import ArchivedChanges, Change, Move, Placed
from playlist_archive.documents.ledger import (
    FoldedSnapshot,
    GoneLines,
    Interval,
    Ledger,
    LedgerRow,
    Occurrence,
    PartitionSummary,
    Sums,
    decode_ledger,
    encode_ledger,
)
from playlist_archive.documents.ledger_partitions import Part
from playlist_archive.views import render_pages

pytestmark = pytest.mark.unit

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "ledger.md"


@pytest.fixture(scope="module")
def example() -> bytes:
    match = re.search(r"```json\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
    assert match
    return match[1].encode()


def test_the_code_reads_and_writes_the_documented_example(example: bytes) -> None:
    written = encode_ledger(decode_ledger(example))

    assert msgspec.json.format(written, indent=1) + b"\n" == example


def test_the_documented_example_has_pages(example: bytes) -> None:
    assert len(render_pages(decode_ledger(example))) == 9


def test_every_field_is_documented() -> None:
    words = set(re.findall(r"`(\w+)`", DOCUMENTATION.read_text()))

    for struct in (
        Ledger,
        FoldedSnapshot,
        Occurrence,
        Interval,
        LedgerRow,
        Change,
        Placed,
        Move,
        ArchivedChanges,
        Sums,
        PartitionSummary,
        GoneLines,
        Part,
    ):
        assert set(struct.__struct_fields__) <= words


def test_a_document_of_another_schema_is_refused(example: bytes) -> None:
    with pytest.raises(msgspec.ValidationError, match="schema"):
        decode_ledger(example.replace(b'"schema": 1', b'"schema": 2'))
