"""Handles the schedule, changes of the registry, and the operator's events: requests reads."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.utilities.typing import LambdaContext

from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.events import RebuildEvent, RegistryEvent, RunEvent, parse_lister_event
from playlist_archive.lister.service import Lister
from playlist_archive.ports.aws import open_bucket, open_parameter, open_queue
from playlist_archive.ports.clock import SystemClock
from playlist_archive.settings import ListerSettings
from playlist_archive.spotify.connection import connect

logger = Logger()
copy_config_to_registered_loggers(logger, include={"playlist_archive"})


@cache
def assemble() -> Lister:
    settings = ListerSettings.from_environ(os.environ)
    bucket, clock = open_bucket(settings.archive_bucket), SystemClock()
    credentials = open_parameter(settings.credentials_parameter)
    return Lister(
        bucket=bucket,
        spotify=connect(settings, bucket, credentials, clock),
        fetch_queue=open_queue(settings.fetch_queue_url),
        outcome_queue=open_queue(settings.outcome_queue_url),
        render_queue=open_queue(settings.render_queue_url),
        clock=clock,
        archive_my_playlists=settings.archive_my_playlists,
        archive_liked_songs=settings.archive_liked_songs,
        full_read_every_days=settings.full_read_every_days,
    )


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: Mapping[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    lister = assemble()
    match parse_lister_event(event):
        case RunEvent(time=time, force=force):
            report = lister.run(
                time, lambda: context.get_remaining_time_in_millis() / 1000, force=force
            )
            named = to_timestamp(report.run)
            logger.info("run started", **msgspec.to_builtins(report) | {"run": named})
            return {"run": named, "planned": report.planned}
        case RebuildEvent(which=which):
            playlists = lister.rebuild(which)
            logger.info("rebuild started", playlists=playlists)
            return {"rebuilding": playlists}
        case RegistryEvent(entries=entries):
            for name, time in entries:
                plan = lister.registry_changed(name, time)
                logger.info(
                    "entry changed", run=to_timestamp(time), entry=name, reads=len(plan.requests)
                )
            run = max((to_timestamp(time) for _, time in entries), default=None)
            logger.info("registry changed", run=run, entries=len(entries))
            return {"entries": len(entries)}
