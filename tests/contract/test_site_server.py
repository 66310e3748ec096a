"""The site's server on this machine: what it gives to whom, and what it refuses."""

import gzip
import json
import signal
import socket
import webbrowser
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from threading import Timer, main_thread
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from playlist_archive.documents.content_types import ASK_EACH_TIME, KEEP_FOR_EVER
from playlist_archive.errors import StorageError
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.site_headers import (
    SECURITY_HEADERS,
    cache_control,
)
from playlist_archive_cli.site_objects import read_bucket
from playlist_archive_cli.site_server import SiteServer, names_at, serving
from tests.support.builders import RUN
from tests.support.command import Command
from tests.support.fakes import FakeBucket, FakeSpotify
from tests.support.living_stack import LivingClock, LivingStack

pytestmark = pytest.mark.contract

INDEX = "playlists/index.json"
SNAPSHOT = "snapshots/4uLU6hMCjMI75M1A2tKUQC/20261001T040000Z.json"
DOCUMENT = json.dumps({"schema": 1, "playlists": ["Žluťoučký kůň"] * 200}).encode()


class Given(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    def __init__(self, port: int) -> None:
        self.port = port

    def __call__(self, path: str, method: str = "GET", **headers: str) -> Given:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, headers=named)
            answer = connection.getresponse()
            return Given(answer.status, dict(answer.getheaders()), answer.read())

    def send(self, request: bytes) -> bytes:
        """Send the bytes as they are, and return the status line."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(request)
            return connection.makefile("rb").readline()


@pytest.fixture(scope="module")
def bucket() -> FakeBucket:
    bucket = FakeBucket()
    bucket.objects = {
        INDEX: DOCUMENT,
        SNAPSHOT: b"{}",
        "site/index.html": b"<!doctype html>",
        "site/js/main-0a1b2c3d.js": b"",
        "playlists/table/x/2026.json.gz": gzip.compress(DOCUMENT * 20),
        "state/catalog.json": b"secret",
        "registry/4uLU6hMCjMI75M1A2tKUQC": b"secret",
    }
    return bucket


@pytest.fixture(scope="module")
def server(bucket: FakeBucket) -> Iterator[SiteServer]:
    with serving(read_bucket(bucket)) as server:
        yield server


@pytest.fixture
def ask(server: SiteServer) -> Client:
    return Client(server.server_port)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/state/catalog.json", 404),
        ("/registry/4uLU6hMCjMI75M1A2tKUQC", 404),
        ("/playlists/../state/catalog.json", 404),
        ("/playlists/%2e%2e/state/catalog.json", 400),
        ("/playlists%2findex.json", 400),
        ("/playlists/..\\state\\catalog.json", 400),
        ("/playlists/%5c..%5cstate", 400),
        ("/playlists//index.json", 404),
        ("/.env", 404),
        ("/site", 404),
        ("/playlists/absent.json", 404),
        ("http://127.0.0.1/playlists/index.json", 421),
        ("*", 400),
    ],
)
def test_what_is_none_of_the_site_s_is_refused(ask: Client, path: str, status: int) -> None:
    given = ask(path)

    assert given.status == status
    assert b"secret" not in given.body
    assert SECURITY_HEADERS.items() <= given.headers.items()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "", "localhost.:80"])
def test_another_name_than_its_own_is_refused(ask: Client, host: str) -> None:
    # A page of another site may have its own name lead to this address.
    given = ask(f"/{INDEX}", Host=host)

    assert given.status == 421
    assert b"playlists" not in given.body


def test_a_request_without_a_name_or_with_two_is_refused(ask: Client) -> None:
    own = b"Host: 127.0.0.1:%d\r\n" % ask.port

    assert b" 421 " in ask.send(b"GET /playlists/index.json HTTP/1.1\r\n\r\n")
    assert b" 421 " in ask.send(
        b"GET /playlists/index.json HTTP/1.1\r\nHost: evil.example\r\n%b\r\n" % own
    )
    assert b" 200 " in ask.send(b"GET /playlists/index.json HTTP/1.1\r\n%b\r\n" % own)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "X"])
def test_every_method_but_reading_is_refused(ask: Client, bucket: FakeBucket, method: str) -> None:
    before = dict(bucket.objects)
    given = ask(f"/{INDEX}", method)

    assert (given.status, given.headers["Allow"]) == (405, "GET, HEAD")
    assert bucket.objects == before


@pytest.mark.parametrize("request_", [b"\r\n\r\n\r\n", b"GET\r\n\r\n", b"\xff\xfe\r\n\r\n"])
def test_what_is_no_request_ends_its_connection_only(ask: Client, request_: bytes) -> None:
    ask.send(request_ + b"GET /playlists/index.json HTTP/9.9\r\n\r\n")

    assert ask(f"/{INDEX}").status == 200


def test_a_storage_that_fails_is_a_bad_gateway(
    ask: Client, bucket: FakeBucket, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(operation: str, key: str) -> None:
        raise StorageError(f"reading {key}: no credentials")

    bucket.before = fail
    try:
        given = ask(f"/{INDEX}")
    finally:
        bucket.before = lambda operation, key: None

    assert (given.status, b"credentials" in given.body) == (502, False)
    assert "no credentials" in capfd.readouterr().err


def test_what_the_owner_can_do_about_a_refusal_is_said(
    ask: Client, bucket: FakeBucket, capfd: pytest.CaptureFixture[str]
) -> None:
    answer: Any = {"Error": {"Code": "ExpiredToken", "Message": "told"}}

    def fail(operation: str, key: str) -> None:
        raise StorageError(f"reading {key}: told") from ClientError(answer, "GetObject")

    bucket.before = fail
    try:
        given = ask(f"/{INDEX}")
    finally:
        bucket.before = lambda operation, key: None

    assert given.status == 502
    assert capfd.readouterr().err == (
        f"{INDEX}: AWS does not accept these credentials (ExpiredToken): log in to AWS again\n"
    )


def test_what_follows_a_request_with_a_body_is_not_taken_for_another(ask: Client) -> None:
    own = b"Host: 127.0.0.1:%d\r\n" % ask.port
    inner = b"GET /playlists/index.json HTTP/1.1\r\n%b\r\n" % own
    for length in (b"Content-Length: %d" % len(inner), b"Transfer-Encoding: chunked"):
        outer = b"GET /absent HTTP/1.1\r\n%b%b\r\n\r\n%b" % (own, length, inner)
        with socket.create_connection(("127.0.0.1", ask.port), timeout=10) as connection:
            connection.sendall(outer)
            assert connection.makefile("rb").read().count(b"HTTP/1.1 ") == 1


def test_at_the_port_of_http_browsers_name_the_host_alone() -> None:
    assert names_at(80) == {"127.0.0.1", "127.0.0.1:80", "localhost", "localhost:80"}
    assert names_at(8710) == {"127.0.0.1:8710", "localhost:8710"}


def test_the_root_leads_to_the_shell(ask: Client) -> None:
    given = ask("/?x")

    assert (given.status, given.headers["Location"]) == (302, "/site/index.html")
    assert ask("/site/index.html?utm=x").body == b"<!doctype html>"


@pytest.mark.parametrize("path", ["/", f"/{INDEX}", f"/{SNAPSHOT}", "/absent"])
def test_every_answer_keeps_to_itself(ask: Client, path: str) -> None:
    headers = ask(path).headers

    assert SECURITY_HEADERS.items() <= headers.items()
    assert not {name for name in headers if name.lower().startswith("access-control")}


def test_a_document_is_compressed_for_who_takes_it(ask: Client) -> None:
    packed, plain = ask(f"/{INDEX}", Accept_Encoding="br, GZIP;q=0.5"), ask(f"/{INDEX}")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body == DOCUMENT
    assert packed.headers["ETag"] == plain.headers["ETag"]
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert len(packed.body) < len(plain.body) / 10


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip;q=0", None),
        ("gzip; Q=0.000, br", None),
        ("*", "gzip"),
        ("*;q=0", None),
        ("gzip;q=0, *", None),
        ("gzip, *;q=0", "gzip"),
        ("identity, x-gzip", None),
        ("gzip;q=much", None),
        ("", None),
    ],
)
def test_who_refuses_a_compression_does_not_get_it(
    ask: Client, accepted: str, coding: str | None
) -> None:
    assert ask(f"/{INDEX}", Accept_Encoding=accepted).headers.get("Content-Encoding") == coding


def test_a_file_that_is_packed_already_stays_as_it_is(ask: Client) -> None:
    given = ask("/playlists/table/x/2026.json.gz", Accept_Encoding="gzip")

    assert "Content-Encoding" not in given.headers
    assert given.headers["Content-Type"] == "application/gzip"


def test_what_is_known_already_is_not_sent_again(ask: Client, bucket: FakeBucket) -> None:
    etag = ask(f"/{INDEX}").headers["ETag"]
    again = ask(f"/{INDEX}", If_None_Match=f'"x", {etag}', Accept_Encoding="gzip")
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)

    bucket.objects[INDEX] = DOCUMENT + b"\n"
    try:
        assert ask(f"/{INDEX}", If_None_Match=etag).status == 200
    finally:
        bucket.objects[INDEX] = DOCUMENT


def test_a_head_has_no_body(ask: Client) -> None:
    given = ask(f"/{INDEX}", "HEAD")

    assert (given.status, given.body) == (200, b"")
    assert given.headers["Content-Length"] == str(len(DOCUMENT))


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (SNAPSHOT, KEEP_FOR_EVER),
        ("site/js/main-0a1b2c3d.js", KEEP_FOR_EVER),
        ("site/style.0a1b2c3d4e5f.css", KEEP_FOR_EVER),
        ("site/index.html", ASK_EACH_TIME),
        ("site/js/search.js", ASK_EACH_TIME),
        (INDEX, ASK_EACH_TIME),
        ("playlists/pretty/abcdefabcdef.md", ASK_EACH_TIME),
    ],
)
def test_only_what_never_changes_is_kept_for_long(key: str, told: str) -> None:
    assert cache_control(key) == told


def test_a_port_that_is_taken_is_named(server: SiteServer) -> None:
    with (
        pytest.raises(CommandError, match=rf"{server.server_port} cannot be used .* --port"),
        serving(server.read, server.server_port),
    ):
        pass


def test_it_is_heard_on_this_machine_alone(server: SiteServer) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


def interrupt_soon() -> None:
    """Send to this process what Ctrl-C sends."""
    own = main_thread().ident
    assert own
    Timer(0.1, lambda: signal.pthread_kill(own, signal.SIGINT)).start()


def test_it_serves_until_it_is_interrupted(server: SiteServer) -> None:
    interrupt_soon()

    server.wait_until_interrupted()


def test_open_serves_the_archive_that_is_meant_until_it_is_interrupted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stack = LivingStack(FakeSpotify(), LivingClock(RUN))
    stack.bucket.objects[INDEX] = DOCUMENT
    command, seen = Command.on(stack, monkeypatch), list[Given]()

    def look(url: str) -> bool:
        port = urlsplit(url).port
        assert port
        seen.append(Client(port)(f"/{INDEX}"))
        interrupt_soon()
        return True

    monkeypatch.setattr(webbrowser, "open", look)
    outcome = command("open", "--port", "0", "--json")

    assert (outcome.exit_code, outcome.document["opened"]) == (0, True)
    assert [given.body for given in seen] == [DOCUMENT]
