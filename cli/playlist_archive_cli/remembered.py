"""The stack that was deployed from this machine, kept among the user's settings."""

from pathlib import Path

import msgspec
import typer

from playlist_archive.errors import UNREADABLE
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.location import DeployedStack

_FOLDER = "playlist-archive"
_FILE = "deployment.json"


class Deployment(msgspec.Struct, frozen=True, omit_defaults=True):
    """The document `deployment.json`."""

    stack: str
    region: str = ""
    profile: str = ""


def deployment_file() -> Path:
    return Path(typer.get_app_dir(_FOLDER)) / _FILE


def recall(file: Path) -> DeployedStack | None:
    """Return the stack that is remembered in `file`, None where there is no such file.

    Raises:
        CommandError: the file cannot be read.
    """
    try:
        known = msgspec.json.decode(file.read_bytes(), type=Deployment)
    except FileNotFoundError:
        return None
    except (OSError, *UNREADABLE) as error:
        raise CommandError(f"{file} cannot be read ({error}): mend it, or delete it") from error
    return DeployedStack(known.stack, known.region, known.profile)


def remember(file: Path, stack: DeployedStack) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    document = msgspec.json.encode(Deployment(stack.name, stack.region, stack.profile))
    beside = file.with_suffix(".new")
    beside.write_bytes(msgspec.json.format(document, indent=1) + b"\n")
    beside.replace(file)
