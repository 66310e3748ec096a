"""`open`: shows the archive's site in a browser."""

import webbrowser
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import msgspec
import typer

from playlist_archive_cli.answer import Answer, Line
from playlist_archive_cli.checkout import require_checkout
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.frame import verb
from playlist_archive_cli.location import LocalStack
from playlist_archive_cli.site_objects import Read, read_bucket, read_folder, with_shell
from playlist_archive_cli.site_server import SiteServer, serving

USUAL_PORT = 8710


class Opened(msgspec.Struct, frozen=True):
    """The document of `open --json`; `dashboard` is the URL of the stack's dashboard, if any."""

    address: str
    archive: str
    opened: bool
    dashboard: str | None


@verb
def open_(
    connection: Connection,
    *,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where to listen; 0 is any free port.")
    ] = USUAL_PORT,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Only serve, and print the address.")
    ] = False,
) -> Answer:
    """Show the archive's site in a browser.

    It is served on this machine alone, until you press Ctrl-C.
    """
    with ExitStack() as stack:
        server = stack.enter_context(serving(with_shell(find_objects(connection)), port))
        opened = not no_browser and webbrowser.open(server.url)
        notes = ["press Ctrl-C to end it"]
        if not opened and not no_browser:
            notes.append("no browser could be started here: open this address yourself")
        dashboard = find_dashboard(connection)
        document = Opened(server.url, str(connection.location), opened, dashboard)
        lines = [Line(server.url)]
        if dashboard:
            lines.append(Line(f"its dashboard in AWS: {dashboard}", "faint"))
        return Answer(document, lines, notes, afterwards=_serve_on(server, stack.pop_all()))


def find_objects(connection: Connection) -> Read:
    """Return a reader of the archive's objects, from its folder here or its bucket in AWS.

    Raises:
        CommandError: the local archive is empty, or the stack cannot be found.
    """
    location = connection.location
    if not isinstance(location, LocalStack):
        return read_bucket(connection.bucket)
    folder = require_checkout("open", Path.cwd()) / "archive" / location.workspace
    if not (folder / "playlists").is_dir():
        raise CommandError(f"{folder} holds no archive yet: run `make run`")
    return read_folder(folder)


def find_dashboard(connection: Connection) -> str | None:
    """Return the URL of the dashboard of a stack in AWS, None if there is none."""
    if isinstance(connection.location, LocalStack):
        return None
    name = connection.resource("Dashboard")
    if name is None:
        return None
    region = connection.client("cloudformation").meta.region_name
    console = f"https://{region}.console.aws.amazon.com"
    return f"{console}/cloudwatch/home?region={region}#dashboards/dashboard/{quote(name)}"


def _serve_on(server: SiteServer, opened: ExitStack) -> Callable[[], None]:
    def serve_on() -> None:
        with opened:
            server.wait_until_interrupted()

    return serve_on
