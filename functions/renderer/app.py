"""RenderQueue: fold new snapshots into ledgers and write the pages that changed."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from playlist_archive.at_once import open_pool
from playlist_archive.aws import open_bucket, open_queue
from playlist_archive.clock import SystemClock
from playlist_archive.events import parse_render_body
from playlist_archive.messages import describe_message
from playlist_archive.renderer import Renderer
from playlist_archive.settings import RendererSettings

logger = Logger()
copy_config_to_registered_loggers(logger, include={"playlist_archive"})
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


@cache
def assemble() -> Renderer:
    settings = RendererSettings.from_environ(os.environ)
    return Renderer(
        bucket=open_bucket(settings.archive_bucket),
        render_queue=open_queue(settings.render_queue_url),
        outcome_queue=open_queue(settings.outcome_queue_url),
        clock=SystemClock(),
        pool=open_pool(),
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: Mapping[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    with processor(event["Records"], render_record, context):
        results = processor.process()
    response = processor.response()
    runs = [run for status, run, _ in results if status == "success" and run]
    failed = len(response["batchItemFailures"])
    logger.info("batch rendered", run=max(runs, default=None), messages=len(results), failed=failed)
    return response


def render_record(record: SQSRecord, lambda_context: LambdaContext) -> str | None:
    """Handle one message and return its run; its one line tells what became of it."""

    def remaining_seconds() -> float:
        return lambda_context.get_remaining_time_in_millis() / 1000

    with logger.append_context_keys(**describe_message(record.body)):
        try:
            request, snapshot_keys = parse_render_body(record.body)
            renderer = assemble()
            rendered = [renderer.render_snapshot(key, remaining_seconds) for key in snapshot_keys]
            if request:
                rendered.append(renderer.render_request(request, remaining_seconds))
        except Exception:
            logger.warning("message comes again", exc_info=True)
            raise
        run = max((pages.run for pages in rendered if pages.run), default=None)
        written = sum(pages.written for pages in rendered)
        logger.info("pages rendered", run=run, snapshots=snapshot_keys or None, written=written)
    return run
