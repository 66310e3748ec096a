"""Opens the selected archive with the caller's credentials."""

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from playlist_archive.ports.bucket import Bucket, S3Bucket
from playlist_archive.ports.clock import SystemClock
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.errors import CommandError, explain_aws
from playlist_archive_cli.location import DeployedStack, LocalStack, Location

# The lister's timeout, plus some time for the answer.
_FUNCTION_SECONDS = 320

type OpenClient = Callable[[str], Any]

# The user's AWS settings and proxies must not be used with a local engine.
_NO_SETTINGS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


class Connection:
    """A located archive: its stack's outputs, AWS clients, and a reader of its documents."""

    def __init__(self, location: Location, open_client: OpenClient | None = None) -> None:
        self.location = location
        self.client = open_client or open_clients(location)

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The stack's outputs.

        Raises:
            CommandError: the stack cannot be found.
        """
        try:
            answer = self.client("cloudformation").describe_stacks(StackName=self.location.name)
        except (BotoCoreError, ClientError) as error:
            if _is_missing(error):
                raise CommandError(
                    f"{self.location} does not exist: name another with --stack, or its --region"
                ) from error
            raise CommandError(f"{self.location}: {explain_aws(error)}") from error
        [stack] = answer["Stacks"]
        return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", ())}

    def output(self, name: str) -> str:
        """Return one of the stack's outputs.

        Raises:
            CommandError: the stack has no such output, or cannot be found.
        """
        try:
            return self.outputs[name]
        except KeyError:
            raise CommandError(
                f"{self.location} is no playlist archive: it has no output {name}"
            ) from None

    def resource(self, logical_id: str) -> str | None:
        """Return the name of one of the stack's resources, None if it has no such resource.

        Raises:
            CommandError: the stack cannot be asked.
        """
        try:
            answer = self.client("cloudformation").describe_stack_resource(
                StackName=self.location.name, LogicalResourceId=logical_id
            )
        except (BotoCoreError, ClientError) as error:
            if _is_missing(error):
                return None
            raise CommandError(f"{self.location}: {explain_aws(error)}") from error
        name: str = answer["StackResourceDetail"]["PhysicalResourceId"]
        return name

    @property
    def bucket_name(self) -> str:
        return self.output("BucketName")

    @cached_property
    def bucket(self) -> Bucket:
        return S3Bucket(self.client("s3"), self.bucket_name)

    @cached_property
    def archive(self) -> Archive:
        scheduled = isinstance(self.location, DeployedStack)
        return Archive(self.bucket, str(self.location), SystemClock(), scheduled=scheduled)


def _is_missing(error: BaseException) -> bool:
    return isinstance(error, ClientError) and "does not exist" in str(error)


def open_clients(location: Location) -> OpenClient:
    if isinstance(location, LocalStack):
        return _open_local(location)
    try:
        session: Any = boto3.Session(
            region_name=location.region or None, profile_name=location.profile or None
        )
    except BotoCoreError as error:
        raise CommandError(explain_aws(error)) from error

    def open_client(service: str) -> Any:
        try:
            return session.client(service, config=_patience(service))
        except BotoCoreError as error:
            raise CommandError(explain_aws(error)) from error

    return open_client


def _open_local(stack: LocalStack) -> OpenClient:
    settings = botocore.session.Session(session_vars=_NO_SETTINGS)
    # The engine accepts any credentials as the account owner's.
    session: Any = boto3.Session(
        "test", "test", region_name=stack.region, botocore_session=settings
    )

    def open_client(service: str) -> Any:
        config = _patience(service).merge(Config(proxies={}))
        return session.client(service, endpoint_url=stack.url, config=config)

    return open_client


def _patience(service: str) -> Config:
    if service == "lambda":
        # A function may take some minutes, and a retry would make it work twice.
        return Config(
            retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=_FUNCTION_SECONDS
        )
    return Config(
        retries={"mode": "standard", "max_attempts": 4}, connect_timeout=5, read_timeout=20
    )
