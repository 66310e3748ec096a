"""Decodes dead letters: their subject, why they failed, and whether a retry makes sense."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from playlist_archive.documents.messages import (
    DamageReport,
    FetchRequest,
    Outcome,
    PagesWritten,
    RenderRequest,
    RunReport,
    decode_fetch_request,
    decode_outcome,
)
from playlist_archive.documents.status import spell_status
from playlist_archive.errors import InvalidMessageError
from playlist_archive.events import parse_lister_event, parse_render_body

_TAGS = {kind.__struct_config__.tag for kind in (FetchRequest, Outcome, RunReport, RenderRequest)}


class Sender(StrEnum):
    """The source of dead letters; the names of its queues and outputs begin with this word."""

    LISTER = "lister"
    FETCH = "fetch"
    RENDER = "render"
    OUTCOME = "outcome"


class Contents(NamedTuple):
    """The contents of a dead letter.

    Attributes:
        about: its subject.
        why: why it failed.
        again: the message or event to redrive, None if it would only fail again.
    """

    about: str
    why: str
    again: str | None


def read_contents(sender: Sender, message: Mapping[str, Any]) -> Contents:
    """Decode a message as SQS delivers it."""
    return _read_lister_s(message) if sender is Sender.LISTER else _read_message(sender, message)


def _read_message(sender: Sender, message: Mapping[str, Any]) -> Contents:
    body = message["Body"]
    try:
        about = _DESCRIBE[sender](body)
    except InvalidMessageError as error:
        return Contents(_describe_poison(body, error), "it would only come back", None)
    return Contents(about, f"given up by the {_FUNCTIONS[sender]}, whose log says why", body)


def _describe_fetch(body: str) -> str:
    request = decode_fetch_request(body)
    return f"read {_name(request)} for the run of {spell(request.run)}"


def _describe_render(body: str) -> str:
    request, keys = parse_render_body(body)
    if request is None:
        return f"render {', '.join(keys)}" if keys else "S3's test event"
    return f"{'rebuild' if request.rebuild else 'write'} the pages of {request.playlist_id}"


def _describe_outcome(body: str) -> str:
    match decode_outcome(body):
        case Outcome() as outcome:
            text = f"{_name(outcome)} was {spell_status(outcome.status)} in the run of {spell(outcome.run)}"
            return f"{text}: {outcome.reason}" if outcome.reason else text
        case RunReport() as report:
            return f"the report of the run of {spell(report.run)}"
        case DamageReport(playlist_id=playlist_id):
            return f"an object of {playlist_id} could not be read"
        case PagesWritten() as pages:
            return f"the pages of {pages.playlist_id} show its snapshots up to {spell(pages.last)}"


_DESCRIBE = {
    Sender.FETCH: _describe_fetch,
    Sender.RENDER: _describe_render,
    Sender.OUTCOME: _describe_outcome,
}
_FUNCTIONS = {Sender.FETCH: "fetcher", Sender.RENDER: "renderer", Sender.OUTCOME: "indexer"}


def _describe_poison(body: str, error: InvalidMessageError) -> str:
    try:
        content = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return f"not JSON: {body[:40]}"
    except RecursionError:
        return f"nested too deeply: {body[:40]}"
    if isinstance(content, dict):
        tag = content.get("type")
        if content.get("Event") == "s3:TestEvent":
            return "S3's test event"
        if tag in _TAGS and f"'{tag}'" in str(error):
            return f"{tag}, which belongs to another queue"
        if isinstance(tag, str) and tag not in _TAGS:
            return f"unknown version {tag}"
    return str(error)


def _read_lister_s(message: Mapping[str, Any]) -> Contents:
    """Decode Lambda's record of a failed event, or the scheduler's of an undelivered one.

    Lambda: asynchronous invocation, destinations. EventBridge Scheduler: dead-letter queue.
    """
    attributes = {
        name: attribute.get("StringValue", "")
        for name, attribute in message.get("MessageAttributes", {}).items()
    }
    if "SCHEDULED_TIME" in attributes:
        code, text = attributes.get("ERROR_CODE"), attributes.get("ERROR_MESSAGE")
        why = f"not delivered by the schedule: {code}: {text}"
        return _read_lister_event({"time": attributes["SCHEDULED_TIME"]}, why)
    try:
        record = msgspec.json.decode(message["Body"], type=_LambdaRecord)
    except (msgspec.DecodeError, RecursionError) as error:
        invalid = InvalidMessageError(f"no event of the lister's: {error}")
        return Contents(_describe_poison(message["Body"], invalid), "it would only come back", None)
    return _read_lister_event(record.event, record.describe())


class _Context(msgspec.Struct):
    condition: str


class _Error(msgspec.Struct, rename="camel"):
    error_type: str = ""
    error_message: str = ""


class _LambdaRecord(msgspec.Struct, rename="camel"):
    """The record that Lambda sends to the destination of a failed event."""

    request_context: _Context
    event: Any = msgspec.field(name="requestPayload")
    response_payload: _Error | None = None

    def describe(self) -> str:
        error = self.response_payload
        if error is None or not error.error_type:
            return self.request_context.condition
        return f"{error.error_type}: {error.error_message}"


def _read_lister_event(event: Any, why: str) -> Contents:
    spelled = msgspec.json.encode(event).decode()
    try:
        parse_lister_event(event)
    except InvalidMessageError:
        return Contents(f"{spelled[:200]}, which the lister does not know", why, None)
    return Contents(spelled[:200], why, spelled)


def _name(message: FetchRequest | Outcome) -> str:
    return f"{message.playlist_id} “{message.alias}”" if message.alias else message.playlist_id


def spell(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
