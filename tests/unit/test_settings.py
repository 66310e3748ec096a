import pytest

from playlist_archive.errors import SettingsError
from playlist_archive.settings import ListerSettings

pytestmark = pytest.mark.unit

COMPLETE = {
    "ARCHIVE_BUCKET": "archive",
    "CREDENTIALS_PARAMETER": "/playlist-archive/spotify",
    "SPOTIFY_API_URL": "https://api.example/v1",
    "SPOTIFY_ACCOUNTS_URL": "https://accounts.example",
    "DAILY_REQUEST_BUDGET": "600",
    "REQUEST_INTERVAL_MS": "1000",
    "FETCH_QUEUE_URL": "https://queue.example/fetch",
    "OUTCOME_QUEUE_URL": "https://queue.example/outcome",
    "RENDER_QUEUE_URL": "https://queue.example/render",
    "ARCHIVE_MY_PLAYLISTS": "owned",
    "ARCHIVE_LIKED_SONGS": "false",
    "FULL_READ_EVERY_DAYS": "30",
    "UNRELATED": "ignored",
}


def test_settings_are_read_from_variables_of_the_same_name() -> None:
    settings = ListerSettings.from_environ(COMPLETE)

    assert settings.daily_request_budget == 600
    assert settings.archive_my_playlists == "owned"


def test_every_missing_variable_is_named() -> None:
    incomplete = {key: COMPLETE[key] for key in list(COMPLETE)[2:]}

    with pytest.raises(SettingsError, match="ARCHIVE_BUCKET, CREDENTIALS_PARAMETER"):
        ListerSettings.from_environ(incomplete)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DAILY_REQUEST_BUDGET", "-1"),
        ("REQUEST_INTERVAL_MS", "soon"),
        ("ARCHIVE_MY_PLAYLISTS", "some"),
        ("FULL_READ_EVERY_DAYS", "0"),
        ("ARCHIVE_BUCKET", ""),
    ],
)
def test_a_malformed_variable_is_named(variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=variable.lower()):
        ListerSettings.from_environ({**COMPLETE, variable: value})
