"""Counts the requests for Liked Songs; `python -m tools.measure.count_requests` prints them too.

The real lister, fetcher and indexer archive them from the stand-in, one run a day. Only the
fetcher's requests are counted, because listing the library does not depend on them.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from playlist_archive.documents.messages import Outcome, decode_outcome
from playlist_archive.ports.credentials import Credentials
from tests.support.fakes import FakeBucket, FakeClock, FakeCredentialStore
from tests.support.liked import FIRST_DAY, LikedLibrary
from tests.support.pipeline import Pipeline, connect, plenty
from tools.stand_in.accounts import SCOPE, Client
from tools.stand_in.api import READ_LIKED
from tools.stand_in.server import StandIn

CLIENT = Client(scope=f"{SCOPE} {READ_LIKED}")


def like_one(library: LikedLibrary, day: int) -> None:
    library.like(f"New on day {day}")


def lose_one(library: LikedLibrary, day: int) -> None:
    """Remove one liked song, at another place each day."""
    del library.rows[day * 997 % len(library.rows)]


def exchange_ten(library: LikedLibrary, day: int) -> None:
    for number in range(10):
        lose_one(library, 10 * day + number)
        like_one(library, 10 * day + number)


DAILY: dict[str, Callable[[LikedLibrary, int], None]] = {
    "nothing changes": lambda _library, _day: None,
    "one is liked": like_one,
    "one goes from anywhere": lose_one,
    "ten go and ten are liked": exchange_ten,
}


class Requests(NamedTuple):
    """The requests on days with a full read, and on the other days."""

    whole: list[int]
    others: list[int]

    @property
    def mean(self) -> float:
        return sum(self.others) / len(self.others)


def count_requests(
    songs: int, days: int, change: Callable[[LikedLibrary, int], None], *, budget: int = 600
) -> Requests:
    """Archive Liked Songs that `change` from day to day.

    Raises:
        ValueError: they were not archived correctly, so the numbers are meaningless.
    """
    library, bucket, clock = LikedLibrary(songs), FakeBucket(), FakeClock()
    counted = Requests([], [])
    with StandIn(library, client=CLIENT) as stand_in:
        store = FakeCredentialStore(Credentials(Client.id, Client.secret, Client.refresh_token))
        client = connect(stand_in.url, bucket, store, clock, budget=budget)
        pipeline = Pipeline(client, clock, bucket=bucket, liked_songs=True)
        for day in range(days):
            clock.moment = datetime.combine(FIRST_DAY, time(4), UTC) + timedelta(days=day)
            pipeline.lister.run(clock.moment, plenty)
            stand_in.control.clear_requests()
            pipeline.fetch()
            sent = [one for one in stand_in.control.requests() if one.path.startswith("/v1/")]
            messages = map(decode_outcome, pipeline.outcome_queue.bodies)
            [outcome] = [one for one in messages if isinstance(one, Outcome) and one.status == "ok"]
            if outcome.latest and outcome.latest.rows != len(library.rows):
                raise ValueError(f"on day {day} {outcome.latest.rows} rows were archived")
            (counted.whole if outcome.read else counted.others).append(len(sent))
            pipeline.index()
            change(library, day)
    return counted


def tabulate(songs: int, days: int) -> list[str]:
    """Return a table of the requests for so many songs, by what happens each day."""
    lines = [
        f"| each day, {songs:,} Liked Songs | requests on a day, mean | most | full reads | requests of each |",
        "|---|--:|--:|--:|--:|",
    ]
    for what, change in DAILY.items():
        found = count_requests(songs, days, change)
        whole = max(found.whole)
        lines.append(
            f"| {what} | {found.mean:.1f} | {max(found.others)} | {len(found.whole)} | {whole} |"
        )
    return lines
