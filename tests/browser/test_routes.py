"""Every view is an address that can be sent."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.browser import Module

pytestmark = pytest.mark.browser

ID = "4uLU6hMCjMI75M1A2tKUQC"


@pytest.fixture(scope="module")
def routes(module: Callable[[str], Module]) -> Module:
    return module("routes.js")


@pytest.mark.parametrize(
    ("hash_", "told"),
    [
        ("", {"page": "home"}),
        ("#/", {"page": "home"}),
        ("#/status", {"page": "status"}),
        ("#/search", {"page": "search", "query": ""}),
        ("#/search?q=a%26b+%C3%A9%23", {"page": "search", "query": "a&b é#"}),
        ("#/song/6tRaCkTeStOnE000000001", {"page": "song", "id": "6tRaCkTeStOnE000000001"}),
        (
            "#/song/spotify%3Alocal%3AFog%2B%2526%3Aa%2Fb%3A1",
            {"page": "song", "id": "spotify:local:Fog+%26:a/b:1"},
        ),
        (f"#/playlist/{ID}", {"page": "playlist", "id": ID, "tab": "now", "moment": None}),
        (f"#/playlist/{ID}/songs", {"page": "playlist", "tab": "songs"}),
        (f"#/playlist/{ID}@2026-10-04", {"page": "playlist", "moment": "2026-10-04"}),
        (f"#/playlist/{ID}@20261004T040000Z", {"page": "playlist", "moment": "20261004T040000Z"}),
        (
            f"#/playlist/{ID}@2026-10-04..20261008T040000Z?only=removed",
            {
                "page": "compare",
                "from": "2026-10-04",
                "to": "20261008T040000Z",
                "only": "removed",
            },
        ),
        (
            f"#/playlist/{ID}@2026-10-08..2026-10-04?only=x",
            {"page": "compare", "from": "2026-10-04", "to": "2026-10-08", "only": None},
        ),
    ],
)
def test_an_address_names_a_view(routes: Module, hash_: str, told: dict[str, Any]) -> None:
    route = routes("it.parseRoute(given)", hash_)

    assert told.items() <= route.items()
    assert routes("it.parseRoute(it.formatRoute(given))", route) == route


@pytest.mark.parametrize(
    "hash_",
    [
        "#/nowhere",
        "#/status/x",
        "#/song/",
        "#/song/javascript:alert(1)",
        "#/song/%E0%A4%A",
        "#/playlist/",
        "#/playlist/../../state",
        "#/playlist/4uLU6hMCjMI75M1A2tKUQ",
        f"#/playlist/{ID}/nowhere",
        f"#/playlist/{ID}/songs/more",
        f"#/playlist/{ID}@",
        f"#/playlist/{ID}@2026-02-30",
        f"#/playlist/{ID}@2026-10-04..",
        f"#/playlist/{ID}@2026-10-04..2026-10-05..2026-10-06",
        f"#/playlist/{ID}@2026-10-04/songs",
    ],
)
def test_an_address_of_no_view_is_unknown(routes: Module, hash_: str) -> None:
    assert routes("it.parseRoute(given).page", hash_) == "unknown"


@given(query=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_search_can_be_sent(routes: Module, query: str) -> None:
    sent = routes("it.parseRoute(it.formatRoute({ page: 'search', query: given }))", query)

    assert (sent["page"], sent["query"]) == ("search", query)


@given(hash_=st.text(st.sampled_from("#/@.?=%&TZ09aplyistong-:"), max_size=40))
def test_whatever_an_address_says_it_has_a_page(routes: Module, hash_: str) -> None:
    assert routes("it.parseRoute(given).page", hash_) in {"home", "search", "song", "unknown"}
