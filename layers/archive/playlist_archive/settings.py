"""The settings of each function, from its environment variables.

They are declared in `template.yaml`; `tests/contract/test_template.py` compares both.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from playlist_archive.documents.digests import DigestEvery
from playlist_archive.errors import SettingsError

NonEmpty = Annotated[str, Meta(min_length=1)]
Count = Annotated[int, Meta(ge=0)]
LibraryMode = Literal["owned", "all", "none"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one function; the field `name` is read from the variable `NAME`."""

    archive_bucket: NonEmpty

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read and check every variable.

        Raises:
            SettingsError: the message names every missing variable, or the first malformed one.
        """
        missing = [name for name in cls.variables() if name not in environ]
        if missing:
            raise SettingsError(f"not set: {', '.join(missing)}")
        values = {name.lower(): environ[name] for name in cls.variables()}
        try:
            return msgspec.convert(values, cls, strict=False)
        except msgspec.ValidationError as error:
            raise SettingsError(f"malformed setting: {error}") from error

    @classmethod
    def variables(cls) -> tuple[str, ...]:
        return tuple(field.upper() for field in cls.__struct_fields__)


class SpotifySettings(Settings, frozen=True, kw_only=True):
    """Settings of a function that uses Spotify; a budget of 0 means no limit."""

    credentials_parameter: NonEmpty
    spotify_api_url: NonEmpty
    spotify_accounts_url: NonEmpty
    daily_request_budget: Count
    request_interval_ms: Count


class ListerSettings(SpotifySettings, frozen=True, kw_only=True):
    fetch_queue_url: NonEmpty
    outcome_queue_url: NonEmpty
    render_queue_url: NonEmpty
    archive_my_playlists: LibraryMode
    archive_liked_songs: bool
    full_read_every_days: Annotated[int, Meta(ge=1)]


class FetcherSettings(SpotifySettings, frozen=True, kw_only=True):
    fetch_queue_url: NonEmpty
    fetch_dead_letter_queue_url: NonEmpty
    outcome_queue_url: NonEmpty


class RendererSettings(Settings, frozen=True, kw_only=True):
    render_queue_url: NonEmpty
    outcome_queue_url: NonEmpty


class IndexerSettings(Settings, frozen=True, kw_only=True):
    """Settings of the indexer; without the topic's ARN no mails are sent."""

    render_queue_url: NonEmpty
    alarm_topic_arn: str
    digest: DigestEvery
    publish_events: bool
