from datetime import UTC, datetime

import pytest

from playlist_archive.ports.credentials import Credentials

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("authorized", "ends"),
    [
        (datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 9, 1, 12, tzinfo=UTC)),
        (datetime(2026, 8, 31, tzinfo=UTC), datetime(2027, 2, 28, tzinfo=UTC)),
        (datetime(2026, 12, 15, tzinfo=UTC), datetime(2027, 6, 15, tzinfo=UTC)),
    ],
)
def test_consent_ends_six_months_after_it_was_given(authorized: datetime, ends: datetime) -> None:
    assert Credentials("id", "secret", "refresh", authorized).authorization_ends() == ends


def test_an_app_without_a_user_has_no_consent_that_could_end() -> None:
    assert Credentials("id", "secret").authorization_ends() is None


def test_credentials_do_not_show_themselves() -> None:
    assert "hush" not in f"{Credentials('id', 'hush', 'hush')!r}"
