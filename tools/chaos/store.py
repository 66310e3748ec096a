"""S3 and the parameter store in memory, as far as the archive uses them.

Reads are strongly consistent, and writes may be conditional.
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import md5
from http import HTTPStatus
from itertools import islice
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSPreparedRequest

_METADATA = "x-amz-meta-"
_MOST_KEYS = 1_000
_MODIFIED = "2026-01-01T00:00:00.000Z"


class Reply(NamedTuple):
    status: HTTPStatus
    headers: Mapping[str, str]
    body: bytes


class StoredObject(NamedTuple):
    body: bytes
    headers: Mapping[str, str]

    @property
    def etag(self) -> str:
        return f'"{md5(self.body, usedforsecurity=False).hexdigest()}"'


class ObjectStore:
    """One bucket, addressed by its host name."""

    def __init__(self) -> None:
        self.objects: dict[str, StoredObject] = {}

    def answer(self, operation: str, request: AWSPreparedRequest) -> Reply:
        url = urlsplit(request.url)
        key = key_of(request)
        match operation:
            case "GetObject":
                return self._get(key)
            case "PutObject":
                return self._put(key, request)
            case "ListObjectsV2":
                return self._list(dict(parse_qsl(url.query, keep_blank_values=True)))
            case _:
                raise NotImplementedError(operation)

    def _get(self, key: str) -> Reply:
        found = self.objects.get(key)
        if found is None:
            return _refuse(HTTPStatus.NOT_FOUND, "NoSuchKey")
        length = {"Content-Length": str(len(found.body))}
        return Reply(HTTPStatus.OK, {**found.headers, "ETag": found.etag, **length}, found.body)

    def _put(self, key: str, request: AWSPreparedRequest) -> Reply:
        headers = {name.lower(): _text(value) for name, value in request.headers.items()}
        found, wanted = self.objects.get(key), headers.get("if-match")
        if wanted is not None and found is None:
            return _refuse(HTTPStatus.NOT_FOUND, "NoSuchKey")
        if (wanted is not None and found and found.etag != wanted) or (
            "if-none-match" in headers and found
        ):
            return _refuse(HTTPStatus.PRECONDITION_FAILED, "PreconditionFailed")
        kept = {
            name: value
            for name, value in headers.items()
            if name == "content-type" or name.startswith(_METADATA)
        }
        stored = StoredObject(_body_of(request, headers), kept)
        self.objects[key] = stored
        return Reply(HTTPStatus.OK, {"ETag": stored.etag}, b"")

    def _list(self, query: Mapping[str, str]) -> Reply:
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after = unquote(query.get("continuation-token", "")) or query.get("start-after", "")
        found = list(islice(self._listed(prefix, delimiter, after), _MOST_KEYS + 1))
        page = found[:_MOST_KEYS]
        more = len(found) > len(page)
        contents = "".join(
            f"<CommonPrefixes><Prefix>{quote(name)}</Prefix></CommonPrefixes>"
            if stored is None
            else f"<Contents><Key>{quote(name)}</Key><LastModified>{_MODIFIED}</LastModified>"
            f"<ETag>{escape(stored.etag)}</ETag><Size>{len(stored.body)}</Size></Contents>"
            for name, stored in page
        )
        token = ""
        if more:
            token = f"<NextContinuationToken>{quote(page[-1][0])}</NextContinuationToken>"
        text = (
            f"<ListBucketResult><Prefix>{quote(prefix)}</Prefix><EncodingType>url</EncodingType>"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}{contents}"
            "</ListBucketResult>"
        )
        return Reply(HTTPStatus.OK, {"Content-Type": "application/xml"}, text.encode())

    def _listed(
        self, prefix: str, delimiter: str, after: str
    ) -> Iterator[tuple[str, StoredObject | None]]:
        """Yield the objects under a prefix; with a delimiter each folder once, in their place."""
        last = ""
        for key in sorted(key for key in self.objects if key.startswith(prefix) and key > after):
            folder, cut, _ = key.removeprefix(prefix).partition(delimiter or "\0")
            if not (delimiter and cut):
                yield key, self.objects[key]
            elif (name := f"{prefix}{folder}{cut}") not in {last, after}:
                last = name
                yield name, None


class ParameterStoreOfOne:
    """The parameter store, with the archive's one parameter."""

    def __init__(self) -> None:
        self.name = self.value = ""
        self._version = 0

    def put(self, name: str, value: str) -> None:
        self.name, self.value = name, value
        self._version += 1

    def answer(self, operation: str, request: AWSPreparedRequest) -> Reply:
        call = json.loads(_as_bytes(request.body))
        if operation == "PutParameter":
            self.put(call["Name"], call["Value"])
            return _as_json(HTTPStatus.OK, {"Version": self._version})
        if operation != "GetParameter":
            raise NotImplementedError(operation)
        if call["Name"] != self.name:
            return _as_json(HTTPStatus.BAD_REQUEST, {"__type": "ParameterNotFound"})
        found = {"Name": self.name, "Type": "SecureString", "Value": self.value}
        return _as_json(HTTPStatus.OK, {"Parameter": {**found, "Version": self._version}})


def key_of(request: AWSPreparedRequest) -> str:
    return unquote(urlsplit(request.url).path).removeprefix("/")


def _body_of(request: AWSPreparedRequest, headers: Mapping[str, str]) -> bytes:
    """Return the body to store, without the checksum that follows it (`aws-chunked`)."""
    body = _as_bytes(request.body)
    if "aws-chunked" not in headers.get("content-encoding", ""):
        return body
    whole = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        if not length:
            return whole
        whole += body[:length]
        body = body[length + 2 :]


def _as_bytes(body: object) -> bytes:
    read = getattr(body, "read", None)
    content = read() if read else body
    if isinstance(content, str):
        return content.encode()
    assert isinstance(content, bytes | bytearray | None)
    return bytes(content or b"")


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode()


def _refuse(status: HTTPStatus, code: str) -> Reply:
    body = f"<Error><Code>{code}</Code><Message>Refused.</Message></Error>"
    return Reply(status, {"Content-Type": "application/xml"}, body.encode())


def _as_json(status: HTTPStatus, content: object) -> Reply:
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return Reply(status, headers, json.dumps(content).encode())
