"""The connection to the stand-in for Spotify, which injects faults and records requests."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from email.message import Message
from email.utils import format_datetime
from io import BytesIO
from random import Random
from typing import Any, Literal
from unittest.mock import patch
from urllib.parse import urlsplit

import msgspec
import requests
from requests.adapters import HTTPAdapter
from urllib3.response import HTTPResponse

from tools.chaos.clock import SimulatedClock
from tools.chaos.faults import Mischief
from tools.chaos.record import AskedToWait, Hurt
from tools.chaos.scheduler import Scheduler
from tools.stand_in.faults import Answer
from tools.stand_in.library import LIKED_SONGS
from tools.stand_in.server import StandIn

# The usual time of a request, and of its answer.
_SECONDS = 0.075
# The probability that an answer's bytes are garbled.
_GARBLED = 0.003
# The probability that one value in an answer is wrong.
_MISLED = 0.003
# The probability that an answer is about another playlist than the one asked for.
_MIXED_UP = 0.003
# The probability that a page says that it is the last one, and promises no more rows than came.
_SHRUNK = 0.02
# The probability that a Retry-After is a date instead of seconds.
_DATED = 0.3
# A function learns of a pause that another one stored when it reads the state before a request. The
# request may then still have to wait for its turn.
_LATEST_LOOK_SECONDS = 15
_PLAYLIST = re.compile(r"^/v1/playlists/([^/?]+)")
_WHOLE_PLAYLIST = re.compile(r"^/v1/playlists/[^/?]+\?")

type Trouble = Literal["unauthorized", "premium", "server_error", "torn", "garbage", "not_found"]
"""The way in which a playlist fails at every request."""

_TROUBLED: Mapping[Trouble, tuple[int, bytes]] = {
    "unauthorized": (401, b'{"error":{"status":401,"message":"Missing/invalid access token"}}'),
    "premium": (403, b"Active premium subscription required for the owner of the app."),
    "server_error": (502, b'{"error":{"status":502,"message":"Bad gateway"}}'),
    "not_found": (404, b'{"error":{"status":404,"message":"Resource not found"}}'),
}
# Values that are not JSON, so that the client must refuse the answer.
_NO_VALUES = (b'"\\ud800"', b'"\xff\xfe"', b"[" * 100_000)
_VALUE = re.compile(rb'(?<=":)\s*("(?:[^"\\]|\\.)*"|-?[0-9.]+|null|true|false|\{\}|\[\])')
# Wrong values that are JSON. Of a playlist's contents only the date of a row is changed, because
# the client could not notice other changes.
_WRONG_VALUES: Mapping[bytes, tuple[bytes, ...]] = {
    b"added_at": (b'"0001-01-01T00:00:00Z"', b'"9999-12-31T23:59:59-14:00"', b'""', b'"yesterday"'),
    b"duration_ms": (b"1e17", b"-1", b"1e400", b"0.5"),
    b"expires_in": (b"1e12", b"1000000000000", b"-5", b"0", b'"soon"'),
    b"total": (b"-1", b"1e17", b'"many"'),
}
_WRONG = re.compile(rb'"(added_at|duration_ms|expires_in|total)":("[^"]*"|-?[0-9.]+|null)')


class Wire:
    """The connection between the functions and the stand-in.

    Attributes:
        sent: the requests to the Web API: when, and for which playlist.
        too_early: the requests that were sent during a pause that the sender knew of.
        troubles: the playlists that fail at every request, and the way in which each does.
        hollow: the playlists that are shown without rows although they have some, and until when.
        hurt: the requests that had no good answer.
        asked_to_wait: the answers that named a time to wait.
        misled: the playlists for which a wrong value was sent.
    """

    def __init__(self, clock: SimulatedClock, scheduler: Scheduler, mischief: Mischief) -> None:
        self.sent: list[tuple[float, str]] = []
        self.too_early: list[str] = []
        self.troubles: dict[str, Trouble] = {}
        self.hollow: dict[str, float] = {}
        self.hurt: list[Hurt] = []
        self.asked_to_wait: list[AskedToWait] = []
        self.misled: set[str] = set()
        self._stored = (0.0, 0.0)
        self._told: dict[int, float] = {}
        self._clock = clock
        self._scheduler = scheduler
        self._mischief = mischief
        self._answers = 0

    def note_stored(self, until: float) -> None:
        """Remember the end of the pause that is now in the stored state."""
        if until != self._stored[1]:
            self._stored = self._clock.moment, until

    @contextmanager
    def connect(self, stand_in: StandIn) -> Iterator[None]:
        """Route all requests through this wire to the stand-in."""

        def send(
            _: HTTPAdapter,
            request: requests.PreparedRequest,
            *_args: Any,
            timeout: tuple[float, float],
            **_options: Any,
        ) -> requests.Response:
            return self._exchange(stand_in, request, patience=timeout[1])

        with patch.object(HTTPAdapter, "send", send):
            yield

    def _exchange(
        self, stand_in: StandIn, request: requests.PreparedRequest, patience: float
    ) -> requests.Response:
        path = str(request.path_url)
        about = _name_playlist(path)
        begun = self._clock.moment
        try:
            self._before(path, about)
            asked = self._mix_up(path, about)
            answer = _ask(stand_in, request, asked)
            seconds = seconds_to_wait(answer)
            spoilt = self._date_wait(self._spoil(answer, about), seconds)
            named = self._clock.moment
            self._after(patience)
            # Seconds count from the arrival of the answer, a date from its sending.
            self._note_told(seconds, self._clock.moment if seconds_to_wait(spoilt) else named)
        except BaseException:
            self._note_hurt(begun, about, None)
            raise
        if spoilt.body != answer.body or asked != path or not _is_good(spoilt):
            self._note_hurt(begun, about, spoilt.status)
        return _as_response(request, spoilt)

    def _mix_up(self, path: str, about: str) -> str:
        """Return the path to answer, sometimes that of another playlist which was asked for before."""
        others = sorted({one for _, one in self.sent if one not in {"", about, LIKED_SONGS}})
        mixable = others and _WHOLE_PLAYLIST.match(path) and self._mischief.strikes_now
        if not mixable or not self._mischief.strike("Spotify: another playlist", _MIXED_UP):
            return path
        return path.replace(about, self._mischief.random.choice(others))

    def _note_hurt(self, moment: float, about: str, status: int | None) -> None:
        task = self._scheduler.current
        self.hurt.append(Hurt(moment, about, task.name if task else "", status))

    def _before(self, path: str, about: str) -> None:
        self._mischief.kill("before a request to Spotify")
        now = self._clock.moment
        if path.startswith("/v1/"):
            self.sent.append((now, about))
        if now < self._forbidden_until(now):
            self.too_early.append(f"{self._clock.now():%Y-%m-%d %H:%M:%S} {path}")
        self._mischief.travel("Spotify", _SECONDS)

    def _forbidden_until(self, now: float) -> float:
        """Return the end of the pause that the present task must know of.

        An invocation knows at once of a pause that it was asked for itself, and a little later of
        one that another stored.
        """
        task = self._scheduler.current
        own = self._told.get(task.number, 0.0) if task else 0.0
        since, until = self._stored
        return max(own, until if now - since > _LATEST_LOOK_SECONDS else 0.0)

    def _after(self, patience: float) -> None:
        self._mischief.travel("Spotify", _SECONDS)
        self._mischief.kill("after a request to Spotify")
        if self._mischief.lose_answer():
            self._mischief.pass_time(patience)
            raise requests.ReadTimeout

    def _note_told(self, seconds: int, since: float) -> None:
        task = self._scheduler.current
        if task and seconds:
            self._told[task.number] = since + seconds
            self.asked_to_wait.append(AskedToWait(self._clock.moment, since + seconds, task.name))

    def _date_wait(self, answer: Answer, seconds: int) -> Answer:
        """Return the answer, sometimes with a date in place of the seconds to wait."""
        if not seconds or not self._mischief.strike("Spotify: Retry-After is a date", _DATED):
            return answer
        # A date has whole seconds.
        until = self._clock.now().replace(microsecond=0) + timedelta(seconds=seconds + 1)
        header = ("Retry-After", format_datetime(until, usegmt=True))
        return replace(answer, headers=(header,))

    def _spoil(self, answer: Answer, about: str) -> Answer:
        """Return the answer, perhaps with a fault; `about` is its playlist, empty if none."""
        if answer.status != requests.codes.ok or not self._mischief.strikes_now:
            return answer
        strike, random = self._mischief.strike, self._mischief.random
        status, body = answer.status, answer.body
        if trouble := self.troubles.get(about):
            self._answers += 1
            self._mischief.injected[f"Spotify: a playlist's own trouble, {trouble}"] += 1
            status, body = trouble_answer(trouble, body, self._answers, random)
        elif self._clock.moment < self.hollow.get(about, 0.0):
            self._mischief.injected["Spotify: no rows, though there are"] += 1
            body = hollow_out(body)
        elif strike("Spotify: other bytes", _GARBLED):
            body = garble(random, body)
        elif strike("Spotify: a wrong value", _MISLED):
            body = mislead(random, body)
            if about:
                self.misled.add(about)
        elif _is_further_page(body) and strike("Spotify: fewer rows promised than before", _SHRUNK):
            body = shrink(body)
        return replace(answer, status=status, body=body)


def _name_playlist(path: str) -> str:
    """Return the playlist that a request is about, empty if none."""
    if path.startswith("/v1/me/tracks"):
        return LIKED_SONGS
    return match[1] if (match := _PLAYLIST.match(path)) else ""


def seconds_to_wait(answer: Answer) -> int:
    """Return the seconds for which an answer asks to wait, 0 if it names none."""
    seconds = dict(answer.headers).get("Retry-After", "")
    asked = answer.status == requests.codes.too_many_requests and seconds.isdecimal()
    return int(seconds) if asked else 0


def trouble_answer(trouble: Trouble, body: bytes, number: int, random: Random) -> tuple[int, bytes]:
    """Return status and body of the `number`-th answer about a playlist that is in trouble."""
    match trouble:
        case "torn":
            other = b'"snapshot_id":"torn-%d"' % number
            return 200, re.sub(rb'"snapshot_id":"[^"]*"', other, body)
        case "garbage":
            return 200, garble(random, body)
        case _:
            return _TROUBLED[trouble]


def _is_further_page(body: bytes) -> bool:
    return b'"offset":' in body and b'"offset":0' not in body and b'"snapshot_id"' not in body


def shrink(body: bytes) -> bytes:
    """Return a page of rows as if it were the last, with as many rows promised as have come."""
    page = msgspec.json.decode(body, type=dict[str, Any])
    came = page["offset"] + len(page["items"])
    return msgspec.json.encode(page | {"total": came, "next": None})


def hollow_out(body: bytes) -> bytes:
    """Return a playlist, or a page of its rows, as if it had none."""
    answer = msgspec.json.decode(body, type=dict[str, Any])
    for page in (answer, answer.get("items"), answer.get("tracks")):
        if isinstance(page, dict) and "total" in page:
            page |= {"items": [], "total": 0, "next": None}
    return msgspec.json.encode(answer)


def garble(random: Random, body: bytes) -> bytes:
    """Return arbitrary bytes, or the answer with one value that is not JSON."""
    values = list(_VALUE.finditer(body))
    if not values or random.random() < 0.3:  # noqa: PLR2004 - a share
        return random.choice((random.randbytes(200), b"[" * 100_000, b'{"a":' * 100_000, b"\xff"))
    struck = random.choice(values)
    return body[: struck.start(1)] + random.choice(_NO_VALUES) + body[struck.end(1) :]


def mislead(random: Random, body: bytes) -> bytes:
    """Return the answer with one wrong value; it is still JSON."""
    values = list(_WRONG.finditer(body))
    if not values:
        return body
    names = sorted({value[1] for value in values})
    name = random.choice(names)
    struck = random.choice([value for value in values if value[1] == name])
    return body[: struck.start(2)] + random.choice(_WRONG_VALUES[name]) + body[struck.end(2) :]


def _ask(stand_in: StandIn, request: requests.PreparedRequest, path: str) -> Answer:
    headers = Message()
    for name, value in request.headers.items():
        headers[name] = value if isinstance(value, str) else value.decode()
    headers["Host"] = urlsplit(str(request.url)).netloc
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    answer = stand_in.answer(str(request.method), path, headers, body)
    if answer is None:
        raise requests.ConnectionError("reset by peer")
    return answer


def _is_good(answer: Answer) -> bool:
    """Whether an answer is usable; with some faults the stand-in sends a partial or no answer."""
    try:
        return answer.status == requests.codes.ok and bool(msgspec.json.decode(answer.body))
    except (ValueError, RecursionError):
        return False


def _as_response(request: requests.PreparedRequest, answer: Answer) -> requests.Response:
    """Return the answer as a response whose stream has not been read yet."""
    headers = {
        "Content-Type": answer.content_type,
        "Content-Length": str(len(answer.body)),
        **dict(answer.headers),
    }
    response = requests.Response()
    response.status_code = answer.status
    response.headers.update(headers)
    response.url = str(request.url)
    response.request = request
    response.encoding = "utf-8"
    response.raw = HTTPResponse(BytesIO(answer.body), headers, answer.status, preload_content=False)
    return response
