"""The audit distinguishes an unreachable database of vulnerabilities from its answers."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tools.audit import find_obstacle
from tools.local.processes import pick_free_port

pytestmark = pytest.mark.contract


class Database(HTTPServer):
    """A database that answers every question with `status` and `body`."""

    status = 200
    body = b"{}"


class Answer(BaseHTTPRequestHandler):
    server: Database

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.body)


@pytest.fixture
def database() -> Iterator[Database]:
    with Database(("127.0.0.1", 0), Answer) as database:
        thread = Thread(target=database.serve_forever, args=(0.01,))
        thread.start()
        yield database
        database.shutdown()
        thread.join()


def test_a_database_that_knows_a_vulnerable_release_can_be_asked(database: Database) -> None:
    database.body = b'{"vulns": [{"id": "PYSEC-2023-74"}]}'
    assert find_obstacle(f"http://127.0.0.1:{database.server_port}") == ""


@pytest.mark.parametrize(
    ("status", "body", "obstacle"),
    [
        (404, b"", "404"),
        (503, b'{"vulns": [{}]}', "503"),
        (200, b"<html>Log in to this network</html>", "Expecting value"),
        (200, b"[]", "something else"),
        (200, b"{}", "something else"),
    ],
)
def test_whatever_else_answers_cannot_be_asked(
    database: Database, status: int, body: bytes, obstacle: str
) -> None:
    database.status, database.body = status, body
    assert obstacle in find_obstacle(f"http://127.0.0.1:{database.server_port}")


def test_where_nothing_answers_nothing_can_be_asked() -> None:
    assert "refused" in find_obstacle(f"http://127.0.0.1:{pick_free_port()}")
