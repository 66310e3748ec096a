"""The policies for whoever deploys allow what the template's resources need, and nothing else."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.contract.test_template import TRANSFORMED, as_list
from tests.support.deployer import POLICIES, known_actions, needed

pytestmark = pytest.mark.contract

TYPES = {resource["Type"] for resource in TRANSFORMED["Resources"].values()}
# A managed policy has at most this many characters, blanks not counted.
MOST_CHARACTERS = 6144


def statements(name: str) -> dict[str, dict[str, Any]]:
    policy = json.loads((POLICIES / f"{name}.json").read_text())
    by_sid = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert len(by_sid) == len(policy["Statement"])
    return by_sid


RESOURCES = {
    sid: statement
    for name in ("deploy-resources", "deploy-analytics", "deploy-site")
    for sid, statement in statements(name).items()
}
COMMAND = statements("deploy-command")
# Actions that name no resource, and those that describe many.
EVERYWHERE = {"Describe", "LambdaEventSourceMappingOfTheseFunctions"}


def sid(kind: str) -> str:
    return "".join(kind.split("::")[1:])


def actions(*sids: str) -> set[str]:
    return {action for one in sids for action in RESOURCES[one]["Action"]}


def test_there_is_a_statement_for_each_type_of_resource_and_no_other() -> None:
    assert RESOURCES.keys() == {sid(kind) for kind in TYPES} | EVERYWHERE | {"PassRole"}


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_a_type_of_resource_has_the_actions_that_it_needs(kind: str) -> None:
    """AWS's registry names the actions of each type."""
    allowed = actions(sid(kind))

    assert allowed <= needed(kind)
    assert needed(kind) <= allowed | actions(*EVERYWHERE)


def test_what_is_allowed_everywhere_is_needed_by_some_type() -> None:
    assert actions(*EVERYWHERE) <= {action for kind in TYPES for action in needed(kind)}


@pytest.mark.parametrize(
    "statement", [*RESOURCES.values(), *COMMAND.values()], ids=lambda it: it["Sid"]
)
def test_an_action_exists_and_is_limited_to_this_archive_where_it_names_resources(
    statement: dict[str, Any],
) -> None:
    details = {action: known_actions().get(action.lower()) for action in statement["Action"]}

    assert [action for action, known in details.items() if known is None] == []
    assert statement["Effect"] == "Allow"
    assert statement["Action"] == sorted(set(statement["Action"]))
    if statement["Resource"] == "*":
        assert statement["Sid"] in EVERYWHERE
        named = {action for action, known in details.items() if known and known.get("Resources")}
        # CloudFormation asks for all alarms and log groups, whatever their names.
        assert named <= {"cloudwatch:DescribeAlarms", "logs:DescribeLogGroups"}
    else:
        assert not any(resource in {"*", "arn:*"} for resource in as_list(statement["Resource"]))


@pytest.mark.parametrize("policy", sorted(POLICIES.glob("deploy-*.json")), ids=lambda it: it.stem)
def test_a_policy_fits_into_a_managed_policy(policy: Any) -> None:
    assert len("".join(policy.read_text().split())) <= MOST_CHARACTERS


def test_roles_are_passed_only_to_the_services_that_use_them() -> None:
    trusted = {
        statement["Principal"]["Service"]
        for resource in TRANSFORMED["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
        for statement in resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    }

    condition = RESOURCES["PassRole"]["Condition"]["StringEquals"]["iam:PassedToService"]
    assert set(condition) == trusted
    assert RESOURCES["PassRole"]["Resource"] == RESOURCES["IAMRole"]["Resource"]


def test_nothing_but_the_archive_s_own_prefix_is_named() -> None:
    """Layers have the same names in every stack, and SAM keeps a stack of its own."""
    others = {
        "arn:aws:lambda:*:*:layer:ArchiveLayer*",
        "arn:aws:lambda:*:*:layer:DependenciesLayer*",
        "arn:aws:lambda:*:*:event-source-mapping:*",
        "arn:aws:cloudformation:*:aws:transform/Serverless-2016-10-31",
        "arn:aws:cloudformation:*:*:stack/aws-sam-cli-managed-default/*",
        "arn:aws:s3:::aws-sam-cli-managed-default-*",
        # CloudFront makes their names up.
        "arn:aws:cloudfront::*:cache-policy/*",
        "arn:aws:cloudfront::*:distribution/*",
        "arn:aws:cloudfront::*:origin-access-control/*",
        "arn:aws:cloudfront::*:response-headers-policy/*",
        # A database has no hyphens in its name.
        "arn:aws:glue:*:*:catalog",
        "arn:aws:glue:*:*:database/playlist_archive_*",
        "arn:aws:glue:*:*:table/playlist_archive_*/*",
        "arn:aws:glue:*:*:table/playlist_archive_*/stays",
        "arn:aws:glue:*:*:userDefinedFunction/playlist_archive_*/*",
    }
    named = {
        resource
        for statement in (*RESOURCES.values(), *COMMAND.values())
        for resource in as_list(statement["Resource"])
    } - {"*"}

    assert {it for it in named if not fnmatchcase(it, "*playlist-archive*")} == others
