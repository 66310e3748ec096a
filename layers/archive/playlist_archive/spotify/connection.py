"""Builds the client of the Web API."""

from playlist_archive.ports.bucket import Bucket
from playlist_archive.ports.clock import Clock
from playlist_archive.ports.credentials import CredentialStore
from playlist_archive.settings import SpotifySettings
from playlist_archive.spotify.client import WebApi
from playlist_archive.spotify.exchange import open_session
from playlist_archive.spotify.rate_limiter import RateLimiter
from playlist_archive.spotify.tokens import Tokens


def connect(
    settings: SpotifySettings, bucket: Bucket, credentials: CredentialStore, clock: Clock
) -> WebApi:
    """Return a client without sending a request."""
    session = open_session()
    limiter = RateLimiter(
        bucket,
        clock,
        daily_budget=settings.daily_request_budget,
        interval_seconds=settings.request_interval_ms / 1000,
    )
    tokens = Tokens(session, credentials, settings.spotify_accounts_url, clock)
    return WebApi(session, tokens, limiter, settings.spotify_api_url)
