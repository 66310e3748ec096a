"""A deleted stack leaves its bucket, and another stack continues with it."""

from collections.abc import Iterator
from datetime import timedelta

import boto3
import pytest

from tests.integration.conftest import FIRST_DAY
from tests.integration.test_local_stack import FIRST_RUN, await_value
from tests.support.pages import assert_same_pages
from tools.local.engine import REGION
from tools.local.processes import stop_all
from tools.local.run import await_quiet
from tools.local.simulation import Simulation
from tools.local.stack import STACK_NAME, Stack
from tools.local.workspace import Workspace

pytestmark = pytest.mark.integration

COPIED = (
    "excluded/",
    "state/catalog.json",
    "state/spotify.json",
    "playlists/followers/",
    "snapshots/",
    "registry/",
)


@pytest.fixture
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path_factory.mktemp("moving"))
    yield workspace
    stop_all(workspace)


def deploy(workspace: Workspace) -> Simulation:
    return Simulation.ensure(workspace, ["--since", FIRST_DAY])


def delete_stack(stack: Stack) -> None:
    client = stack._client("cloudformation")
    client.delete_stack(StackName=STACK_NAME)

    def statuses() -> list[str]:
        stacks = client.list_stacks()["StackSummaries"]
        return [found["StackStatus"] for found in stacks if found["StackName"] == STACK_NAME]

    assert await_value(statuses, lambda found: set(found) <= {"DELETE_COMPLETE"})


def read_pages(stack: Stack) -> dict[str, bytes]:
    """Return all pages except those that show when playlists were read."""
    return {
        key: stack.read(key)
        for key in stack.list_keys("playlists/")
        if not key.startswith("playlists/status.")
    }


def test_another_stack_makes_the_same_pages_from_the_kept_bucket(workspace: Workspace) -> None:
    simulation = deploy(workspace)
    # An older app gets follower numbers; below, a gap is made.
    simulation.stand_in.control.set_app("older")
    for number in range(3):
        simulation.stand_in.control.clear_faults()
        if number == 1:
            simulation.stand_in.control.add_fault("not_found", path="/playlists", times=None)
        simulation.archive_day(FIRST_RUN + timedelta(days=number))
    kept, pages = simulation.stack.bucket, read_pages(simulation.stack)
    assert any(key.startswith("playlists/followers/") for key in pages)
    assert any(b"Not readable" in page for page in pages.values())

    delete_stack(simulation.stack)
    workspace.forget("stack")
    simulation = deploy(workspace)
    stack = simulation.stack
    assert stack.bucket != kept
    assert not list(stack.list_keys())

    log_size = stack.engine.log_size
    for prefix in COPIED:
        for key in stack.list_keys(prefix, bucket=kept):
            source = {"Bucket": kept, "Key": key}
            stack._s3.copy_object(Bucket=stack.bucket, Key=key, CopySource=source)
    await_quiet(stack, log_size)
    stack.start_rebuild()
    await_quiet(stack, log_size)
    simulation.archive_day(FIRST_RUN + timedelta(days=2))

    assert_same_pages(read_pages(stack), pages)

    s3 = boto3.Session("test", "test", region_name=REGION).resource(
        "s3", endpoint_url=stack.engine.url
    )
    s3.Bucket(kept).object_versions.delete()
    s3.Bucket(kept).delete()
    assert kept not in [bucket.name for bucket in s3.buckets.all()]
