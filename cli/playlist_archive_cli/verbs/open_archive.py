"""`open`: the archive in a browser."""

import webbrowser
from pathlib import Path
from urllib.parse import quote

import msgspec

from playlist_archive_cli.answer import Answer, Line
from playlist_archive_cli.checkout import require_checkout
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.frame import verb
from playlist_archive_cli.location import LocalStack


class Opened(msgspec.Struct, frozen=True):
    """The document of `open --json`."""

    address: str
    opened: bool


@verb
def open_(connection: Connection) -> Answer:
    """Show the archive in a browser: its folder, its dashboard in AWS, or its bucket."""
    address = find_address(connection)
    opened = webbrowser.open(address)
    notes = [] if opened else ["no browser could be started here: open this address yourself"]
    return Answer(Opened(address, opened), [Line(address)], notes)


def find_address(connection: Connection) -> str:
    """Return where a browser finds the archive.

    Raises:
        CommandError: its pages were not copied to this machine yet.
    """
    location = connection.location
    if isinstance(location, LocalStack):
        return _find_folder(location.workspace).as_uri()
    region = connection.client("cloudformation").meta.region_name
    console = f"https://{region}.console.aws.amazon.com"
    if dashboard := connection.resource("Dashboard"):
        return f"{console}/cloudwatch/home?region={region}#dashboards/dashboard/{quote(dashboard)}"
    return f"{console}/s3/buckets/{connection.bucket_name}?region={region}&prefix=playlists/"


def _find_folder(workspace: str) -> Path:
    archive = require_checkout("open", Path.cwd()) / "archive"
    for folder in (archive / workspace / "playlists", archive / "playlists"):
        if folder.is_dir():
            return folder
    raise CommandError(f"{archive} holds no pages yet: say `make run`")
