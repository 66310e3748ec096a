"""Serves the site to browsers on this machine only. It reads and never writes.

Pages of other sites in the same browser can send requests to it. So it answers only requests for
its own host names, gives nothing to other origins, and serves only the site's keys.
"""

import gzip
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http import HTTPStatus
from http.client import HTTP_PORT
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from playlist_archive.documents.content_types import ASK_EACH_TIME, TEXT
from playlist_archive.errors import StorageError
from playlist_archive.shell.assets import SITE_INDEX
from playlist_archive_cli.errors import CommandError, explain_aws
from playlist_archive_cli.screen import tell
from playlist_archive_cli.site_headers import (
    SECURITY_HEADERS,
    cache_control,
    content_type,
    is_compressible,
)
from playlist_archive_cli.site_objects import Read, is_site_key

ADDRESS = "127.0.0.1"
_NAMES = (ADDRESS, "localhost")
_METHODS = ("GET", "HEAD")
_IDLE_SECONDS = 30
_NO_HEADERS: Mapping[str, str] = {}
# Below this many bytes, compressing gains nothing.
_SMALL = 1000
# The best compression takes five times as long and saves another 5%.
_QUICK = 6


class SiteServer(ThreadingHTTPServer):
    """Listens from its creation on."""

    daemon_threads = True

    def __init__(self, read: Read, port: int) -> None:
        self.read = read
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            raise CommandError(
                f"{ADDRESS}:{port} cannot be used ({error.strerror}): name another with --port"
            ) from error

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}:{self.server_port}/"

    def wait_until_interrupted(self) -> None:
        try:
            Event().wait()
        except KeyboardInterrupt:
            return

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        error = sys.exception()
        if not isinstance(error, ConnectionError | TimeoutError):
            tell(f"a request failed: {error!r}")


@contextmanager
def serving(read: Read, port: int = 0) -> Iterator[SiteServer]:
    """Yield a running server; port 0 means any free port.

    Raises:
        CommandError: the port cannot be used.
    """
    with SiteServer(read, port) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: SiteServer
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        if self.command not in _METHODS:
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": ", ".join(_METHODS)})
        elif self.headers.get_all("Host") not in [
            [name] for name in names_at(self.server.server_port)
        ]:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        else:
            if "Content-Length" in self.headers or "Transfer-Encoding" in self.headers:
                # The body is not read, and must not be taken for the next request.
                self.close_connection = True
            return True
        return False

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if not path.startswith("/") or any(char in path for char in "%\\"):
            # No key needs an escape, which could only hide a path into another folder.
            self._refuse(HTTPStatus.BAD_REQUEST)
        elif path == "/":
            self._answer(HTTPStatus.FOUND, headers={"Location": f"/{SITE_INDEX}"})
        else:
            self._send(path.removeprefix("/"))

    def do_HEAD(self) -> None:
        self.do_GET()

    def _send(self, key: str) -> None:
        try:
            body = self.server.read(key) if is_site_key(key) else None
        except StorageError as error:
            tell(_explain(key, error))
            self._refuse(HTTPStatus.BAD_GATEWAY)
            return
        if body is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        # It is the same for every compression of the body, therefore weak (RFC 9110, 8.8.1).
        etag = f'W/"{sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": etag, "Cache-Control": cache_control(key), "Vary": "Accept-Encoding"}
        if _names_etag(self.headers.get("If-None-Match", ""), etag):
            self._answer(HTTPStatus.NOT_MODIFIED, headers=headers)
            return
        kind = content_type(key)
        if (
            is_compressible(kind)
            and len(body) >= _SMALL
            and _takes_gzip(self.headers.get("Accept-Encoding", ""))
        ):
            body = gzip.compress(body, _QUICK, mtime=0)
            headers["Content-Encoding"] = "gzip"
        self._answer(HTTPStatus.OK, body, headers | {"Content-Type": kind})

    def send_error(self, code: int, *_: Any) -> None:
        """Refuse an invalid request."""
        self._refuse(HTTPStatus(code))

    def _refuse(self, status: HTTPStatus, headers: Mapping[str, str] = _NO_HEADERS) -> None:
        # The rest of the request is not read.
        self.close_connection = True
        body = f"{status.value} {status.phrase}\n".encode()
        named = {"Content-Type": TEXT, "Cache-Control": ASK_EACH_TIME, "Connection": "close"}
        self._answer(status, body, {**named, **headers})

    def _answer(
        self, status: HTTPStatus, body: bytes = b"", headers: Mapping[str, str] = _NO_HEADERS
    ) -> None:
        self.send_response(status)
        for name, value in {**SECURITY_HEADERS, **headers}.items():
            self.send_header(name, value)
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        return "playlist-archive"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Do not log requests."""


def names_at(port: int) -> set[str]:
    """Return the allowed Host headers of a server at a port."""
    at_usual_port = _NAMES if port == HTTP_PORT else ()
    return {*at_usual_port, *(f"{name}:{port}" for name in _NAMES)}


def _explain(key: str, error: StorageError) -> str:
    cause = error.__cause__
    if isinstance(cause, BotoCoreError | ClientError):
        return f"{key}: {explain_aws(cause)}"
    return str(error)


def _takes_gzip(header: str) -> bool:
    """Whether an Accept-Encoding header accepts gzip (RFC 9110, 12.5.3)."""
    taken = {}
    for one in header.lower().split(","):
        coding, _, weight = (part.strip() for part in one.partition(";"))
        taken[coding] = re.fullmatch(r"(?:q=(?!0(?:\.0*)?$)[0-9.]+)?", weight) is not None
    return taken.get("gzip", taken.get("*", False))


def _names_etag(header: str, etag: str) -> bool:
    """Whether an If-None-Match header has an ETag; weak and strong ones compare alike."""
    opaque = etag.removeprefix("W/")
    named = [one.strip().removeprefix("W/") for one in header.split(",")]
    return "*" in named or opaque in named
