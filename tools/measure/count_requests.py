"""Counts the requests of an archive to Spotify: `python -m tools.measure.count_requests FILE`.

The real lister, fetcher and indexer archive the last days of a history file from the stand-in, once
with a user's token and a new app, once with the credentials of an old, extended app. For comparison
the rule of the archive's predecessor is computed: each day one request for each playlist and one
for every hundred of its rows.
"""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from math import ceil
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from playlist_archive.ports.credentials import Credentials
from tests.support.fakes import FakeBucket, FakeClock, FakeCredentialStore
from tests.support.pipeline import Pipeline, connect, plenty
from tools.measure.count_liked_requests import tabulate
from tools.stand_in.accounts import Client
from tools.stand_in.history import HistoryLibrary
from tools.stand_in.server import StandIn

KINDS = ("profile", "library", "playlist", "rows", "version")


def name_kind(target: str) -> str | None:
    """Return the kind of a request, None if it is not for the Web API."""
    url = urlsplit(target)
    match url.path.removeprefix("/v1").split("/")[1:]:
        case ["me"]:
            return "profile"
        case ["me", "playlists"]:
            return "library"
        case ["playlists", _]:
            return "version" if parse_qs(url.query)["fields"] == ["snapshot_id"] else "playlist"
        case ["playlists", _, "items" | "tracks"]:
            return "rows"
        case _:
            return None


def count_old_rule(library: HistoryLibrary, days: list[date]) -> int:
    return sum(
        1 + ceil(len(playlist.rows) / 100)
        for day in days
        for playlist_id in library.list_ids(day)
        if (playlist := library.find(playlist_id, day))
    )


def count_changes(library: HistoryLibrary, days: list[date]) -> int:
    """Count the playlists that are new or changed since the day before; skip the first day."""
    return sum(
        library.find(playlist_id, day) != library.find(playlist_id, day - timedelta(days=1))
        for day in days[1:]
        for playlist_id in library.list_ids(day)
    )


def count_requests(
    library: HistoryLibrary, days: list[date], app: str, refresh_token: str
) -> Counter[str]:
    bucket, clock = FakeBucket(), FakeClock()
    for playlist_id in library.list_ids(days[-1]):
        bucket.objects[f"registry/{playlist_id}"] = b""
    with StandIn(library, app=app) as stand_in:
        store = FakeCredentialStore(Credentials(Client.id, Client.secret, refresh_token))
        client = connect(stand_in.url, bucket, store, clock)
        pipeline = Pipeline(client, clock, bucket=bucket)
        for day in days:
            stand_in.control.set_date(day)
            clock.moment = datetime.combine(day, time(4), UTC)
            pipeline.lister.run(clock.moment, plenty)
            # The renderer sends no requests to Spotify.
            pipeline.fetch()
            pipeline.index()
        targets = [seen.path for seen in stand_in.control.requests()]
    return Counter(kind for target in targets if (kind := name_kind(target)))


def main(
    file: Annotated[Path, typer.Argument(exists=True, help="A history file.")],
    days: Annotated[int, typer.Option(min=2, help="How many of its last days to archive.")] = 30,
    liked_songs: Annotated[
        int, typer.Option(min=1, help="How many Liked Songs to archive.")
    ] = 5_000,
) -> None:
    """Count requests by kind."""
    library = HistoryLibrary(file)
    dates = [library.last_day - timedelta(days=ago) for ago in reversed(range(days))]
    old = count_old_rule(library, dates)
    typer.echo(f"{len(library.list_ids(dates[-1]))} playlists, {dates[0]} to {dates[-1]}")
    typer.echo(f"{count_changes(library, dates)} times a playlist had changed since the day before")
    typer.echo("")
    typer.echo(f"| requests | {' | '.join(KINDS)} | all | of the old rule |")
    typer.echo(f"|---|{'--:|' * (len(KINDS) + 2)}")
    for title, app, refresh_token in (
        ("user token, new app", "new", Client.refresh_token),
        ("client credentials, extended app", "extended", ""),
    ):
        found = count_requests(library, dates, app, refresh_token)
        numbers = " | ".join(str(found[kind]) for kind in KINDS)
        typer.echo(f"| {title} | {numbers} | {found.total()} | {found.total() / old:.0%} |")
    typer.echo(f"| old rule | {' | '.join([' '] * len(KINDS))} | {old} | 100% |")
    typer.echo("")
    for line in tabulate(liked_songs, days):
        typer.echo(line)


if __name__ == "__main__":
    typer.run(main)
