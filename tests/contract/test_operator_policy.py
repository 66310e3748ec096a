"""docs/operator-policy.json names the template's own resources, and no more than the verbs need."""

import re
from typing import Any

import pytest

from playlist_archive.documents import keys
from playlist_archive_cli.copies import Phase, phase_of
from playlist_archive_cli.deployment.site_secret import parameter_of
from tests.support.operator import fill_in
from tools.template import load_source

pytestmark = pytest.mark.contract

RESOURCES = load_source()["Resources"]
BUCKET = "arn:aws:s3:::archive"
FILLED = fill_in(stack="mine", region="eu-central-1", account="123456789012", bucket="archive")
STATEMENTS: dict[str, dict[str, Any]] = {one["Sid"]: one for one in FILLED["Statement"]}
_TYPES = {
    "sqs": "AWS::SQS::Queue",
    "lambda": "AWS::Serverless::Function",
    "logs": "AWS::Logs::LogGroup",
}
ID = "4uLU6hMCjMI75M1A2tKUQC"


def as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def resources() -> list[str]:
    return [arn for one in STATEMENTS.values() for arn in as_list(one["Resource"])]


def allows(action: str, arn: str) -> bool:
    return any(
        fits(pattern, action) and any(fits(resource, arn) for resource in as_list(one["Resource"]))
        for one in STATEMENTS.values()
        for pattern in as_list(one["Action"])
    )


def fits(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None


def named_queues() -> dict[str, str]:
    """Return the logical ids of the queues that have a name of their own, by that name."""
    return {
        one["Properties"]["QueueName"]["Fn::Sub"].replace("${AWS::StackName}", "mine"): logical_id
        for logical_id, one in RESOURCES.items()
        if "QueueName" in one.get("Properties", {})
    }


def logical_id_of(name: str) -> str:
    """Return which resource a name is of: CloudFormation's are `<stack>-<logical id>-<letters>`."""
    found = re.fullmatch(r"mine-(\w+)-\*", name)
    return found[1] if found else named_queues()[name]


@pytest.mark.parametrize("arn", sorted(set(resources())))
def test_a_resource_is_of_the_stack(arn: str) -> None:
    _, _, service, *_, name = arn.split(":")
    if service == "s3":
        assert name.partition("/")[0] == "archive"
    elif service == "cloudformation":
        assert name == "stack/mine/*"
    elif service == "ssm":
        assert name == f"parameter{parameter_of('mine')}"
    else:
        assert RESOURCES[logical_id_of(name)]["Type"] == _TYPES[service]


def test_no_placeholder_is_left_and_no_statement_is_for_everything() -> None:
    for arn in resources():
        assert arn != "*"
        assert not re.search("STACK|REGION|ACCOUNT|BUCKET", arn)
    for one in STATEMENTS.values():
        assert one["Effect"] == "Allow"
        for action in as_list(one["Action"]):
            assert action == "sqs:SendMessage*" or "*" not in action


@pytest.mark.parametrize(
    ("sid", "kind", "ends_with"),
    [
        ("TakeDeadLetters", "AWS::SQS::Queue", "DeadLetterQueue"),
        ("SendDeadLettersAgain", "AWS::SQS::Queue", ""),
        ("SeeWhatWaits", "AWS::SQS::Queue", ""),
        ("ReadTheLogs", "AWS::Logs::LogGroup", ""),
    ],
)
def test_a_statement_covers_every_resource_that_its_verb_meets(
    sid: str, kind: str, ends_with: str
) -> None:
    covered = {logical_id_of(arn.split(":")[-1]) for arn in as_list(STATEMENTS[sid]["Resource"])}
    wanted = {
        logical_id
        for logical_id, one in RESOURCES.items()
        if one["Type"] == kind
        and logical_id.endswith(ends_with)
        and not (sid == "SendDeadLettersAgain" and logical_id.endswith("DeadLetterQueue"))
    }

    assert covered == wanted


@pytest.mark.parametrize(
    "key",
    [
        keys.CATALOG,
        keys.SPOTIFY_STATE,
        keys.followers_key(ID),
        keys.INDEX,
        keys.INDEX_JSON,
        keys.STATUS_PAGE,
        keys.STATUS_JSON,
        keys.CHANGES_PAGE,
        keys.CHANGES_JSON,
        keys.ALL_FEED,
        keys.METADATA_FULL,
        f"{keys.METADATA_COMPACT}.br",
        f"snapshots/{ID}/20261001T040000Z.json",
        f"damaged/{keys.CATALOG}/20261001T040000Z",
        keys.registry_key(ID),
        keys.excluded_key(ID),
    ],
)
def test_whatever_an_import_writes_may_be_written(key: str) -> None:
    assert phase_of(key) in Phase
    assert allows("s3:PutObject", f"{BUCKET}/{key}")


@pytest.mark.parametrize(
    "key",
    [
        keys.ledger_key(ID),
        keys.view_key("pretty", ID, ".md"),
        keys.view_key("history", ID, ".json"),
        "site/index.html",
        "elsewhere",
    ],
)
def test_what_is_made_from_the_rest_may_not_be_written(key: str) -> None:
    assert phase_of(key) is None
    assert not allows("s3:PutObject", f"{BUCKET}/{key}")


@pytest.mark.parametrize("prefix", ["snapshots/", "state/", "playlists/", "damaged/"])
def test_nothing_of_the_archive_may_be_deleted(prefix: str) -> None:
    assert not allows("s3:DeleteObject", f"{BUCKET}/{prefix}x")
    assert not allows("s3:DeleteObjectVersion", f"{BUCKET}/{prefix}x")


@pytest.mark.parametrize(
    ("action", "arn"),
    [
        ("s3:PutBucketPolicy", BUCKET),
        ("s3:DeleteBucketPolicy", BUCKET),
        ("ssm:GetParameter", "arn:aws:ssm:eu-central-1:123456789012:parameter/playlist-archive"),
        (
            "ssm:GetParameter",
            "arn:aws:ssm:eu-central-1:123456789012:parameter/playlist-archive/spotify",
        ),
        (
            "ssm:PutParameter",
            "arn:aws:ssm:eu-central-1:123456789012:parameter/playlist-archive/mine/site",
        ),
        (
            "cloudformation:DeleteStack",
            "arn:aws:cloudformation:eu-central-1:123456789012:stack/mine/1",
        ),
        (
            "lambda:UpdateFunctionCode",
            "arn:aws:lambda:eu-central-1:123456789012:function:mine-ListerFunction-1",
        ),
    ],
)
def test_neither_the_bucket_s_policy_nor_the_credentials_are_within_reach(
    action: str, arn: str
) -> None:
    assert not allows(action, arn)
