"""Selects the archive that the command is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from playlist_archive_cli.errors import WrongUseError

STACK_VARIABLE = "PLAYLIST_ARCHIVE_STACK"
USUAL_STACK_NAME = "playlist-archive"


@dataclass(frozen=True)
class LocalStack:
    """A stack on this machine: its folder, its engine's address, and its name."""

    workspace: str
    url: str
    region: str
    name: str

    def __str__(self) -> str:
        return f"the local archive “{self.workspace}”"


@dataclass(frozen=True)
class DeployedStack:
    """A stack in AWS; if `region` or `profile` is empty, AWS's own settings decide."""

    name: str
    region: str = ""
    profile: str = ""

    def __str__(self) -> str:
        return f"the stack {self.name}" + (f" in {self.region}" if self.region else "")


type Location = LocalStack | DeployedStack


@dataclass(frozen=True)
class Asked:
    """The options that select an archive; empty if not given."""

    local: bool = False
    workspace: str = ""
    stack: str = ""
    region: str = ""
    profile: str = ""


def locate(
    asked: Asked,
    environment: Mapping[str, str],
    running: Sequence[LocalStack],
    remembered: DeployedStack | None,
) -> Location:
    """Return the selected archive.

    The order is: the options, the environment variable, a running local stack, the stack that was
    deployed from this machine.

    Raises:
        WrongUseError: there is none, or several are possible.
    """
    local = asked.local or bool(asked.workspace)
    elsewhere = asked.stack or asked.region or asked.profile
    if local and elsewhere:
        raise WrongUseError("--local and --stack, --region or --profile exclude each other")
    named = asked.stack or ("" if local else environment.get(STACK_VARIABLE, ""))
    if not named and (local or not elsewhere) and (local or running):
        return _pick_local(running, asked.workspace)
    if remembered and named in {"", remembered.name}:
        return DeployedStack(
            remembered.name,
            asked.region or remembered.region,
            asked.profile or remembered.profile,
        )
    if named:
        return DeployedStack(named, asked.region, asked.profile)
    if elsewhere:
        raise WrongUseError("--region and --profile alone name no archive: say --stack, too")
    raise WrongUseError(
        "no archive is known here: start one with `make run`, or name a stack with --stack"
    )


def locate_in_cloud(
    asked: Asked, environment: Mapping[str, str], remembered: DeployedStack | None
) -> DeployedStack:
    """Return the stack to create, change or delete; it need not exist.

    Raises:
        WrongUseError: a local stack is selected.
    """
    if asked.local or asked.workspace:
        raise WrongUseError("this is for a stack in AWS: `make run` and `make stop` do it here")
    name = asked.stack or environment.get(STACK_VARIABLE, "")
    if remembered and name in {"", remembered.name}:
        return DeployedStack(
            remembered.name,
            asked.region or remembered.region,
            asked.profile or remembered.profile,
        )
    return DeployedStack(name or USUAL_STACK_NAME, asked.region, asked.profile)


def _pick_local(running: Sequence[LocalStack], workspace: str) -> LocalStack:
    if not running:
        raise WrongUseError("no local archive is running: run `make run` in the project's folder")
    fitting = [one for one in running if workspace in {"", one.workspace}]
    names = ", ".join(one.workspace for one in running)
    if not fitting:
        raise WrongUseError(f"no local archive “{workspace}” is running, only: {names}")
    if len(fitting) > 1:
        raise WrongUseError(f"several local archives are running: choose with --workspace: {names}")
    return fitting[0]
