"""The real adapters and the fakes keep the same promises."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NoReturn

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from playlist_archive.documents.content_types import KEEP_FOR_EVER, TEXT
from playlist_archive.errors import AuthorizationError, ConflictError, StorageError
from playlist_archive.ports.aws import (
    open_bucket,
    open_event_bus,
    open_parameter,
    open_queue,
    open_topic,
)
from playlist_archive.ports.bucket import Bucket, copy_damaged, update
from playlist_archive.ports.credentials import Credentials
from playlist_archive.ports.event_bus import LARGEST_DETAIL, EventBridgeBus, EventBus
from playlist_archive.ports.queues import FifoAttributes
from playlist_archive.ports.topics import Topic
from tests.support.fakes import FakeBucket, FakeEventBus, FakeTopic

pytestmark = pytest.mark.contract


@pytest.fixture
def _aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(params=["fake", "s3"])
def bucket(request: pytest.FixtureRequest) -> Iterator[Bucket]:
    if request.param == "fake":
        yield FakeBucket()
        return
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="archive",
            CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
        )
        yield open_bucket("archive")


def test_an_absent_object_reads_as_none(bucket: Bucket) -> None:
    assert bucket.get("state/catalog.json") is None


def test_an_object_is_described_as_it_was_written(bucket: Bucket) -> None:
    assert bucket.describe("a") is None
    etag = bucket.put("a", b"one", TEXT, replacing=None, metadata={"stamp": "x"})

    assert bucket.describe("a") == (etag, {"stamp": "x"})


def test_an_object_reads_as_it_was_written(bucket: Bucket) -> None:
    etag = bucket.put("a", b"one", TEXT, replacing=None)

    stored = bucket.get("a")
    assert stored is not None
    assert stored == (b"one", etag, {})


def test_an_object_keeps_its_metadata_until_it_is_replaced(bucket: Bucket) -> None:
    etag = bucket.put("a", b"one", TEXT, replacing=None, metadata={"run": "2026-10-01T04:00:00Z"})

    stored = bucket.get("a")
    assert stored is not None
    assert stored.metadata == {"run": "2026-10-01T04:00:00Z"}

    bucket.put("a", b"two", TEXT, replacing=etag)
    replaced = bucket.get("a")
    assert replaced is not None
    assert replaced.metadata == {}


@pytest.mark.usefixtures("_aws")
def test_a_browser_asks_for_an_object_each_time_unless_it_may_keep_it_for_ever() -> None:
    client = boto3.client("s3")
    client.create_bucket(
        Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    bucket = open_bucket("archive")
    bucket.put("page", b"", TEXT, replacing=None)
    bucket.put("asset", b"", TEXT, replacing=None, cache_control=KEEP_FOR_EVER)

    said = [
        client.head_object(Bucket="archive", Key=it)["CacheControl"] for it in ("page", "asset")
    ]
    assert said == ["no-cache", "max-age=31536000, immutable"]


def test_creating_over_another_object_conflicts(bucket: Bucket) -> None:
    bucket.put("a", b"one", TEXT, replacing=None)

    with pytest.raises(ConflictError):
        bucket.put("a", b"two", TEXT, replacing=None)


def test_creating_the_same_object_again_conflicts_too(bucket: Bucket) -> None:
    bucket.put("a", b"one", TEXT, replacing=None)

    with pytest.raises(ConflictError):
        bucket.put("a", b"one", TEXT, replacing=None)


def test_replacing_what_was_read_succeeds(bucket: Bucket) -> None:
    etag = bucket.put("a", b"one", TEXT, replacing=None)
    bucket.put("a", b"two", TEXT, replacing=etag)

    stored = bucket.get("a")
    assert stored is not None
    assert stored.body == b"two"


def test_replacing_what_another_replaced_conflicts(bucket: Bucket) -> None:
    etag = bucket.put("a", b"one", TEXT, replacing=None)
    bucket.put("a", b"two", TEXT, replacing=etag)

    with pytest.raises(ConflictError):
        bucket.put("a", b"three", TEXT, replacing=etag)


def test_replacing_what_is_gone_conflicts(bucket: Bucket) -> None:
    with pytest.raises(ConflictError):
        bucket.put("a", b"two", TEXT, replacing='"0123456789abcdef0123456789abcdef"')


def test_listing_is_in_order_and_begins_behind_a_key(bucket: Bucket) -> None:
    for key in ("x/2", "x/1", "x/3", "y/1"):
        bucket.put(key, key.encode(), TEXT, replacing=None)

    assert [listed.key for listed in bucket.list_objects("x/")] == ["x/1", "x/2", "x/3"]
    assert [listed.key for listed in bucket.list_objects("x/", after="x/1")] == ["x/2", "x/3"]
    assert [listed.size for listed in bucket.list_objects("y/")] == [3]


def test_folders_are_listed_once_and_in_order(bucket: Bucket) -> None:
    for key in ("x/b/1", "x/a/1", "x/a/2", "x/3", "y/c/1"):
        bucket.put(key, b"", TEXT, replacing=None)

    assert list(bucket.list_folders("x/")) == ["a", "b"]


def test_an_unreadable_object_is_copied_once_under_its_time(bucket: Bucket) -> None:
    moment = datetime(2026, 10, 4, 4, tzinfo=UTC)
    copy_damaged(bucket, "state/catalog.json", b"half", moment)
    copy_damaged(bucket, "state/catalog.json", b"other", moment)

    kept = bucket.get("damaged/state/catalog.json/20261004T040000Z")
    assert kept is not None
    assert kept.body == b"half"


def test_a_listing_has_the_etags_of_the_objects(bucket: Bucket) -> None:
    etag = bucket.put("a", b"one", TEXT, replacing=None)

    assert [listed.etag for listed in bucket.list_objects("a")] == [etag]


def test_an_update_is_tried_again_when_another_writer_was_quicker(bucket: Bucket) -> None:
    bucket.put("a", b"1", TEXT, replacing=None)
    interference = iter([b"10"])

    def add_one(stored: bytes | None) -> bytes:
        for body in interference:
            present = bucket.get("a")
            assert present is not None
            bucket.put("a", body, TEXT, replacing=present.etag)
        return str(int(stored or b"0") + 1).encode()

    assert update(bucket, "a", TEXT, add_one) == b"11"


@pytest.mark.usefixtures("_aws")
def test_a_bucket_that_refuses_is_a_storage_error() -> None:
    bucket = open_bucket("nobody-made-this-bucket")

    with pytest.raises(StorageError, match="NoSuchBucket"):
        bucket.put("a", b"one", TEXT, replacing=None)


@pytest.mark.usefixtures("_aws")
def test_a_fifo_queue_keeps_order_and_drops_repetitions() -> None:
    client = boto3.client("sqs")
    url = client.create_queue(QueueName="lane.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    open_queue(url).send_in_order(
        (str(number), FifoAttributes("spotify", str(min(number, 11)))) for number in range(13)
    )

    bodies: list[str] = []
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            bodies.append(message["Body"])
            client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert bodies == [str(number) for number in range(12)]


@pytest.mark.usefixtures("_aws")
def test_many_messages_are_all_sent() -> None:
    client = boto3.client("sqs")
    url = client.create_queue(QueueName="many")["QueueUrl"]
    open_queue(url).send(str(number) for number in range(205))

    bodies: list[str] = []
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in messages]
    assert sorted(map(int, bodies)) == list(range(205))


@pytest.mark.usefixtures("_aws")
def test_held_messages_stay_hidden() -> None:
    client = boto3.client("sqs")
    url = client.create_queue(QueueName="lane")["QueueUrl"]
    queue = open_queue(url)
    queue.send(["a"])
    received = client.receive_message(QueueUrl=url)["Messages"]
    queue.hold([message["ReceiptHandle"] for message in received], 0)
    assert client.receive_message(QueueUrl=url)["Messages"]
    queue.hold([message["ReceiptHandle"] for message in received], 600)

    assert "Messages" not in client.receive_message(QueueUrl=url)


@pytest.mark.usefixtures("_aws")
def test_a_queue_that_is_gone_is_a_storage_error() -> None:
    with pytest.raises(StorageError):
        open_queue("https://sqs.eu-central-1.amazonaws.com/123456789012/gone").send(["a"])


type Mails = Callable[[], list[tuple[str, str]]]


@pytest.fixture(params=["fake", "sns"])
def topic(request: pytest.FixtureRequest) -> Iterator[tuple[Topic, Mails]]:
    """Yield a topic, and what its one subscriber got."""
    if request.param == "fake":
        fake = FakeTopic()
        yield fake, lambda: fake.mails
        return
    with mock_aws():
        sqs, sns = boto3.client("sqs"), boto3.client("sns")
        url = sqs.create_queue(QueueName="subscriber")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = sns.create_topic(Name="owner")["TopicArn"]
        queue_arn = attributes["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)

        def received() -> list[tuple[str, str]]:
            messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
            bodies = [json.loads(message["Body"]) for message in messages]
            return [(body["Subject"], body["Message"]) for body in bodies]

        yield open_topic(arn), received


def test_a_subscriber_gets_subject_and_text_as_they_were_published(
    topic: tuple[Topic, Mails],
) -> None:
    published, received = topic
    published.publish("Well again", "Two lines,\nthe second with an —.\n")

    assert received() == [("Well again", "Two lines,\nthe second with an —.\n")]


@pytest.mark.usefixtures("_aws")
@pytest.mark.parametrize("kind", ["fake", "sns"])
def test_a_topic_that_is_gone_is_a_storage_error(kind: str) -> None:
    fake = FakeTopic()
    fake.broken = True
    topic = fake if kind == "fake" else open_topic("arn:aws:sns:eu-central-1:123456789012:gone")

    with pytest.raises(StorageError, match="publish"):
        topic.publish("Subject", "Text")


type Received = Callable[[], list[str]]

RESOURCE = "arn:aws:s3:::archive"


@pytest.fixture(params=["fake", "eventbridge"])
def event_bus(request: pytest.FixtureRequest) -> Iterator[tuple[EventBus, Received]]:
    """Yield a bus, and the details of the events that a rule for them passed on."""
    if request.param == "fake":
        fake = FakeEventBus()
        yield fake, lambda: fake.details
        return
    with mock_aws():
        sqs, events = boto3.client("sqs"), boto3.client("events")
        url = sqs.create_queue(QueueName="program")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        pattern = {"source": ["playlist-archive"], "detail-type": ["Playlist Changed"]}
        events.put_rule(Name="changes", EventPattern=json.dumps(pattern))
        queue_arn = attributes["Attributes"]["QueueArn"]
        events.put_targets(Rule="changes", Targets=[{"Id": "program", "Arn": queue_arn}])

        def received() -> list[str]:
            details: list[str] = []
            while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
                "Messages"
            ):
                for message in messages:
                    event = json.loads(message["Body"])
                    assert event["resources"] == [RESOURCE]
                    details.append(json.dumps(event["detail"]))
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return details

        yield open_event_bus("archive"), received


def test_every_event_arrives_once_and_in_order_however_many_there_are(
    event_bus: tuple[EventBus, Received],
) -> None:
    published, received = event_bus
    details = {f"id-{number}": json.dumps({"number": number}) for number in range(25)}

    assert published.publish(details) == details.keys()
    assert received() == list(details.values())


def test_no_events_are_no_request(event_bus: tuple[EventBus, Received]) -> None:
    published, received = event_bus

    assert published.publish({}) == frozenset()
    assert received() == []


class Answering:
    """A client of EventBridge that notes the entries and answers as the test says."""

    def __init__(self, answer: Callable[[list[dict[str, str]]], dict[str, object]]) -> None:
        self.requests: list[list[dict[str, str]]] = []
        self._answer = answer

    def put_events(self, *, Entries: list[dict[str, str]]) -> dict[str, object]:  # noqa: N803 - as boto3 calls it
        self.requests.append(Entries)
        return self._answer(Entries)


def take_all(entries: list[dict[str, str]]) -> dict[str, object]:
    taken = [{"EventId": str(number)} for number in range(len(entries))]
    return {"FailedEntryCount": 0, "Entries": taken}


def refuse_odd(entries: list[dict[str, str]]) -> dict[str, object]:
    refused = {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
    results = [
        {"EventId": str(number)} if number % 2 == 0 else refused for number in range(len(entries))
    ]
    return {"FailedEntryCount": len(entries) // 2, "Entries": results}


def fail(_: list[dict[str, str]]) -> NoReturn:
    raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutEvents")


def test_an_event_that_the_bus_refuses_is_not_among_those_taken(
    caplog: pytest.LogCaptureFixture,
) -> None:
    taken = EventBridgeBus(Answering(refuse_odd), RESOURCE).publish(  # type: ignore[arg-type]
        {"a": "{}", "b": "{}", "c": "{}"}
    )

    assert taken == {"a", "c"}
    assert "b was refused: ThrottlingException: slow down" in caplog.text


def test_a_bus_that_fails_takes_none_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    taken = EventBridgeBus(Answering(fail), RESOURCE).publish({"a": "{}"})  # type: ignore[arg-type]

    assert taken == frozenset()
    assert "AccessDeniedException" in caplog.text


def test_a_request_holds_ten_events_and_256_kilobytes_at_most() -> None:
    client = Answering(take_all)
    details = {
        str(number): "x" * size for number, size in enumerate([200_000, 100_000, 9] + [1] * 12)
    }
    details["largest"] = "x" * LARGEST_DETAIL

    taken = EventBridgeBus(client, RESOURCE).publish(details)  # type: ignore[arg-type]

    assert taken == details.keys()
    assert [len(entries) for entries in client.requests] == [1, 10, 4, 1]
    for entries in client.requests:
        size = sum(len(it["Source"] + it["DetailType"] + it["Detail"]) for it in entries)
        assert size <= 256 * 1024


@pytest.mark.usefixtures("_aws")
def test_credentials_come_back_as_they_were_saved() -> None:
    store = open_parameter("/archive/spotify")
    store.save(Credentials("id", "secret", "refresh"))

    assert store.load() == Credentials("id", "secret", "refresh")
    parameter = boto3.client("ssm").get_parameter(Name="/archive/spotify")["Parameter"]
    assert parameter["Type"] == "SecureString"


@pytest.mark.usefixtures("_aws")
def test_missing_credentials_say_where_they_belong() -> None:
    with pytest.raises(AuthorizationError, match="/archive/spotify"):
        open_parameter("/archive/spotify").load()


@pytest.mark.usefixtures("_aws")
def test_credentials_that_cannot_be_read_at_present_are_not_taken_for_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = open_parameter("/archive/spotify")
    store.save(Credentials("id", "secret"))
    throttled = ClientError({"Error": {"Code": "ThrottlingException"}}, "GetParameter")

    def refuse(*_: object, **__: object) -> NoReturn:
        raise throttled

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refuse)

    with pytest.raises(StorageError, match=r"/archive/spotify.*Throttling"):
        store.load()


@pytest.mark.usefixtures("_aws")
def test_malformed_credentials_are_not_quoted() -> None:
    boto3.client("ssm").put_parameter(
        Name="/archive/spotify", Value='{"client_id": "hush', Type="SecureString"
    )

    with pytest.raises(AuthorizationError) as caught:
        open_parameter("/archive/spotify").load()
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(caught.value.__cause__)
