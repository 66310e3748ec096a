"""The faults that the stand-in can inject, all of them seen in practice.

A fault has a `kind` and selects the requests that it strikes. Most kinds replace the answer; `delay`, `torn`,
`truncated`, `early_end`, `append_first`, `slow_headers`, `slow_body` and `lost_answer` change it; `expired_token` and
`rotated_refresh_token` act on the tokens.
"""

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from random import Random
from typing import Literal

import msgspec

type Kind = Literal[
    "rate_limit",  # 429, JSON
    "rate_limit_text",  # 429, plain text
    "rate_limit_empty",  # 429, no body
    "quota_exceeded",  # 429, JSON with the reason QUOTA_EXCEEDED
    "server_error",  # 5xx, JSON
    "server_error_html",  # 5xx, HTML
    "html",  # 200, HTML
    "empty",  # 200, no body
    "empty_string",  # 200, `""`
    "empty_object",  # 200, `{}`
    "garbage",  # 200, the bytes of `body`
    "unauthorized",  # 401, JSON, whatever the token
    "forbidden",  # 403, JSON
    "forbidden_html",  # 403, the front end's page
    "premium_required",  # 403, plain text
    "not_registered",  # 403, plain text
    "not_found",  # 404, JSON
    "invalid_grant",  # 400 of the accounts host: the consent has ended
    "invalid_client",  # 400 of the accounts host: wrong id or secret
    "reset",  # the connection is reset, and nothing is done
    "lost_answer",  # the request is done, then the connection is reset
    "delay",  # the answer comes `seconds` late
    "slow_headers",  # the whole answer comes byte by byte, one in `seconds`
    "slow_body",  # the headers come at once, the body byte by byte
    "torn",  # the playlist changes just before this answer: a row moves, snapshot_id too; of Liked Songs the newest goes
    "append_first",  # items without a position are put first instead of last
    "truncated",  # a page has only `keep_rows` rows and says that no more follow
    "early_end",  # a page says that no more follow
    "expired_token",  # the access token of this request is expired from now on
    "rotated_refresh_token",  # the refresh token is replaced, the old one revoked
]

_TOKEN_KINDS = frozenset({"invalid_grant", "invalid_client", "rotated_refresh_token"})


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault and the requests it strikes.

    Attributes:
        path: a regular expression, searched in the path and query; the default is every call of the host.
        method: the only HTTP method that is struck; None is every one.
        after: the number of matching requests that pass first.
        every: after that, the fault strikes every n-th matching request.
        times: how often the fault strikes; None is without a limit.
        probability: the probability of striking, drawn from a generator with this `seed`.
        status: the HTTP status of `server_error` and `server_error_html`.
        retry_after: the header's text; None sends no such header.
        seconds: the time in `delay`, `slow_headers` and `slow_body`.
        body: the bytes of `garbage`; in JSON as base64.
        keep_rows: the number of rows that `truncated` leaves.
    """

    kind: Kind
    path: str | None = None
    method: str | None = None
    after: int = 0
    every: int = 1
    times: int | None = 1
    probability: float = 1.0
    seed: int = 0
    status: int = 503
    retry_after: str | int | None = None
    seconds: float = 0.0
    keep_rows: int = 1
    body: bytes = b"\xff\xfe\x00{"

    def __post_init__(self) -> None:
        try:
            re.compile(self.pattern)
        except re.PatternError as error:
            raise ValueError(f"`path` is no regular expression: {error}") from None
        if self.every < 1:
            raise ValueError("`every` counts from 1")

    @property
    def pattern(self) -> str:
        if self.path is not None:
            return self.path
        return "^/api/token" if self.kind in _TOKEN_KINDS else "^/v1/"


@dataclass(frozen=True)
class Answer:
    """A raw HTTP answer; with `seconds_a_byte` its headers, its body or both are sent slowly."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    seconds_a_byte: float = 0.0
    slow_headers: bool = False


_BLOCKED = (
    "<!DOCTYPE html><html lang=en><title>Error 403 (Forbidden)!!1</title>"
    "<p>Your client does not have permission to get URL <code>/</code> from this server.</html>"
)
_PREMIUM = (
    "Active premium subscription required for the owner of the app. When the subscription status"
    " changes, it can take a few hours before requests are let through."
)
_UNREGISTERED = (
    "User not registered in the Developer Dashboard. Check settings on"
    " developer.spotify.com/dashboard, the user may not be registered."
)


def error_answer(status: int, message: str, reason: str | None = None) -> Answer:
    """Return the API host's error object."""
    error: dict[str, object] = {"status": status, "message": message}
    if reason:
        error["reason"] = reason
    return Answer(status, msgspec.json.encode({"error": error}))


def oauth_error_answer(error: str, description: str | None = None) -> Answer:
    """Return the accounts host's error object."""
    body = {"error": error}
    if description:
        body["error_description"] = description
    return Answer(400, msgspec.json.encode(body))


def _text(status: int, text: str, subtype: str = "plain") -> Answer:
    return Answer(status, text.encode(), f"text/{subtype}; charset=utf-8")


_ANSWERS: dict[Kind, Answer] = {
    "rate_limit": error_answer(429, "API rate limit exceeded"),
    "rate_limit_text": _text(429, "Too many requests"),
    "rate_limit_empty": _text(429, ""),
    "quota_exceeded": error_answer(429, "Too many requests", "QUOTA_EXCEEDED"),
    "server_error": error_answer(503, "Service unavailable"),
    "server_error_html": _text(503, "<html><h1>Server Error</h1></html>", "html"),
    "html": _text(200, "<html><body>Please try again.</body></html>", "html"),
    "empty": Answer(200, b""),
    "empty_string": Answer(200, b'""'),
    "empty_object": Answer(200, b"{}"),
    "unauthorized": error_answer(401, "Invalid access token"),
    "forbidden": error_answer(403, "Forbidden"),
    "forbidden_html": _text(403, _BLOCKED, "html"),
    "premium_required": _text(403, _PREMIUM),
    "not_registered": _text(403, _UNREGISTERED),
    "not_found": error_answer(404, "Resource not found"),
    "invalid_grant": oauth_error_answer("invalid_grant", "Refresh token revoked"),
    "invalid_client": oauth_error_answer("invalid_client", "Invalid client"),
}


def _build_answer(fault: Fault) -> Answer | None:
    if fault.kind == "garbage":
        return Answer(200, fault.body)
    answer = _ANSWERS.get(fault.kind)
    if answer is None:
        return None
    if fault.kind == "server_error":
        answer = error_answer(fault.status, HTTPStatus(fault.status).phrase)
    elif fault.kind == "server_error_html":
        answer = replace(answer, status=fault.status)
    if fault.retry_after is not None:
        answer = replace(answer, headers=(("Retry-After", str(fault.retry_after)),))
    return answer


@dataclass(frozen=True)
class Strike:
    """The faults that strike one request."""

    faults: tuple[Fault, ...]

    def replace_answer(self) -> Answer | None:
        """Return the answer of the first fault that replaces the real one, None if none does."""
        answers = map(_build_answer, self.faults)
        return next((answer for answer in answers if answer), None)

    def slow_down(self, answer: Answer) -> Answer:
        slow = self.find("slow_headers") or self.find("slow_body")
        if slow is None:
            return answer
        in_headers = slow.kind == "slow_headers"
        return replace(answer, seconds_a_byte=slow.seconds, slow_headers=in_headers)

    def find(self, kind: Kind) -> Fault | None:
        return next((fault for fault in self.faults if fault.kind == kind), None)


class _Armed:
    """A fault with the counts of its matching and of its struck requests."""

    def __init__(self, number: int, fault: Fault) -> None:
        self.number = number
        self.fault = fault
        self.struck = 0
        self._seen = 0
        self._pattern = re.compile(fault.pattern)
        self._random = Random(fault.seed)  # noqa: S311

    def strikes(self, method: str, path: str) -> bool:
        if self.fault.method not in {None, method} or not self._pattern.search(path):
            return False
        self._seen += 1
        due = self._seen - self.fault.after
        if due < 1 or due % self.fault.every or self.struck == self.fault.times:
            return False
        if self._random.random() >= self.fault.probability:
            return False
        self.struck += 1
        return True


class FaultPlan:
    """The faults that are switched on."""

    def __init__(self) -> None:
        self._armed: list[_Armed] = []
        self._added = 0

    def add(self, fault: Fault) -> int:
        self._added += 1
        self._armed.append(_Armed(self._added, fault))
        return self._added

    def clear(self) -> None:
        self._armed.clear()

    def strike(self, method: str, path: str) -> Strike:
        """Count the request for `path` (with query) and return the faults that strike it."""
        struck = [armed.fault for armed in self._armed if armed.strikes(method, path)]
        return Strike(tuple(struck))

    def describe(self) -> list[dict[str, object]]:
        return [
            {"id": armed.number, "struck": armed.struck, **msgspec.structs.asdict(armed.fault)}
            for armed in self._armed
        ]
