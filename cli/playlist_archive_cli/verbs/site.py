"""`site`: prints or replaces the link that opens the site of a deployed stack."""

import os
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer

from playlist_archive_cli import connection
from playlist_archive_cli.answer import Answer, Line
from playlist_archive_cli.deployment import site_secret
from playlist_archive_cli.deployment.stack import Stack, StackState
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.frame import verb
from playlist_archive_cli.location import Asked, DeployedStack, locate_in_cloud
from playlist_archive_cli.screen import tell
from playlist_archive_cli.stored_deployment import deployment_file, recall
from playlist_archive_cli.verbs.deploy import make_changes


class Task(StrEnum):
    """Whether to print the link or to make a new one."""

    LINK = "link"
    ROTATE = "rotate"


class SiteLink(msgspec.Struct, frozen=True):
    """The document of `site --json`."""

    url: str
    link: str


@verb
def site(
    asked: Asked,
    task: Annotated[
        Task, typer.Argument(help="Print the link, or make a new one and shut out the old one.")
    ],
) -> Answer:
    """Print the link that opens the site of the stack in AWS, or make a new one.

    `deploy --site private` makes the site. Whoever has the link sees the whole archive.
    """
    known = recall(deployment_file())
    place = locate_in_cloud(asked, os.environ, known.location if known else None)
    client = connection.open_clients(place)
    cloudformation, ssm = client("cloudformation"), client("ssm")
    place = DeployedStack(place.name, cloudformation.meta.region_name, place.profile)
    stack = Stack(cloudformation, place.name)
    state = find_site(stack, place)
    secret = read_secret(ssm, state, place) if task is Task.LINK else rotate(ssm, state, stack)
    url = state.outputs[site_secret.SITE_URL]
    document = SiteLink(url, site_secret.link_to(url, secret))
    note = "whoever has this link sees the archive; a browser that opens it keeps it in its history"
    return Answer(document, [Line(document.link)], [note])


def find_site(stack: Stack, place: DeployedStack) -> StackState:
    """Return a stack that has a site.

    Raises:
        CommandError: there is no such stack, it is being changed, or it has no site.
    """
    state = stack.find_ready()
    if state is None:
        raise CommandError(f"{place} does not exist: name another with --stack, or its --region")
    if site_secret.SITE_URL not in state.outputs:
        raise CommandError(f"{place} has no site: run `playlist-archive deploy --site private`")
    return state


def read_secret(ssm: Any, state: StackState, place: DeployedStack) -> str:
    """Return the secret whose digest the site's access check has.

    Raises:
        CommandError: another secret is stored, or none.
    """
    secret = site_secret.load(ssm, place.name)
    if secret is None:
        raise CommandError(
            f"{site_secret.parameter_of(place.name)} holds no secret: `playlist-archive site rotate` "
            "makes one"
        )
    if site_secret.digest(secret) != state.parameters.get(site_secret.SITE_SECRET_SHA256):
        raise CommandError(
            "a new link was made and is not in force yet: run `playlist-archive site rotate` again"
        )
    return secret


def rotate(ssm: Any, state: StackState, stack: Stack) -> str:
    """Make a new secret, and deploy its digest in place of the old one.

    The secret is stored first. So an interrupted rotation locks nobody out, and the next one
    completes it.
    """
    secret = site_secret.make_secret()
    site_secret.keep(ssm, stack.name, secret)
    known = {site_secret.SITE_SECRET_SHA256: site_secret.digest(secret)}
    proposal = stack.propose("", {**state.parameters, **known}, state)
    assert proposal
    tell("CloudFront learns the new secret; until then the old link works.")
    make_changes(stack, proposal)
    return secret
