"""`destroy`: deletes the stack in AWS, and with `--erase` also its data."""

import os
from typing import Annotated, NamedTuple

import msgspec
import typer

from playlist_archive_cli import connection
from playlist_archive_cli.answer import Answer, Block, Line
from playlist_archive_cli.connection import OpenClient
from playlist_archive_cli.deployment import site_secret
from playlist_archive_cli.deployment.erasing import (
    erase_bucket,
    erase_objects,
    erase_parameter,
)
from playlist_archive_cli.deployment.stack import Stack, StackState
from playlist_archive_cli.deployment.template import CREDENTIALS_PARAMETER, USUAL_CREDENTIALS
from playlist_archive_cli.dialogue import ask
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.frame import verb
from playlist_archive_cli.location import Asked, DeployedStack, locate_in_cloud
from playlist_archive_cli.screen import tell
from playlist_archive_cli.stored_deployment import (
    Deployment,
    deployment_file,
    forget,
    recall,
    recall_stack,
    update,
)

_BUCKET = "ArchiveBucket"
_CONSENTS = "https://www.spotify.com/account/apps/"


class Destroyed(msgspec.Struct, frozen=True):
    """The document of `destroy --json`."""

    stack: str
    region: str
    bucket: str
    credentials: str
    erased: bool


class Belongings(NamedTuple):
    """The data of a stack that is not deleted with it.

    `site_secret` is the parameter with the secret of the site, empty if there is none.
    """

    bucket: str
    credentials: str
    code_bucket: str
    site_secret: str = ""


@verb
def destroy(
    asked: Asked,
    *,
    erase: Annotated[
        bool,
        typer.Option("--erase", help="Also delete the bucket with all versions, and credentials."),
    ] = False,
) -> Answer:
    """Delete the stack in AWS. The bucket and the credentials stay, unless --erase is said.

    It says what goes and what stays, and asks for the stack's name before it deletes anything.
    """
    known = recall(deployment_file())
    place = locate_in_cloud(asked, os.environ, known.location if known else None)
    client = connection.open_clients(place)
    cloudformation = client("cloudformation")
    place = DeployedStack(place.name, cloudformation.meta.region_name, place.profile)
    remembered = recall_stack(deployment_file(), place)
    stack = Stack(cloudformation, place.name)
    state = stack.find()
    if state:
        belongings = find_belongings(stack, state, remembered)
    elif erase and remembered.kept_bucket:
        belongings = remembered_belongings(remembered)
    else:
        raise CommandError(f"{place} does not exist: name another with --stack, or its --region")

    if site_secret.load(client("ssm"), place.name):
        belongings = belongings._replace(site_secret=site_secret.parameter_of(place.name))
    confirm(place, belongings, exists=state is not None, erase=erase)
    if state:
        for event in stack.delete(state.id):
            if event.status == "DELETE_COMPLETE":
                tell(f"  {event.logical_id}: deleted")
        kept = msgspec.structs.replace(
            remembered,
            kept_bucket=belongings.bucket,
            parameters=remembered.parameters | {CREDENTIALS_PARAMETER: belongings.credentials},
        )
        update(deployment_file(), kept)
    if belongings.code_bucket:
        for _ in erase_objects(client("s3"), belongings.code_bucket, f"{place.name}/"):
            pass
    if erase:
        erase_belongings(client, belongings)
        forget(deployment_file(), remembered)
    document = Destroyed(
        place.name, place.region, belongings.bucket, belongings.credentials, erased=erase
    )
    return Answer(document, tell_destroyed(document))


def find_belongings(stack: Stack, state: StackState, remembered: Deployment) -> Belongings:
    """Return a stack's remaining data.

    Raises:
        CommandError: it is no playlist archive, or it is being changed.
    """
    bucket = stack.find_resource(_BUCKET)
    if not bucket:
        raise CommandError(f"the stack {stack.name} is no playlist archive: nothing was deleted")
    if state.status.endswith("_IN_PROGRESS"):
        raise CommandError(f"the stack {stack.name} is being changed ({state.status}): wait")
    return Belongings(
        bucket,
        state.parameters.get(CREDENTIALS_PARAMETER, USUAL_CREDENTIALS),
        remembered.code_bucket,
    )


def remembered_belongings(remembered: Deployment) -> Belongings:
    credentials = remembered.parameters.get(CREDENTIALS_PARAMETER, USUAL_CREDENTIALS)
    return Belongings(remembered.kept_bucket, credentials, remembered.code_bucket)


def confirm(place: DeployedStack, belongings: Belongings, *, exists: bool, erase: bool) -> None:
    """Print what is deleted and what stays, and ask for the stack's name.

    Raises:
        CommandError: another name, or none, was given.
    """
    if exists:
        tell(f"This deletes {place}: functions, queues, schedule, alarms and logs.")
        tell("Messages and dead letters in the queues are lost; `dead-letters` shows them.")
    left = [
        f"the bucket {belongings.bucket}, with every version of every object",
        f"the credentials in {belongings.credentials}",
    ]
    if belongings.site_secret:
        left.append(f"the secret of the site's link in {belongings.site_secret}")
    tell("Erased for ever:" if erase else "What stays:")
    for one in left:
        tell(f"  {one}")
    if erase:
        tell("Nothing brings that back. `playlist-archive backup` copies the archive before.")
    questions = [f"To delete it, write the stack's name ({place.name})"] if exists else []
    if erase:
        questions.append(f"To erase the archive, write {'it again' if exists else place.name}")
    for question in questions:
        if ask(question, default="") != place.name:
            raise CommandError("that is not the stack's name: nothing was deleted")


def erase_belongings(client: OpenClient, belongings: Belongings) -> None:
    if belongings.bucket:
        for count in erase_bucket(client("s3"), belongings.bucket):
            tell(f"  {count} versions erased")
    for name in filter(None, (belongings.credentials, belongings.site_secret)):
        erase_parameter(client("ssm"), name)


def tell_destroyed(destroyed: Destroyed) -> list[Block]:
    if destroyed.erased:
        return [
            Line(
                f"The stack {destroyed.stack}, its archive and its credentials are gone.", "strong"
            ),
            Line(f"Withdraw your consent on {_CONSENTS}, and delete the app in the dashboard."),
        ]
    return [
        Line(f"The stack {destroyed.stack} is deleted.", "strong"),
        Line(f"The archive stays in the bucket {destroyed.bucket}."),
        Line(f"The credentials stay in {destroyed.credentials}."),
        Line("`playlist-archive destroy --erase` erases both."),
    ]
