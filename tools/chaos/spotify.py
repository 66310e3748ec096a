"""The way to Spotify: the stand-in behind a wire that is cut and watched."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import requests
from requests.adapters import HTTPAdapter

from tools.chaos.clock import SimulatedClock
from tools.chaos.faults import Mischief

_SECONDS = 0.15
_TIMEOUT_SECONDS = 30
_LONGEST_WAIT_SECONDS = 30


class Wire:
    """What the functions send to Spotify, and whether they may.

    Attributes:
        sent: requests to the Web API.
        too_early: those that were sent while Spotify had asked to wait, and the archive knew.
        stored_until: until when the stored state forbids requests.
    """

    def __init__(self, clock: SimulatedClock, mischief: Mischief) -> None:
        self.sent: list[float] = []
        self.too_early: list[str] = []
        self.stored_until = 0.0
        self._told_until = 0.0
        self._clock = clock
        self._mischief = mischief

    def begin_invocation(self) -> None:
        """Forget what only the last invocation was told: it may have been killed with it."""
        self._told_until = 0.0

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Let all requests pass by here."""
        send = HTTPAdapter.send

        def pass_by(
            adapter: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **options: Any
        ) -> requests.Response:
            self._before(str(request.path_url))
            answer = send(adapter, request, *args, **options)
            self._after(str(request.path_url), answer)
            return answer

        with patch.object(HTTPAdapter, "send", pass_by):
            yield

    def _before(self, path: str) -> None:
        self._mischief.kill("before a request to Spotify")
        if path.startswith("/v1/"):
            now = self._clock.moment
            self.sent.append(now)
            if now < max(self.stored_until, self._told_until):
                self.too_early.append(f"{self._clock.now():%Y-%m-%d %H:%M:%S} {path}")
        self._mischief.pass_time(_SECONDS)

    def _after(self, path: str, answer: requests.Response) -> None:
        self._mischief.kill("after a request to Spotify")
        if self._mischief.lose_answer():
            self._mischief.pass_time(_TIMEOUT_SECONDS)
            raise requests.ReadTimeout
        if answer.status_code == requests.codes.too_many_requests and path.startswith("/v1/"):
            seconds = answer.headers.get("Retry-After", "")
            if seconds.isdecimal():
                self._told_until = self._clock.moment + int(seconds)
