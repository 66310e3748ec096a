"""The credentials in the environment are whole, or what is missing is named."""

import pytest

from playlist_archive.ports.credentials import Credentials
from tools.local.credentials import fingerprint, read_credentials
from tools.local.errors import LocalStackError

pytestmark = pytest.mark.unit

ID, SECRET, TOKEN = "SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN"


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({ID: "id"}, f"^{SECRET} must be set"),
        ({SECRET: "secret"}, f"^{ID} must be set"),
        ({TOKEN: "token"}, f"^{ID} and {SECRET} must be set"),
        ({ID: "id", SECRET: "", TOKEN: "token"}, f"^{SECRET} must be set"),
        ({ID: " ", SECRET: "secret", TOKEN: "token"}, f"^{ID} must be set"),
    ],
)
def test_a_missing_one_is_named(given: dict[str, str], missing: str) -> None:
    with pytest.raises(LocalStackError, match=missing) as caught:
        read_credentials(given)

    assert not {"id", "secret", "token"} & set(str(caught.value).split())


@pytest.mark.parametrize("given", [{}, {ID: "", SECRET: "", TOKEN: ""}, {"HOME": "/"}])
def test_none_at_all_means_the_sample_library(given: dict[str, str]) -> None:
    assert read_credentials(given) is None


def test_those_that_are_set_are_read() -> None:
    credentials = read_credentials({ID: "id", SECRET: "secret\n", TOKEN: "token"})

    assert credentials == Credentials("id", "secret", "token")


def test_an_app_without_a_user_is_allowed() -> None:
    assert read_credentials({ID: "id", SECRET: "secret"}) == Credentials("id", "secret")


def test_other_credentials_have_another_fingerprint() -> None:
    prints = {fingerprint(Credentials("id", "secret", token)) for token in ("", "one", "two")}

    assert len(prints) == 3
    assert not any("secret" in it for it in prints)
