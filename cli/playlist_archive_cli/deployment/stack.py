"""A stack in CloudFormation: what it is, what would change, and how a change goes on."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from playlist_archive_cli.errors import CommandError

_POLL_SECONDS = 1.0
_CHANGE_SET = "playlist-archive-deploy"
_CAPABILITIES = ["CAPABILITY_IAM"]
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
_CANCELLED = "cancelled"
# How the statuses end of what was created, changed or deleted as a whole.
SETTLED = "_COMPLETE"


class StackState(NamedTuple):
    """A stack as it is now."""

    id: str
    status: str
    parameters: dict[str, str]
    outputs: dict[str, str]

    @property
    def exists(self) -> bool:
        """Whether there are resources; the stack of a change set that nobody accepted has none."""
        return self.status != "REVIEW_IN_PROGRESS"


class Change(NamedTuple):
    """What happens to one resource: it is added, modified, replaced or removed."""

    action: str
    logical_id: str
    kind: str


class Proposal(NamedTuple):
    """A change set that was not executed yet."""

    stack_id: str
    changes: list[Change]


class Event(NamedTuple):
    logical_id: str
    status: str
    reason: str


class Stack:
    """The stack of one name, through a client of CloudFormation."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name
        self._change_set = {"StackName": name, "ChangeSetName": _CHANGE_SET}

    def find(self, id_: str = "") -> StackState | None:
        """Return the stack, None if there is none; by its id also one that was deleted."""
        try:
            [found] = self._client.describe_stacks(StackName=id_ or self.name)["Stacks"]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return StackState(
            found["StackId"],
            found["StackStatus"],
            {it["ParameterKey"]: it["ParameterValue"] for it in found.get("Parameters", ())},
            {it["OutputKey"]: it["OutputValue"] for it in found.get("Outputs", ())},
        )

    def find_ready(self) -> StackState | None:
        """Return the stack if it exists and can be changed, None if it can be created.

        Raises:
            CommandError: it is in a state that forbids both, or no playlist archive.
        """
        state = self.find()
        if state is None or not state.exists:
            return None
        if state.status.endswith("_IN_PROGRESS"):
            raise CommandError(f"the stack {self.name} is being changed ({state.status}): wait")
        if not state.status.endswith(SETTLED) or state.status == "ROLLBACK_COMPLETE":
            raise CommandError(
                f"the stack {self.name} is {state.status}, and cannot be changed: look at its events "
                "in the console, or say `playlist-archive destroy` first; the bucket stays"
            )
        if "BucketName" not in state.outputs:
            raise CommandError(
                f"the stack {self.name} is no playlist archive: choose another name with --stack"
            )
        return state

    def find_resource(self, logical_id: str) -> str:
        """Return the name of one of the stack's resources, empty if it has none such."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=self.name)
        names = (
            resource.get("PhysicalResourceId", "")
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["LogicalResourceId"] == logical_id
        )
        return next(names, "")

    def propose(
        self, template_url: str, parameters: Mapping[str, str], before: StackState | None
    ) -> Proposal | None:
        """Compare the stack with a template; None if nothing would change.

        Without a URL the stack keeps its template. A new stack that cannot be created leaves
        nothing behind.

        Raises:
            CommandError: CloudFormation does not accept the template.
        """
        with suppress(ClientError):
            # One of an attempt that was interrupted.
            self._client.delete_change_set(**self._change_set)
        created = self._client.create_change_set(
            **self._change_set,
            ChangeSetType="UPDATE" if before else "CREATE",
            Parameters=[
                _spell_parameter(name, value, before.parameters if before else {})
                for name, value in parameters.items()
            ],
            Capabilities=_CAPABILITIES,
            **({"TemplateURL": template_url} if template_url else {"UsePreviousTemplate": True}),
            **({} if before else {"OnStackFailure": "DELETE"}),
        )
        while (found := self._describe())["Status"] in {
            "CREATE_PENDING",
            "CREATE_IN_PROGRESS",
        }:
            time.sleep(_POLL_SECONDS)
        if found["Status"] == "FAILED":
            self._client.delete_change_set(**self._change_set)
            if any(words in found.get("StatusReason", "") for words in _NO_CHANGES):
                return None
            raise CommandError(f"CloudFormation refuses the template: {found.get('StatusReason')}")
        return Proposal(created["StackId"], self._list_changes())

    def reject(self, proposal: Proposal) -> None:
        """Drop a proposal, and the empty stack that it made if it was for a new one."""
        self._client.delete_change_set(**self._change_set)
        found = self.find(proposal.stack_id)
        if found and not found.exists:
            self._client.delete_stack(StackName=self.name)

    def accept(self, proposal: Proposal) -> Iterator[Event]:
        """Make the changes, and yield what happens until it has ended.

        Raises:
            CommandError: the changes were not made.
        """
        seen = {event["EventId"] for event in self._read_events(proposal.stack_id)}
        self._client.execute_change_set(**self._change_set, RetainExceptOnCreate=True)
        yield from self._follow(proposal.stack_id, seen, {"CREATE_COMPLETE", "UPDATE_COMPLETE"})

    def delete(self, stack_id: str) -> Iterator[Event]:
        """Delete the stack, and yield what happens until it has ended.

        Raises:
            CommandError: it was not deleted as a whole.
        """
        seen = {event["EventId"] for event in self._read_events(stack_id)}
        self._client.delete_stack(StackName=self.name)
        yield from self._follow(stack_id, seen, {"DELETE_COMPLETE"})

    def _follow(self, stack_id: str, seen: set[str], good: set[str]) -> Iterator[Event]:
        failures: list[str] = []
        while True:
            state = self.find(stack_id)
            # Read after the state, so that the last events are not missed.
            for event in self._read_new_events(stack_id, seen):
                if event.status.endswith("_FAILED") and _CANCELLED not in event.reason.lower():
                    failures.append(f"{event.logical_id}: {event.reason}")
                yield event
            status = state.status if state else "DELETE_COMPLETE"
            if status in good:
                return
            # What is old is cleaned up after the update has succeeded.
            if not status.endswith("_IN_PROGRESS"):
                break
            time.sleep(_POLL_SECONDS)
        reason = failures[0] if failures else f"the stack is {status}"
        raise CommandError(f"CloudFormation could not do it ({status}): {reason}")

    def _read_new_events(self, stack_id: str, seen: set[str]) -> list[Event]:
        """Return the events that were not seen, oldest first."""
        new = [event for event in self._read_events(stack_id) if event["EventId"] not in seen]
        seen |= {event["EventId"] for event in new}
        return [
            Event(
                event["LogicalResourceId"],
                event["ResourceStatus"],
                event.get("ResourceStatusReason", ""),
            )
            for event in reversed(new)
        ]

    def _read_events(self, stack_id: str) -> list[dict[str, Any]]:
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        try:
            return [event for page in pages for event in page["StackEvents"]]
        except ClientError as error:
            if "does not exist" in str(error):
                return []
            raise

    def _describe(self, **options: str) -> dict[str, Any]:
        found: dict[str, Any] = self._client.describe_change_set(**self._change_set, **options)
        return found

    def _list_changes(self) -> list[Change]:
        changes: list[Change] = []
        options: dict[str, str] = {}
        while True:
            page = self._describe(**options)
            changes += [_read_change(it["ResourceChange"]) for it in page.get("Changes", ())]
            if not page.get("NextToken"):
                return changes
            options = {"NextToken": page["NextToken"]}


def _spell_parameter(name: str, value: str, before: Mapping[str, str]) -> dict[str, Any]:
    # CloudFormation shows only asterisks of what must not be seen.
    if before.get(name) == value:
        return {"ParameterKey": name, "UsePreviousValue": True}
    return {"ParameterKey": name, "ParameterValue": value}


def _read_change(change: Mapping[str, Any]) -> Change:
    replaced = change["Action"] == "Modify" and change.get("Replacement") == "True"
    return Change(
        "Replace" if replaced else change["Action"],
        change["LogicalResourceId"],
        change["ResourceType"].removeprefix("AWS::").replace("::", " "),
    )


def count_kinds(changes: Sequence[Change]) -> list[tuple[str, int]]:
    """Return how many resources of each kind are concerned, the most frequent first."""
    return Counter(change.kind for change in changes).most_common()
