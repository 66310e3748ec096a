"""A new version keeps the bucket and the queues, and reads old messages and documents."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from playlist_archive.documents.catalog import Catalog, decode_catalog, encode_catalog
from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.ledger import decode_ledger, encode_ledger
from playlist_archive.documents.messages import (
    FetchRequest,
    Message,
    Outcome,
    RenderRequest,
    RunReport,
    decode_fetch_request,
    decode_outcome,
    decode_render_request,
    encode_message,
)
from playlist_archive.documents.snapshot import Snapshot, decode_snapshot, encode_snapshot
from tests.contract.test_template import SOURCE, of_type, walk
from tests.support.builders import PLAYLIST, RUN, a_header, rows
from tools.template import load_source

pytestmark = pytest.mark.contract

# CloudFormation resource reference: "Update requires: Replacement".
REPLACING = {
    "AWS::S3::Bucket": {"BucketName", "BucketNamePrefix", "BucketNamespace", "ObjectLockEnabled"},
    "AWS::SQS::Queue": {"QueueName", "FifoQueue"},
}
SNAPSHOT = Snapshot(
    playlist_id=PLAYLIST,
    time=RUN,
    read_at=RUN,
    previous_check=None,
    rows=rows(1, 2),
    **{name: getattr(a_header(), name) for name in a_header().__struct_fields__},
)


def references(value: Any) -> set[str]:
    """Return all names from which a property is computed."""
    found = set()
    for part in walk(value):
        match part:
            case {"Ref": str(name)}:
                found.add(name)
            case {"Fn::GetAtt": target}:
                found.add(str(target))
            case {"Fn::If": [condition, *_]}:
                found.add(str(condition))
            case {"Fn::Sub": str(text)} | {"Fn::Sub": [str(text), _]}:
                found |= {name for name in ("AWS::StackName", "AWS::StackId") if name in text}
                assert not any(f"${{{name}}}" in text for name in SOURCE["Parameters"])
    return found


def test_resources_that_hold_data_keep_their_logical_ids() -> None:
    """With another logical id CloudFormation would create another queue or bucket."""
    assert set(of_type("AWS::S3::Bucket")) == {"ArchiveBucket"}
    assert set(of_type("AWS::SQS::Queue")) == {
        *("FetchQueue", "RenderQueue", "OutcomeQueue"),
        *("ListerDeadLetterQueue", "FetchDeadLetterQueue"),
        *("RenderDeadLetterQueue", "OutcomeDeadLetterQueue"),
    }


@pytest.mark.parametrize("kind", REPLACING)
def test_no_parameter_can_replace_a_resource_that_holds_data(kind: str) -> None:
    deciding = {
        logical_id: {
            name: references(value)
            for name, value in resource["Properties"].items()
            if name in REPLACING[kind]
        }
        for logical_id, resource in of_type(kind, load_source()).items()
    }

    assert any(deciding.values())
    assert {
        name for properties in deciding.values() for found in properties.values() for name in found
    } <= {
        "AWS::StackName",
        "AWS::StackId",
    }
    assert not [
        logical_id for logical_id, resource in of_type(kind).items() if "Condition" in resource
    ]


@pytest.mark.parametrize(
    ("message", "decode"),
    [
        (FetchRequest(playlist_id=PLAYLIST, run=RUN, source="registry"), decode_fetch_request),
        (Outcome(playlist_id=PLAYLIST, run=RUN, at=RUN, status="ok"), decode_outcome),
        (RunReport(run=RUN, at=RUN, planned=1, unchanged=0), decode_outcome),
        (RenderRequest(playlist_id=PLAYLIST), decode_render_request),
    ],
)
def test_a_message_with_a_field_of_another_version_is_understood(
    message: Message, decode: Callable[[str], Message]
) -> None:
    """This holds in both directions: defaults are not sent, and unknown fields are ignored."""
    body = {**json.loads(encode_message(message)), "invented_later": {"deep": [1]}}

    assert decode(json.dumps(body)) == message


@pytest.mark.parametrize(
    ("document", "decode", "encode"),
    [
        (SNAPSHOT, decode_snapshot, encode_snapshot),
        (fold_all([SNAPSHOT]), decode_ledger, encode_ledger),
        (Catalog(), decode_catalog, encode_catalog),
    ],
    ids=["snapshot", "ledger", "catalog"],
)
def test_a_document_with_a_field_of_a_later_version_is_understood(
    document: object, decode: Callable[[bytes], object], encode: Callable[[Any], bytes]
) -> None:
    stored = {**json.loads(encode(document)), "invented_later": [1]}

    assert stored["schema"] == 1
    assert decode(json.dumps(stored).encode()) == document
