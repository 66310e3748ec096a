"""AWS, simulated in this process: S3, the parameter store, the queues, the mails, the event bus."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from http import HTTPStatus
from io import BytesIO
from typing import Any, NamedTuple, cast
from unittest.mock import patch
from urllib.parse import parse_qsl

import boto3
import botocore.handlers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.loaders import create_loader
from botocore.useragent import UserAgentString
from urllib3.util.ssl_ import create_urllib3_context

from tools.chaos.faults import AwsFault, Mischief
from tools.chaos.queues import SimulatedQueue
from tools.chaos.store import ObjectStore, ParameterStoreOfOne, StoredObject, key_of

# The usual time of a call, and of its answer.
_SECONDS = 0.01
_PUBLISHED = b"""<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>
<MessageId>0</MessageId></PublishResult></PublishResponse>"""
_CODES = {
    HTTPStatus.INTERNAL_SERVER_ERROR: "InternalError",
    HTTPStatus.SERVICE_UNAVAILABLE: "SlowDown",
}
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "simulated",
    "AWS_SECRET_ACCESS_KEY": "simulated",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class S3Event(NamedTuple):
    """An `ObjectCreated` or `ObjectRemoved` event, after the write took effect."""

    kind: str
    key: str


class Aws:
    """Answers boto3's requests.

    `watch` is called with every write that takes effect, `mailed` with the subject and the text of
    every mail, and `heard` with the detail of every event.
    """

    def __init__(self, queues: Mapping[str, SimulatedQueue], mischief: Mischief) -> None:
        self.watch: Callable[[S3Event], None] = lambda _: None
        self.mailed: Callable[[str, str], None] = lambda _subject, _text: None
        self.heard: Callable[[str], None] = lambda _: None
        self._store = ObjectStore()
        self._parameters = ParameterStoreOfOne()
        self._queues = queues
        self._mischief = mischief

    @contextmanager
    def run(self, credentials_parameter: str, credentials: str) -> Iterator[None]:
        """Answer in place of AWS, with an empty bucket and the stored credentials."""
        handlers = [("before-send", self._answer), *botocore.handlers.BUILTIN_HANDLERS]
        self.write_parameter(credentials_parameter, credentials)
        with ExitStack() as stack:
            stack.enter_context(patch.dict("os.environ", _ENVIRONMENT))
            stack.enter_context(patch.object(botocore.handlers, "BUILTIN_HANDLERS", handlers))
            # These parts of botocore are slow and always the same, so all environments share them.
            for where, slow in (
                ("botocore.session.create_loader", create_loader),
                ("botocore.httpsession.create_urllib3_context", create_urllib3_context),
            ):
                stack.enter_context(patch(where, cache(slow)))
            stack.enter_context(patch("botocore.regions.EndpointProvider", _share_providers()))
            stack.enter_context(patch.object(UserAgentString, "to_string", lambda _: "simulated"))
            boto3.setup_default_session()
            yield

    def write_parameter(self, name: str, value: str) -> None:
        self._parameters.put(name, value)

    def write(self, key: str, body: bytes) -> None:
        """Write an object from outside the pipeline, as the owner would."""
        self._store.objects[key] = StoredObject(body, {"content-type": "binary/octet-stream"})
        self.watch(S3Event("ObjectCreated", key))

    def delete(self, key: str) -> None:
        self._store.objects.pop(key, None)
        self.watch(S3Event("ObjectRemoved", key))

    def find(self, key: str) -> bytes | None:
        found = self._store.objects.get(key)
        return found.body if found else None

    def list_keys(self) -> list[str]:
        return sorted(self._store.objects)

    def read_all(self) -> dict[str, bytes]:
        objects = self._store.objects
        return {key: objects[key].body for key in sorted(objects)}

    def _answer(self, event_name: str, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        service, operation = event_name.split(".")[1:]
        self._mischief.travel(service, _SECONDS)
        self._mischief.kill(f"before a call of {service}")
        fault = self._mischief.fail_aws(service, operation)
        if fault and not fault.takes_effect:
            return self._fail(fault, service, request)
        answer = self._perform(service, operation, request, in_part=fault)
        if service == "s3" and HTTPStatus(answer.status_code).is_success:
            self._tell(operation, request)
        self._mischief.travel(service, _SECONDS)
        if fault:
            answer = self._fail(fault, service, request, answer)
        self._mischief.kill(f"after a call of {service}")
        return answer

    def _perform(
        self,
        service: str,
        operation: str,
        request: AWSPreparedRequest,
        *,
        in_part: AwsFault | None,
    ) -> AWSResponse:
        if service == "sns":
            return self._mail(request)
        if service == "eventbridge":
            return self._hear(request, in_part=in_part)
        if service != "sqs":
            store = self._store if service == "s3" else self._parameters
            return _make_answer(request.url, *store.answer(operation, request))
        call = json.loads(cast("bytes", request.body))
        queue = self._queues[call["QueueUrl"].rpartition("/")[2]]
        entries = call["Entries"]
        refused = entries[1::2] if in_part and in_part.status is HTTPStatus.OK else []
        done = [entry for entry in entries if entry not in refused]
        for entry in done:
            if operation == "SendMessageBatch":
                queue.send(
                    entry["MessageBody"],
                    group=entry.get("MessageGroupId", ""),
                    deduplication_id=entry.get("MessageDeduplicationId", ""),
                )
            else:
                queue.hold(entry["ReceiptHandle"], entry["VisibilityTimeout"])
        return _json_answer(
            request,
            200,
            {
                "Successful": [
                    {"Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": _md5(entry)}
                    for entry in done
                ],
                "Failed": [
                    {"Id": entry["Id"], "Code": "InternalError", "SenderFault": False}
                    for entry in refused
                ],
            },
        )

    def _mail(self, request: AWSPreparedRequest) -> AWSResponse:
        fields = dict(parse_qsl(_text(request)))
        self.mailed(fields["Subject"], fields["Message"])
        return _make_answer(request.url, 200, {}, _PUBLISHED)

    def _hear(self, request: AWSPreparedRequest, *, in_part: AwsFault | None) -> AWSResponse:
        results: list[dict[str, str]] = []
        for number, entry in enumerate(json.loads(_text(request))["Entries"]):
            if in_part and in_part.status is HTTPStatus.OK and number % 2 == 0:
                results.append({"ErrorCode": "InternalFailure", "ErrorMessage": "Try again."})
            else:
                self.heard(entry["Detail"])
                results.append({"EventId": str(number)})
        refused = sum("ErrorCode" in result for result in results)
        return _json_answer(request, 200, {"FailedEntryCount": refused, "Entries": results})

    def _tell(self, operation: str, request: AWSPreparedRequest) -> None:
        if operation == "PutObject":
            self.watch(S3Event("ObjectCreated", key_of(request)))

    def _fail(
        self,
        fault: AwsFault,
        service: str,
        request: AWSPreparedRequest,
        answer: AWSResponse | None = None,
    ) -> AWSResponse:
        self._mischief.pass_time(fault.seconds)
        if fault.status is HTTPStatus.OK:
            assert answer is not None
            return _cut_short(answer) if service == "s3" else answer
        if fault.status:
            return _error_answer(service, request, fault.status)
        if fault.takes_effect or "timed out" in fault.what:
            raise ReadTimeoutError(endpoint_url=request.url)
        raise ConnectTimeoutError(endpoint_url=request.url)


def _share_providers() -> Callable[..., EndpointProvider]:
    """Return a factory that builds botocore's endpoint rules once for each service."""
    made: dict[int, EndpointProvider] = {}

    def provide(ruleset_data: Any, **others: Any) -> EndpointProvider:
        # The loader caches rules, so the same rules are the same object.
        if id(ruleset_data) not in made:
            made[id(ruleset_data)] = EndpointProvider(ruleset_data, **others)
        return made[id(ruleset_data)]

    return provide


def _text(request: AWSPreparedRequest) -> str:
    body = cast("bytes | str", request.body)
    return body if isinstance(body, str) else body.decode()


def _md5(entry: Mapping[str, Any]) -> str:
    return hashlib.md5(entry.get("MessageBody", "").encode(), usedforsecurity=False).hexdigest()


def _json_answer(request: AWSPreparedRequest, status: int, body: object) -> AWSResponse:
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    return _make_answer(request.url, status, headers, json.dumps(body).encode())


def _error_answer(service: str, request: AWSPreparedRequest, status: HTTPStatus) -> AWSResponse:
    code = _CODES[status]
    if service not in {"s3", "sns"}:
        return _json_answer(request, status, {"__type": code, "message": "Please try again."})
    body = f"<Error><Code>{code}</Code><Message>Please try again.</Message></Error>"
    if service == "sns":
        body = f"<ErrorResponse>{body}</ErrorResponse>"
    return _make_answer(request.url, status, {}, body.encode())


def _cut_short(answer: AWSResponse) -> AWSResponse:
    """Return the answer with half of its body, although its headers promise all of it."""
    body = answer.raw.read()
    headers = {**answer.headers, "Content-Length": str(len(body))}
    return _make_answer(answer.url, answer.status_code, headers, body[: len(body) // 2])


class _Raw(BytesIO):
    """A body as a stream, as botocore expects it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def _make_answer(url: str, status: int, headers: Mapping[str, str], body: bytes) -> AWSResponse:
    return AWSResponse(url, status, HTTPHeaders.from_dict(headers), _Raw(body))
