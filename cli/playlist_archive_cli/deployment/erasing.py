"""Deletes what a deleted stack leaves behind: the bucket, the credentials, the uploaded code."""

from collections.abc import Iterator
from typing import Any

from playlist_archive_cli.errors import CommandError


def erase_objects(s3: Any, bucket: str, prefix: str = "") -> Iterator[int]:
    """Delete every version of every object under a prefix; yield the number deleted so far.

    Raises:
        CommandError: S3 could not delete one of them.
    """
    deleted = 0
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    try:
        for page in pages:
            versions = [
                {"Key": it["Key"], "VersionId": it["VersionId"]}
                for it in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            ]
            if not versions:
                continue
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": versions, "Quiet": True})
            for error in answer.get("Errors", ()):
                raise CommandError(f"S3 does not delete {error['Key']}: {error.get('Message')}")
            deleted += len(versions)
            yield deleted
    except s3.exceptions.NoSuchBucket:
        return


def erase_bucket(s3: Any, bucket: str) -> Iterator[int]:
    """Empty a bucket and delete it; yield the number of versions deleted so far."""
    yield from erase_objects(s3, bucket)
    try:
        s3.delete_bucket(Bucket=bucket)
    except s3.exceptions.NoSuchBucket:
        return


def erase_parameter(ssm: Any, name: str) -> None:
    try:
        ssm.delete_parameter(Name=name)
    except ssm.exceptions.ParameterNotFound:
        return
