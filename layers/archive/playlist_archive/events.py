"""The events that invoke the functions, in AWS's envelopes. `events/` has an example of each."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import unquote_plus

import msgspec
from aws_lambda_powertools.utilities.data_classes import SQSEvent
from msgspec import Meta

from playlist_archive.documents.keys import REGISTRY
from playlist_archive.documents.messages import (
    OutcomeMessage,
    RenderRequest,
    decode_outcome,
    decode_render_request,
)
from playlist_archive.documents.render_jobs import RenderJob, join_jobs
from playlist_archive.documents.timestamps import FIRST_YEAR, LAST_YEAR, Time
from playlist_archive.errors import UNREADABLE, InvalidMessageError


class RunEvent(NamedTuple):
    """The schedule's or the operator's `{"time": "2026-11-22T04:00:00Z"}`; no time means now.

    With `"force": true` the time may lie ahead of the clock, for a simulation.
    """

    time: datetime | None
    force: bool = False


class RebuildEvent(NamedTuple):
    """The operator's `{"rebuild": "all"}` or `{"rebuild": ["<playlist id>", ...]}`."""

    which: Literal["all"] | list[str]


class RegistryEvent(NamedTuple):
    """S3's notification about entries under `registry/`: the name and the time of each change."""

    entries: tuple[tuple[str, datetime], ...]


class RenderOrder(NamedTuple):
    """A render job, and the ids of the messages that request it."""

    job: RenderJob
    messages: tuple[str, ...]


class RenderBatch(NamedTuple):
    """The orders in a batch of messages.

    Attributes:
        idle: the ids of messages that request nothing.
        malformed: the error of each message that cannot be decoded, by message id.
    """

    orders: list[RenderOrder]
    idle: list[str]
    malformed: dict[str, InvalidMessageError]


class _Time(msgspec.Struct, forbid_unknown_fields=True):
    time: datetime | None = None
    force: bool = False


class _Rebuild(msgspec.Struct, forbid_unknown_fields=True):
    rebuild: Literal["all"] | list[str]


class _S3Object(msgspec.Struct):
    key: str


class _S3Entity(msgspec.Struct):
    object: _S3Object


class _S3Record(msgspec.Struct, rename="camel"):
    s3: _S3Entity
    event_time: Time


class _S3Event(msgspec.Struct):
    records: Annotated[list[_S3Record], Meta(min_length=1)] = msgspec.field(name="Records")

    def object_keys(self) -> list[str]:
        return [unquote_plus(record.s3.object.key) for record in self.records]


def parse_lister_event(event: Mapping[str, Any]) -> RunEvent | RebuildEvent | RegistryEvent:
    """Return the lister's event, decoded.

    Raises:
        InvalidMessageError: the event has no known form, or an impossible time.
    """
    try:
        if "Records" in event:
            return _registry_event(msgspec.convert(event, _S3Event))
        if "rebuild" in event:
            return RebuildEvent(msgspec.convert(event, _Rebuild).rebuild)
        named = msgspec.convert(event, _Time)
    except (TypeError, msgspec.ValidationError) as error:
        raise InvalidMessageError(f"the lister does not know this event: {error}") from error
    time = named.time
    if time is not None and time.tzinfo is None:
        raise InvalidMessageError(f"the time {time.isoformat()} has no time zone; end it with Z")
    if time is not None and not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise InvalidMessageError(f"the time {time.isoformat()} is of no plausible year")
    return RunEvent(time.astimezone(UTC).replace(microsecond=0) if time else None, named.force)


def _registry_event(event: _S3Event) -> RegistryEvent:
    names = [key.removeprefix(REGISTRY) for key in event.object_keys()]
    times = [record.event_time.replace(microsecond=0) for record in event.records]
    return RegistryEvent(tuple(zip(names, times, strict=True)))


def parse_render_batch(event: Mapping[str, Any]) -> RenderBatch:
    """Decode a batch of RenderQueue into one order for each playlist.

    Rebuilds come last, because they may use up the remaining time.
    """
    batch = RenderBatch([], [], {})
    orders: dict[str, RenderOrder] = {}
    for record in SQSEvent(dict(event)).records:
        message_id = record.message_id
        try:
            request, keys = parse_render_body(record.body)
        except InvalidMessageError as error:
            batch.malformed[message_id] = error
            continue
        asked = [RenderJob.of_snapshot(key) for key in keys]
        jobs = [job for job in (request and RenderJob(request), *asked) if job]
        if not jobs:
            batch.idle.append(message_id)
        for job in jobs:
            playlist_id = job.request.playlist_id
            known = orders.get(playlist_id)
            messages = dict.fromkeys((*known.messages, message_id) if known else (message_id,))
            joined = join_jobs(known.job, job) if known else job
            orders[playlist_id] = RenderOrder(joined, tuple(messages))
    batch.orders.extend(sorted(orders.values(), key=lambda order: order.job.request.rebuild))
    return batch


def parse_render_body(body: str) -> tuple[RenderRequest | None, Sequence[str]]:
    """Decode a message of RenderQueue: a request, or the keys of new snapshots from S3.

    When notifications are set up, S3 sends a test event, which has neither.

    Raises:
        InvalidMessageError: the message is none of these.
    """
    try:
        content = msgspec.json.decode(body)
        if isinstance(content, dict) and "Records" in content:
            return None, msgspec.convert(content, _S3Event).object_keys()
        if isinstance(content, dict) and content.get("Event") == "s3:TestEvent":
            return None, []
    except UNREADABLE as error:
        raise InvalidMessageError(f"not a message of this version: {error}") from error
    return decode_render_request(body), []


def parse_outcomes(
    event: Mapping[str, Any],
) -> tuple[list[OutcomeMessage], dict[str, InvalidMessageError]]:
    """Decode a batch of OutcomeQueue; return the messages, and the errors by message id."""
    messages: list[OutcomeMessage] = []
    malformed: dict[str, InvalidMessageError] = {}
    for record in SQSEvent(dict(event)).records:
        try:
            messages.append(decode_outcome(record.body))
        except InvalidMessageError as error:
            malformed[record.message_id] = error
    return messages, malformed
