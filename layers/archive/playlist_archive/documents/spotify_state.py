"""The document `state/spotify.json`: the functions' shared state about Spotify."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from playlist_archive.documents.timestamps import Time

type Pages = Literal["items", "tracks"]


Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
# Longer than any pause that is obeyed, so it is from a wrong clock.
_NO_PAUSE = timedelta(days=120)
_DAY = timedelta(hours=24)


_HOUR = timedelta(hours=1)


class SpotifyState(
    msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="schema", tag=1
):
    """Spotify's limits, requests sent, and this app's kind.

    No request may be sent before `not_before`, for `reason`. `parked_at` is the time of that
    answer; `parked_since` is the beginning of the first pause after Spotify's last usable answer;
    `strikes` counts pauses in a row without a usable Retry-After. `requests` counts the requests by
    the hour in which they were sent, the last of them at `asked_at`. `pages` is the endpoint from
    which this kind of app can read rows. `latest_run` supersedes the messages of earlier runs.
    """

    latest_run: Time | None = None
    not_before: Time | None = None
    parked_at: Time | None = None
    parked_since: Time | None = None
    reason: str = ""
    strikes: Count = 0
    pages: Pages | None = None
    requests: dict[Time, Count] = {}
    asked_at: Time | None = None

    def parked(self, now: datetime) -> bool:
        return self.not_before is not None and now < self.not_before < now + _NO_PAUSE

    def hours_parked(self, now: datetime) -> float:
        """Return for how many hours Spotify has only answered that it wants no requests."""
        # One function may have got an answer while another was asked to wait.
        since = self.parked_since or self.parked_at
        return (now - since) / _HOUR if since and self.parked(now) else 0.0

    def requests_within_a_day(self, now: datetime) -> int:
        """Count the requests of the last 24 hours, including the whole hour at their beginning."""
        return sum(count for hour, count in self.requests.items() if _is_recent(hour, now))

    def with_requests(
        self, sent: Counter[datetime], asked_at: datetime | None, now: datetime
    ) -> "SpotifyState":
        """Add requests by the hour, and remove those of more than a day ago."""
        total = Counter(self.requests) + sent
        recent = {hour: total[hour] for hour in sorted(total) if _is_recent(hour, now)}
        latest = max(filter(None, (self.asked_at, asked_at)), default=None)
        return msgspec.structs.replace(self, requests=recent, asked_at=latest)

    def with_pause_of(self, known: "SpotifyState") -> "SpotifyState":
        """Keep the pause of `known` if this state, which may have been lost, has no later one."""
        if known.not_before is None or (self.not_before and self.not_before >= known.not_before):
            return self
        return msgspec.structs.replace(
            self,
            not_before=known.not_before,
            parked_at=known.parked_at,
            parked_since=self.parked_since or known.parked_since,
            reason=known.reason,
            strikes=max(self.strikes, known.strikes),
        )


def hour_of(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _is_recent(hour: datetime, now: datetime) -> bool:
    return -_HOUR < now - hour < _DAY + _HOUR
