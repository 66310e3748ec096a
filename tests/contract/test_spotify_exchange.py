"""Exchanges with servers that are slow, endless or not HTTP, over real sockets on the loopback."""

import gzip
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

import pytest

from playlist_archive.spotify.exchange import Answer, NoAnswerError, exchange, open_session

pytestmark = [pytest.mark.contract, pytest.mark.enable_socket]

type Serve = Callable[[socket.socket, Event], None]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def serving(serve: Serve) -> Iterator[str]:
    """Answer connections with `serve`, one after the other, until the test ends."""
    over = Event()

    def work() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.recv(65536)
                serve(connection, over)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        worker = Thread(target=work, daemon=True)
        worker.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
    worker.join(10)
    assert not worker.is_alive()


def ask(url: str, *, seconds: float = 0.4, most_bytes: int = 1000) -> Answer:
    with open_session(seconds) as session:
        return exchange(
            lambda: session.get(url, timeout=(5, seconds), stream=True, allow_redirects=False),
            most_bytes=most_bytes,
        )


def sends(*parts: bytes) -> Serve:
    def serve(connection: socket.socket, _: Event) -> None:
        connection.sendall(b"".join(parts))

    return serve


def drips(at_once: bytes, byte: bytes) -> Serve:
    """Send a byte every 50 ms until the client closes the connection."""

    def serve(connection: socket.socket, over: Event) -> None:
        connection.sendall(at_once)
        while not over.wait(0.05):
            connection.sendall(byte)

    return serve


def test_a_whole_answer_is_returned() -> None:
    parts = (HEAD, b"Retry-After: 7\r\nContent-Length: 4\r\n\r\nbody")
    with serving(sends(*parts)) as url:
        assert ask(url) == Answer(200, b"body", "7")


def test_a_compressed_answer_is_unpacked() -> None:
    packed = gzip.compress(b"body")
    length = f"Content-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    with serving(sends(HEAD, length, packed)) as url:
        assert ask(url).body == b"body"


@pytest.mark.parametrize(
    ("at_once", "byte"),
    [
        pytest.param(b"", b"H", id="status line"),
        pytest.param(HEAD + b"X-Slow: ", b"x", id="headers"),
        pytest.param(HEAD + b"Content-Length: 100000\r\n\r\n", b"x", id="body"),
        pytest.param(HEAD + b"\r\n", b"x", id="body without length"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0", id="chunk size"),
        pytest.param(HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n", b"x", id="chunk"),
    ],
)
def test_a_server_that_sends_byte_by_byte_does_not_outlive_the_deadline(
    at_once: bytes, byte: bytes
) -> None:
    with serving(drips(at_once, byte)) as url, pytest.raises(NoAnswerError):
        ask(url)


def test_a_server_that_sends_nothing_does_not_outlive_the_deadline() -> None:
    def serve(_: socket.socket, over: Event) -> None:
        over.wait(30)

    with serving(serve) as url, pytest.raises(NoAnswerError):
        ask(url)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"Content-Length: 1001\r\n\r\n" + b"x" * 1001, id="plain"),
        pytest.param(b"\r\n" + b"x" * 1001, id="without length"),
        pytest.param(
            b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"x" * 10_000_000), id="compressed"
        ),
    ],
)
def test_a_body_has_a_largest_size(body: bytes) -> None:
    with serving(sends(HEAD, body)) as url, pytest.raises(NoAnswerError, match="1000 bytes"):
        ask(url, seconds=30)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\xff\xfe",
        b"HTTP/1.1 nothing\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot packed",
        b"HTTP/1.1 302 Found\r\nLocation: http://[\xff\r\n\r\n",
    ],
)
def test_an_incomplete_or_malformed_answer_is_no_answer(answer: bytes) -> None:
    with serving(sends(answer)) as url, pytest.raises(NoAnswerError):
        ask(url, most_bytes=100_000)


@pytest.mark.parametrize(
    "headers",
    [b"Content-Type: text/plain; charset=\x00\r\n", b"Set-Cookie: \xff=;;;\r\n", b":\r\n"],
)
def test_odd_headers_do_no_harm(headers: bytes) -> None:
    with serving(sends(b"HTTP/1.1 403 No\r\n", headers, b"\r\n\xffbody")) as url:
        assert ask(url).text == "\ufffdbody"
