"""A stack in memory: what AWS's clients change in it, its functions notice while somebody waits."""

import io
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from playlist_archive.documents.keys import parse_snapshot_key
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.events import RebuildEvent, RunEvent, parse_lister_event, parse_outcomes
from playlist_archive.ports.spotify import Spotify
from playlist_archive.settings import LibraryMode
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.location import DeployedStack
from tests.support.fakes import FakeBucket, FakeClock
from tests.support.pipeline import Pipeline, plenty

ADDRESS = "the stack playlist-archive in eu-central-1"
FUNCTIONS = ("Lister", "Fetcher", "Renderer", "Indexer")
QUEUES = ("Fetch", "Render", "Outcome")
OUTPUTS = {
    "BucketName": "archive",
    **{f"{name}FunctionName": name for name in FUNCTIONS},
    **{f"{name}QueueUrl": name for name in QUEUES},
    **{f"{name}DeadLetterQueueUrl": f"{name}DeadLetters" for name in ("Lister", *QUEUES)},
}


class LivingClock(FakeClock):
    """A clock during whose sleep the stack works."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.stack: LivingStack | None = None

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        # The functions may sleep themselves.
        stack, self.stack = self.stack, None
        if stack:
            stack.work()
            self.stack = stack


class LivingStack:
    """The four services with queues that move on by a step whenever somebody sleeps.

    `broken` are the functions that do nothing, `refused` the operations that are not allowed.
    """

    def __init__(
        self,
        spotify: Spotify,
        clock: LivingClock,
        *,
        bucket: FakeBucket | None = None,
        mode: LibraryMode = "owned",
        liked_songs: bool = False,
    ) -> None:
        clock.stack = None
        self.clock = clock
        self.bucket = bucket or FakeBucket()
        self.pipeline = Pipeline(
            spotify, clock, bucket=self.bucket, mode=mode, liked_songs=liked_songs
        )
        self.pipeline.rendered = {key for key in self.bucket.objects if key.startswith("snapshots")}
        self.registered = self._registry()
        self.dead_letters = dict.fromkeys(("Lister", *QUEUES), 0)
        self.broken: set[str] = set()
        self.refused: set[str] = set()
        self.events: list[Any] = []
        self.resources = {f"{name}LogGroup": f"{name.lower()}-log" for name in FUNCTIONS}
        self.lines: dict[str, list[dict[str, Any]]] = {}
        # What a paused fetcher has put back comes again only much later.
        self._hidden: list[str] = []
        self._steps = self._work()
        clock.stack = self

    def connect(self) -> Connection:
        connection = Connection(DeployedStack("playlist-archive", "eu-central-1"), self.client)
        connection.outputs = OUTPUTS
        connection.bucket = self.bucket
        connection.archive = Archive(self.bucket, ADDRESS, self.clock, scheduled=True)
        return connection

    def client(self, service: str) -> Any:
        kinds = {
            "lambda": _Lambda,
            "sqs": _Sqs,
            "s3": _S3,
            "logs": _Logs,
            "cloudformation": _CloudFormation,
        }
        return kinds[service](self)

    def log(self, group: str, moment: datetime, **fields: object) -> None:
        """Note a line that a function logs."""
        line = {"message": msgspec.json.encode(fields).decode()}
        milliseconds = int(moment.timestamp() * 1000)
        self.lines.setdefault(group, []).append(line | {"timestamp": milliseconds})

    def work(self) -> None:
        next(self._steps)

    def allow(self, operation: str) -> None:
        if operation in self.refused:
            raise refusal(operation)

    def call_lister(self, event: Mapping[str, Any]) -> dict[str, object]:
        self.events.append(event)
        lister = self.pipeline.lister
        match parse_lister_event(event):
            case RunEvent(time=time, force=force):
                report = lister.run(time, plenty, force=force)
                return {"run": to_timestamp(report.run), "planned": report.planned}
            case RebuildEvent(which=which):
                return {"rebuilding": lister.rebuild(which)}
        raise AssertionError(event)

    def call_indexer(self, event: Mapping[str, Any]) -> dict[str, object]:
        self.events.append(event)
        messages, malformed = parse_outcomes(event)
        self.pipeline.indexer.index(messages)
        return {"batchItemFailures": list(malformed)}

    def _work(self) -> Iterator[None]:
        """Let one function after the other do what is there for it."""
        while True:
            if "lister" not in self.broken:
                self._notice_registry()
            yield
            if "fetcher" not in self.broken and self.pipeline.fetch_queue.bodies != self._hidden:
                self.pipeline.fetch()
                self._hidden = list(self.pipeline.fetch_queue.bodies)
            yield
            if "renderer" not in self.broken:
                # S3 announces only what looks like a snapshot.
                self.pipeline.rendered |= {
                    key for key in self.bucket.objects if not parse_snapshot_key(key)
                }
                self.pipeline.render()
            yield
            if "indexer" not in self.broken:
                self.pipeline.index()
            yield

    def _notice_registry(self) -> None:
        known, self.registered = self.registered, self._registry()
        for name in sorted(known.keys() | self.registered.keys()):
            if known.get(name) != self.registered.get(name):
                self.pipeline.lister.registry_changed(name, self.clock.now())

    def _registry(self) -> dict[str, int]:
        """Return how often each entry was written."""
        puts = self.bucket.puts()
        return {
            key.removeprefix("registry/"): puts.count(key)
            for key in self.bucket.objects
            if key.startswith("registry/")
        }


def refusal(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "AccessDenied", "Message": "not allowed"}}, operation)


class _Client:
    def __init__(self, stack: LivingStack) -> None:
        self.stack = stack


class _Lambda(_Client):
    def invoke(self, *, FunctionName: str, Payload: bytes, **_: Any) -> dict[str, Any]:  # noqa: N803
        self.stack.allow("invoke")
        calls = {"Lister": self.stack.call_lister, "Indexer": self.stack.call_indexer}
        try:
            answer = calls[FunctionName](json.loads(Payload))
        except Exception as error:  # noqa: BLE001 - as Lambda does
            failed = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return {
                "FunctionError": "Unhandled",
                "Payload": io.BytesIO(msgspec.json.encode(failed)),
            }
        return {"Payload": io.BytesIO(msgspec.json.encode(answer))}


class _Sqs(_Client):
    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803
        self.stack.allow("get_queue_attributes")
        pipeline = self.stack.pipeline
        counts = {
            "Fetch": len(pipeline.fetch_queue.bodies),
            "Render": len(pipeline.render_queue.bodies),
            "Outcome": len(pipeline.outcome_queue.bodies),
            **{f"{name}DeadLetters": count for name, count in self.stack.dead_letters.items()},
        }
        return {
            "Attributes": dict.fromkeys(AttributeNames, "0")
            | {AttributeNames[0]: str(counts[QueueUrl])}
        }

    def receive_message(self, **_: Any) -> dict[str, Any]:
        return {}


class _Logs(_Client):
    def get_paginator(self, operation: str) -> "_Logs":
        self.stack.allow(operation)
        return self

    def paginate(
        self,
        *,
        logGroupName: str,  # noqa: N803
        startTime: int,  # noqa: N803
        **_: Any,
    ) -> Iterator[dict[str, Any]]:
        """Yield the lines one by one, as pages; what the pattern asks for is not looked at."""
        if logGroupName not in self.stack.lines:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "FilterLogEvents")
        for line in self.stack.lines[logGroupName]:
            if line["timestamp"] >= startTime:
                yield {"events": [line]}


class _CloudFormation(_Client):
    @property
    def meta(self) -> Any:
        return SimpleNamespace(region_name="eu-central-1")

    def describe_stack_resource(
        self,
        *,
        StackName: str,  # noqa: N803
        LogicalResourceId: str,  # noqa: N803
    ) -> dict[str, Any]:
        self.stack.allow("describe_stack_resource")
        assert StackName == "playlist-archive"
        name = self.stack.resources.get(LogicalResourceId)
        if name is None:
            text = f"Resource {LogicalResourceId} does not exist for stack {StackName}"
            raise ClientError(
                {"Error": {"Code": "ValidationError", "Message": text}}, "DescribeStackResource"
            )
        return {"StackResourceDetail": {"PhysicalResourceId": name}}


class _S3(_Client):
    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803
        self.stack.allow("delete_object")
        assert Bucket == "archive"
        self.stack.bucket.objects.pop(Key, None)
