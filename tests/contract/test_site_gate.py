"""The gate admits who has the link, and nobody else; its code stands in the template."""

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.site_gate import SECRET, a_request, ask_gate, gate_code

pytestmark = pytest.mark.contract

SHELL = "/site/index.html"
COOKIE = {"__Host-archive": SECRET}
OTHER = SECRET[:-1] + "h"


def basic(pair: str) -> str:
    return f"Basic {b64encode(pair.encode()).decode()}"


def ask(*requests: dict[str, Any]) -> list[dict[str, Any]]:
    return ask_gate(requests)


def statuses(*requests: dict[str, Any]) -> list[int]:
    """Return the status of each answer, 0 for a request that goes on to the bucket."""
    return [answer.get("statusCode", 0) for answer in ask_gate(requests)]


STRANGERS = {
    "nothing": a_request(SHELL),
    "the root": a_request("/"),
    "a wrong link": a_request(f"/open/{OTHER}"),
    "an empty link": a_request("/open/"),
    "no link": a_request("/open"),
    "the link in capitals": a_request(f"/OPEN/{SECRET}"),
    "the link with more": a_request(f"/open/{SECRET}/"),
    "the link encoded": a_request(f"/open/%6D{SECRET[1:]}"),
    "the secret elsewhere": a_request(f"/{SECRET}"),
    "the digest for the secret": a_request(
        SHELL, cookies={"__Host-archive": gate_code().split("SECRET_SHA256 = '")[1][:64]}
    ),
    "a wrong cookie": a_request(SHELL, cookies={"__Host-archive": OTHER}),
    "an empty cookie": a_request(SHELL, cookies={"__Host-archive": ""}),
    "half of the secret": a_request(SHELL, cookies={"__Host-archive": SECRET[:11]}),
    "the secret twice": a_request(SHELL, cookies={"__Host-archive": SECRET * 2}),
    "another cookie": a_request(SHELL, cookies={"archive": SECRET}),
    "a wrong password": a_request(SHELL, authorization=basic(f"me:{OTHER}")),
    "no password": a_request(SHELL, authorization=basic("me:")),
    "the secret as the name": a_request(SHELL, authorization=basic(f"{SECRET}:me")),
    "no Base64": a_request(SHELL, authorization=f"Basic me:{SECRET}"),
    "another scheme": a_request(SHELL, authorization=f"Bearer {SECRET}"),
    "an empty header": a_request(SHELL, authorization=""),
    "bytes that are no text": a_request(SHELL, authorization="Basic /////w=="),
    "names of every object": a_request("/__proto__", cookies={"__proto__": SECRET}),
}
WITH_KEY = {
    "the cookie": {"cookies": COOKIE},
    "a password": {"authorization": basic(f"reader:{SECRET}")},
    "a password without a name": {"authorization": basic(f":{SECRET}")},
    "a scheme in small letters": {"authorization": "basic" + basic(f"me:{SECRET}")[5:]},
    "a name that is no ASCII": {"authorization": basic(f"Zoë:{SECRET}")},
    "a wrong cookie and the password": {
        "cookies": {"__Host-archive": OTHER},
        "authorization": basic(f"me:{SECRET}"),
    },
    "the cookie among others": {"cookies": {"other": "1", **COOKIE}},
}
PUBLISHED = (
    SHELL,
    "/site/js/main.0a1b2c3d4e.js",
    "/playlists/index.json",
    "/playlists/plain/4uLU6hMCjMI75M1A2tKUQC",
    "/playlists/songs/0.ids.json",
    "/playlists/history/4uLU6hMCjMI75M1A2tKUQC-2026.json",
    "/snapshots/4uLU6hMCjMI75M1A2tKUQC/20261001T040000Z.json",
)
NOT_PUBLISHED = (
    "/state/catalog.json",
    "/state/spotify.json",
    "/registry/4uLU6hMCjMI75M1A2tKUQC",
    "/damaged/state/catalog.json/20261004T040000Z",
    "/queries/x.csv",
    "/site",
    "/site/",
    "/siteX/index.html",
    "/Site/index.html",
    "/playlists/../state/catalog.json",
    "/playlists/./index.json",
    "/playlists/..",
    "/playlists/%2e%2e/state/catalog.json",
    "/playlists/%2E%2E%2Fstate/catalog.json",
    "/playlists/..%2fstate/catalog.json",
    "/playlists/..\\state\\catalog.json",
    "/playlists//index.json",
    "//playlists/index.json",
    "/playlists/index.json\n",
    "/playlists/index.json%00",
    "/playlists/.hidden",
    "playlists/index.json",
    "/elsewhere/playlists/index.json",
    "/index.html",
    "",
)


def test_who_has_no_key_is_refused_whatever_they_ask_for() -> None:
    refused = ask_gate(list(STRANGERS.values()))

    by_case = dict(zip(STRANGERS, refused, strict=True))
    assert {case: one.get("statusCode") for case, one in by_case.items()} == dict.fromkeys(
        STRANGERS, 401
    )
    assert not [case for case, one in by_case.items() if "cookies" in one]


def test_what_is_not_published_looks_to_a_stranger_like_what_is() -> None:
    paths = [*PUBLISHED, *NOT_PUBLISHED]

    answers = ask(*map(a_request, paths))

    assert [one for one in answers if one != answers[0]] == []


def test_a_refusal_asks_for_a_password_as_feed_readers_want_it() -> None:
    [refused] = ask(a_request(SHELL))

    assert refused["headers"]["www-authenticate"]["value"].startswith('Basic realm="')
    assert "its link" in refused["body"]


def test_the_link_gives_a_cookie_for_a_year_that_no_script_and_no_other_host_sees() -> None:
    [admitted] = ask(a_request(f"/open/{SECRET}"))

    assert admitted["statusCode"] == 302
    assert admitted["headers"]["location"] == {"value": SHELL}
    assert admitted["cookies"].keys() == {"__Host-archive"}
    given = admitted["cookies"]["__Host-archive"]
    assert given["value"] == SECRET
    assert set(given["attributes"].split("; ")) == {
        "Path=/",
        "Secure",
        "HttpOnly",
        "SameSite=Lax",
        "Max-Age=31536000",
    }


@pytest.mark.parametrize("path", ["/", f"/open/{SECRET}", "/open/wrong", SHELL, "/elsewhere"])
def test_what_the_gate_answers_itself_is_kept_by_nobody_and_tells_nobody(path: str) -> None:
    key = {} if path == SHELL else COOKIE
    [answer] = ask(a_request(path, cookies=key))

    headers = {name: it["value"] for name, it in answer["headers"].items()}
    assert headers["cache-control"] == "no-store"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["strict-transport-security"] == "max-age=31536000"
    assert SECRET not in answer["body"]


@pytest.mark.parametrize("key", WITH_KEY.values(), ids=WITH_KEY)
def test_with_a_key_what_is_published_is_asked_for_as_it_was(key: dict[str, Any]) -> None:
    requests = [a_request(path, **key) for path in PUBLISHED]

    assert ask(*requests) == [request["request"] for request in requests]


def test_even_with_a_key_there_is_nothing_else() -> None:
    answers = statuses(*(a_request(path, cookies=COOKIE) for path in NOT_PUBLISHED))

    assert dict(zip(NOT_PUBLISHED, answers, strict=True)) == dict.fromkeys(NOT_PUBLISHED, 404)


def test_the_root_leads_to_the_shell() -> None:
    [answer] = ask(a_request("/", cookies=COOKIE))

    assert (answer["statusCode"], answer["headers"]["location"]) == (302, {"value": SHELL})
    assert "cookies" not in answer


@pytest.mark.parametrize("path", [SHELL, "/", f"/open/{SECRET}"])
def test_nothing_but_reading_is_allowed_even_with_a_key(path: str) -> None:
    methods = ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "")

    assert statuses(*(a_request(path, method, cookies=COOKIE) for method in methods)) == [
        401 for _ in methods
    ]
    assert statuses(a_request(SHELL, "HEAD", cookies=COOKIE)) == [0]


def test_without_a_secret_the_gate_is_shut() -> None:
    keys = [a_request(SHELL, cookies={"__Host-archive": it}) for it in ("", "undefined", "null")]

    answers = ask_gate([*keys, a_request("/open/"), a_request(SHELL)], secret="")
    assert {answer["statusCode"] for answer in answers} == {401}


@settings(max_examples=30)
@given(st.lists(st.text("ab.%2eF/\\-_é"), min_size=50, max_size=50))
def test_no_path_leads_out_of_what_is_published(tails: list[str]) -> None:
    paths = [f"/playlists/{tail}" for tail in tails]

    passed = [
        one["uri"] for one in ask(*(a_request(it, cookies=COOKIE) for it in paths)) if "uri" in one
    ]
    assert not [uri for uri in passed if {"", ".", ".."} & set(uri[1:].split("/")) or "%" in uri]
    assert all(uri.isascii() for uri in passed)
