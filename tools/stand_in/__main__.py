"""Run the stand-in: `python -m tools.stand_in`."""

import signal
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread
from typing import Annotated

import typer

from tools.stand_in.accounts import Client
from tools.stand_in.history import HistoryFileError, HistoryLibrary
from tools.stand_in.library import Library
from tools.stand_in.sample import SampleLibrary
from tools.stand_in.server import StandIn
from tools.stand_in.shapes import App


def _parse_day(text: str) -> date:
    return date.fromisoformat(text)


def _load_library(history: Path | None, since: date | None) -> Library:
    if history:
        return HistoryLibrary(history)
    return SampleLibrary(since or datetime.now(UTC).date())


def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 picks a free one.")] = 0,
    app: Annotated[App, typer.Option(help="The kind of app that Spotify sees.")] = App.NEW,
    since: Annotated[
        date | None,
        typer.Option(parser=_parse_day, help="First day of the sample library; default: today."),
    ] = None,
    history: Annotated[
        Path | None, typer.Option(exists=True, help="Serve this history file instead.")
    ] = None,
    day: Annotated[
        date | None,
        typer.Option("--date", parser=_parse_day, help="Day to begin with; default: the first."),
    ] = None,
    client_id: Annotated[str, typer.Option()] = Client.id,
    client_secret: Annotated[str, typer.Option()] = Client.secret,
    refresh_token: Annotated[str, typer.Option()] = Client.refresh_token,
) -> None:
    """Answer as the Spotify Web API does, from a sample library or a history file."""
    try:
        library = _load_library(history, since)
    except HistoryFileError as error:
        raise typer.BadParameter(str(error)) from error
    client = Client(client_id, client_secret, refresh_token)
    stand_in = StandIn(library, app=app, day=day, client=client, host=host, port=port)

    def stop(*_: object) -> None:
        # `stop` waits for `serve` to end, which runs in this thread.
        Thread(target=stand_in.stop).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"listening on {stand_in.url}", flush=True)
    stand_in.serve()


typer.run(serve)
