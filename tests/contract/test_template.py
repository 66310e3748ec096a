"""The template's promises, read from its source and from the result of the SAM transform."""

import importlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint import lint
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from playlist_archive import settings
from playlist_archive.fetcher.service import hold_longer
from playlist_archive.ports import event_bus
from playlist_archive.renderer.service import SECONDS_FOR_PAGES
from tools.template import REGION, TEMPLATE, load_source, load_transformed

pytestmark = pytest.mark.contract

PROJECT = TEMPLATE.parent
SOURCE = load_source()
TRANSFORMED = load_transformed()
TWO_DAYS = 2 * 86_400
FUNCTIONS = ("lister", "fetcher", "renderer", "indexer")

type Resource = dict[str, Any]


def of_type(kind: str, template: dict[str, Any] = TRANSFORMED) -> dict[str, Resource]:
    return {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] == kind
    }


def properties(name: str) -> dict[str, Any]:
    resource: dict[str, Any] = TRANSFORMED["Resources"][name]["Properties"]
    return resource


def function_id(name: str) -> str:
    return f"{name.capitalize()}Function"


def statements(role: str) -> list[dict[str, Any]]:
    """Return the role's statements; of one that has a condition, that where it holds."""
    return [
        statement["Fn::If"][1] if "Fn::If" in statement else statement
        for policy in properties(role)["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def spell(arn: Any) -> str:
    """Return an ARN with `bucket` for the bucket, whatever expression names it."""
    match arn:
        case {"Fn::GetAtt": [name, "Arn"]}:
            return "bucket" if name == "ArchiveBucket" else name
        case {"Fn::Sub": [text, _]} | {"Fn::Sub": text}:
            return re.sub(
                r"arn:\S+?:s3:::playlist-archive-\$\{Id\}|\$\{ArchiveBucket\.Arn\}", "bucket", text
            )
    return str(arn)


def granted(function: str, prefix: str) -> set[tuple[str, str]]:
    """Return the allowed actions of a function that begin with `prefix`, with their resources."""
    return {
        (action, spell(resource))
        for statement in statements(f"{function.capitalize()}Role")
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
        if action.startswith(prefix)
    }


def walk(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict):
        for part in value.values():
            yield from walk(part)
    elif isinstance(value, list):
        for part in value:
            yield from walk(part)


@pytest.mark.parametrize("form", ["source", "transformed"])
def test_cfn_lint_finds_nothing_not_even_advice(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    text = TEMPLATE.read_text() if form == "source" else json.dumps(TRANSFORMED)

    findings = lint(text, regions=[REGION], config={"include_checks": ["I"]})

    assert [str(finding) for finding in findings] == []


def test_parameters_and_their_defaults() -> None:
    assert {name: str(it["Default"]) for name, it in SOURCE["Parameters"].items()} == {
        "ScheduleExpression": "cron(0 4 * * ? *)",
        "ScheduleTimezone": "UTC",
        "CredentialsParameter": "/playlist-archive/spotify",
        "ArchiveMyPlaylists": "owned",
        "ArchiveLikedSongs": "false",
        "DailyRequestBudget": "600",
        "RequestIntervalMs": "1000",
        "FullReadEveryDays": "30",
        "IndexWindowSeconds": "60",
        "AlarmEmail": "",
        "Digest": "weekly",
        "PublishEvents": "false",
        "Dashboard": "false",
        "Analytics": "false",
        "SiteAccess": "none",
        "SiteSecretSha256": "",
        "LogRetentionDays": "30",
        "Architecture": "arm64",
        "SpotifyApiUrl": "https://api.spotify.com/v1",
        "SpotifyAccountsUrl": "https://accounts.spotify.com",
        "AwsEndpointUrl": "",
    }


def test_every_parameter_is_described_and_bounded() -> None:
    bounds = {"AllowedValues", "AllowedPattern", "MinValue"}

    assert [
        name
        for name, it in SOURCE["Parameters"].items()
        if not it["Description"].endswith(".") or not bounds & it.keys()
    ] == []


def test_parameters_take_what_they_should() -> None:
    assert SOURCE["Parameters"]["ArchiveMyPlaylists"]["AllowedValues"] == ["owned", "all", "none"]
    assert SOURCE["Parameters"]["Architecture"]["AllowedValues"] == ["arm64", "x86_64"]


def test_outputs_name_the_bucket_the_functions_and_the_queues() -> None:
    assert set(SOURCE["Outputs"]) == {
        "BucketName",
        *(f"{function_id(name)}Name" for name in FUNCTIONS),
        *(f"{name}QueueUrl" for name in ("Fetch", "Render", "Outcome")),
        *(f"{name}DeadLetterQueueUrl" for name in ("Lister", "Fetch", "Render", "Outcome")),
        *("AnalyticsDatabaseName", "AnalyticsWorkgroupName", "SiteUrl"),
    }


def test_resources_that_would_lose_data_when_replaced_are_counted() -> None:
    kinds = Counter(resource["Type"] for resource in TRANSFORMED["Resources"].values())

    assert kinds["AWS::S3::Bucket"] == 1
    assert kinds["AWS::SQS::Queue"] == 7
    assert kinds["AWS::Logs::LogGroup"] == 4
    assert not [kind for kind in kinds if re.search("DynamoDB|RDS|EFS|SecretsManager", kind)]


def naming_properties(kind: str) -> set[str]:
    """Return the settable properties that distinguish a resource from all others of its type."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    identifiers = set(schema["primaryIdentifier"]) - set(schema.get("readOnlyProperties", ()))
    # The identifiers of queues and topics are made from this property.
    own = f"{kind.rpartition('::')[2]}Name"
    return {path.rpartition("/")[2] for path in identifiers} | {own} & set(schema["properties"])


def is_of_this_stack(value: Any) -> bool:
    """Whether a value contains the stack's name or id, or a resource of the stack."""
    own = {"AWS::StackName", "AWS::StackId", *TRANSFORMED["Resources"]}
    mentioned = {
        name
        for part in walk(value)
        if isinstance(part, dict)
        for name in (part.get("Ref"), as_list(part.get("Fn::GetAtt"))[0])
    } | {
        name
        for part in walk(value)
        if isinstance(part, str)
        for name in re.findall(r"\$\{([\w:]+)", part)
    }
    return bool(own & mentioned)


def test_two_stacks_in_one_account_do_not_collide() -> None:
    """Explicit names are unique to the stack; CloudFormation generates all others."""
    given = {
        name: [value for key, value in resource.get("Properties", {}).items() if key in naming]
        for name, resource in TRANSFORMED["Resources"].items()
        if (naming := naming_properties(resource["Type"]))
    }
    named = {name: values for name, values in given.items() if values}
    exported = [it for it in TRANSFORMED["Outputs"].values() if "Export" in it]

    assert {
        "ArchiveBucket",
        "FetchQueue",
        "RenderQueue",
        "OutcomeQueue",
        "ArchiveDashboard",
    } <= set(named)
    assert [name for name, values in named.items() if not any(map(is_of_this_stack, values))] == []
    assert exported == []


def test_two_stacks_in_one_account_do_not_add_up_in_one_metric() -> None:
    watched = {
        name: [alarm["Properties"].get(key) for key in ("Namespace", "Dimensions", "Metrics")]
        for name, alarm in of_type("AWS::CloudWatch::Alarm").items()
    }

    assert [name for name, metric in watched.items() if not is_of_this_stack(metric)] == []


@pytest.mark.parametrize(
    ("kind", "naming"),
    [
        ("AWS::CloudWatch::Alarm", {"AlarmName"}),
        ("AWS::CloudWatch::Dashboard", {"DashboardName"}),
        ("AWS::IAM::Role", {"RoleName"}),
        ("AWS::Lambda::Function", {"FunctionName"}),
        ("AWS::Logs::LogGroup", {"LogGroupName"}),
        ("AWS::S3::Bucket", {"BucketName"}),
        ("AWS::SNS::Topic", {"TopicName"}),
        ("AWS::SQS::Queue", {"QueueName"}),
        ("AWS::SSM::Parameter", {"Name"}),
        ("AWS::Scheduler::Schedule", {"Name"}),
        # AWS numbers the versions, so stacks may share a layer's name.
        ("AWS::Lambda::LayerVersion", set()),
    ],
)
def test_the_names_that_could_collide_are_known(kind: str, naming: set[str]) -> None:
    assert naming_properties(kind) == naming


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_runs_its_own_handler_on_python_3_13(name: str) -> None:
    function = properties(function_id(name))
    source = SOURCE["Resources"][function_id(name)]["Properties"]
    module, _, handler = function["Handler"].rpartition(".")

    assert (PROJECT / source["CodeUri"] / f"{module}.py").is_file()
    assert callable(getattr(importlib.import_module(f"functions.{name}.{module}"), handler))
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == [{"Ref": "Architecture"}]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_both_layers(name: str) -> None:
    layers = [
        TRANSFORMED["Resources"][layer["Ref"]] for layer in properties(function_id(name))["Layers"]
    ]

    assert [layer["Properties"]["LayerName"] for layer in layers] == [
        "ArchiveLayer",
        "DependenciesLayer",
    ]
    assert all(layer["DeletionPolicy"] == "Delete" for layer in layers)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gets_exactly_the_variables_of_its_settings(name: str) -> None:
    read = getattr(settings, f"{name.capitalize()}Settings").variables()
    for_libraries = {
        "POWERTOOLS_SERVICE_NAME",
        "POWERTOOLS_LOG_LEVEL",
        "AWS_ENDPOINT_URL",
    }

    declared = properties(function_id(name))["Environment"]["Variables"]

    assert set(declared) == {*read, *for_libraries}
    assert declared["POWERTOOLS_SERVICE_NAME"] == name
    assert declared["AWS_ENDPOINT_URL"] == {"Ref": "AwsEndpointUrl"}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_logs_json_to_a_group_that_is_kept_as_long_as_asked(name: str) -> None:
    logging = properties(function_id(name))["LoggingConfig"]

    assert logging["LogFormat"] == "JSON"
    assert properties(logging["LogGroup"]["Ref"])["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_a_failed_event_of_the_lister_is_retried_and_then_kept() -> None:
    [config] = of_type("AWS::Lambda::EventInvokeConfig").values()

    assert config["Properties"]["FunctionName"] == {"Ref": "ListerFunction"}
    assert config["Properties"]["DestinationConfig"]["OnFailure"]["Destination"] == {
        "Fn::GetAtt": ["ListerDeadLetterQueue", "Arn"]
    }


def test_no_permission_is_for_every_resource() -> None:
    resources = [
        resource
        for role in of_type("AWS::IAM::Role")
        for statement in statements(role)
        for resource in as_list(statement["Resource"])
    ]

    assert resources
    assert "*" not in resources
    assert not [
        role for role in of_type("AWS::IAM::Role") if "ManagedPolicyArns" in properties(role)
    ]


def test_nobody_may_delete_an_object_or_do_anything_at_will() -> None:
    actions = {
        action
        for role in of_type("AWS::IAM::Role")
        for statement in statements(role)
        for action in as_list(statement["Action"])
    }

    assert not {action for action in actions if re.search(r"s3:Delete|:\*$|^\*", action)}


def test_each_function_has_a_role_of_its_own() -> None:
    roles = [properties(function_id(name))["Role"]["Fn::GetAtt"][0] for name in FUNCTIONS]

    assert roles == ["ListerRole", "FetcherRole", "RendererRole", "IndexerRole"]


# Copies of unreadable objects have names of their own, so none is ever replaced.
DAMAGED = "bucket/damaged/*"


def test_who_may_write_where() -> None:
    written = {
        name: {resource for _, resource in granted(name, "s3:PutObject")} for name in FUNCTIONS
    }

    assert written == {
        "lister": {"bucket/state/spotify.json", DAMAGED},
        "fetcher": {"bucket/state/spotify.json", "bucket/snapshots/*", DAMAGED},
        "renderer": {
            DAMAGED,
            "bucket/state/ledgers/*",
            "bucket/playlists/pretty/*",
            "bucket/playlists/cumulative/*",
            "bucket/playlists/plain/*",
            "bucket/playlists/history/*",
            "bucket/playlists/feeds/*",
            "bucket/playlists/songs/*",
            "bucket/playlists/table/*",
        },
        "indexer": {
            DAMAGED,
            "bucket/state/catalog.json",
            "bucket/playlists/index.md",
            "bucket/playlists/index.json",
            "bucket/playlists/changes.md",
            "bucket/playlists/changes.json",
            "bucket/playlists/feeds/all.atom",
            "bucket/playlists/status.md",
            "bucket/playlists/status.json",
            "bucket/playlists/metadata/*",
            "bucket/playlists/followers/*",
            "bucket/site/*",
        },
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_read_what_it_replaces(name: str) -> None:
    written = {resource for _, resource in granted(name, "s3:PutObject")}

    assert written - {DAMAGED} <= {resource for _, resource in granted(name, "s3:GetObject")}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_listing_is_limited_to_prefixes_and_absent_keys_answer_404(name: str) -> None:
    """A GetObject has no prefix, so without `IfExists` it would answer 403 for an absent key."""
    [listing] = [
        statement
        for statement in statements(f"{name.capitalize()}Role")
        if statement["Action"] == "s3:ListBucket"
    ]

    assert set(listing["Condition"]) == {"StringLikeIfExists"}
    assert "*" not in listing["Condition"]["StringLikeIfExists"]["s3:prefix"]


def test_only_lister_and_fetcher_have_the_credentials() -> None:
    assert {name for name in FUNCTIONS if granted(name, "ssm:")} == {"lister", "fetcher"}
    assert not [name for name in FUNCTIONS if granted(name, "kms:")]


@pytest.mark.parametrize(
    ("name", "queues"),
    [
        (
            "lister",
            {"FetchQueue", "OutcomeQueue", "RenderQueue", "ListerDeadLetterQueue"},
        ),
        ("fetcher", {"OutcomeQueue", "FetchDeadLetterQueue"}),
        ("renderer", {"RenderQueue", "OutcomeQueue"}),
        ("indexer", {"RenderQueue"}),
    ],
)
def test_who_may_send_to_which_queue(name: str, queues: set[str]) -> None:
    assert {resource for _, resource in granted(name, "sqs:SendMessage")} == queues


def conditional(sid: str) -> list[Any]:
    """Return the condition of a statement of the indexer's, the statement, and what else counts."""
    [found] = [
        statement["Fn::If"]
        for statement in properties("IndexerRole")["Policies"][0]["PolicyDocument"]["Statement"]
        if "Fn::If" in statement and statement["Fn::If"][1]["Sid"] == sid
    ]
    return found  # type: ignore[no-any-return]


def test_only_the_indexer_may_tell_the_owner_and_only_where_there_is_an_address() -> None:
    condition, told, otherwise = conditional("TellTheOwner")
    variables = properties("IndexerFunction")["Environment"]["Variables"]

    assert {name for name in FUNCTIONS if granted(name, "sns:")} == {"indexer"}
    assert (condition, told["Action"], told["Resource"]) == (
        "HasAlarmEmail",
        "sns:Publish",
        {"Ref": "AlarmTopic"},
    )
    assert otherwise == {"Ref": "AWS::NoValue"}
    assert variables["ALARM_TOPIC_ARN"] == {"Fn::If": ["HasAlarmEmail", {"Ref": "AlarmTopic"}, ""]}
    assert TRANSFORMED["Resources"]["AlarmTopic"]["Condition"] == "HasAlarmEmail"


def test_only_the_indexer_may_publish_events_and_only_its_own_where_they_are_wanted() -> None:
    condition, told, otherwise = conditional("TellOtherPrograms")
    variables = properties("IndexerFunction")["Environment"]["Variables"]

    assert {name for name in FUNCTIONS if granted(name, "events:")} == {"indexer"}
    assert (condition, told["Action"]) == ("HasEvents", "events:PutEvents")
    assert told["Resource"]["Fn::Sub"].endswith(":event-bus/default")
    assert told["Condition"] == {
        "StringEqualsIfExists": {
            "events:source": event_bus.SOURCE,
            "events:detail-type": event_bus.DETAIL_TYPE,
        }
    }
    assert otherwise == {"Ref": "AWS::NoValue"}
    assert SOURCE["Conditions"]["HasEvents"] == {"Fn::Equals": [{"Ref": "PublishEvents"}, "true"]}
    assert variables["PUBLISH_EVENTS"] == {"Ref": "PublishEvents"}


def test_a_digest_is_sent_weekly_where_there_is_an_address_unless_it_is_asked_otherwise() -> None:
    digest = SOURCE["Parameters"]["Digest"]
    variables = properties("IndexerFunction")["Environment"]["Variables"]

    assert (digest["Default"], digest["AllowedValues"]) == ("weekly", ["none", "weekly", "daily"])
    assert variables["DIGEST"] == {"Fn::If": ["HasAlarmEmail", {"Ref": "Digest"}, "none"]}


def test_a_dashboard_is_made_only_where_it_is_wanted() -> None:
    assert TRANSFORMED["Resources"]["ArchiveDashboard"]["Condition"] == "HasDashboard"
    assert SOURCE["Conditions"]["HasDashboard"] == {"Fn::Equals": [{"Ref": "Dashboard"}, "true"]}


def test_the_schedule_may_only_call_the_lister_and_send_dead_letters() -> None:
    assert [(it["Action"], spell(it["Resource"])) for it in statements("ScheduleRole")] == [
        ("lambda:InvokeFunction", "ListerFunction"),
        ("sqs:SendMessage", "ListerDeadLetterQueue"),
    ]


def test_the_schedule_names_the_run_by_its_time() -> None:
    [schedule] = of_type("AWS::Scheduler::Schedule").values()
    properties_ = schedule["Properties"]

    assert properties_["ScheduleExpression"] == {"Ref": "ScheduleExpression"}
    assert properties_["ScheduleExpressionTimezone"] == {"Ref": "ScheduleTimezone"}
    condition, in_cloud, _ = properties_["Target"]["Input"]["Fn::If"]
    assert condition == "InCloud"
    assert json.loads(in_cloud) == {"time": "<aws.scheduler.scheduled-time>"}
    assert properties_["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 3600


def test_the_bucket_notifies_the_lister_of_the_registry_and_the_renderer_of_snapshots() -> None:
    notifications = properties("ArchiveBucket")["NotificationConfiguration"]

    def notified(kind: str, target: str) -> set[tuple[str, str, str]]:
        return {
            (it["Event"], rule["Name"], rule["Value"])
            for it in notifications[f"{kind}Configurations"]
            for rule in it["Filter"]["S3Key"]["Rules"]
            if it[target]
            in ({"Fn::GetAtt": ["ListerFunction", "Arn"]}, {"Fn::GetAtt": ["RenderQueue", "Arn"]})
        }

    assert notified("Lambda", "Function") == {
        ("s3:ObjectCreated:*", "prefix", "registry/"),
        ("s3:ObjectRemoved:*", "prefix", "registry/"),
    }
    assert notified("Queue", "Queue") == {
        ("s3:ObjectCreated:*", "prefix", "snapshots/"),
        ("s3:ObjectCreated:*", "suffix", ".json"),
    }


def test_the_bucket_comes_after_those_who_must_let_it_notify_them() -> None:
    depends_on = TRANSFORMED["Resources"]["ArchiveBucket"]["DependsOn"]

    assert set(depends_on) == {"RegistryPermission", "RenderQueuePolicy"}


def test_only_this_bucket_of_this_account_may_notify() -> None:
    bucket_name = properties("ArchiveBucket")["BucketName"]["Fn::Sub"]
    permission = properties("RegistryPermission")
    [statement] = properties("RenderQueuePolicy")["PolicyDocument"]["Statement"]
    expected = [f"arn:${{AWS::Partition}}:s3:::{bucket_name[0]}", bucket_name[1]]

    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert permission["SourceArn"] == {"Fn::Sub": expected}
    assert statement["Condition"]["StringEquals"] == {
        "aws:SourceAccount": {"Ref": "AWS::AccountId"}
    }
    assert statement["Condition"]["ArnEquals"] == {"aws:SourceArn": {"Fn::Sub": expected}}


def mappings() -> dict[str, dict[str, Any]]:
    """Return the event source mappings by the queue they read."""
    return {
        it["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]: it["Properties"]
        for it in of_type("AWS::Lambda::EventSourceMapping").values()
    }


def test_each_queue_has_one_reader_that_answers_message_by_message() -> None:
    assert {queue: it["FunctionName"]["Ref"] for queue, it in mappings().items()} == {
        "FetchQueue": "FetcherFunction",
        "RenderQueue": "RendererFunction",
        "OutcomeQueue": "IndexerFunction",
    }
    assert all(
        it["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for it in mappings().values()
    )


@pytest.mark.parametrize("queue", ["FetchQueue", "RenderQueue", "OutcomeQueue"])
def test_a_message_stays_invisible_for_six_timeouts_and_the_window(queue: str) -> None:
    mapping = mappings()[queue]
    timeout = properties(mapping["FunctionName"]["Ref"])["Timeout"]
    longest_window = 0
    if "MaximumBatchingWindowInSeconds" in mapping:
        parameter = mapping["MaximumBatchingWindowInSeconds"]["Ref"]
        longest_window = SOURCE["Parameters"][parameter]["MaxValue"]

    assert properties(queue)["VisibilityTimeout"] >= 6 * timeout + longest_window


def test_the_renderer_folds_in_most_of_its_time_and_one_playlist_takes_no_other_s() -> None:
    assert mappings()["RenderQueue"]["BatchSize"] == 1
    assert properties("RendererFunction")["Timeout"] >= 5 * SECONDS_FOR_PAGES


@pytest.mark.parametrize(("name", "receives"), [("Fetch", 50), ("Render", 5), ("Outcome", 5)])
def test_a_queue_gives_up_into_a_dead_letter_queue_that_takes_from_it_alone(
    name: str, receives: int
) -> None:
    queue, dead_letters = properties(f"{name}Queue"), properties(f"{name}DeadLetterQueue")
    [source] = dead_letters["RedriveAllowPolicy"]["sourceQueueArns"]

    assert queue["RedrivePolicy"] == {
        "deadLetterTargetArn": {"Fn::GetAtt": [f"{name}DeadLetterQueue", "Arn"]},
        "maxReceiveCount": receives,
    }
    assert dead_letters["RedriveAllowPolicy"]["redrivePermission"] == "byQueue"
    assert source["Fn::Sub"].endswith(f":{queue['QueueName']['Fn::Sub']}")
    assert dead_letters["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_an_outage_or_a_pause_of_two_days_makes_no_dead_letters_of_the_fetch_lane() -> None:
    queue = properties("FetchQueue")
    receives, batch = queue["RedrivePolicy"]["maxReceiveCount"], mappings()["FetchQueue"]
    held = [max(60, hold_longer(receive)) for receive in range(1, receives + 1)]

    # Each invocation finishes at least one message, so the first receives may be without a pause.
    assert sum(held[batch["BatchSize"] :]) >= TWO_DAYS
    # A message that fails before it can be held comes again when its visibility timeout ends.
    assert receives * queue["VisibilityTimeout"] >= TWO_DAYS
    # A message has to become a dead letter before its retention ends, or it is lost.
    assert sum(held) < queue["MessageRetentionPeriod"]


def test_the_fetch_lane_is_a_fifo_queue_without_deduplication_by_content() -> None:
    assert properties("FetchQueue")["FifoQueue"]
    assert properties("FetchQueue")["ContentBasedDeduplication"] is False
    assert properties("FetchDeadLetterQueue")["FifoQueue"]
    assert mappings()["FetchQueue"]["BatchSize"] <= 10


def test_the_bucket_outlives_the_stack_and_its_mistakes() -> None:
    bucket = TRANSFORMED["Resources"]["ArchiveBucket"]

    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())


def test_in_the_cloud_the_bucket_wants_tls_and_keeps_snapshots_as_they_are() -> None:
    policy = TRANSFORMED["Resources"]["ArchiveBucketPolicy"]
    conditional = [it["Fn::If"] for it in policy["Properties"]["PolicyDocument"]["Statement"]]
    over_tls, unchanged = (it for condition, it, _ in conditional if condition == "InCloud")

    assert policy["Condition"] == "HasBucketPolicy"
    assert SOURCE["Conditions"]["HasBucketPolicy"] == {
        "Fn::Or": [{"Condition": "InCloud"}, {"Condition": "HasSite"}]
    }
    assert over_tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert unchanged["Condition"] == {"Null": {"s3:if-none-match": "true"}}
    assert spell(unchanged["Resource"]) == "bucket/snapshots/*"


def test_only_the_bucket_policy_and_the_schedule_differ_in_the_cloud() -> None:
    """Nothing else has a condition on the place, so permissions are the same everywhere."""
    conditional = {
        name
        for name, resource in TRANSFORMED["Resources"].items()
        if any(part == "InCloud" for part in walk(resource))
    }

    assert conditional == {"ArchiveBucketPolicy", "ListerFunctionDailyRun"}


def test_every_skipped_scan_says_why() -> None:
    skips = [
        skip
        for resource in SOURCE["Resources"].values()
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]

    assert skips
    assert all(skip["comment"].endswith(".") for skip in skips)


def test_the_dependencies_layer_pins_every_file_and_leaves_the_sdk_to_the_runtime() -> None:
    text = (PROJECT / "layers/dependencies/requirements.txt").read_text()
    pinned = re.findall(r"^(\S+)==\S+ \\\n    --hash=sha256:", text, re.MULTILINE)

    assert len(pinned) == len(re.findall(r"^\S+==", text, re.MULTILINE))
    assert {"aws-lambda-powertools", "brotli", "jmespath", "msgspec", "requests", "stamina"} <= set(
        pinned
    )
    assert not {"boto3", "botocore", "s3transfer"} & set(pinned)


def test_the_command_brings_whatever_the_functions_import() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())

    assert set(project["dependency-groups"]["layer"]) <= set(project["project"]["dependencies"])
    assert not [
        one for one in project["dependency-groups"]["layer"] if one.startswith(("typer", "rich"))
    ]


def test_the_layer_installs_what_the_lock_says() -> None:
    uv = PROJECT / ".tools/bin/uv"
    command = uv if uv.exists() else shutil.which("uv")
    if not command:
        pytest.skip("uv is neither in .tools/ nor on PATH")

    exported = subprocess.run(
        [
            command,
            "export",
            "--quiet",
            "--offline",
            "--locked",
            "--only-group",
            "layer",
            "--no-annotate",
            "--no-header",
            "--prune",
            "boto3",
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert exported == (PROJECT / "layers/dependencies/requirements.txt").read_text(), (
        "say: make requirements"
    )


def test_the_transform_is_printed_for_other_tools() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "tools.template"], cwd=PROJECT, capture_output=True, check=True
    ).stdout

    assert json.loads(printed) == TRANSFORMED


ANALYTICS = {
    name: resource
    for name, resource in SOURCE["Resources"].items()
    if re.match("AWS::(Glue|Athena)::", resource["Type"])
}


def test_nothing_is_there_for_sql_unless_it_is_wanted() -> None:
    outputs = {name for name, it in SOURCE["Outputs"].items() if "HasAnalytics" in it.values()}

    assert set(ANALYTICS) == {"AnalyticsDatabase", "AnalyticsTable", "AnalyticsWorkgroup"}
    assert {it.get("Condition") for it in ANALYTICS.values()} == {"HasAnalytics"}
    assert outputs == {"AnalyticsDatabaseName", "AnalyticsWorkgroupName"}
    assert SOURCE["Conditions"]["HasAnalytics"] == {"Fn::Equals": [{"Ref": "Analytics"}, "true"]}


def test_a_query_may_scan_a_gigabyte_whatever_it_asks_for_itself() -> None:
    settings_ = properties("AnalyticsWorkgroup")["WorkGroupConfiguration"]

    assert settings_["EnforceWorkGroupConfiguration"] is True
    assert settings_["BytesScannedCutoffPerQuery"] == 10**9
    assert settings_["PublishCloudWatchMetricsEnabled"] is False  # each would cost as an own one


def test_answers_to_queries_lie_apart_and_expire_after_seven_days() -> None:
    settings_ = properties("AnalyticsWorkgroup")["WorkGroupConfiguration"]
    location = settings_["ResultConfiguration"]["OutputLocation"]["Fn::Sub"]
    rules = properties("ArchiveBucket")["LifecycleConfiguration"]["Rules"]
    [wanted] = [rule["Fn::If"] for rule in rules if "Fn::If" in rule]
    condition, rule, otherwise = wanted

    assert location == "s3://${ArchiveBucket}/queries/"
    assert (condition, otherwise) == ("HasAnalytics", {"Ref": "AWS::NoValue"})
    assert (rule["Prefix"], rule["ExpirationInDays"], rule["Status"]) == ("queries/", 7, "Enabled")
    assert not [one for one in rules if "ExpirationInDays" in one]
    for name in FUNCTIONS:
        assert not [it for _, it in granted(name, "s3:") if "queries" in it]


def test_athena_reads_gzipped_json_lines_with_the_serde_that_aws_recommends() -> None:
    storage = properties("AnalyticsTable")["TableInput"]["StorageDescriptor"]

    assert storage["SerdeInfo"] == {
        "SerializationLibrary": "org.apache.hive.hcatalog.data.JsonSerDe"
    }
    assert storage["InputFormat"] == "org.apache.hadoop.mapred.TextInputFormat"
    assert storage["Compressed"] is True


def test_the_name_of_the_database_needs_no_quotes_in_sql() -> None:
    text, parts = properties("AnalyticsDatabase")["DatabaseInput"]["Name"]["Fn::Sub"]
    separator, pieces = parts["Id"]["Fn::Join"]

    assert re.fullmatch(r"[a-z_]+\$\{Id\}", text)
    assert (separator, pieces["Fn::Split"][0]) == ("_", "-")
