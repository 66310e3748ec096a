"""What the functions remember of Spotify between invocations: `state/spotify.json`."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from playlist_archive import bucket as storage
from playlist_archive.bucket import Bucket
from playlist_archive.content_types import JSON
from playlist_archive.keys import SPOTIFY_STATE

type Change = Callable[["SpotifyState"], "SpotifyState"]
type Pages = Literal["items", "tracks"]

# A run's time may be so far ahead of the clock: a day and a time zone.
FURTHEST_AHEAD = timedelta(hours=26)
_DAY = timedelta(hours=24)
_HOUR = timedelta(hours=1)


class SpotifyState(
    msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="schema", tag=1
):
    """How matters stand with Spotify.

    Until `not_before` no request may be sent, for `reason`; `parked_at` is when that was learnt,
    `parked_since` when the first pause began after Spotify's last answer,
    and `strikes` how often in a row without a usable Retry-After. `requests` counts by the hour
    in which they were sent, the last of them at `asked_at`. `pages` is the endpoint that this kind
    of app reads rows from. `latest_run` supersedes the messages of earlier runs.
    """

    latest_run: datetime | None = None
    not_before: datetime | None = None
    parked_at: datetime | None = None
    parked_since: datetime | None = None
    reason: str = ""
    strikes: int = 0
    pages: Pages | None = None
    requests: dict[datetime, int] = {}
    asked_at: datetime | None = None

    def parked(self, now: datetime) -> bool:
        return self.not_before is not None and now < self.not_before

    def hours_parked(self, now: datetime) -> float:
        """Return for how long Spotify has answered nothing but that it wants to be left alone."""
        # One function may have had its answer while another was told to wait.
        since = self.parked_since or self.parked_at
        return (now - since) / _HOUR if since and self.parked(now) else 0.0

    def requests_within_a_day(self, now: datetime) -> int:
        """Count the requests of the last 24 hours, the hour that they began in included whole."""
        return sum(count for hour, count in self.requests.items() if _is_recent(hour, now))

    def with_requests(
        self, sent: Counter[datetime], asked_at: datetime | None, now: datetime
    ) -> "SpotifyState":
        """Add requests by the hour and forget those of more than a day ago."""
        total = Counter(self.requests) + sent
        recent = {hour: total[hour] for hour in sorted(total) if _is_recent(hour, now)}
        latest = max(filter(None, (self.asked_at, asked_at)), default=None)
        return msgspec.structs.replace(self, requests=recent, asked_at=latest)


def supersedes(latest_run: datetime, run: datetime, now: datetime) -> bool:
    """Whether the latest run makes an earlier one pointless.

    One that lies further ahead of the clock than any mistake supersedes only others that do.
    """
    furthest = now + FURTHEST_AHEAD
    return run < latest_run and not run <= furthest < latest_run


def hour_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _is_recent(hour: datetime, now: datetime) -> bool:
    return hour + _HOUR > now - _DAY


def load_state(bucket: Bucket) -> SpotifyState:
    stored = bucket.get(SPOTIFY_STATE)
    return _decode(stored.body if stored else None)


def update_state(bucket: Bucket, change: Change) -> SpotifyState:
    """Apply a pure change to the stored state; it may run several times."""
    body = storage.update(
        bucket,
        SPOTIFY_STATE,
        JSON,
        lambda stored: _encode(change(_decode(stored))),
    )
    return _decode(body)


def _decode(body: bytes | None) -> SpotifyState:
    return msgspec.json.decode(body, type=SpotifyState) if body else SpotifyState()


def _encode(state: SpotifyState) -> bytes:
    return msgspec.json.format(msgspec.json.encode(state), indent=1) + b"\n"
