"""Opens the adapters to AWS, all with the same retries and timeouts."""

import boto3
from aws_lambda_powertools.utilities.parameters import SSMProvider
from botocore.config import Config

from playlist_archive.ports.bucket import S3Bucket
from playlist_archive.ports.credentials import ParameterStore
from playlist_archive.ports.event_bus import EventBridgeBus
from playlist_archive.ports.queues import SqsQueue
from playlist_archive.ports.topics import SnsTopic

_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 4}, connect_timeout=5, read_timeout=20
)


def open_bucket(name: str) -> S3Bucket:
    return S3Bucket(boto3.client("s3", config=_CONFIG), name)


def open_queue(url: str) -> SqsQueue:
    return SqsQueue(boto3.client("sqs", config=_CONFIG), url)


def open_parameter(name: str) -> ParameterStore:
    return ParameterStore(SSMProvider(boto_config=_CONFIG), name)


def open_topic(arn: str) -> SnsTopic:
    return SnsTopic(boto3.client("sns", config=_CONFIG), arn)


def open_event_bus(bucket: str) -> EventBridgeBus:
    """Open the bus for events about the archive in a bucket."""
    client = boto3.client("events", config=_CONFIG)
    return EventBridgeBus(client, f"arn:{client.meta.partition}:s3:::{bucket}")
