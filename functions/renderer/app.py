"""RenderQueue: fold new snapshots into ledgers and write the pages that changed."""

import logging
import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from playlist_archive.aws import open_bucket
from playlist_archive.events import parse_render_body
from playlist_archive.renderer import Renderer
from playlist_archive.settings import RendererSettings

logger = Logger()
copy_config_to_registered_loggers(logger, include={"playlist_archive"})
processor = BatchProcessor(
    EventType.SQS, logger=logging.getLogger("playlist_archive"), raise_on_entire_batch_failure=False
)


@cache
def assemble() -> Renderer:
    settings = RendererSettings.from_environ(os.environ)
    return Renderer(bucket=open_bucket(settings.archive_bucket))


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    return process_partial_response(event, render_record, processor, context)


def render_record(record: SQSRecord) -> None:
    again = int(record.attributes.approximate_receive_count) > 1
    request, snapshot_keys = parse_render_body(record.body)
    renderer = assemble()
    if request:
        written = renderer.render_request(request, again=again)
        logger.info("pages rendered", playlist_id=request.playlist_id, written=written)
    for key in snapshot_keys:
        written = renderer.render_snapshot(key, again=again)
        logger.info("snapshot rendered", key=key, written=written)
