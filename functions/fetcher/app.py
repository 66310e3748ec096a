"""Handles FetchQueue: reads playlists completely, one after the other, and stores changes."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from playlist_archive.documents.messages import describe_message
from playlist_archive.fetcher.service import Fetcher
from playlist_archive.ports.aws import open_bucket, open_parameter, open_queue
from playlist_archive.ports.clock import SystemClock
from playlist_archive.settings import FetcherSettings
from playlist_archive.spotify.connection import connect

logger = Logger()
copy_config_to_registered_loggers(logger, include={"playlist_archive"})
processor = SqsFifoPartialProcessor()
# The fetcher fails whole batches on purpose, to block FetchQueue's message group during a pause.
processor.raise_on_entire_batch_failure = False


@cache
def assemble() -> Fetcher:
    settings = FetcherSettings.from_environ(os.environ)
    bucket, clock = open_bucket(settings.archive_bucket), SystemClock()
    credentials = open_parameter(settings.credentials_parameter)
    return Fetcher(
        bucket=bucket,
        spotify=connect(settings, bucket, credentials, clock),
        fetch_queue=open_queue(settings.fetch_queue_url),
        dead_letter_queue=open_queue(settings.fetch_dead_letter_queue_url),
        outcome_queue=open_queue(settings.outcome_queue_url),
        clock=clock,
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: Mapping[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    fetcher = assemble()
    fetcher.open(lambda: context.get_remaining_time_in_millis() / 1000)
    with processor(event["Records"], fetch_record):
        processor.process()
    response = processor.response()
    unread = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
    held = [SQSRecord(it) for it in event["Records"] if it["messageId"] in unread]
    receives = [int(it.attributes.approximate_receive_count) for it in held]
    fetcher.close([it.receipt_handle for it in held], max(receives, default=1))
    runs = (describe_message(record["body"]).get("run") for record in event["Records"])
    logger.info(
        "batch fetched",
        run=max(filter(None, runs), default=None),
        messages=len(event["Records"]),
        unread=len(unread),
    )
    return response


def fetch_record(record: SQSRecord) -> None:
    """Handle one message and log its result in one line."""
    with logger.append_context_keys(**describe_message(record.body)):
        try:
            outcome = assemble().fetch(record.body)
        except Exception:
            logger.warning("message comes again", exc_info=True)
            raise
        if outcome:
            logger.info(
                "playlist checked",
                status=outcome.status,
                reason=outcome.reason,
                snapshot_written=outcome.written,
            )
