"""Credentials are tried with Spotify before anything is started."""

from collections.abc import Iterator
from datetime import date

import pytest

from playlist_archive.ports.credentials import Credentials
from tools.local.credentials import try_credentials
from tools.local.errors import LocalStackError
from tools.stand_in import SampleLibrary, StandIn
from tools.stand_in.accounts import Client

pytestmark = pytest.mark.contract

GOOD = Credentials(Client.id, Client.secret, Client.refresh_token)


@pytest.fixture
def spotify() -> Iterator[StandIn]:
    with StandIn(SampleLibrary(date(2026, 10, 1))) as stand_in:
        yield stand_in


@pytest.mark.parametrize(
    ("credentials", "reason"),
    [
        (Credentials(Client.id, "wrong", Client.refresh_token), "client id and secret"),
        (Credentials(Client.id, Client.secret, "revoked"), "log in again"),
    ],
)
def test_refused_credentials_are_an_error_that_says_what_to_do(
    spotify: StandIn, credentials: Credentials, reason: str
) -> None:
    with pytest.raises(LocalStackError, match=rf"{reason}.*make login ARGS=--local") as caught:
        try_credentials(credentials, spotify.url)

    assert "wrong" not in str(caught.value)
    assert "revoked;" not in str(caught.value).replace("was revoked", "")


@pytest.mark.parametrize("fault", ["server_error", "html", "reset", "rate_limit"])
def test_no_answer_is_an_error_that_says_who_was_asked(spotify: StandIn, fault: str) -> None:
    spotify.control.add_fault(fault, path="^/api/token", times=None)

    with pytest.raises(LocalStackError, match=f"asked {spotify.url}"):
        try_credentials(GOOD, spotify.url)


def test_nobody_there_is_an_error() -> None:
    with pytest.raises(LocalStackError, match="gave no answer"):
        try_credentials(GOOD, "http://127.0.0.1:9")


def test_good_credentials_stay_as_they_are(spotify: StandIn) -> None:
    assert try_credentials(GOOD, spotify.url) == GOOD


def test_an_app_without_a_user_is_tried_too(spotify: StandIn) -> None:
    app = Credentials(Client.id, Client.secret)

    assert try_credentials(app, spotify.url) == app


def test_a_replaced_refresh_token_is_kept(spotify: StandIn) -> None:
    spotify.control.add_fault("rotated_refresh_token")

    tried = try_credentials(GOOD, spotify.url)

    assert tried.refresh_token != GOOD.refresh_token
    assert try_credentials(tried, spotify.url) == tried
