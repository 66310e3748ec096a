"""The archive's bucket: whole objects and conditional writes."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from playlist_archive.documents.content_types import ASK_EACH_TIME, BINARY
from playlist_archive.documents.keys import damaged_key, parse_snapshot_key, snapshots_prefix
from playlist_archive.documents.snapshot import Snapshot, decode_stored
from playlist_archive.errors import ConflictError, StorageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

logger = logging.getLogger(__name__)

# The most tries while other writers interfere.
ATTEMPTS = 10
_CONFLICTS = {"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409", "404"}


NO_METADATA: Mapping[str, str] = MappingProxyType({})


class Stored(NamedTuple):
    body: bytes
    etag: str
    metadata: Mapping[str, str] = NO_METADATA


class Described(NamedTuple):
    """A stored object without its body."""

    etag: str
    metadata: Mapping[str, str]


class Listed(NamedTuple):
    key: str
    size: int
    etag: str


class Bucket(Protocol):
    """The bucket; every method raises `StorageError` if the storage fails."""

    def get(self, key: str) -> Stored | None:
        """Return the object, None if there is none."""
        ...

    def describe(self, key: str) -> Described | None:
        """Return the object's metadata without its body, None if there is no object."""
        ...

    def put(
        self,
        key: str,
        body: bytes,
        content_type: str,
        *,
        replacing: str | None,
        metadata: Mapping[str, str] = NO_METADATA,
        cache_control: str = ASK_EACH_TIME,
    ) -> str:
        """Write the object and return its new ETag.

        `replacing` is the ETag of the object to replace, None if there must be no object yet.
        `metadata` has names in lower case and values in ASCII. `cache_control` is the
        `Cache-Control` header.

        Raises:
            ConflictError: another object is stored. It may be this one, if S3's answer to an
                earlier try was lost.
        """
        ...

    def list_objects(self, prefix: str, *, after: str = "") -> Iterator[Listed]:
        """Yield the objects under `prefix` whose keys sort after `after`, sorted by key."""
        ...

    def list_folders(self, prefix: str) -> Iterator[str]:
        """Yield the names between `prefix` and the next slash, each once, sorted."""
        ...


def update(
    bucket: Bucket, key: str, content_type: str, change: Callable[[bytes | None], bytes]
) -> bytes:
    """Read, change and write one shared object; retry while other writers interfere.

    `change` gets the present bytes (None: no object) and may run several times. Unchanged bytes are
    not written.

    Raises:
        ConflictError: after ten attempts.
    """
    for _ in range(ATTEMPTS):
        stored = bucket.get(key)
        body = change(stored.body if stored else None)
        if stored and stored.body == body:
            return body
        try:
            bucket.put(key, body, content_type, replacing=stored.etag if stored else None)
        except ConflictError:
            continue
        return body
    raise ConflictError(f"{key} was written by others {ATTEMPTS} times in a row")


def copy_damaged(bucket: Bucket, key: str, damaged: bytes, moment: datetime) -> bool:
    """Copy a damaged object to `damaged/`, so that the object may be overwritten.

    Returns:
        Whether the copy is new; an earlier copy of the same `moment` is not replaced.
    """
    copy = damaged_key(key, moment)
    try:
        bucket.put(copy, damaged, BINARY, replacing=None)
    except ConflictError:
        return False
    logger.error("%s cannot be read; a copy is kept under %s", key, copy)
    return True


def is_stored(bucket: Bucket, key: str, etag: str | None) -> bool:
    """Whether the stored object still has this ETag; its body is not read."""
    return etag in [found.etag for found in bucket.list_objects(key) if found.key == key]


def list_snapshots(
    bucket: Bucket, playlist_id: str, *, after: str = ""
) -> Iterator[tuple[str, datetime]]:
    """Yield the keys of a playlist's snapshots and their times, oldest first."""
    for listed in bucket.list_objects(snapshots_prefix(playlist_id), after=after):
        if parsed := parse_snapshot_key(listed.key):
            yield listed.key, parsed[1]


def read_newest(bucket: Bucket, listed: Sequence[tuple[str, datetime]]) -> Snapshot | None:
    """Return the newest readable one of the `listed` snapshots, None if there is none."""
    for key, _ in reversed(listed):
        stored = bucket.get(key)
        if stored and (snapshot := decode_stored(key, stored.body)):
            return snapshot
    return None


class S3Bucket:
    """`Bucket` on S3, with conditional writes (S3: If-Match, If-None-Match)."""

    def __init__(self, client: "S3Client", name: str) -> None:
        self._client = client
        self._name = name

    def get(self, key: str) -> Stored | None:
        try:
            answer = self._client.get_object(Bucket=self._name, Key=key)
            return Stored(answer["Body"].read(), answer["ETag"], answer["Metadata"])
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise StorageError(f"reading {key}: {error}") from error
        except BotoCoreError as error:
            raise StorageError(f"reading {key}: {error}") from error

    def describe(self, key: str) -> Described | None:
        try:
            answer = self._client.head_object(Bucket=self._name, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise StorageError(f"describing {key}: {error}") from error
        except BotoCoreError as error:
            raise StorageError(f"describing {key}: {error}") from error
        return Described(answer["ETag"], answer["Metadata"])

    def put(
        self,
        key: str,
        body: bytes,
        content_type: str,
        *,
        replacing: str | None,
        metadata: Mapping[str, str] = NO_METADATA,
        cache_control: str = ASK_EACH_TIME,
    ) -> str:
        put = partial(
            self._client.put_object,
            Bucket=self._name,
            Key=key,
            Body=body,
            ContentType=content_type,
            Metadata=dict(metadata),
            CacheControl=cache_control,
        )
        try:
            answer = put(IfNoneMatch="*") if replacing is None else put(IfMatch=replacing)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _CONFLICTS:
                raise StorageError(f"writing {key}: {error}") from error
            raise ConflictError(f"{key} was written by another") from error
        except BotoCoreError as error:
            raise StorageError(f"writing {key}: {error}") from error
        return answer["ETag"]

    def list_objects(self, prefix: str, *, after: str = "") -> Iterator[Listed]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._name, Prefix=prefix, StartAfter=after
        )
        try:
            for page in pages:
                for entry in page.get("Contents", ()):
                    yield Listed(entry["Key"], entry["Size"], entry["ETag"])
        except (BotoCoreError, ClientError) as error:
            raise StorageError(f"listing {prefix}: {error}") from error

    def list_folders(self, prefix: str) -> Iterator[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._name, Prefix=prefix, Delimiter="/"
        )
        try:
            for page in pages:
                for folder in page.get("CommonPrefixes", ()):
                    yield folder["Prefix"].removeprefix(prefix).removesuffix("/")
        except (BotoCoreError, ClientError) as error:
            raise StorageError(f"listing {prefix}: {error}") from error
