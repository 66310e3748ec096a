"""Handles RenderQueue: folds new snapshots into ledgers and writes the pages that changed."""

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.utilities.typing import LambdaContext

from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.events import RenderOrder, parse_render_batch
from playlist_archive.ports.aws import open_bucket, open_queue
from playlist_archive.ports.clock import SystemClock
from playlist_archive.ports.concurrency import open_pool
from playlist_archive.renderer.service import Rendered, Renderer
from playlist_archive.settings import RendererSettings

logger = Logger()
copy_config_to_registered_loggers(logger, include={"playlist_archive"})


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
    """Render each playlist once; a message succeeds when all its playlists are rendered."""

    def remaining_seconds() -> float:
        return context.get_remaining_time_in_millis() / 1000

    batch = parse_render_batch(event)
    for message_id, error in batch.malformed.items():
        logger.warning("message comes again", message_id=message_id, reason=str(error))
    for message_id in batch.idle:
        logger.info("pages rendered", message_id=message_id, written=0)
    failed, runs = set(batch.malformed), []
    for order in batch.orders:
        rendered = render_order(order, remaining_seconds)
        if rendered is None:
            failed.update(order.messages)
        elif rendered.run:
            runs.append(rendered.run)
    messages = [record["messageId"] for record in event["Records"]]
    run = max(runs, default=None)
    logger.info("batch rendered", run=run, messages=len(messages), failed=len(failed))
    return {"batchItemFailures": [{"itemIdentifier": it} for it in messages if it in failed]}


def render_order(order: RenderOrder, remaining_seconds: Callable[[], float]) -> Rendered | None:
    """Render one playlist and log the result in one line; return None if it failed."""
    request, announced = order.job
    run = {"run": to_timestamp(request.run)} if request.run else {}
    with logger.append_context_keys(playlist_id=request.playlist_id, **run):
        try:
            rendered = assemble().render(order.job, remaining_seconds)
        except Exception:
            logger.warning("message comes again", messages=len(order.messages), exc_info=True)
            return None
        logger.info(
            "pages rendered",
            run=rendered.run,
            snapshots=[to_timestamp(time) for time in announced] or None,
            written=rendered.written,
        )
    return rendered
