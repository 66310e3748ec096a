"""The deployed stack, used only through AWS's interfaces, as its owner would."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from playlist_archive.documents.timestamps import to_timestamp
from tools.local.engine import REGION, Engine
from tools.local.errors import LocalStackError

STACK_NAME = "playlist-archive"
ARTIFACTS = "playlist-archive-artifacts"
_CREDENTIALS_PARAMETER = "/playlist-archive/spotify"
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

    def put_credentials(self, credentials: Mapping[str, str]) -> None:
        self._client("ssm").put_parameter(
            Name=_CREDENTIALS_PARAMETER,
            Type="SecureString",
            Value=json.dumps(dict(credentials)),
            Overwrite=True,
        )

    def adopt(self, former: str) -> None:
        """Move the objects of the bucket `former` here, without notifying anyone."""
        if former == self.bucket:
            return
        notifications = self._s3.get_bucket_notification_configuration(Bucket=self.bucket)
        notifications.pop("ResponseMetadata")
        self._s3.put_bucket_notification_configuration(
            Bucket=self.bucket, NotificationConfiguration={}
        )
        for key in self.list_keys(bucket=former):
            source = {"Bucket": former, "Key": key}
            self._s3.copy_object(Bucket=self.bucket, Key=key, CopySource=source)
        self._s3.put_bucket_notification_configuration(
            Bucket=self.bucket, NotificationConfiguration=notifications
        )
        resource = self._session.resource("s3", endpoint_url=self.engine.url).Bucket(former)
        resource.object_versions.delete()
        resource.objects.delete()
        resource.delete()

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

    def count_dead_letters(self) -> dict[str, int]:
        """Return the dead-letter queues that are not empty."""
        depths = {name: self._measure(f"{name}DeadLetterQueueUrl") for name in _DEAD_LETTER_QUEUES}
        return {
            f"{name}DeadLetterQueue": depth.total for name, depth in depths.items() if depth.total
        }

    def download(self, prefix: str, folder: Path) -> int:
        """Make `folder/prefix` a copy of the objects under `prefix`; return their number."""
        wanted = set()
        for entry in self._list(prefix, self.bucket):
            path = folder / entry["Key"]
            wanted.add(path)
            if not _is_same(path, entry):
                path.parent.mkdir(parents=True, exist_ok=True)
                contents = self._s3.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"]
                path.write_bytes(contents.read())
        for path in (folder / prefix).rglob("*"):
            if path.is_file() and path not in wanted:
                path.unlink()
        return len(wanted)

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


def _is_same(path: Path, entry: Mapping[str, Any]) -> bool:
    """Compare by MD5, because the engine's ETag is one."""
    if not path.is_file() or path.stat().st_size != entry["Size"]:
        return False
    digest = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    return bool(entry["ETag"] == f'"{digest}"')
