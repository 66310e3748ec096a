"""The deployed stack, used only through AWS's interfaces, as its owner would."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from itertools import batched
from typing import Any

import boto3
import msgspec
from botocore.config import Config
from botocore.exceptions import ClientError

from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.ports.credentials import Credentials
from tools.local.engine import REGION, Engine
from tools.local.errors import LocalStackError

STACK_NAME = "playlist-archive"
ARTIFACTS = "playlist-archive-artifacts"
_CREDENTIALS_PARAMETER = "/playlist-archive/spotify"
# S3 deletes so many objects with one request.
_MOST_DELETED = 1000
_QUEUES = ("Fetch", "Render", "Outcome")
_DEAD_LETTER_QUEUES = ("Lister", *_QUEUES)


@dataclass(frozen=True)
class Depth:
    """The messages in a queue: ready, in flight or hidden, and delayed."""

    waiting: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        return self.waiting + self.in_flight + self.delayed


class Stack:
    """The stack that is deployed on `engine`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        # The engine accepts any credentials as the account owner's.
        self._session: Any = boto3.Session("test", "test", region_name=REGION)

    def create_artifact_bucket(self) -> None:
        with suppress(self._s3.exceptions.BucketAlreadyOwnedByYou):
            self._s3.create_bucket(Bucket=ARTIFACTS)

    @cached_property
    def outputs(self) -> dict[str, str]:
        [stack] = self._client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    @property
    def bucket(self) -> str:
        return self.outputs["BucketName"]

    def put_credentials(self, credentials: Credentials) -> None:
        self._client("ssm").put_parameter(
            Name=_CREDENTIALS_PARAMETER,
            Type="SecureString",
            Value=msgspec.json.encode(credentials).decode(),
            Overwrite=True,
        )

    def read_credentials(self) -> Credentials:
        parameter = self._client("ssm").get_parameter(
            Name=_CREDENTIALS_PARAMETER, WithDecryption=True
        )
        return msgspec.json.decode(parameter["Parameter"]["Value"], type=Credentials)

    def adopt(self, former: str) -> None:
        """Move the objects of the bucket `former` here, without notifying anyone."""
        if former == self.bucket or not self._has_bucket(former):
            return
        with self.unnoticed():
            for key in self.list_keys(bucket=former):
                source = {"Bucket": former, "Key": key}
                self._s3.copy_object(Bucket=self.bucket, Key=key, CopySource=source)
        self._empty(former)
        self._s3.delete_bucket(Bucket=former)

    def _has_bucket(self, name: str) -> bool:
        return any(bucket["Name"] == name for bucket in self._s3.list_buckets()["Buckets"])

    def _empty(self, bucket: str) -> None:
        """Delete every version in a bucket.

        All versions are listed before the first one is deleted. The engine continues a list after
        the last listed version; if that is gone, it leaves out the key's other versions.
        """
        pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket)
        versions = [
            {"Key": version["Key"], "VersionId": version["VersionId"]}
            for page in pages
            for kind in ("Versions", "DeleteMarkers")
            for version in page.get(kind, ())
        ]
        for batch in batched(versions, _MOST_DELETED):  # noqa: B911 -- the last one is shorter
            self._s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})

    @contextmanager
    def unnoticed(self) -> Iterator[None]:
        """Change the bucket without notifying the lister and the renderer."""
        notifications = self._s3.get_bucket_notification_configuration(Bucket=self.bucket)
        notifications.pop("ResponseMetadata")
        self._s3.put_bucket_notification_configuration(
            Bucket=self.bucket, NotificationConfiguration={}
        )
        try:
            yield
        finally:
            self._s3.put_bucket_notification_configuration(
                Bucket=self.bucket, NotificationConfiguration=notifications
            )

    def delete(self, key: str) -> None:
        self._s3.delete_object(Bucket=self.bucket, Key=key)

    def list_keys(self, prefix: str = "", bucket: str = "") -> Iterator[str]:
        return (entry["Key"] for entry in self._list(prefix, bucket or self.bucket))

    def put(self, key: str, body: str) -> None:
        self._s3.put_object(
            Bucket=self.bucket,
            Key=key,
            Body=body.encode(),
            ContentType="text/plain; charset=utf-8",
        )

    def read(self, key: str) -> bytes:
        body: bytes = self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def read_json(self, key: str) -> dict[str, Any]:
        """Return an object's contents, empty if there is no such object."""
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return {}
            raise
        contents: dict[str, Any] = json.load(answer["Body"])
        return contents

    def start_run(self, time: datetime) -> None:
        """Invoke the lister as the schedule would, for the run of `time`.

        The run is forced, because simulated days may be ahead of the clock.
        """
        self._invoke_lister({"time": to_timestamp(time), "force": True})

    def start_rebuild(self) -> None:
        """Invoke the lister as the operator would, to rebuild everything from snapshots."""
        self._invoke_lister({"rebuild": "all"})

    def _invoke_lister(self, event: Mapping[str, object]) -> None:
        answer = self._client("lambda").invoke(
            FunctionName=self.outputs["ListerFunctionName"], Payload=json.dumps(event).encode()
        )
        if "FunctionError" in answer:
            error = json.load(answer["Payload"])
            raise LocalStackError(
                f"the lister failed: {error.get('errorType')}: {error.get('errorMessage')}\n"
                f"see {self.engine.process.log}"
            )

    def read_environments(self) -> dict[str, dict[str, str]]:
        """Return the deployed functions' environment variables by logical id."""
        return {
            output.removesuffix("Name"): self._client("lambda").get_function_configuration(
                FunctionName=name
            )["Environment"]["Variables"]
            for output, name in self.outputs.items()
            if output.endswith("FunctionName")
        }

    def measure_queues(self) -> dict[str, Depth]:
        return {name: self._measure(f"{name}QueueUrl") for name in _QUEUES}

    def drop_messages(self) -> None:
        """Delete all messages, because those of a failed function would be redelivered for days."""
        for name in _QUEUES:
            self._client("sqs").purge_queue(QueueUrl=self.outputs[f"{name}QueueUrl"])

    def count_dead_letters(self) -> dict[str, int]:
        """Return the dead-letter queues that are not empty."""
        depths = {name: self._measure(f"{name}DeadLetterQueueUrl") for name in _DEAD_LETTER_QUEUES}
        return {
            f"{name}DeadLetterQueue": depth.total for name, depth in depths.items() if depth.total
        }

    def list_md5s(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Yield key and MD5 of each object; the engine's ETag is its MD5."""
        for entry in self._list(prefix, self.bucket):
            yield entry["Key"], entry["ETag"].strip('"')

    def _measure(self, output: str) -> Depth:
        attributes = self._client("sqs").get_queue_attributes(
            QueueUrl=self.outputs[output], AttributeNames=["All"]
        )["Attributes"]
        return Depth(
            waiting=int(attributes["ApproximateNumberOfMessages"]),
            in_flight=int(attributes["ApproximateNumberOfMessagesNotVisible"]),
            delayed=int(attributes["ApproximateNumberOfMessagesDelayed"]),
        )

    def _list(self, prefix: str, bucket: str) -> Iterator[dict[str, Any]]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            yield from page.get("Contents", ())

    @cached_property
    def _s3(self) -> Any:
        return self._client("s3")

    @cache  # noqa: B019 -- a command has one stack, and it lives as long
    def _client(self, service: str) -> Any:
        # A slow answer must not make the client start a run twice.
        patient = Config(read_timeout=900, retries={"total_max_attempts": 1})
        return self._session.client(service, endpoint_url=self.engine.url, config=patient)
