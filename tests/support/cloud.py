"""An account of AWS in memory: a CloudFormation of its own, and moto for what else is called."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from playlist_archive_cli import connection
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.deployment.sam import Package
from playlist_archive_cli.location import DeployedStack, Location
from playlist_archive_cli.runs import RunEnd
from playlist_archive_cli.verbs import deploy, destroy, login, site
from tools.template import load_transformed

REGION = "eu-central-1"
CODE_BUCKET = "aws-sam-cli-managed-default-samclisourcebucket-1"
BUCKET = "playlist-archive-0b7a2f64-95d1-4c1e-8f3a-7d0d3b5f2a10"
PARAMETER = "/playlist-archive/spotify"
SITE_URL = "https://d1a2b3c4d5e6f7.cloudfront.net/"
SITE_PARAMETER = "/playlist-archive/playlist-archive/site"
_PAGE = 20


class Cloud:
    """One region of one account.

    Attributes:
        settings: the file in which the command remembers its deployment.
        first_run: how the first run ends.
        runs: the stacks whose first run was started.
        woken: the stacks whose indexer was called.
    """

    def __init__(self, settings: Path) -> None:
        self.settings = settings
        self.cloudformation = FakeCloudFormation(self)
        self.first_run = RunEnd("2026-10-10T09:00:00Z", 16, playlists=16, up_to_date=16, changed=16)
        self.runs: list[Location] = []
        self.woken: list[Location] = []
        self._clients: dict[str, Any] = {"cloudformation": self.cloudformation}

    def open_clients(self, _: Location) -> Callable[[str], Any]:
        return self.client

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = boto3.client(service, region_name=REGION)  # type: ignore[call-overload]
        return self._clients[service]

    def run_now(self, connection: Connection) -> RunEnd:
        self.runs.append(connection.location)
        return self.first_run

    def wake_indexer(self, connection: Connection) -> None:
        self.woken.append(connection.location)

    def list_versions(self, bucket: str) -> list[str]:
        answer = self.client("s3").list_object_versions(Bucket=bucket)
        return [it["Key"] for kind in ("Versions", "DeleteMarkers") for it in answer.get(kind, ())]

    @property
    def buckets(self) -> set[str]:
        return {it["Name"] for it in self.client("s3").list_buckets()["Buckets"]}


class FakeSam:
    """Builds nothing; its template is `contents`."""

    contents = b"Resources: {}"
    cloud: Cloud

    def __init__(self, checkout: Path, stack: DeployedStack) -> None:
        self._stack = stack

    def build(self) -> None:
        pass

    def package(self, bucket: str) -> Package:
        used = bucket or CODE_BUCKET
        self.cloud.client("s3").put_object(
            Bucket=used, Key=f"{self._stack.name}/code.zip", Body=b"code"
        )
        return Package(self.contents, used)


@contextmanager
def cloud_in(monkeypatch: pytest.MonkeyPatch, settings: Path) -> Iterator[Cloud]:
    """Replace AWS and SAM for the verbs that deploy."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "PLAYLIST_ARCHIVE_STACK"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        cloud = Cloud(settings)
        place = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
        cloud.client("s3").create_bucket(Bucket=CODE_BUCKET, **place)
        cloud.client("s3").create_bucket(Bucket="somebody-else-s", **place)
        for module in (deploy, destroy, login, site):
            monkeypatch.setattr(module, "deployment_file", lambda: settings)
        monkeypatch.setattr(connection, "open_clients", cloud.open_clients)
        monkeypatch.setattr(FakeSam, "cloud", cloud, raising=False)
        monkeypatch.setattr(deploy, "Sam", FakeSam)
        monkeypatch.setattr(deploy, "run_now", cloud.run_now)
        monkeypatch.setattr(deploy, "wake_indexer", cloud.wake_indexer)
        yield cloud


class FakeCloudFormation:
    """Stacks of the template's resources, which exist at once; only the bucket is real.

    Attributes:
        refusal: why a change set cannot be made.
        failure: the resource that cannot be changed, and why.
        stuck: the resource that cannot be deleted, and why.
        slowness: how often a stack is seen in progress after each change.
    """

    def __init__(self, cloud: Cloud) -> None:
        self.meta = type("Meta", (), {"region_name": REGION})
        self.stacks: dict[str, dict[str, Any]] = {}
        self.change_sets: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.refusal = ""
        self.failure: tuple[str, str] | None = None
        self.stuck: tuple[str, str] | None = None
        self.slowness = 0
        self._in_progress = 0
        self._cloud = cloud
        self._events: list[dict[str, str]] = []
        self._resources = read_resources()

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        for stack in self.stacks.values():
            if StackName == stack["StackId"] or (
                StackName == stack["StackName"] and stack["StackStatus"] != "DELETE_COMPLETE"
            ):
                if self._in_progress:
                    self._in_progress -= 1
                    return {"Stacks": [{**stack, "StackStatus": "UPDATE_IN_PROGRESS"}]}
                return {"Stacks": [stack]}
        raise _error(f"Stack with id {StackName} does not exist")

    def create_change_set(self, **request: Any) -> dict[str, str]:
        self.calls.append(("create_change_set", request))
        name = request["StackName"]
        stack = self.stacks.get(name)
        if request["ChangeSetType"] == "CREATE":
            assert stack is None or stack["StackStatus"] == "DELETE_COMPLETE"
            stack = self.stacks[name] = self._new_stack(name)
        assert stack
        before = {it["ParameterKey"]: it["ParameterValue"] for it in stack["Parameters"]}
        wanted = {
            it["ParameterKey"]: before[it["ParameterKey"]]
            if it.get("UsePreviousValue")
            else it["ParameterValue"]
            for it in request["Parameters"]
        }
        new = request["ChangeSetType"] == "CREATE"
        changed = self._resources if new else {"ListerFunction": "AWS::Lambda::Function"}
        url = stack["_url"] if request.get("UsePreviousTemplate") else request["TemplateURL"]
        reason = self.refusal
        if not new and wanted == before and url == stack["_url"]:
            reason = "The submitted information didn't contain changes. Submit different ones."
        self.change_sets[name] = {
            "Status": "FAILED" if reason else "CREATE_COMPLETE",
            "StatusReason": reason,
            "Changes": [
                {
                    "ResourceChange": {
                        "Action": "Add" if new else "Modify",
                        "LogicalResourceId": id_,
                        "ResourceType": kind,
                    }
                }
                for id_, kind in changed.items()
            ],
            "_wanted": wanted,
            "_url": url,
        }
        return {"Id": "a change set", "StackId": stack["StackId"]}

    def describe_change_set(
        self,
        *,
        StackName: str,  # noqa: N803
        ChangeSetName: str,  # noqa: N803
        NextToken: str = "0",  # noqa: N803
    ) -> dict[str, Any]:
        found, first = self.change_sets[StackName], int(NextToken)
        last = first + _PAGE
        more = {"NextToken": str(last)} if last < len(found["Changes"]) else {}
        return {**found, "Changes": found["Changes"][first:last], **more}

    def delete_change_set(self, *, StackName: str, ChangeSetName: str) -> None:  # noqa: N803
        if StackName not in self.stacks:
            raise _error(f"Stack [{StackName}] does not exist")
        self.change_sets.pop(StackName, None)

    def execute_change_set(self, *, StackName: str, **options: Any) -> None:  # noqa: N803
        self.calls.append(("execute_change_set", options))
        stack, accepted = self.stacks[StackName], self.change_sets.pop(StackName)
        self._in_progress = self.slowness
        new = stack["StackStatus"] == "REVIEW_IN_PROGRESS"
        verb = "CREATE" if new else "UPDATE"
        if self.failure:
            self._note(*self.failure[:1], f"{verb}_FAILED", self.failure[1])
            self._note("FetchQueue", f"{verb}_FAILED", "Resource creation cancelled")
            stack["StackStatus"] = "DELETE_COMPLETE" if new else "UPDATE_ROLLBACK_COMPLETE"
            return
        if new:
            place = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
            self._cloud.client("s3").create_bucket(Bucket=BUCKET, **place)
        stack |= {
            "StackStatus": f"{verb}_COMPLETE",
            "Parameters": [
                {"ParameterKey": name, "ParameterValue": value}
                for name, value in accepted["_wanted"].items()
            ],
            "Outputs": [
                {"OutputKey": "BucketName", "OutputValue": BUCKET},
                *(
                    [{"OutputKey": "SiteUrl", "OutputValue": SITE_URL}]
                    if accepted["_wanted"].get("SiteAccess") == "private"
                    else []
                ),
            ],
            "_url": accepted["_url"],
        }
        self._note("ListerFunction", f"{verb}_COMPLETE")
        self._note(StackName, f"{verb}_COMPLETE")

    def delete_stack(self, *, StackName: str) -> None:  # noqa: N803
        stack = self.stacks[StackName]
        self._in_progress = self.slowness
        if self.stuck:
            self._note(self.stuck[0], "DELETE_FAILED", self.stuck[1])
            stack["StackStatus"] = "DELETE_FAILED"
            return
        stack["StackStatus"] = "DELETE_COMPLETE"
        self._note("ListerFunction", "DELETE_COMPLETE")
        self._note(StackName, "DELETE_COMPLETE")

    def get_paginator(self, operation: str) -> Any:
        pages = {
            "describe_stack_events": lambda **_: [{"StackEvents": self._events[::-1]}],
            "list_stack_resources": self._list_resources,
        }
        return type("Paginator", (), {"paginate": staticmethod(pages[operation])})

    def _list_resources(self, *, StackName: str) -> list[dict[str, Any]]:  # noqa: N803
        resources = self.stacks[StackName].get("_resources", self._resources)
        return [
            {
                "StackResourceSummaries": [
                    {
                        "LogicalResourceId": id_,
                        "ResourceType": kind,
                        "PhysicalResourceId": BUCKET if id_ == "ArchiveBucket" else f"the-{id_}",
                    }
                    for id_, kind in resources.items()
                ]
            }
        ]

    def _new_stack(self, name: str) -> dict[str, Any]:
        return {
            "StackName": name,
            "StackId": f"arn:aws:cloudformation:{REGION}:1:stack/{name}/{len(self.calls)}",
            "StackStatus": "REVIEW_IN_PROGRESS",
            "Parameters": [],
        }

    def _note(self, id_: str, status: str, reason: str = "") -> None:
        self._events.append(
            {
                "EventId": str(len(self._events)),
                "LogicalResourceId": id_,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
        )


# By default these conditions do not hold.
_OFF = {"HasAnalytics", "HasDashboard", "HasSite"}


@cache
def read_resources() -> dict[str, str]:
    """Return the types of the resources that a stack has by default."""
    resources = load_transformed()["Resources"]
    return {
        name: resource["Type"]
        for name, resource in sorted(resources.items())
        if resource.get("Condition") not in _OFF
    }


def _error(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "Call")
