"""Stores facts about the stack last deployed from this machine, among the user's settings."""

from pathlib import Path

import msgspec
import typer

from playlist_archive.errors import UNREADABLE
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.location import DeployedStack

FOLDER = "playlist-archive"
_FILE = "deployment.json"


class Deployment(msgspec.Struct, frozen=True, omit_defaults=True):
    """The document `deployment.json`.

    Attributes:
        parameters: the template's parameters that the owner chose.
        code_bucket: the bucket to which the functions' code was uploaded.
        kept_bucket: the bucket of a deleted stack.
    """

    stack: str
    region: str = ""
    profile: str = ""
    parameters: dict[str, str] = {}
    code_bucket: str = ""
    kept_bucket: str = ""

    @property
    def location(self) -> DeployedStack:
        return DeployedStack(self.stack, self.region, self.profile)

    def is_of(self, stack: str, region: str) -> bool:
        return (self.stack, self.region) == (stack, region)


def deployment_file() -> Path:
    return Path(typer.get_app_dir(FOLDER)) / _FILE


def recall(file: Path) -> Deployment | None:
    """Return the deployment stored in `file`, None if there is no such file.

    Raises:
        CommandError: the file cannot be read.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Deployment)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, *UNREADABLE) as error:
        raise CommandError(f"{file} cannot be read ({error}): mend it, or delete it") from error


def recall_stack(file: Path, stack: DeployedStack) -> Deployment:
    """Return the stored deployment if it is of this stack, otherwise an empty one."""
    known = recall(file)
    if known and known.is_of(stack.name, stack.region):
        return msgspec.structs.replace(known, profile=stack.profile)
    return Deployment(stack.name, stack.region, stack.profile)


def remember(file: Path, deployment: Deployment) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.write_bytes(msgspec.json.format(msgspec.json.encode(deployment), indent=1) + b"\n")
    beside.replace(file)


def update(file: Path, deployment: Deployment) -> None:
    """Store a deployment, unless another stack's is stored."""
    known = recall(file)
    if known is None or known.is_of(deployment.stack, deployment.region):
        remember(file, deployment)


def forget(file: Path, deployment: Deployment) -> None:
    """Remove a deployment; another stack's stays."""
    known = recall(file)
    if known and known.is_of(deployment.stack, deployment.region):
        file.unlink()
