"""The HTTP server: Web API, accounts host and control API behind one port."""

import re
import socket
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Lock, Thread
from time import sleep, time
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from tools.stand_in.accounts import Accounts, Client
from tools.stand_in.api import ApiError, Call, answer_call
from tools.stand_in.control import Control
from tools.stand_in.faults import Answer, Fault, FaultPlan, Strike, error_answer
from tools.stand_in.library import LIKED_SONGS, Library
from tools.stand_in.shapes import App, Json
from tools.stand_in.world import World
from tools.stand_in.writing import answer_write

_PLAYLIST = re.compile(r"/v1/playlists/(?P<id>[^/]+)")
_CHALLENGE = ("WWW-Authenticate", 'Bearer realm="spotify"')
_INVALID_TOKEN = (
    "WWW-Authenticate",
    'Bearer realm="spotify", error="invalid_token", error_description="Invalid access token"',
)


class StandIn:
    """A stand-in, as a context manager that listens on a port of its own.

    Attributes:
        url: `http://host:port`. The Web API is at `/v1`, the accounts host at the root, the control API at `/_control`.
        control: the client of the control API.
    """

    def __init__(
        self,
        library: Library,
        *,
        app: App | str = App.NEW,
        day: date | None = None,
        client: Client | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        switchboard = _Switchboard(
            World(library, App(app), day or library.first_day), client or Client()
        )
        self._server = _Server((host, port), switchboard)
        switchboard.on_shutdown = self.stop
        self.url = f"http://{host}:{self._server.server_port}"
        self.control = Control(self.url)

    def __enter__(self) -> Self:
        Thread(target=self.serve, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._server.close_connections()
        self._server.server_close()

    def answer(
        self, method: str, target: str, headers: Message, body: bytes = b""
    ) -> Answer | None:
        """Answer a request without a network; None means that the connection was reset."""
        return self._server.switchboard.answer(method, target, headers, body)

    def serve(self, poll_seconds: float = 0.5) -> None:
        """Answer requests until another thread calls `stop`, which is noticed at the next poll."""
        self._server.serve_forever(poll_seconds)

    def stop(self) -> None:
        self._server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], switchboard: "_Switchboard") -> None:
        super().__init__(address, _Handler)
        self.switchboard = switchboard
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect."""

    def close_connections(self) -> None:
        """Close the keep-alive connections, whose threads wait for another request."""
        for connection in tuple(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "envoy"
    sys_version = ""
    wbufsize = -1  # headers and body are sent in one packet
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._respond()

    def do_POST(self) -> None:
        self._respond()

    def do_PUT(self) -> None:
        self._respond()

    def do_DELETE(self) -> None:
        self._respond()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Log nothing: `GET /_control/requests` is the log."""

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = self.server.switchboard.answer(self.command, self.path, self.headers, body)
        if answer is None:
            self._reset()
            return
        connection, written = self.wfile, BytesIO()
        self.wfile = written
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile = connection
        self._write(written.getvalue(), answer.seconds_a_byte if answer.slow_headers else 0)
        self._write(answer.body, answer.seconds_a_byte)

    def _write(self, content: bytes, seconds_a_byte: float) -> None:
        if not seconds_a_byte:
            self.wfile.write(content)
            return
        self.wfile.flush()
        for byte in content:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            sleep(seconds_a_byte)

    def _reset(self) -> None:
        """Close with RST instead of FIN, as a broken middlebox does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True


class _Switchboard:
    """Routes requests, applies faults and keeps the log. A lock protects its state."""

    def __init__(self, world: World, client: Client) -> None:
        self._world = world
        self._accounts = Accounts(client)
        self._faults = FaultPlan()
        self._log: list[dict[str, object]] = []
        self._lock = Lock()
        self.on_shutdown = lambda: None

    def answer(self, method: str, target: str, headers: Message, body: bytes) -> Answer | None:
        """Answer a request; None means that the connection is to be reset."""
        if target.startswith("/_control"):
            return self._answer_control(method, urlsplit(target).path, body)
        arrived = time()
        with self._lock:
            strike = self._faults.strike(method, target)
        if delay := strike.find("delay"):
            sleep(delay.seconds)
        with self._lock:
            answer = self._answer_spotify(method, target, headers, body, strike)
            answer = None if strike.find("lost_answer") else answer
            answer = answer and strike.slow_down(answer)
            status = answer.status if answer else None
            seen = {"time": arrived, "method": method, "path": target, "status": status}
            self._log.append(seen)
        return answer

    def _answer_spotify(
        self,
        method: str,
        target: str,
        headers: Message,
        body: bytes,
        strike: Strike,
    ) -> Answer | None:
        if strike.find("reset"):
            return None
        if answer := strike.replace_answer():
            return answer
        url = urlsplit(target)
        query = dict(parse_qsl(url.query))
        match method, url.path:
            case "POST", "/api/token":
                form = dict(parse_qsl(body.decode()))
                rotate = strike.find("rotated_refresh_token") is not None
                credentials = headers.get("Authorization")
                return self._accounts.answer_token_request(credentials, form, rotate=rotate)
            case "GET", "/authorize":
                return self._answer_consent(query)
            case "GET" | "POST" | "PUT" | "DELETE", path if path.startswith("/v1/"):
                api_url = f"http://{headers['Host']}/v1"
                call = Call(path, query, api_url, of_user=False, method=method, body=body)
                return self._answer_api(call, headers, strike)
            case _:
                return error_answer(404, "Service not found")

    def _answer_consent(self, query: Mapping[str, str]) -> Answer:
        """Answer `GET /authorize` as if the user had clicked "Agree"."""
        if "redirect_uri" not in query:
            return Answer(400, b"INVALID_CLIENT: Invalid redirect URI", "text/plain; charset=utf-8")
        given = {"code": self._accounts.consent(query), "state": query.get("state", "")}
        location = ("Location", f"{query['redirect_uri']}?{urlencode(given)}")
        return Answer(302, b"", "text/plain; charset=utf-8", (location,))

    def _answer_api(self, call: Call, headers: Message, strike: Strike) -> Answer:
        authorization = headers.get("Authorization")
        if authorization is None:
            return _unauthorized(_CHALLENGE)
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            return error_answer(400, "Only valid bearer authentication supported")
        if strike.find("expired_token"):
            self._accounts.expire(token)
        grant = self._accounts.find_grant(token)
        if grant is None:
            return _unauthorized(_INVALID_TOKEN)
        if strike.find("torn") and (edited := _name_edited(call.path)):
            self._world.edit(edited)
        call = replace(
            call,
            of_user=grant.of_user,
            scopes=grant.scopes,
            appends_first=strike.find("append_first") is not None,
        )
        status = 200
        answer: Json | list[Json]
        try:
            if call.method == "GET":
                answer = answer_call(self._world, call)
            else:
                status, answer = answer_write(self._world, call)
        except ApiError as error:
            return error_answer(error.status, error.message)
        if isinstance(answer, dict):
            _spoil_pages(answer, strike)
        return Answer(status, msgspec.json.encode(answer))

    def _answer_control(self, method: str, path: str, body: bytes) -> Answer:
        try:
            with self._lock:
                answer = self._control(method, path.removeprefix("/_control"), body)
        except (msgspec.MsgspecError, ValueError, KeyError) as error:
            return error_answer(HTTPStatus.BAD_REQUEST, str(error))
        if answer is None:
            return error_answer(HTTPStatus.NOT_FOUND, "no such control")
        return Answer(200, msgspec.json.encode(answer))

    def _control(self, method: str, path: str, body: bytes) -> dict[str, object] | None:
        match method, path:
            case "GET", "" | "/":
                return self._describe()
            case "POST", "/date":
                self._world.day = msgspec.json.decode(body, type=dict[str, date])["date"]
            case "POST", "/app":
                self._world.app = msgspec.json.decode(body, type=dict[str, App])["app"]
            case "POST", "/faults":
                return {"id": self._faults.add(msgspec.json.decode(body, type=Fault))}
            case "DELETE", "/faults":
                self._faults.clear()
                self._world.undo_edits()
                self._accounts.undo_rotation()
            case "POST", "/gone":
                self._world.written.lose(msgspec.json.decode(body, type=dict[str, str])["uri"])
            case "GET", "/requests":
                return {"requests": list(self._log)}
            case "DELETE", "/requests":
                self._log.clear()
            case "POST", "/shutdown":
                Thread(target=self.on_shutdown).start()
            case _:
                return None
        return {}

    def _describe(self) -> dict[str, object]:
        return {
            "app": self._world.app,
            "date": self._world.day,
            "user": self._world.library.user.id,
            "playlists": list(self._world.list_ids()),
            "faults": self._faults.describe(),
            "requests": len(self._log),
        }


def _name_edited(path: str) -> str | None:
    """Return the playlist that an edit in mid-read concerns."""
    if path == "/v1/me/tracks":
        return LIKED_SONGS
    playlist = _PLAYLIST.match(path)
    return playlist["id"] if playlist else None


def _unauthorized(challenge: tuple[str, str]) -> Answer:
    answer = error_answer(401, "Missing/invalid/expired access token")
    return Answer(answer.status, answer.body, headers=(challenge,))


def _spoil_pages(body: dict[str, Any], strike: Strike) -> None:
    """Shorten the pages in an answer, which is a page or a playlist with embedded pages."""
    truncated, early_end = strike.find("truncated"), strike.find("early_end")
    pages = [body, body.get("items"), body.get("tracks")]
    for page in pages:
        if not isinstance(page, dict) or not isinstance(page.get("items"), list):
            continue
        if truncated:
            page["items"] = page["items"][: truncated.keep_rows]
        if (truncated or early_end) and "next" in page:
            page["next"] = None
