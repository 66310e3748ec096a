"""One HTTP request and its answer, limited in time and size.

A socket's timeout restarts with each byte that arrives, so a server that sends a byte a second
would never reach it. Here one deadline applies to the whole answer, including its headers.
"""

from collections.abc import Buffer, Callable
from functools import partial
from http.client import HTTPException, HTTPResponse
from io import BufferedReader, RawIOBase
from socket import socket
from time import monotonic
from typing import Any, NamedTuple

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

# For each IP address of the host.
CONNECT_SECONDS = 5
# From the established connection until the last byte of the answer.
EXCHANGE_SECONDS = 30.0
# A hundred rows, with both `item` and `track`, are less than one megabyte.
MOST_BYTES = 16 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
TIMEOUT_SECONDS = (CONNECT_SECONDS, EXCHANGE_SECONDS)


class NoAnswerError(Exception):
    """There is no complete answer; the message quotes nothing that was sent."""


class Answer(NamedTuple):
    status: int
    body: bytes
    retry_after: str | None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def exchange(send: Callable[[], requests.Response], *, most_bytes: int = MOST_BYTES) -> Answer:
    """Return the complete answer to the request that `send` sends as a stream.

    Raises:
        NoAnswerError: the answer is missing, late, too large, or not HTTP.
    """
    try:
        with send() as response:
            body = bytearray()
            for chunk in response.iter_content(_CHUNK_BYTES):
                body += chunk
                if len(body) > most_bytes:
                    raise NoAnswerError(f"an answer of more than {most_bytes} bytes")
            retry_after = response.headers.get("Retry-After")
            return Answer(response.status_code, bytes(body), retry_after)
    # Invalid bytes in headers make the libraries raise other errors than their own.
    except (requests.RequestException, HTTPError, HTTPException, OSError, ValueError) as error:
        raise NoAnswerError(type(error).__name__) from None


def open_session(exchange_seconds: float = EXCHANGE_SECONDS) -> requests.Session:
    """Return a session whose exchanges end after `exchange_seconds`, whatever the server does."""
    session = requests.Session()
    # Otherwise a proxy could see the authorisation, and .netrc could replace it.
    session.trust_env = False
    adapter = _Adapter(exchange_seconds)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _Adapter(HTTPAdapter):
    def __init__(self, exchange_seconds: float) -> None:
        self._exchange_seconds = exchange_seconds
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {
            "http": self._bound(HTTPConnectionPool, _PlainConnection),
            "https": self._bound(HTTPSConnectionPool, _TlsConnection),
        }

    def _bound(self, pool: type[object], connection: type[object]) -> type[object]:
        """Return a subclass of `pool` whose connections have the time limit of one exchange."""
        bound = type("Connection", (connection,), {"exchange_seconds": self._exchange_seconds})
        return type("Pool", (pool,), {"ConnectionCls": bound})


class _Response(HTTPResponse):
    """An answer that is read until a deadline; `until` is a monotonic time."""

    def __init__(self, sock: socket, *args: Any, until: float, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = BufferedReader(_Reader(sock, self.fp.detach(), until))


class _Reader(RawIOBase):
    """Reads from a socket; no read waits beyond the deadline."""

    def __init__(self, sock: socket, stream: RawIOBase, until: float) -> None:
        super().__init__()
        self._sock = sock
        self._stream = stream
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        left = self._until - monotonic()
        if left <= 0:
            raise TimeoutError("the exchange takes too long")
        self._sock.settimeout(left)
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _PlainConnection(HTTPConnection):
    exchange_seconds: float

    def request(self, *args: Any, **options: Any) -> None:
        self.response_class = _respond_within(self.exchange_seconds)  # type: ignore[assignment]
        super().request(*args, **options)


class _TlsConnection(HTTPSConnection):
    exchange_seconds: float

    def request(self, *args: Any, **options: Any) -> None:
        self.response_class = _respond_within(self.exchange_seconds)  # type: ignore[assignment]
        super().request(*args, **options)


def _respond_within(seconds: float) -> partial[_Response]:
    return partial(_Response, until=monotonic() + seconds)
