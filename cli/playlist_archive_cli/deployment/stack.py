"""A stack in CloudFormation: its state, proposed changes, and the progress of a change."""

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
# The end of the status of a stack that was created, changed or deleted completely.
SETTLED = "_COMPLETE"


class StackState(NamedTuple):
    """The present state of a stack."""

    id: str
    status: str
    parameters: dict[str, str]
    outputs: dict[str, str]

    @property
    def exists(self) -> bool:
        """Whether it has resources; the stack of an unexecuted first change set has none."""
        return self.status != "REVIEW_IN_PROGRESS"


class Change(NamedTuple):
    """What happens to one resource: it is added, modified, replaced or removed."""

    action: str
    logical_id: str
    kind: str


class Proposal(NamedTuple):
    """A change set that has not been executed yet."""

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
        """Return the stack, None if there is none; an id also finds a deleted stack."""
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
            CommandError: its state forbids both, or it is no playlist archive.
        """
        state = self.find()
        if state is None or not state.exists:
            return None
        if state.status.endswith("_IN_PROGRESS"):
            raise CommandError(f"the stack {self.name} is being changed ({state.status}): wait")
        if not state.status.endswith(SETTLED) or state.status == "ROLLBACK_COMPLETE":
            raise CommandError(
                f"the stack {self.name} is {state.status}, and cannot be changed: look at its events "
                "in the console, or run `playlist-archive destroy` first; the bucket stays"
            )
        if "BucketName" not in state.outputs:
            raise CommandError(
                f"the stack {self.name} is no playlist archive: choose another name with --stack"
            )
        return state

    def find_resource(self, logical_id: str) -> str:
        """Return the name of one of the stack's resources, empty if it has no such resource."""
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

        Without a URL the stack keeps its template. A failed creation leaves nothing behind.

        Raises:
            CommandError: CloudFormation does not accept the template.
        """
        with suppress(ClientError):
            # A change set of an interrupted attempt.
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
        """Delete a change set, and the empty stack that it created for a new stack."""
        self._client.delete_change_set(**self._change_set)
        found = self.find(proposal.stack_id)
        if found and not found.exists:
            self._client.delete_stack(StackName=self.name)

    def accept(self, proposal: Proposal) -> Iterator[Event]:
        """Execute the changes, and yield their events until the end.

        Raises:
            CommandError: the changes were not made.
        """
        seen = {event["EventId"] for event in self._read_events(proposal.stack_id)}
        self._client.execute_change_set(**self._change_set, RetainExceptOnCreate=True)
        yield from self._follow(proposal.stack_id, seen, {"CREATE_COMPLETE", "UPDATE_COMPLETE"})

    def delete(self, stack_id: str) -> Iterator[Event]:
        """Delete the stack, and yield the events until the end.

        Raises:
            CommandError: it was not deleted completely.
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
            # Old resources are cleaned up after the update has succeeded.
            if not status.endswith("_IN_PROGRESS"):
                break
            time.sleep(_POLL_SECONDS)
        reason = failures[0] if failures else f"the stack is {status}"
        raise CommandError(f"CloudFormation could not do it ({status}): {reason}")

    def _read_new_events(self, stack_id: str, seen: set[str]) -> list[Event]:
        """Return new events, oldest first."""
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
    # CloudFormation shows only asterisks for NoEcho values.
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
    """Return the number of affected resources of each kind, the most frequent first."""
    return Counter(change.kind for change in changes).most_common()
