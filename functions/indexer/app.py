"""Handles OutcomeQueue: merges outcomes into the catalog and writes the overview pages."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.utilities.typing import LambdaContext

from playlist_archive.documents.messages import (
    DamageReport,
    Outcome,
    OutcomeMessage,
    PagesWritten,
    RunReport,
)
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.events import parse_outcomes
from playlist_archive.indexer.service import Indexer
from playlist_archive.ports.aws import open_bucket, open_event_bus, open_queue, open_topic
from playlist_archive.ports.clock import SystemClock
from playlist_archive.ports.concurrency import open_pool
from playlist_archive.settings import IndexerSettings
from playlist_archive.shell.publisher import SitePublisher
from playlist_archive.shell.site_files import packed_shell

logger = Logger()
copy_config_to_registered_loggers(logger, include={"playlist_archive"})


@cache
def assemble() -> Indexer:
    settings = IndexerSettings.from_environ(os.environ)
    bucket = open_bucket(settings.archive_bucket)
    return Indexer(
        bucket=bucket,
        render_queue=open_queue(settings.render_queue_url),
        clock=SystemClock(),
        pool=open_pool(),
        topic=open_topic(settings.alarm_topic_arn) if settings.alarm_topic_arn else None,
        digest_every=settings.digest,
        event_bus=open_event_bus(settings.archive_bucket) if settings.publish_events else None,
        site=SitePublisher(bucket, packed_shell()),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: Mapping[str, Any], _context: LambdaContext) -> Mapping[str, Any]:
    """Merge the whole batch at once, so that each shared object is written only once.

    `playlist-archive deploy` invokes the function with a batch without messages.
    """
    messages, malformed = parse_outcomes(event)
    for message_id, error in malformed.items():
        logger.error("message set aside", message_id=message_id, reason=str(error))
    indexed = assemble().index(messages)
    for message in messages:
        log_record(message)
    logger.info(
        "catalog merged",
        run=max((to_timestamp(it.run) for it in messages if it.run), default=None),
        messages=len(messages),
        **indexed._asdict(),
    )
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in malformed]}


def log_record(message: OutcomeMessage) -> None:
    run = to_timestamp(message.run) if message.run else None
    match message:
        case Outcome():
            logger.info(
                "outcome merged", run=run, playlist_id=message.playlist_id, status=message.status
            )
        case RunReport():
            logger.info("report merged", run=run, planned=message.planned)
        case DamageReport():
            logger.info("damage noted", run=run, playlist_id=message.playlist_id)
        case PagesWritten():
            logger.info("pages followed", run=run, playlist_id=message.playlist_id)
