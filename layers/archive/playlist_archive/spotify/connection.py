"""The Web API's parts, put together."""

import requests

from playlist_archive.bucket import Bucket
from playlist_archive.clock import Clock
from playlist_archive.credentials import CredentialStore
from playlist_archive.settings import SpotifySettings
from playlist_archive.spotify.client import WebApi
from playlist_archive.spotify.gate import Gate
from playlist_archive.spotify.tokens import Tokens


def connect(
    settings: SpotifySettings, bucket: Bucket, credentials: CredentialStore, clock: Clock
) -> WebApi:
    """Return a client that sends nothing before it is asked to."""
    session = requests.Session()
    # Proxies and .netrc of the machine must not see or replace the authorisation.
    session.trust_env = False
    gate = Gate(
        bucket,
        clock,
        daily_budget=settings.daily_request_budget,
        interval_seconds=settings.request_interval_ms / 1000,
    )
    tokens = Tokens(session, credentials, settings.spotify_accounts_url, clock)
    return WebApi(session, tokens, gate, settings.spotify_api_url)
