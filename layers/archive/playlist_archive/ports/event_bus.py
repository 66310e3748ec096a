"""The event bus for other programs in the account."""

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

logger = logging.getLogger(__name__)

SOURCE, DETAIL_TYPE = "playlist-archive", "Playlist Changed"
# EventBridge accepts ten events a request, with 256 KiB in all.
_MOST, _LARGEST_REQUEST = 10, 256 * 1024
# The largest detail that always fits into a request, together with its source and type.
LARGEST_DETAIL = _LARGEST_REQUEST - 1024


class EventBus(Protocol):
    def publish(self, details: Mapping[str, str]) -> frozenset[str]:
        """Send events in their order; return the ids of the accepted ones.

        `details` has the JSON of each event by its id, of at most `LARGEST_DETAIL` bytes.
        """
        ...


class EventBridgeBus:
    """The account's default bus; all events have one `resource`, an ARN."""

    def __init__(self, client: "EventBridgeClient", resource: str) -> None:
        self._client = client
        self._resource = resource

    def publish(self, details: Mapping[str, str]) -> frozenset[str]:
        taken: list[str] = []
        try:
            for batch in _batches(details):
                taken += self._put(batch, details)
        except (BotoCoreError, ClientError):
            logger.exception("events were not published")
        return frozenset(taken)

    def _put(self, ids: list[str], details: Mapping[str, str]) -> Iterator[str]:
        entries: list[PutEventsRequestEntryTypeDef] = [
            {
                "Source": SOURCE,
                "DetailType": DETAIL_TYPE,
                "Detail": details[event_id],
                "Resources": [self._resource],
            }
            for event_id in ids
        ]
        answer = self._client.put_events(Entries=entries)
        for event_id, result in zip(ids, answer["Entries"], strict=True):
            if "EventId" in result:
                yield event_id
            else:
                code, message = result.get("ErrorCode"), result.get("ErrorMessage")
                logger.error("the event %s was refused: %s: %s", event_id, code, message)


def _batches(details: Mapping[str, str]) -> Iterator[list[str]]:
    """Yield the ids of events that fit into one request."""
    batch: list[str] = []
    left = LARGEST_DETAIL
    for event_id, detail in details.items():
        # Source and type count towards the size.
        size = len(detail.encode()) + len(SOURCE) + len(DETAIL_TYPE)
        if batch and (len(batch) == _MOST or size > left):
            yield batch
            batch, left = [], LARGEST_DETAIL
        batch.append(event_id)
        left -= size
    if batch:
        yield batch
