"""The stand-in can reproduce every known fault of the Web API."""

import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
import requests

from tools.stand_in import SampleLibrary, StandIn
from tools.stand_in.sample import EVERYTHING, FERRY, SKYLIGHT

pytestmark = [pytest.mark.contract, pytest.mark.enable_socket]

AUTH = ("standin-client", "standin-secret")


class Web:
    """A client that uses its token without checking it."""

    def __init__(self, url: str) -> None:
        self.session = requests.Session()
        self._url = url

    def refresh(self, refresh_token: str = "standin-refresh") -> requests.Response:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        answer = self.session.post(f"{self._url}/api/token", data=form, auth=AUTH, timeout=5)
        if answer.ok:
            token = answer.json()["access_token"]
            self.session.headers["Authorization"] = f"Bearer {token}"
        return answer

    def get(self, path: str, **params: object) -> requests.Response:
        return self.session.get(f"{self._url}/v1{path}", params=params, timeout=5)  # type: ignore[arg-type]


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn(SampleLibrary(date(2026, 10, 1))) as running:
        yield running


@pytest.fixture
def web(stand_in: StandIn) -> Iterator[Web]:
    user = Web(stand_in.url)
    user.refresh()
    yield user
    user.session.close()


QUOTA = {"error": {"status": 429, "message": "Too many requests", "reason": "QUOTA_EXCEEDED"}}


@pytest.mark.parametrize(
    ("kind", "form", "text"),
    [
        ("rate_limit", (429, "application/json"), "API rate limit exceeded"),
        ("rate_limit_text", (429, "text/plain"), "Too many requests"),
        ("rate_limit_empty", (429, "text/plain"), ""),
        ("quota_exceeded", (429, "application/json"), '"reason":"QUOTA_EXCEEDED"'),
        ("server_error", (503, "application/json"), '"status":503'),
        ("server_error_html", (503, "text/html"), "<html>"),
        ("html", (200, "text/html"), "<html>"),
        ("empty", (200, "application/json"), ""),
        ("empty_string", (200, "application/json"), '""'),
        ("empty_object", (200, "application/json"), "{}"),
        ("garbage", (200, "application/json"), "{"),
        ("unauthorized", (401, "application/json"), "Invalid access token"),
        ("forbidden", (403, "application/json"), '"message":"Forbidden"'),
        ("forbidden_html", (403, "text/html"), "Your client does not have permission to get URL"),
        ("premium_required", (403, "text/plain"), "Active premium subscription required"),
        ("not_registered", (403, "text/plain"), "User not registered in the Developer Dashboard"),
        ("not_found", (404, "application/json"), "Resource not found"),
    ],
)
def test_a_bad_answer_comes_once_and_then_the_real_one(
    stand_in: StandIn, web: Web, kind: str, form: tuple[int, str], text: str
) -> None:
    stand_in.control.add_fault(kind)

    bad, good = web.get("/me"), web.get("/me")

    assert (bad.status_code, bad.headers["Content-Type"].split(";")[0]) == form
    assert text in bad.text
    assert "Retry-After" not in bad.headers
    assert good.json()["type"] == "user"


def test_the_quota_answer_is_the_documented_one(stand_in: StandIn, web: Web) -> None:
    stand_in.control.add_fault("quota_exceeded")

    assert web.get("/me").json() == QUOTA


@pytest.mark.parametrize("value", [1, 48925, 0, "soon"])
def test_retry_after_has_the_configured_text(stand_in: StandIn, web: Web, value: str | int) -> None:
    stand_in.control.add_fault("rate_limit", retry_after=value)

    assert web.get("/me").headers["Retry-After"] == str(value)


def test_the_status_of_a_server_error_can_be_chosen(stand_in: StandIn, web: Web) -> None:
    stand_in.control.add_fault("server_error", status=502)

    assert web.get("/me").json() == {"error": {"status": 502, "message": "Bad Gateway"}}


def test_garbage_is_whatever_bytes_are_wanted(stand_in: StandIn, web: Web) -> None:
    stand_in.control.add_fault("garbage", body=b64encode(b"\x00\xff[").decode())

    assert web.get("/me").content == b"\x00\xff["


def test_one_playlist_can_refuse_every_token(stand_in: StandIn, web: Web) -> None:
    stand_in.control.add_fault("unauthorized", path=f"/playlists/{FERRY}", times=None)

    refused = [web.get(f"/playlists/{FERRY}").status_code]
    web.refresh()
    refused.append(web.get(f"/playlists/{FERRY}").status_code)

    assert refused == [401, 401]
    assert web.get(f"/playlists/{SKYLIGHT}").status_code == 200


class TestWhen:
    def statuses(self, web: Web, calls: int) -> list[int]:
        return [web.get("/me").status_code for _ in range(calls)]

    def test_after_lets_some_pass(self, stand_in: StandIn, web: Web) -> None:
        stand_in.control.add_fault("server_error", after=2, times=2)

        assert self.statuses(web, 5) == [200, 200, 503, 503, 200]

    def test_every_strikes_regularly(self, stand_in: StandIn, web: Web) -> None:
        stand_in.control.add_fault("server_error", every=3, times=None)

        assert self.statuses(web, 6) == [200, 200, 503, 200, 200, 503]

    def test_probability_is_repeatable(self, stand_in: StandIn, web: Web) -> None:
        details: dict[str, Any] = {"probability": 0.5, "seed": 7, "times": None}
        stand_in.control.add_fault("server_error", **details)
        first = self.statuses(web, 20)
        stand_in.control.clear_faults()
        stand_in.control.add_fault("server_error", **details)

        assert self.statuses(web, 20) == first
        assert set(first) == {200, 503}

    def test_a_path_narrows_it_down(self, stand_in: StandIn, web: Web) -> None:
        stand_in.control.add_fault("not_found", path=f"/playlists/{FERRY}", times=None)

        assert web.get(f"/playlists/{FERRY}").status_code == 404
        assert web.get(f"/playlists/{SKYLIGHT}").status_code == 200

    def test_clearing_ends_all(self, stand_in: StandIn, web: Web) -> None:
        stand_in.control.add_fault("server_error", times=None)
        stand_in.control.clear_faults()

        assert self.statuses(web, 1) == [200]

    def test_the_state_lists_the_faults_that_struck(self, stand_in: StandIn, web: Web) -> None:
        number = stand_in.control.add_fault("server_error", times=None)
        web.get("/me")
        (fault,) = stand_in.control.state()["faults"]

        assert (fault["id"], fault["kind"], fault["struck"]) == (number, "server_error", 1)

    @pytest.mark.parametrize(
        "details", [{"kind": "gremlins"}, {"kind": "html", "path": "("}, {"kind": "html", "x": 1}]
    )
    def test_nonsense_is_refused(self, stand_in: StandIn, details: dict[str, Any]) -> None:
        with pytest.raises(HTTPError, match="400") as refused:
            stand_in.control.add_fault(**details)
        refused.value.close()


class TestConnections:
    def test_a_connection_is_reset(self, stand_in: StandIn, web: Web) -> None:
        stand_in.control.add_fault("reset", path="/v1/me$")

        with pytest.raises(requests.ConnectionError):
            web.get("/me")

        assert web.get("/me").status_code == 200
        assert [seen.status for seen in stand_in.control.requests()[-2:]] == [None, 200]

    def test_an_answer_is_late(self, stand_in: StandIn, web: Web) -> None:
        stand_in.control.add_fault("delay", seconds=0.2)

        began = time.monotonic()
        answer = web.get("/me")

        assert answer.status_code == 200
        assert time.monotonic() - began >= 0.2

    @pytest.mark.parametrize("kind", ["slow_headers", "slow_body"])
    def test_an_answer_comes_byte_by_byte(self, stand_in: StandIn, web: Web, kind: str) -> None:
        real = web.get("/me").content
        stand_in.control.add_fault(kind, seconds=0.0001)

        assert web.get("/me").content == real

    @pytest.mark.parametrize(
        ("kind", "headers_at_once"), [("slow_headers", False), ("slow_body", True)]
    )
    def test_headers_or_body_can_be_slow(
        self, stand_in: StandIn, kind: str, headers_at_once: bool
    ) -> None:
        stand_in.control.add_fault(kind, seconds=30)
        address = urlsplit(stand_in.url)
        with socket.create_connection((str(address.hostname), address.port or 0), 5) as client:
            client.sendall(b"GET /v1/me HTTP/1.1\r\nHost: standin\r\n\r\n")
            client.settimeout(0.3)
            received = b""
            with suppress(TimeoutError):
                while True:
                    received += client.recv(65536)

        assert (b"\r\n\r\n" in received) is headers_at_once


class TestPages:
    def test_a_playlist_changes_between_two_pages(self, stand_in: StandIn, web: Web) -> None:
        first = web.get(f"/playlists/{EVERYTHING}").json()
        stand_in.control.add_fault("torn", path="/items.*offset=100")
        page = web.get(f"/playlists/{EVERYTHING}/items", offset=100, limit=100).json()
        after = web.get(f"/playlists/{EVERYTHING}").json()

        assert first["snapshot_id"] != after["snapshot_id"]
        assert page["total"] == first["items"]["total"]
        assert after["items"]["items"][0] == first["items"]["items"][1]

    def test_clearing_faults_mends_it(self, stand_in: StandIn, web: Web) -> None:
        first = web.get(f"/playlists/{FERRY}").json()
        stand_in.control.add_fault("torn")
        torn = web.get(f"/playlists/{FERRY}").json()
        stand_in.control.clear_faults()

        assert torn["snapshot_id"] != first["snapshot_id"]
        assert web.get(f"/playlists/{FERRY}").json() == first

    @pytest.mark.parametrize("endpoint", ["", "/items"])
    def test_a_page_is_cut_short(self, stand_in: StandIn, web: Web, endpoint: str) -> None:
        stand_in.control.add_fault("truncated", keep_rows=3)

        body = web.get(f"/playlists/{EVERYTHING}{endpoint}").json()
        page = body if endpoint else body["items"]

        assert (len(page["items"]), page["next"], page["total"]) == (3, None, 1200)

    def test_a_page_hides_that_more_follow(self, stand_in: StandIn, web: Web) -> None:
        stand_in.control.add_fault("early_end")

        page = web.get(f"/playlists/{EVERYTHING}/items", limit=50).json()

        assert (len(page["items"]), page["next"], page["total"]) == (50, None, 1200)


class TestTokens:
    @pytest.mark.parametrize(
        ("kind", "error"),
        [("invalid_grant", "Refresh token revoked"), ("invalid_client", "Invalid client")],
    )
    def test_a_refresh_is_refused(self, stand_in: StandIn, web: Web, kind: str, error: str) -> None:
        stand_in.control.add_fault(kind)

        refused = web.refresh()

        assert refused.status_code == 400
        assert refused.json() == {"error": kind, "error_description": error}
        assert web.get("/me").status_code == 200

    def test_the_accounts_host_fails(self, stand_in: StandIn, web: Web) -> None:
        stand_in.control.add_fault("server_error_html", path="/api/token")

        assert [web.refresh().status_code, web.refresh().status_code] == [503, 200]

    def test_a_new_refresh_token_revokes_the_old_one(self, stand_in: StandIn, web: Web) -> None:
        stand_in.control.add_fault("rotated_refresh_token")

        rotated = web.refresh().json()["refresh_token"]

        assert web.refresh().json()["error"] == "invalid_grant"
        assert web.refresh(rotated).status_code == 200

        stand_in.control.clear_faults()

        assert web.refresh("standin-refresh").status_code == 200

    def test_a_token_expires_every_few_requests(self, stand_in: StandIn, web: Web) -> None:
        stand_in.control.add_fault("expired_token", every=3, times=None)

        before = [web.get("/me").status_code for _ in range(4)]
        web.refresh()

        assert before == [200, 200, 401, 401]
        assert web.get("/me").status_code == 200
