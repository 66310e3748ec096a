"""`deploy`: creates or updates the stack in AWS."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from playlist_archive_cli import connection
from playlist_archive_cli.answer import Answer, Block, Line, Table
from playlist_archive_cli.checkout import require_checkout
from playlist_archive_cli.connection import OpenClient
from playlist_archive_cli.deployment import site_secret
from playlist_archive_cli.deployment.questions import find_timezone, questions
from playlist_archive_cli.deployment.sam import Package, Sam
from playlist_archive_cli.deployment.stack import SETTLED, Change, Proposal, Stack, count_kinds
from playlist_archive_cli.deployment.template import (
    ARCHIVE_LIKED_SONGS,
    CREDENTIALS_PARAMETER,
    Parameters,
    parse_assignments,
    read_parameters,
)
from playlist_archive_cli.dialogue import agree, ask_until
from playlist_archive_cli.errors import CommandError, WrongUseError
from playlist_archive_cli.frame import verb
from playlist_archive_cli.location import Asked, DeployedStack, locate_in_cloud
from playlist_archive_cli.runs import RunEnd, run_now, wake_indexer
from playlist_archive_cli.screen import tell
from playlist_archive_cli.stored_deployment import (
    Deployment,
    deployment_file,
    recall,
    recall_stack,
    remember,
)
from playlist_archive_cli.verbs.start_run import tell_run

ALARM_EMAIL = "AlarmEmail"
_TEMPLATE = "template.yaml"


class Deployed(msgspec.Struct, frozen=True):
    """The document of `deploy --json`; the first run follows only the creation of the stack.

    `site` is the address of the site, empty if there is none.
    """

    stack: str
    region: str
    bucket: str
    site: str
    created: bool
    changes: int
    parameters: dict[str, str]
    logged_in: bool
    first_run: RunEnd | None


@verb
def deploy(
    asked: Asked,
    *,
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Set a parameter of the template; repeatable."),
    ] = None,
    site: Annotated[
        str,
        typer.Option(
            metavar="private|none", help="Serve a site to those who have its link, or serve none."
        ),
    ] = "",
    code_bucket: Annotated[
        str, typer.Option(metavar="NAME", help="The bucket for the code; default: SAM's own.")
    ] = "",
    no_run: Annotated[
        bool, typer.Option("--no-run", help="Do not start the first run, as before an import.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing: take the usual answers, and agree.")
    ] = False,
) -> Answer:
    """Create the stack in AWS, or bring it up to date.

    It asks when to run, whom to alarm and what of your library to archive, shows what would
    change, and asks before it changes anything. A new stack starts its first run.
    """
    checkout = require_checkout("deploy", Path.cwd())
    parameters = read_parameters(checkout / _TEMPLATE)
    given = read_given(parameter or [], site, parameters)
    known = recall(deployment_file())
    place = locate_in_cloud(asked, os.environ, known.location if known else None)
    client = connection.open_clients(place)
    cloudformation = client("cloudformation")
    place = DeployedStack(place.name, cloudformation.meta.region_name, place.profile)
    remembered = recall_stack(deployment_file(), place)
    stack = Stack(cloudformation, place.name)
    sam = Sam(checkout, place)
    before = stack.find_ready()

    tell(f"This {'brings' if before else 'creates'} {place}{' up to date' if before else ''}.")
    chosen = choose(
        parameters, before.parameters if before else remembered.parameters, given, yes=yes
    )
    secret = find_secret(client, place.name, chosen)
    chosen[site_secret.SITE_SECRET_SHA256] = site_secret.digest(secret) if secret else ""
    tell("")
    tell("Building functions and layers.")
    sam.build()
    tell("Uploading them.")
    package = sam.package(code_bucket or remembered.code_bucket)
    kept = remembered.kept_bucket
    remembered = Deployment(
        place.name,
        place.region,
        place.profile,
        choices(parameters, chosen),
        package.bucket,
    )
    url = upload(client("s3"), place.name, package)
    proposal = stack.propose(url, chosen, before)
    if proposal:
        known_before = before.parameters if before else {}
        for line in tell_changes(
            proposal.changes, known_before, chosen if before else remembered.parameters
        ):
            tell(line)
        agree_to(stack, proposal, yes=yes)
        announce_mail(known_before.get(ALARM_EMAIL, ""), chosen[ALARM_EMAIL])
    remember(deployment_file(), remembered)
    if proposal:
        if secret:
            # Stored before its digest is deployed: if it were lost, nobody could open the site.
            site_secret.keep(client("ssm"), place.name, secret)
        make_changes(stack, proposal)
    after = stack.find()
    assert after is not None
    logged_in = has_credentials(client("ssm"), chosen[CREDENTIALS_PARAMETER])
    first_run = None
    if logged_in and before is None and not no_run and not kept:
        tell("")
        tell("The first run.")
        first_run = run_now(connection.Connection(place, client))
    else:
        wake_indexer(connection.Connection(place, client))
    document = Deployed(
        place.name,
        place.region,
        after.outputs["BucketName"],
        after.outputs.get(site_secret.SITE_URL, ""),
        created=before is None,
        changes=len(proposal.changes) if proposal else 0,
        parameters=remembered.parameters,
        logged_in=logged_in,
        first_run=first_run,
    )
    notes = ask_for_liked_songs(before.parameters if before else {}, chosen) if logged_in else []
    notes += [left_over(kept)] if kept and before is None else []
    attention = first_run is not None and first_run.failed
    return Answer(document, tell_deployed(document), notes, attention)


def read_given(assignments: list[str], site: str, parameters: Parameters) -> dict[str, str]:
    """Return the values of the options.

    Raises:
        WrongUseError: there is no such parameter, it does not accept the value, or it is not the
            owner's choice.
    """
    wanted_site = [f"{site_secret.SITE_ACCESS}={site}"] if site else []
    given = parse_assignments([*assignments, *wanted_site], parameters)
    if site_secret.SITE_SECRET_SHA256 in given:
        raise WrongUseError(
            f"{site_secret.SITE_SECRET_SHA256} is not to be chosen: `deploy --site private` makes "
            "the secret, and `site rotate` a new one"
        )
    return given


def choose(
    parameters: Parameters, before: Mapping[str, str], given: Mapping[str, str], *, yes: bool
) -> dict[str, str]:
    """Return the value of every parameter: given, former, answered, or the default."""
    usual = {name: str(one.default) for name, one in parameters.items()}
    known = {**{name: value for name, value in before.items() if name in parameters}, **given}
    if yes:
        return {**usual, **known}
    for one in questions(parameters, find_timezone(os.environ)):
        if one.parameter not in known:
            if one.why:
                tell("")
            for line in one.why:
                tell(line)
            known[one.parameter] = ask_until(one.prompt, one.default, one.parse)
    return {**usual, **known}


def find_secret(client: OpenClient, stack: str, chosen: Mapping[str, str]) -> str | None:
    """Return the secret of the site's link, a new one if there is none yet; None without a site."""
    if chosen[site_secret.SITE_ACCESS] != site_secret.PRIVATE:
        return None
    return site_secret.load(client("ssm"), stack) or site_secret.make_secret()


def choices(parameters: Parameters, values: Mapping[str, str]) -> dict[str, str]:
    """Return the values to store: the answers, and values that are not the default.

    The digest of the site's secret is computed each time.
    """
    answered = {one.parameter for one in questions(parameters, "UTC")}
    return {
        name: value
        for name, value in values.items()
        if name != site_secret.SITE_SECRET_SHA256
        and (name in answered or value != str(parameters[name].default))
    }


def upload(s3: Any, folder: str, package: Package) -> str:
    """Upload the template, which is too large for an API call, beside its code; return its URL."""
    key = f"{folder}/{hashlib.sha256(package.template).hexdigest()}.template"
    s3.put_object(Bucket=package.bucket, Key=key, Body=package.template)
    return f"{s3.meta.endpoint_url}/{package.bucket}/{key}"


def agree_to(stack: Stack, proposal: Proposal, *, yes: bool) -> None:
    """Ask whether to make the changes.

    Raises:
        CommandError: the owner refuses.
    """
    try:
        agreed = yes or agree("Go on?")
    except BaseException:
        stack.reject(proposal)
        raise
    if not agreed:
        stack.reject(proposal)
        raise CommandError("nothing was changed")


def ask_for_liked_songs(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Say that Liked Songs need a consent, if they are archived now and were not before."""
    if now[ARCHIVE_LIKED_SONGS] != "true" or before.get(ARCHIVE_LIKED_SONGS) == "true":
        return []
    return [
        "Your Liked Songs are read once your consent covers them: run `playlist-archive login`."
    ]


def announce_mail(before: str, now: str) -> None:
    """Announce the mail to a new address, which AWS sends as soon as the topic exists."""
    if now not in {"", before}:
        tell("")
        tell(
            f"AWS will send a mail to {now}, “AWS Notification - Subscription Confirmation”. No "
            "alarm reaches you before you follow its link."
        )


def make_changes(stack: Stack, proposal: Proposal) -> None:
    tell("")
    for event in stack.accept(proposal):
        if event.status.endswith(SETTLED):
            tell(f"  {event.logical_id}: {event.status.lower().replace('_', ' ')}")


def tell_changes(
    changes: list[Change], before: Mapping[str, str], parameters: Mapping[str, str]
) -> list[str]:
    """Print the proposed changes: counts by kind if all is new, else each resource."""
    added = all(change.action == "Add" for change in changes)
    lines = ["", "This would be created:" if added else "This would change:"]
    if added:
        lines += [f"  {count:3}  {kind}" for kind, count in count_kinds(changes)]
    else:
        lines += [f"  {one.action:7}  {one.logical_id} ({one.kind})" for one in changes]
    differing = [
        f"  {name} = {value or '(empty)'}"
        for name, value in parameters.items()
        if before.get(name) != value
    ]
    return [*lines, "With these parameters:", *differing] if differing else lines


def has_credentials(ssm: Any, name: str) -> bool:
    try:
        ssm.get_parameter(Name=name)
    except ssm.exceptions.ParameterNotFound:
        return False
    return True


def left_over(bucket: str) -> str:
    return (
        f"The archive of the stack that was deleted is still in the bucket {bucket}. To continue it, "
        f"run `playlist-archive backup DIR --bucket {bucket}` and `playlist-archive import archive "
        "DIR` before the first run. To begin anew, run `playlist-archive run`."
    )


def tell_deployed(deployed: Deployed) -> list[Block]:
    headline = "Nothing had to be changed." if not deployed.changes else "The archive is deployed."
    blocks: list[Block] = [
        Line(headline, "strong"),
        Table(
            ("What", "Value"),
            [
                ("Stack", f"{deployed.stack} in {deployed.region}"),
                ("Bucket", deployed.bucket),
                *([("Site", deployed.site)] if deployed.site else []),
                *deployed.parameters.items(),
            ],
        ),
    ]
    if deployed.site:
        blocks.append(Line("`playlist-archive site link` prints the link that opens the site."))
    if deployed.first_run:
        blocks += [Line(""), *tell_run(deployed.first_run)]
    if not deployed.logged_in:
        blocks.append(
            Line(
                "It may not read Spotify yet: run `playlist-archive login`, then "
                "`playlist-archive run`.",
                "warning",
            )
        )
    return blocks
